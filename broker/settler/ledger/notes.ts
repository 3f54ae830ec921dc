/** Events that move no money: what parties signed, projected onto the tables that remember it. */

import { openEnrolment } from '../../../schemas/budget.ts';
import { equalBytes, fromHex } from '../../../schemas/bytes.ts';
import { openConsent } from '../../../schemas/consent.ts';
import type { Crypto } from '../../../schemas/crypto.ts';
import { openDispute } from '../../../schemas/dispute.ts';
import { openLine } from '../../../schemas/line.ts';
import { taken } from '../refused.ts';
import type { Puts } from '../store/store.ts';
import type { Key, TableName, Tables } from '../store/tables.ts';
import type { JournalRow } from './journal.ts';
import type { EventKind, LedgerEvent } from './ledger.ts';
import { guaranteeOfProof } from './proofs.ts';
import { caseOf, type Proving, papersIn, resolutionsOf } from './resolution.ts';

/** The row with that key, undefined where there is none. */
export type Lookup = <T extends TableName>(table: T, key: Key) => Tables[T] | undefined;

type Projection = (event: LedgerEvent, row: JournalRow, lookup: Lookup, crypto: Crypto) => Puts;

/** Subjects of channels begin with the channel's id. */
export const channelIn = (subject: string): Uint8Array => fromHex(subject.slice(0, 64)) ?? new Uint8Array(0);

const enrolment: Projection = (event, row, _lookup, crypto) => {
  const { budget: _, settler: __, ...said } = taken(openEnrolment(event.proof, crypto.verify));
  return { budget: [{ ...said, bytes: event.proof, bookedIndex: row.index }] };
};

const line: Projection = (event, row, _lookup, crypto) => {
  const { settler: _, ...said } = taken(openLine(event.proof, crypto.verify));
  return { line: [{ ...said, bytes: event.proof, bookedIndex: row.index }] };
};

/** The settler's own line, which no one signs. */
const guarantee: Projection = (event, row) => {
  const { owner: creditor, other: debtor, currency } = event;
  const terms = guaranteeOfProof(event.proof);
  return {
    line: [{ creditor, debtor, currency, ...terms, bytes: new Uint8Array(0), bookedIndex: row.index }],
  };
};

const consent: Projection = (event, row, _lookup, crypto) => {
  const { settler: _, ...said } = taken(openConsent(event.proof, crypto.verify));
  return { consent: [{ ...said, bytes: event.proof, bookedIndex: row.index }] };
};

const dispute: Projection = (event, row, lookup, crypto) => {
  const channel = channelIn(event.subject);
  const { party, version, open } = taken(openDispute(event.proof, channel, crypto.verify));
  const before = lookup('dispute', [channel, party]);
  const sinceMs = before?.open === true ? before.sinceMs : row.timeMs;
  const resolution = open ? null : 'withdrawn';
  const bookedIndex = row.index;
  return {
    dispute: [{ channel, party, version, open, sinceMs, bytes: event.proof, resolution, bookedIndex }],
  };
};

const statement: Projection = (event, row) => ({
  statement: [{ channel: channelIn(event.subject), presentedMs: row.timeMs, bytes: event.proof }],
});

/** The evidence is looked at again: a dispute that it does not resolve stays open. */
const disputeResolved: Projection = (event, _row, lookup, crypto) => {
  const id = channelIn(event.subject);
  const channel = lookup('channel', [id]);
  const by = event.subject.split('/').at(-1) as Proving;
  const held = lookup('dispute', [id, event.owner]);
  if (channel === undefined || held === undefined) {
    throw new RangeError(`nothing is disputed that ${event.subject} could resolve`);
  }
  const papers = taken(papersIn(by, event.proof, channel, crypto));
  const found = resolutionsOf(caseOf(channel, (key) => lookup('dispute', key), papers));
  if (!found.some((one) => one.by === by && equalBytes(one.party, event.owner))) {
    throw new RangeError(`${event.subject} is not what the evidence says`);
  }
  return { dispute: [{ ...held, open: false, resolution: by }] };
};

export const NOTES: { readonly [K in EventKind]?: Projection } = {
  enrolment,
  line,
  guarantee,
  consent,
  dispute,
  statement,
  'dispute-resolved': disputeResolved,
};
