/** Backlog: the readings a seller keeps, in one row, each with the head of the reading chain after it. */

import type { Sha256 } from '../../schemas/crypto.ts';
import { nextHead } from '../../schemas/reading-chain.ts';

type Kept = { readonly bytes: Uint8Array; readonly head: Uint8Array };

export type Backlog = {
  /** Everything up to this reading is gone. */
  base: number;
  baseHead: Uint8Array;
  kept: Kept[];
  /** Place of reading `base + 1` in `kept`; what is before it waits to be cut off in one go. */
  first: number;
};

/** Unpaid readings of a day at one a second; a lease that falls further behind loses readings, and says so. */
export const BACKLOG_READINGS_MAX = 86400;
/** Paid readings kept for a buyer whose disk lost what it had just paid for: twice the lag. */
const PAID_KEPT = 512;
const CUT_MIN = 1024;

export const newBacklog = (base: number, head: Uint8Array): Backlog => ({
  base: base,
  baseHead: head,
  kept: [],
  first: 0,
});

/** Number of the newest reading. */
export const newestOf = (backlog: Backlog): number => backlog.base + backlog.kept.length - backlog.first;

export const appendReading = (backlog: Backlog, bytes: Uint8Array, sha256: Sha256): void => {
  const n = newestOf(backlog) + 1;
  const before =
    backlog.kept.length === backlog.first ? backlog.baseHead : backlog.kept[backlog.kept.length - 1]!.head;
  backlog.kept.push({ bytes: bytes, head: nextHead(sha256, before, n, bytes) });
};

/** Reading n, for base < n <= newest. */
export const readingAt = (backlog: Backlog, n: number): Uint8Array =>
  backlog.kept[backlog.first + n - backlog.base - 1]!.bytes;

/** Head after reading n, or null where n is not kept. */
export const headAt = (backlog: Backlog, n: number): Uint8Array | null => {
  if (n === backlog.base) return backlog.baseHead;
  const kept = backlog.kept[backlog.first + n - backlog.base - 1];
  return n > backlog.base && kept !== undefined ? kept.head : null;
};

/** Lets go of what is paid, but for the last few. */
export const dropPaid = (backlog: Backlog, paid: number): void => {
  const until = Math.min(paid, newestOf(backlog)) - PAID_KEPT;
  if (until <= backlog.base) return;
  backlog.baseHead = headAt(backlog, until) as Uint8Array;
  backlog.first += until - backlog.base;
  backlog.base = until;
  if (backlog.first >= CUT_MIN && backlog.first * 2 >= backlog.kept.length) {
    backlog.kept = backlog.kept.slice(backlog.first);
    backlog.first = 0;
  }
};
