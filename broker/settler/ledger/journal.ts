/**
 * The journal: what happened, once and for ever, each row chained to the one before.
 *
 *     bytes = [index, timeMs, event, entries]        deterministic CBOR
 *     hash  = SHA-256(hash of the row before | bytes)        32 zero bytes before row 0
 *
 * Time never goes back in it, whatever the machine's clock does.
 */

import { compareBytes, concatBytes, equalBytes } from '../../../schemas/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { entriesOf, entryItem, eventItem, eventOf, keyOf, type LedgerEvent, mayOverdraw } from './ledger.ts';

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

/** The next row; its time is `timeMs`, or the head's where the clock went back. */
export const nextRow = (head: Head, timeMs: number, event: LedgerEvent, sha256: Sha256): JournalRow => {
  const time = Math.max(head.timeMs, timeMs);
  const bytes = encodeCbor([head.length, time, eventItem(event), entriesOf(event).map(entryItem)]);
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

/** A balance's key: accounts are per currency. */
export const balanceKey = (account: string, currency: string): string => `${account} ${currency}`;

/**
 * Replays a journal from its first row. `add` refuses the first bad row by its index (journal-corrupt);
 * `balances` are those after the last good one.
 */
export class Replay {
  head: Head = EMPTY_HEAD;
  readonly balances = new Map<string, bigint>();
  private readonly sha256: Sha256;

  constructor(sha256: Sha256) {
    this.sha256 = sha256;
  }

  add(row: JournalRow): Result<LedgerEvent> {
    const bad = (why: string) => refuse('journal-corrupt', `row ${this.head.length}: ${why}`);
    if (row.index !== this.head.length) return bad(`missing, row ${row.index} follows`);
    const event = eventOfRow(row);
    if (!event.ok) return event;
    const expected = nextRow(this.head, row.timeMs, event.value, this.sha256);
    // Re-encoding decides every field at once: index, time, event, entries and key.
    if (compareBytes(expected.bytes, row.bytes) !== 0) return bad('its bytes are not what its event writes');
    if (expected.key !== row.key) return bad(`its key is ${row.key}, its event's is ${expected.key}`);
    if (!equalBytes(expected.hash, row.hash)) return bad('its hash does not continue the chain');
    for (const entry of entriesOf(event.value)) {
      this.move(entry.debit, entry.currency, -entry.nano);
      this.move(entry.credit, entry.currency, entry.nano);
      const left = this.balances.get(balanceKey(entry.debit, entry.currency))!;
      if (left < 0n && !mayOverdraw(entry.debit)) return bad(`${entry.debit} would hold ${left} nano`);
    }
    this.head = headAfter(row);
    return event;
  }

  private move(account: string, currency: string, nano: bigint): void {
    const key = balanceKey(account, currency);
    this.balances.set(key, (this.balances.get(key) ?? 0n) + nano);
  }

  /** The stored balances are those of the replay, and each currency's sum to zero. Code: journal-corrupt. */
  compare(stored: Iterable<{ account: string; currency: string; nano: bigint }>): Result<null> {
    const rest = new Map(this.balances);
    const sums = new Map<string, bigint>();
    for (const { account, currency, nano } of stored) {
      const key = balanceKey(account, currency);
      const replayed = rest.get(key) ?? 0n;
      if (replayed !== nano) {
        return refuse('journal-corrupt', `${key} is stored as ${nano} nano, the journal says ${replayed}`);
      }
      rest.delete(key);
      sums.set(currency, (sums.get(currency) ?? 0n) + nano);
    }
    for (const [key, nano] of rest) {
      if (nano !== 0n)
        return refuse('journal-corrupt', `${key} is not stored, the journal says ${nano} nano`);
    }
    for (const [currency, sum] of sums) {
      if (sum !== 0n)
        return refuse('journal-corrupt', `debits and credits of ${currency} differ by ${sum} nano`);
    }
    return ok(null);
  }
}
