/**
 * The journal: what happened, once and for ever, each row chained to the one before.
 *
 *     bytes = [index, timeMs, event, entries]        deterministic CBOR
 *     hash  = SHA-256(hash of the row before | bytes)        32 zero bytes before row 0
 *
 * Time never goes back in it, whatever the machine's clock does.
 */

import { concatBytes } from '../../../schemas/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { type Result, refuse } from '../../../schemas/result.ts';
import { type Entry, entriesOf, entryItem, eventItem, eventOf, keyOf, type LedgerEvent } from './ledger.ts';

export type JournalRow = {
  readonly index: number;
  readonly timeMs: number;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
};

/** Where the next row goes: after `length` rows, the last of them at `timeMs` with `hash`. */
export type Head = { readonly length: number; readonly timeMs: number; readonly hash: Uint8Array };

export const EMPTY_HEAD: Head = { length: 0, timeMs: 0, hash: new Uint8Array(32) };

/** The next row; its time is `timeMs`, or the head's where the clock went back. `entries` are the event's. */
export const nextRow = (
  head: Head,
  timeMs: number,
  event: LedgerEvent,
  sha256: Sha256,
  entries: readonly Entry[] = entriesOf(event),
): JournalRow => {
  const time = Math.max(head.timeMs, timeMs);
  const bytes = encodeCbor([head.length, time, eventItem(event), entries.map(entryItem)]);
  const hash = sha256(concatBytes([head.hash, bytes]));
  return { index: head.length, timeMs: time, key: keyOf(event), bytes, hash };
};

export const headAfter = (row: JournalRow): Head => ({
  length: row.index + 1,
  timeMs: row.timeMs,
  hash: row.hash,
});

/** What a row says happened. Code: journal-corrupt, naming the row. */
export const eventOfRow = (row: JournalRow): Result<LedgerEvent> => {
  const item = decodeCbor(row.bytes);
  const event = item.ok && Array.isArray(item.value) ? eventOf(item.value[2]) : eventOf(undefined);
  return event.ok ? event : refuse('journal-corrupt', `row ${row.index}: ${event.detail}`);
};
