/** What pain.001 and pain.008 have in common: the header of a group, parties, and the checks of ids and amounts. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { formatCents, sumCents, TRANSFER_CENTS_MAX } from './cents.ts';
import type { Party } from './party.ts';
import type { SepaAccount } from './sepa-account.ts';
import { sepaText } from './sepa-text.ts';
import { leaf, node, type Xml } from './xml-writer.ts';

/** What both messages say of one payment. */
export type Instructed = {
  /** Comes back on statements and in the bank's status file: at most 35 SEPA characters. */
  readonly endToEndId: string;
  readonly cents: bigint;
  readonly remittance: string;
};

const ID_LENGTH_MAX = 35;
const REMITTANCE_LENGTH_MAX = 140;
/** A message that bank portals still take; more payments are more messages. */
const PAYMENTS_MAX = 100_000;

/** Code: value-out-of-range. */
export const checkId = (what: string, id: string): Result<string> =>
  id.length > 0 && id.length <= ID_LENGTH_MAX && sepaText(id, ID_LENGTH_MAX) === id
    ? ok(id)
    : refuse('value-out-of-range', `${what} "${id}" must be 1 to ${ID_LENGTH_MAX} SEPA characters`);

/** Code: value-out-of-range. */
export const checkInstructed = ({ endToEndId, cents }: Instructed): Result<unknown> =>
  cents < 1n || cents > TRANSFER_CENTS_MAX
    ? refuse(
        'value-out-of-range',
        `${endToEndId}: ${cents} cents are not between 1 and ${TRANSFER_CENTS_MAX}`,
      )
    : checkId('the end-to-end id', endToEndId);

/** At least one payment, not too many, each with an id of its own. Code: value-out-of-range. */
export const checkPayments = (payments: readonly Instructed[]): Result<unknown> => {
  if (payments.length === 0) return refuse('value-out-of-range', 'a message carries at least one payment');
  if (payments.length > PAYMENTS_MAX) {
    return refuse(
      'value-out-of-range',
      `${payments.length} payments: at most ${PAYMENTS_MAX} in one message`,
    );
  }
  const ids = new Set<string>();
  for (const { endToEndId } of payments) {
    if (ids.has(endToEndId)) {
      return refuse(
        'value-out-of-range',
        `the end-to-end id "${endToEndId}" occurs twice: give each its own`,
      );
    }
    ids.add(endToEndId);
  }
  return ok(null);
};

/** How many and how much, as a header and every block of payments say it. */
export const totals = (payments: readonly Instructed[]): readonly [count: Xml, sum: Xml] => [
  leaf('NbOfTxs', String(payments.length)),
  leaf('CtrlSum', formatCents(sumCents(payments))),
];

/** GrpHdr: which message this is, of when, how many and how much, and who sends it. */
export const groupHeader = (
  message: { readonly messageId: string; readonly createdMs: number },
  payments: readonly Instructed[],
  initiator: Party,
): Xml =>
  node(
    'GrpHdr',
    leaf('MsgId', message.messageId),
    leaf('CreDtTm', `${new Date(message.createdMs).toISOString().slice(0, 19)}Z`),
    ...totals(payments),
    partyXml('InitgPty', initiator),
  );

export const partyXml = (name: string, party: Party): Xml => node(name, leaf('Nm', party.name));

export const accountXml = (name: string, { account }: Party<SepaAccount>): Xml =>
  node(name, node('Id', leaf('IBAN', account.iban)));

/** SEPA needs no BIC; where an agent is mandatory the guidelines ask for NOTPROVIDED (EPC132-08, EPC130-08). */
export const agentXml = (name: string, { account }: Party<SepaAccount>): Xml => {
  const id = account.bic === null ? node('Othr', leaf('Id', 'NOTPROVIDED')) : leaf('BICFI', account.bic);
  return node(name, node('FinInstnId', id));
};

/** RmtInf, or nothing where there is nothing to say: the schema wants at least one character. */
export const remittanceXml = ({ remittance }: Instructed): Xml | null => {
  const text = sepaText(remittance, REMITTANCE_LENGTH_MAX);
  return text === '' ? null : node('RmtInf', leaf('Ustrd', text));
};
