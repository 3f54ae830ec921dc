/**
 * Payouts and collections compared with the journal, which knows of each what it moved, whose it was, and each word of
 * the bank on it. Names, accounts and runs are in no journal.
 */

import { equalBytes } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Direction } from '../bank/runs.ts';
import { directionOf, transferEvent } from '../bank/settling.ts';
import { eventOfRow } from '../ledger/journal.ts';
import { type EventKind, keyOf, type LedgerEvent } from '../ledger/ledger.ts';
import type { Reader } from '../store/store.ts';
import type { PayoutRow, PayoutState } from '../store/tables.ts';

/** The last word comes first. */
const WORDS: { readonly [D in Direction]: readonly (readonly [EventKind, PayoutState])[] } = {
  payout: [
    ['payout-returned', 'returned'],
    ['payout-voided', 'voided'],
    ['payout-posted', 'posted'],
    ['payout-pending', 'pending'],
  ],
  collection: [
    ['collection-owed', 'returned'],
    ['collection-returned', 'returned'],
    ['collection-final', 'final'],
    ['collection-voided', 'voided'],
    ['collection-posted', 'posted'],
    ['collection-pending', 'pending'],
  ],
};

const PAGE_ROWS = 1000;

const keysOf = (row: PayoutRow): readonly string[] =>
  WORDS[directionOf(row)].map(([kind]) => keyOf(transferEvent(kind, row)));

const faultOf = (row: PayoutRow, events: ReadonlyMap<string, LedgerEvent>): string | undefined => {
  const words = WORDS[directionOf(row)].flatMap(([kind, state]) => {
    const event = events.get(keyOf(transferEvent(kind, row)));
    return event === undefined ? [] : [{ event, state }];
  });
  const [last] = words;
  if (last === undefined) return 'is stored, and the journal knows nothing of it';
  const { nano, currency, owner } = last.event;
  if (nano !== row.nano || currency !== row.currency)
    return `is stored as ${row.nano} nano ${row.currency}, the journal says ${nano} nano ${currency}`;
  if (!equalBytes(owner, row.owner)) return "is stored with another owner than the journal's";
  if (last.state !== row.state) return `is stored as ${row.state}, the journal says ${last.state}`;
  return undefined;
};

/** `made` in the journal, each of which must be stored. Code: journal-corrupt, naming the transfer. */
export const compareTransfers = async (reader: Reader, made: number): Promise<Result<null>> => {
  let stored = 0;
  for (let after: PayoutRow | null = null; ; ) {
    const rows: readonly PayoutRow[] = await reader.page('payout', [], after, PAGE_ROWS);
    const events = new Map<string, LedgerEvent>();
    for (const booked of await reader.rows(rows.flatMap(keysOf))) {
      const event = eventOfRow(booked);
      if (!event.ok) return event;
      events.set(booked.key, event.value);
    }
    for (const row of rows) {
      const fault = faultOf(row, events);
      if (fault !== undefined) return refuse('journal-corrupt', `${directionOf(row)} ${row.id} ${fault}`);
    }
    stored += rows.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) break;
    after = last;
  }
  if (stored === made) return ok(null);
  return refuse('journal-corrupt', `${made} payouts and collections were made, ${stored} are stored`);
};
