/**
 * Files of the bank, as its customer gets them: pain.002 for what it turns away, camt.054 for what it books, NACHA
 * returns for what comes back in dollars. Written after the standards; the settler's own readers read them.
 */

import { batchHeader, returnAddendum, returnedEntry, sealed } from '../settler/bank/ach-file.ts';

/** What the bank has to say of one payment. */
export type Word = {
  /** The end-to-end id; of money that somebody paid in, the bank's own reference. */
  readonly id: string;
  /** Of a NACHA entry. */
  readonly trace: string | null;
  readonly cents: bigint;
  /**
   * | what       | says                                                       |
   * |------------|------------------------------------------------------------|
   * | rejected   | it never moved                                             |
   * | paid       | a transfer left the settler's account                      |
   * | returned   | and came back                                              |
   * | collected  | a direct debit reached the settler's account               |
   * | taken back | and was asked back, or bounced                             |
   * | received   | somebody paid in, and wrote this on it                     |
   */
  readonly what: 'rejected' | 'paid' | 'returned' | 'collected' | 'taken back' | 'received';
  readonly text: string;
  /** A code of ISO 20022 or NACHA; empty where nothing went wrong. */
  readonly reason: string;
  /** When it is in a file at the earliest. */
  readonly tellAtMs: number;
};

const ISO = 'urn:iso:std:iso:20022:tech:xsd:';
const decimal = (cents: bigint): string => {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
};
const isoTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const documentOf = (format: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${ISO}${format}">${content}</Document>\n`;
const headerOf = (name: string, atMs: number): string =>
  `<GrpHdr><MsgId>${name}</MsgId><CreDtTm>${isoTime(atMs)}</CreDtTm></GrpHdr>`;
const reasonOf = (reason: string): string => `<Rsn><Cd>${reason}</Cd></Rsn>`;

/** A pain.002 on payments of one message. */
export const statusReport = (name: string, atMs: number, message: string, words: readonly Word[]): string => {
  const payments = words.map(
    ({ id, cents, reason }) => `
  <TxInfAndSts><OrgnlEndToEndId>${id}</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf>${reasonOf(reason)}</StsRsnInf>
    <OrgnlTxRef><Amt><InstdAmt Ccy="EUR">${decimal(cents)}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>`,
  );
  return documentOf(
    'pain.002.001.10',
    `<CstmrPmtStsRpt>${headerOf(name, atMs)}
  <OrgnlGrpInfAndSts><OrgnlMsgId>${message}</OrgnlMsgId></OrgnlGrpInfAndSts>
  <OrgnlPmtInfAndSts><OrgnlPmtInfId>${message}</OrgnlPmtInfId>${payments.join('')}</OrgnlPmtInfAndSts></CstmrPmtStsRpt>`,
  );
};

const INTO: ReadonlySet<Word['what']> = new Set(['returned', 'collected', 'received']);
const COLLECTED =
  '<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>ESDD</SubFmlyCd></Fmly></Domn></BkTxCd>';

const entryOf = ({ id, cents, what, text, reason, tellAtMs }: Word): string => {
  const isReceived = what === 'received';
  const back = reason === '' ? '' : `<RtrInf>${reasonOf(reason)}</RtrInf>`;
  const remittance = isReceived ? `<RmtInf><Ustrd>${text}</Ustrd></RmtInf>` : '';
  const reference = isReceived ? id : `${what === 'collected' || what === 'paid' ? 'B' : 'R'}-${id}`;
  return `
  <Ntry><Amt Ccy="EUR">${decimal(cents)}</Amt><CdtDbtInd>${INTO.has(what) ? 'CRDT' : 'DBIT'}</CdtDbtInd>
    <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>${dayOf(tellAtMs)}</Dt></BookgDt><AcctSvcrRef>${reference}</AcctSvcrRef>
    ${what === 'collected' ? COLLECTED : ''}<NtryDtls><TxDtls><Refs>
    <EndToEndId>${isReceived ? 'NOTPROVIDED' : id}</EndToEndId></Refs>${remittance}${back}</TxDtls></NtryDtls></Ntry>`;
};

/** A camt.054 of bookings on the account. */
export const notification = (name: string, atMs: number, iban: string, words: readonly Word[]): string =>
  documentOf(
    'camt.054.001.08',
    `<BkToCstmrDbtCdtNtfctn>${headerOf(name, atMs)}
  <Ntfctn><Id>${name}</Id><CreDtTm>${isoTime(atMs)}</CreDtTm>
  <Acct><Id><IBAN>${iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>${words.map(entryOf).join('')}</Ntfctn></BkToCstmrDbtCdtNtfctn>`,
  );

/** A NACHA file of returns: credits come back as 21, debits as 26. */
export const achReturns = (words: readonly Word[]): string =>
  sealed([
    {
      header: batchHeader('200', 'PPD'),
      records: words.flatMap(({ trace, cents, reason, what }, i) => [
        returnedEntry(what === 'taken back' ? '26' : '21', cents, i + 1),
        returnAddendum(reason, trace!, '', i + 1),
      ]),
    },
  ]);
