/** Disputes: what each side of a channel says it holds, side by side with what the settler's evidence says. */

import { toHex } from '../../../schemas/bytes.ts';
import { didKey } from '../../../schemas/identity.ts';
import { type Case, caseOf, disputeKeys, partings, type Word } from '../ledger/resolution.ts';
import { allRows, type Reader } from '../store/store.ts';
import type { ChannelRow, DisputeRow } from '../store/tables.ts';

/** What one side holds, as it signed it. */
export type SideSays = {
  readonly open: boolean;
  readonly version: number;
  readonly delivered: number;
  readonly totalNano: number;
  readonly head: string;
  readonly reason: string;
  /** How its dispute ended; null while it is open. */
  readonly resolution: string | null;
  /** Journal row of its signed word. */
  readonly row: number;
};

/** What the payer's vouchers and ticks prove of the same. */
export type Proven = {
  readonly readings: number | null;
  readonly totalNano: number;
  readonly head: string | null;
  readonly voucherSeq: number | null;
};

export type DisputeState = {
  readonly channel: string;
  readonly lease: string;
  readonly payer: string;
  readonly payee: string;
  readonly currency: string;
  readonly backing: string;
  readonly open: boolean;
  readonly sinceMs: number;
  readonly says: { readonly payer: SideSays | null; readonly payee: SideSays | null };
  readonly proven: Proven;
  /** Where the two sides part; where only one has spoken, where it parts from the evidence. */
  readonly parts: readonly string[];
  /** A debt between owners that stays out of clearing and of repayments until it is resolved. */
  readonly withheldNano: number;
};

const NAMES: { readonly [part: string]: string } = {
  delivered: 'readings',
  totalNano: 'total',
  head: 'head',
};

/** Where two sides part, for people. */
export const partsText = (parts: readonly string[]): string =>
  parts.map((part) => NAMES[part] ?? part).join(', ');

const saysOf = (word: Word | null, row: DisputeRow | undefined): SideSays | null =>
  word === null || row === undefined
    ? null
    : {
        open: word.open,
        version: word.version,
        delivered: word.delivered,
        totalNano: word.totalNano,
        head: toHex(word.head),
        reason: word.reason,
        resolution: row.resolution,
        row: row.bookedIndex,
      };

const partsOf = ({ payer, payee, voucher, paidNano }: Case): readonly string[] => {
  if (payer !== null && payee !== null) return partings(payer, payee);
  const alone = payer ?? payee;
  if (alone === null) return [];
  if (voucher === null) return alone.totalNano === paidNano ? [] : ['totalNano'];
  const { readings: delivered, head } = voucher.said;
  return partings(alone, { delivered, totalNano: paidNano, head });
};

const stateOf = (channel: ChannelRow, rows: ReadonlyMap<string, DisputeRow>): DisputeState => {
  const rowAt = (party: Uint8Array) => rows.get(toHex(party));
  const on = caseOf(channel, ([, party]) => rowAt(party as Uint8Array), {});
  const all = [...rows.values()];
  const open = all.some((row) => row.open);
  const said = on.voucher?.said;
  return {
    channel: toHex(channel.id),
    lease: toHex(channel.lease),
    payer: didKey(channel.payer),
    payee: didKey(channel.payee),
    currency: channel.currency,
    backing: channel.backing,
    open,
    sinceMs: Math.min(...all.filter((row) => row.open === open).map((row) => row.sinceMs)),
    says: {
      payer: saysOf(on.payer, rowAt(channel.payer)),
      payee: saysOf(on.payee, rowAt(channel.payee)),
    },
    proven: {
      readings: said?.readings ?? null,
      totalNano: channel.paidNano,
      head: said === undefined ? null : toHex(said.head),
      voucherSeq: said?.seq ?? null,
    },
    parts: partsOf(on),
    withheldNano: open && channel.backing === 'bilateral' ? channel.paidNano : 0,
  };
};

/** The dispute on a channel; undefined where nobody ever opened one. */
export const disputeOn = async (reader: Reader, channel: ChannelRow): Promise<DisputeState | undefined> => {
  const rows = await reader.get('dispute', disputeKeys(channel));
  return rows.length === 0
    ? undefined
    : stateOf(channel, new Map(rows.map((row) => [toHex(row.party), row])));
};

/** Those that are open, or all that ever were; the oldest first. */
export const disputesOf = async (reader: Reader, all: boolean): Promise<readonly DisputeState[]> => {
  const channels = new Map<string, Uint8Array>();
  for await (const row of allRows(reader, 'dispute')) {
    if (all || row.open) channels.set(toHex(row.channel), row.channel);
  }
  const found: DisputeState[] = [];
  for (const id of channels.values()) {
    const [channel] = await reader.get('channel', [[id]]);
    const state = channel === undefined ? undefined : await disputeOn(reader, channel);
    if (state !== undefined) found.push(state);
  }
  return found.sort((a, b) => a.sinceMs - b.sinceMs);
};
