/**
 * The grace after expiry, in which a payee may still claim, and the downtime that does not count in it.
 *
 * Intake is continuous while two signs of life lie at most a gap apart, for each shard of its own: other workers
 * do not help a payee whose shard nobody takes. A release needs a whole grace of continuous intake after the
 * expiry: `max(expiry, intake since) + grace`. A clock that leaps forward looks like downtime, so it releases
 * nothing; and a journal that has forgotten claims gives their payees a whole grace to bring them in again.
 */

import { shardOf } from '../../../schemas/topic.ts';
import type { Book } from '../ledger/book.ts';
import type { ChannelRow, Key } from '../store/tables.ts';

/** `meta` row: runs of shards with the same times, `<first>-<last> <since ms> <last ms>` a line. */
export const INTAKE: Key = ['intake'];

const SHARDS = 256;
export const ALL_SHARDS: readonly string[] = Array.from({ length: SHARDS }, (_, i) =>
  i.toString(16).padStart(2, '0'),
);

/** Of one shard: since when without a gap, and the last sign of life. */
type Span = { readonly sinceMs: number; readonly lastMs: number };

const readSpans = (text: string): (Span | undefined)[] => {
  const spans: (Span | undefined)[] = new Array(SHARDS).fill(undefined);
  for (const line of text.split('\n')) {
    const parts = /^([0-9a-f]{2})-([0-9a-f]{2}) (\d+) (\d+)$/.exec(line);
    if (parts === null) continue;
    const span = { sinceMs: Number(parts[3]), lastMs: Number(parts[4]) };
    spans.fill(span, Number.parseInt(parts[1]!, 16), Number.parseInt(parts[2]!, 16) + 1);
  }
  return spans;
};

const writeSpans = (spans: readonly (Span | undefined)[]): string => {
  const lines: string[] = [];
  let first = 0;
  for (let i = 1; i <= SHARDS; i++) {
    const [span, next] = [spans[first], spans[i]];
    if (i < SHARDS && next?.sinceMs === span?.sinceMs && next?.lastMs === span?.lastMs) continue;
    if (span !== undefined) {
      lines.push(`${ALL_SHARDS[first]}-${ALL_SHARDS[i - 1]} ${span.sinceMs} ${span.lastMs}`);
    }
    first = i;
  }
  return lines.join('\n');
};

/** Before the second version of the tables all shards had one span in two rows: a gap that delays releases once. */
const spansIn = (book: Book): (Span | undefined)[] => readSpans(book.get('meta', INTAKE)?.value ?? '');

const isContinuous = (span: Span | undefined, timeMs: number, gapMs: number): span is Span =>
  span !== undefined && timeMs - span.lastMs <= gapMs;

/** Since when the channel's shard has taken requests without a gap; now, where there was one. */
export const intakeSinceMs = (book: Book, channelId: Uint8Array, gapMs: number): number => {
  const span = book.isStale() ? undefined : spansIn(book)[Number.parseInt(shardOf(channelId), 16)];
  return isContinuous(span, book.timeMs, gapMs) ? span.sinceMs : book.timeMs;
};

/** The longest that any shard has been served without a gap until now: 0 after downtime, and after a clock's leap. */
export const servedForMs = (intake: string, timeMs: number, gapMs: number): number =>
  Math.max(
    0,
    ...readSpans(intake).map((span) => (isContinuous(span, timeMs, gapMs) ? timeMs - span.sinceMs : 0)),
  );

/** A sign of life of the shards that are served. */
export const noteIntake = (book: Book, shards: readonly string[], gapMs: number): void => {
  const spans = book.isStale() ? [] : spansIn(book);
  for (const shard of shards) {
    const at = Number.parseInt(shard, 16);
    const span = spans[at];
    const sinceMs = isContinuous(span, book.timeMs, gapMs) ? span.sinceMs : book.timeMs;
    spans[at] = { sinceMs, lastMs: book.timeMs };
  }
  book.put('meta', { name: 'intake', value: writeSpans(spans) });
  book.put('meta', { name: 'time', value: String(book.timeMs) });
};

/** When the rest of an open channel may go back to its payer, in ms. */
export const releasableMs = (channel: ChannelRow, sinceMs: number, graceMs: number): number =>
  Math.max(channel.expiryS * 1000, sinceMs) + graceMs;
