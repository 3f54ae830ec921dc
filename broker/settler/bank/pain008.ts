/**
 * SEPA CORE direct debits as ISO 20022 pain.008.001.08: one message and one creditor; a block of payments for each
 * collection date and sequence type, as the guidelines ask (EPC130-08).
 */

import { ok, type Result } from '../../../schemas/result.ts';
import { checkDate } from '../ledger/day.ts';
import { formatCents } from './cents.ts';
import { checkCreditorId } from './creditor-id.ts';
import {
  accountXml,
  agentXml,
  checkId,
  checkInstructed,
  checkPayments,
  groupHeader,
  type Instructed,
  partyXml,
  remittanceXml,
  totals,
} from './iso-message.ts';
import { checkSepaParty, type Party } from './party.ts';
import { need, refusable, stop } from './refusing.ts';
import type { SepaAccount } from './sepa-account.ts';
import { leaf, leafWith, node, writeDocument, type Xml } from './xml-writer.ts';

/** First of several, one of several, the only one, last of several. */
export type SequenceType = 'FRST' | 'RCUR' | 'OOFF' | 'FNAL';
const SEQUENCE_TYPES: readonly SequenceType[] = ['FRST', 'RCUR', 'OOFF', 'FNAL'];

/** A debtor's signed permission to collect. */
export type Mandate = {
  /** 1 to 35 SEPA characters without blanks. */
  readonly id: string;
  /** YYYY-MM-DD */
  readonly signedDate: string;
};

export type Collection = Instructed & {
  readonly debtor: Party<SepaAccount>;
  readonly mandate: Mandate;
  readonly sequence: SequenceType;
  /** YYYY-MM-DD */
  readonly collectionDate: string;
};

export type DirectDebits = {
  /** The same id again is the same message to a bank. At most 35 SEPA characters, its blocks' numbers included. */
  readonly messageId: string;
  readonly createdMs: number;
  readonly creditor: Party<SepaAccount>;
  /** The SEPA creditor identifier. */
  readonly creditorId: string;
  readonly collections: readonly Collection[];
};

/** EPC130-08 restricts mandate ids further than other ids. */
const MANDATE_ID = /^[A-Za-z0-9+?/\-:().,']{1,35}$/;

const checkCollection = (collection: Collection): Collection => {
  const { endToEndId, mandate, sequence, collectionDate } = collection;
  need(checkInstructed(collection), 'collection');
  if (!MANDATE_ID.test(mandate.id)) {
    const rule = 'must be 1 to 35 SEPA characters, no blanks';
    stop('value-out-of-range', `${endToEndId}: the mandate id "${mandate.id}" ${rule}`);
  }
  need(checkDate(mandate.signedDate), `${endToEndId}: signed`);
  need(checkDate(collectionDate), `${endToEndId}: collected`);
  if (collectionDate < mandate.signedDate) {
    const days = `collects on ${collectionDate} what was permitted on ${mandate.signedDate}`;
    stop('value-out-of-range', `${endToEndId}: ${days}: collect later`);
  }
  if (!SEQUENCE_TYPES.includes(sequence)) {
    stop('value-out-of-range', `${endToEndId}: "${sequence}" is none of ${SEQUENCE_TYPES.join(', ')}`);
  }
  return { ...collection, debtor: need(checkSepaParty(collection.debtor), endToEndId) };
};

/** One mandate is one debtor and one signature; the first, the last and the only one happen once. */
const checkMandates = (collections: readonly Collection[]): void => {
  const known = new Map<string, Collection>();
  const happened = new Set<string>();
  for (const collection of collections) {
    const { mandate, sequence, endToEndId, debtor } = collection;
    const before = known.get(mandate.id) ?? collection;
    known.set(mandate.id, before);
    const same =
      before.mandate.signedDate === mandate.signedDate && before.debtor.account.iban === debtor.account.iban;
    if (!same) {
      const remedy = 'give each debtor a mandate of its own';
      stop('value-out-of-range', `${endToEndId}: mandate ${mandate.id} is another one before: ${remedy}`);
    }
    const once = `${mandate.id} ${sequence}`;
    if (sequence !== 'RCUR' && happened.has(once)) {
      stop('value-out-of-range', `${endToEndId}: mandate ${mandate.id} is ${sequence} twice: use RCUR`);
    }
    happened.add(once);
  }
};

/** The message with its parties as the bank shows them. */
const check = (message: DirectDebits): DirectDebits => {
  need(checkId('the message id', message.messageId), 'message');
  need(checkPayments(message.collections), 'message');
  const creditorId = need(checkCreditorId(message.creditorId), 'creditor');
  const creditor = need(checkSepaParty(message.creditor), 'creditor');
  const collections = message.collections.map(checkCollection);
  checkMandates(collections);
  return { ...message, creditor, creditorId, collections };
};

/** Collections of one date and sequence type, the earliest date first; within a block as they were given. */
const blocksOf = (collections: readonly Collection[]): readonly (readonly Collection[])[] => {
  const blocks = new Map<string, Collection[]>();
  for (const collection of collections) {
    const key = `${collection.collectionDate} ${SEQUENCE_TYPES.indexOf(collection.sequence)}`;
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, [collection]);
    else block.push(collection);
  }
  return [...blocks.keys()].sort().map((key) => blocks.get(key)!);
};

const collectionXml = (collection: Collection): Xml =>
  node(
    'DrctDbtTxInf',
    node('PmtId', leaf('EndToEndId', collection.endToEndId)),
    leafWith('InstdAmt', 'Ccy', 'EUR', formatCents(collection.cents)),
    node(
      'DrctDbtTx',
      node(
        'MndtRltdInf',
        leaf('MndtId', collection.mandate.id),
        leaf('DtOfSgntr', collection.mandate.signedDate),
      ),
    ),
    agentXml('DbtrAgt', collection.debtor),
    partyXml('Dbtr', collection.debtor),
    accountXml('DbtrAcct', collection.debtor),
    remittanceXml(collection),
  );

const schemeXml = (creditorId: string): Xml =>
  node(
    'CdtrSchmeId',
    node('Id', node('PrvtId', node('Othr', leaf('Id', creditorId), node('SchmeNm', leaf('Prtry', 'SEPA'))))),
  );

const blockXml = (
  { creditor, creditorId, messageId }: DirectDebits,
  block: readonly Collection[],
  number: number,
): Xml => {
  const { sequence, collectionDate } = block[0]!;
  return node(
    'PmtInf',
    leaf('PmtInfId', need(checkId("the block's id", `${messageId}-${number}`), 'message')),
    leaf('PmtMtd', 'DD'),
    ...totals(block),
    node(
      'PmtTpInf',
      node('SvcLvl', leaf('Cd', 'SEPA')),
      node('LclInstrm', leaf('Cd', 'CORE')),
      leaf('SeqTp', sequence),
    ),
    leaf('ReqdColltnDt', collectionDate),
    partyXml('Cdtr', creditor),
    accountXml('CdtrAcct', creditor),
    agentXml('CdtrAgt', creditor),
    leaf('ChrgBr', 'SLEV'),
    schemeXml(creditorId),
    block.map(collectionXml),
  );
};

/**
 * The message as a UTF-8 document; the same arguments give the same bytes. Everything is checked again here.
 * Codes: value-out-of-range, bank-details.
 */
export const writePain008 = (message: DirectDebits): Result<string> => {
  const written = refusable(() => {
    const checked = check(message);
    return node(
      'CstmrDrctDbtInitn',
      groupHeader(checked, checked.collections, checked.creditor),
      blocksOf(checked.collections).map((block, i) => blockXml(checked, block, i + 1)),
    );
  });
  if (!written.ok) return written;
  return ok(writeDocument('urn:iso:std:iso:20022:tech:xsd:pain.008.001.08', written.value));
};
