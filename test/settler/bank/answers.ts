/** A bank that answers with files: made from the files that it was given, as banks make theirs. */

import { readNacha } from '../../../broker/settler/bank/nacha-reader.ts';
import { batchHeader, changeAddendum, returnAddendum, returnedEntry, sealed } from './ach-file.ts';
import { detail, entry, notification } from './iso-documents.ts';
import { bytesOf, leaves } from './reading.ts';

/** A payment of a file of ours, as its bank reads it. */
export type Ordered = { readonly id: string; readonly amount: string };

export const orderedIn = (xml: string): readonly Ordered[] => {
  const amounts = leaves(xml, 'InstdAmt');
  return leaves(xml, 'EndToEndId').map((id, i) => ({ id, amount: amounts[i]! }));
};

const reasonXml = (reason: string): string => `<StsRsnInf><Rsn><Cd>${reason}</Cd></Rsn></StsRsnInf>`;

/** A pain.002 on some payments, or on the whole message. */
export const statusFile = (
  messageId: string,
  words: readonly (Ordered & { readonly status: string; readonly reason?: string })[],
  whole: string | null = null,
): string => {
  const payments = words.map(
    ({ id, amount, status, reason }) =>
      `<TxInfAndSts><OrgnlEndToEndId>${id}</OrgnlEndToEndId><TxSts>${status}</TxSts>${
        reason === undefined ? '' : reasonXml(reason)
      }<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">${amount}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>`,
  );
  const block = `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${messageId}</OrgnlPmtInfId>${payments.join('\n')}</OrgnlPmtInfAndSts>`;
  return `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
    <GrpHdr><MsgId>S</MsgId><CreDtTm>2026-11-20T13:00:00Z</CreDtTm></GrpHdr>
    <OrgnlGrpInfAndSts><OrgnlMsgId>${messageId}</OrgnlMsgId>${whole === null ? '' : `<GrpSts>${whole}</GrpSts>`}</OrgnlGrpInfAndSts>
    ${payments.length === 0 ? '' : block}</CstmrPmtStsRpt></Document>`;
};

export type Booking = Ordered & {
  readonly what: 'paid' | 'returned' | 'collected' | 'taken back';
  readonly reason?: string;
  readonly reference?: string;
};

const COLLECTED =
  '<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>ESDD</SubFmlyCd></Fmly></Domn></BkTxCd>';

const bookingXml = ({
  id,
  amount,
  what,
  reason = 'AC04',
  reference = `R-${what}-${id}`,
}: Booking): string => {
  const back = `<RtrInf><Rsn><Cd>${reason}</Cd></Rsn></RtrInf>`;
  const into = what === 'returned' || what === 'collected';
  const more = what === 'returned' || what === 'taken back' ? back : '';
  return entry(into ? 'CRDT' : 'DBIT', amount, detail(id, more), {
    reference: reference.replace(/ /g, '-').slice(0, 35),
    more: what === 'collected' ? COLLECTED : '',
  });
};

/** A camt.054 of bookings on payments. */
export const bookings = (...all: readonly Booking[]): string => notification(all.map(bookingXml).join(''));

/** Money that somebody pays in: what it says, in a camt.054 or in whatever document is made of it. */
export const paidIn = (amount: string, text: string, reference = 'IN-1', id = 'NOTPROVIDED'): string =>
  entry(
    'CRDT',
    amount,
    detail(
      id,
      `<RltdPties><Dbtr><Pty><Nm>Payer</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>${text}</Ustrd></RmtInf>`,
    ),
    { reference },
  );

/** The entries of a NACHA file of ours. */
export const achEntries = (file: string) =>
  readNacha(bytesOf(file)).batches.flatMap(({ entries }) => entries);

/** A NACHA file of returns; credits come back as 21, debits as 26. */
export const achReturns = (
  ...all: readonly {
    readonly trace: string;
    readonly cents: bigint;
    readonly reason?: string;
    readonly debit?: boolean;
  }[]
): string =>
  sealed([
    {
      header: batchHeader('200', 'PPD'),
      records: all.flatMap(({ trace, cents, reason = 'R03', debit = false }, i) => [
        returnedEntry(debit ? '26' : '21', cents, i + 1),
        returnAddendum(reason, trace, 'NO SUCH ACCOUNT', i + 1),
      ]),
    },
  ]);

export const achChange = (trace: string, code: string, corrected: string): string =>
  sealed([
    {
      header: batchHeader('220', 'COR'),
      records: [returnedEntry('21', 0n, 1), changeAddendum(code, trace, corrected, 1)],
    },
  ]);
