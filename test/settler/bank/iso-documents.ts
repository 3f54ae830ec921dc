/** Documents that banks send, made by hand after ISO 20022's message definitions: only what a test is about varies. */

const ISO = 'urn:iso:std:iso:20022:tech:xsd:';

const isoDocument = (format: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${ISO}${format}">\n${content}\n</Document>\n`;

const statusReason = (reason?: string, text?: string): string =>
  reason === undefined
    ? ''
    : `<StsRsnInf><Rsn><Cd>${reason}</Cd></Rsn>${text === undefined ? '' : `<AddtlInf>${text}</AddtlInf>`}</StsRsnInf>`;

/** TxInfAndSts: the status of one payment. */
export const paymentStatus = (id: string, status: string, reason?: string, text?: string): string => `
      <TxInfAndSts>
        <StsId>S-${id}</StsId><OrgnlEndToEndId>${id}</OrgnlEndToEndId><TxSts>${status}</TxSts>
        ${statusReason(reason, text)}
        <OrgnlTxRef><Amt><InstdAmt Ccy="EUR">12.5</InstdAmt></Amt></OrgnlTxRef>
      </TxInfAndSts>`;

/** OrgnlPmtInfAndSts: a block with a status or none, and its payments. */
export const blockStatus = (id: string, status: string | null, payments = '', reason?: string): string => `
    <OrgnlPmtInfAndSts>
      <OrgnlPmtInfId>${id}</OrgnlPmtInfId>${status === null ? '' : `<PmtInfSts>${status}</PmtInfSts>`}
      ${statusReason(reason)}${payments}
    </OrgnlPmtInfAndSts>`;

export const statusReport = (
  groupStatus: string | null,
  blocks = '',
  reason?: string,
  format = 'pain.002.001.10',
): string =>
  isoDocument(
    format,
    `  <CstmrPmtStsRpt>
    <GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>2026-11-20T13:00:00Z</CreDtTm></GrpHdr>
    <OrgnlGrpInfAndSts>
      <OrgnlMsgId>TB-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
      ${groupStatus === null ? '' : `<GrpSts>${groupStatus}</GrpSts>`}${statusReason(reason)}
    </OrgnlGrpInfAndSts>${blocks}
  </CstmrPmtStsRpt>`,
  );

/** Ntry: `details` are what is in NtryDtls. Status is an element of its own since version 5. */
export const entry = (
  direction: 'CRDT' | 'DBIT',
  amount: string,
  details: string,
  { status = '<Cd>BOOK</Cd>', reference = 'REF-1', more = '' } = {},
): string => `
      <Ntry>
        <NtryRef>1</NtryRef><Amt Ccy="EUR">${amount}</Amt><CdtDbtInd>${direction}</CdtDbtInd>
        <Sts>${status}</Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><ValDt><Dt>2026-11-21</Dt></ValDt>
        ${reference === '' ? '' : `<AcctSvcrRef>${reference}</AcctSvcrRef>`}${more}
        ${details === '' ? '' : `<NtryDtls>${details}</NtryDtls>`}
      </Ntry>`;

/** TxDtls with an end-to-end id, and what else is given. */
export const detail = (id: string, more = '', amount?: string): string => `
          <TxDtls>
            <Refs><EndToEndId>${id}</EndToEndId></Refs>
            ${amount === undefined ? '' : `<Amt Ccy="EUR">${amount}</Amt>`}${more}
          </TxDtls>`;

const ACCOUNT = '<Acct><Id><IBAN>DE75512108001245126199</IBAN></Id><Ccy>EUR</Ccy></Acct>';

export const notification = (entries: string, format = 'camt.054.001.08'): string =>
  isoDocument(
    format,
    `  <BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>BANK-2</MsgId><CreDtTm>2026-11-20T18:00:00Z</CreDtTm></GrpHdr>
    <Ntfctn><Id>N1</Id><CreDtTm>2026-11-20T18:00:00Z</CreDtTm>${ACCOUNT}${entries}
    </Ntfctn>
  </BkToCstmrDbtCdtNtfctn>`,
  );

export const accountStatement = (entries: string, format = 'camt.053.001.08'): string =>
  isoDocument(
    format,
    `  <BkToCstmrStmt>
    <GrpHdr><MsgId>BANK-3</MsgId><CreDtTm>2026-11-20T23:00:00Z</CreDtTm></GrpHdr>
    <Stmt><Id>S1</Id><CreDtTm>2026-11-20T23:00:00Z</CreDtTm>${ACCOUNT}
      <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>${entries}
    </Stmt>
  </BkToCstmrStmt>`,
  );
