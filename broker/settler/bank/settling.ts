/**
 * What becomes of a transfer, by the bank's word on it and by time.
 *
 *     payout       pending -> posted -> returned            pending -> voided
 *     collection   pending -> posted -> final               pending -> voided
 *                             posted -> returned            final -> returned (the owner owes it)
 *
 * A word that was said before changes nothing. A return that comes before the word that the transfer was posted says
 * that too. A word that contradicts an earlier one is for a person.
 */

import { type Code, ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import { type EventKind, eventFor, type LedgerEvent } from '../ledger/ledger.ts';
import { balancesOf } from '../ledger/once.ts';
import type { Key, PayoutRow, PayoutState } from '../store/tables.ts';
import type { Direction } from './runs.ts';

export type Word = 'posted' | 'voided' | 'returned' | 'final';

/** The events of a word in a state; none where it was said before; undefined where it contradicts. */
type Words = { readonly [S in PayoutState]?: { readonly [W in Word]?: readonly EventKind[] } };

const SAID: readonly EventKind[] = [];

const PAYOUT: Words = {
  pending: {
    posted: ['payout-posted'],
    voided: ['payout-voided'],
    returned: ['payout-posted', 'payout-returned'],
  },
  posted: { posted: SAID, returned: ['payout-returned'] },
  voided: { voided: SAID },
  returned: { posted: SAID, voided: SAID, returned: SAID },
};

const COLLECTION: Words = {
  pending: {
    posted: ['collection-posted'],
    voided: ['collection-voided'],
    returned: ['collection-posted', 'collection-returned'],
  },
  posted: { posted: SAID, returned: ['collection-returned'], final: ['collection-final'] },
  final: { posted: SAID, returned: ['collection-owed'], final: SAID },
  voided: { voided: SAID },
  returned: { posted: SAID, voided: SAID, returned: SAID },
};

/** Every kind of event that a transfer may need. */
const KINDS: { readonly [D in Direction]: readonly EventKind[] } = {
  payout: ['payout-pending', 'payout-posted', 'payout-voided', 'payout-returned'],
  collection: [
    'collection-pending',
    'collection-posted',
    'collection-voided',
    'collection-final',
    'collection-returned',
    'collection-owed',
  ],
};

/** Only a collection rests on a mandate. */
export const directionOf = ({ mandate }: Pick<PayoutRow, 'mandate'>): Direction =>
  mandate === null ? 'payout' : 'collection';

type Moving = Pick<PayoutRow, 'id' | 'owner' | 'currency' | 'nano' | 'mandate'>;

export const transferEvent = (kind: EventKind, { currency, nano, id, owner }: Moving): LedgerEvent =>
  eventFor({ kind, currency, nano, subject: id, owner });

/** The balances that any word on a transfer may move. */
export const balancesMoved = (row: Moving): readonly Key[] =>
  KINDS[directionOf(row)].flatMap((kind) => balancesOf(transferEvent(kind, row)));

export type Heard = { readonly row: PayoutRow; readonly booked: boolean };

/**
 * Books a word on a transfer whose `balancesMoved` and `payout` row the book has loaded.
 * Codes: the one given, where it contradicts what was said before; value-out-of-range.
 */
export const hear = (
  book: Book,
  row: PayoutRow,
  word: Word,
  reason: string | null,
  contradiction: Code,
): Result<Heard> => {
  const direction = directionOf(row);
  const kinds = (direction === 'payout' ? PAYOUT : COLLECTION)[row.state]?.[word];
  if (kinds === undefined) {
    return refuse(contradiction, `${direction} ${row.id} is ${row.state} and cannot be ${word} as well`);
  }
  if (kinds.length === 0) return ok({ row, booked: false });
  for (const kind of kinds) {
    const booked = book.post(transferEvent(kind, row));
    if (!booked.ok) return booked;
  }
  const heard = { ...row, state: word, reason, changedMs: book.timeMs };
  book.put('payout', heard);
  return ok({ row: heard, booked: true });
};
