/**
 * Evidence: a voucher, and at most one tick of its chain. `total = cumulativeNano + index * tickNano`.
 *
 * Evidence is ranked by its total alone and never added. A payee holds at most two positions of a channel:
 * the chain of the newest voucher and the one before, because a late tick of the old chain still counts
 * where its own total is higher. (`schemas/spec/evidence.md`)
 */

import { addNano, multiplyNano } from './amount.ts';
import { equalBytes } from './bytes.ts';
import { type Cbor, decodeCbor } from './cbor.ts';
import { type Envelope, parseObject } from './cose.ts';
import type { Crypto, Sha256 } from './crypto.ts';
import { checkFields } from './fields.ts';
import { ok, type Result, refuse } from './result.ts';
import { CHAIN_TICKS_MAX, chainBlock, encodeTick, TICK_FIELDS, type Tick, walkBack } from './tick.ts';
import { type Voucher, verifyVoucherIn, voucherIn } from './voucher.ts';

/** Bytes as received: what a claim carries and a journal keeps. */
export type Evidence = { readonly voucher: Uint8Array; readonly tick: Uint8Array | null };

/** A verified place in the chain of one voucher; `index` 0 is the voucher alone. */
export type Position = {
  readonly voucher: Voucher;
  readonly voucherBytes: Uint8Array;
  index: number;
  x: Uint8Array;
  /** Scratch of `chainBlock`, kept because it saves a copy per tick. */
  readonly block: Uint8Array;
};

/** What a payee holds on one channel. Plain data; `acceptVoucher` and `acceptTick` change it. */
export type Held = {
  readonly channel: Uint8Array;
  readonly payer: Uint8Array;
  /** Raised by a grant of a higher version. */
  limitNano: number;
  /** Length of every chain, from the terms. */
  readonly ticks: number;
  current: Position | null;
  previous: Position | null;
};

const NO_LINK = new Uint8Array(16);

const positionOf = (channel: Uint8Array, voucher: Voucher, voucherBytes: Uint8Array): Position => ({
  voucher: voucher,
  voucherBytes: voucherBytes,
  index: 0,
  x: voucher.anchor === null ? NO_LINK : voucher.anchor,
  block: chainBlock(channel, voucher.seq),
});

export const totalNanoOf = (position: Position | null): number =>
  position === null ? 0 : position.voucher.cumulativeNano + position.index * position.voucher.tickNano;

export const evidenceOf = (position: Position): Evidence => ({
  voucher: position.voucherBytes,
  tick: position.index === 0 ? null : encodeTick(position.voucher.seq, position.index, position.x),
});

export const newHeld = (channel: Uint8Array, payer: Uint8Array, limitNano: number, ticks: number): Held => ({
  channel: channel,
  payer: payer,
  limitNano: limitNano,
  ticks: ticks,
  current: null,
  previous: null,
});

/** The position with the highest total, or null where nothing was accepted yet. */
export const bestOf = (held: Held): Position | null =>
  totalNanoOf(held.previous) > totalNanoOf(held.current) ? held.previous : held.current;

/** cumulative + ticks * tickNano, or -1 beyond 2^53 - 1. */
const reach = (voucher: Voucher, ticks: number): number => {
  const worth = multiplyNano(ticks, voucher.tickNano);
  return worth < 0 ? -1 : addNano(voucher.cumulativeNano, worth);
};

/** Moves a position to a later tick. Bounds come before hashes: a walk is never longer than what can be owed. */
const advance = (
  position: Position,
  tick: Tick,
  ticks: number,
  limitNano: number,
  sha256: Sha256,
): Result<number> => {
  const voucher = position.voucher;
  if (voucher.anchor === null)
    return refuse('tick-unknown-voucher', 'voucher ' + voucher.seq + ' opened no chain');
  if (tick.index <= position.index) {
    return refuse('tick-stale', 'tick ' + tick.index + ' is not after tick ' + position.index);
  }
  if (tick.index > ticks)
    return refuse('tick-beyond-chain', 'tick ' + tick.index + ' of a chain of ' + ticks);
  const total = reach(voucher, tick.index);
  if (total < 0 || total > limitNano) {
    return refuse('voucher-over-limit', 'tick ' + tick.index + ' passes the limit of ' + limitNano + ' nano');
  }
  const link = walkBack(sha256, position.block, tick.index, position.index, tick.x);
  if (!equalBytes(link, position.x)) {
    return refuse('tick-does-not-chain', 'tick ' + tick.index + ' does not hash to tick ' + position.index);
  }
  position.index = tick.index;
  position.x = tick.x;
  return ok(total);
};

/**
 * Accepts a voucher iff its seq is higher, its cumulative is at least the best total held, and its whole chain
 * fits the limit; the same voucher again changes nothing. The answer is the best total held.
 * Codes: cbor-*, cose-*, object-malformed, value-out-of-range, voucher-stale, voucher-goes-back,
 * voucher-over-limit, signature-invalid.
 */
export const acceptVoucher = (held: Held, voucherBytes: Uint8Array, crypto: Crypto): Result<number> => {
  const envelope = parseObject(voucherBytes);
  if (!envelope.ok) return envelope;
  const stated = voucherIn(envelope.value);
  if (!stated.ok) return stated;
  const voucher = stated.value;
  const bestNano = totalNanoOf(bestOf(held));
  if (held.current !== null) {
    if (equalBytes(held.current.voucherBytes, voucherBytes)) return ok(bestNano);
    const last = held.current.voucher.seq;
    if (voucher.seq <= last)
      return refuse('voucher-stale', 'seq ' + voucher.seq + ' is not after seq ' + last);
  }
  if (voucher.cumulativeNano < bestNano) {
    return refuse(
      'voucher-goes-back',
      voucher.cumulativeNano + ' nano is below the ' + bestNano + ' nano held',
    );
  }
  const furthest = reach(voucher, voucher.anchor === null ? 0 : held.ticks);
  if (furthest < 0 || furthest > held.limitNano) {
    return refuse('voucher-over-limit', 'the chain passes the limit of ' + held.limitNano + ' nano');
  }
  const verified = verifyVoucherIn(envelope.value, held.channel, held.payer, crypto.verify);
  if (!verified.ok) return verified;
  held.previous = held.current;
  held.current = positionOf(held.channel, voucher, voucherBytes);
  return ok(totalNanoOf(bestOf(held)));
};

const holdsSeq = (position: Position | null, seq16: number): position is Position =>
  position !== null && position.voucher.seq % 65536 === seq16;

/**
 * Accepts a tick of the newest chain, or a late one of the chain before. The answer is the best total held,
 * which a late tick with a lower total does not change.
 * Codes: tick-unknown-voucher, tick-stale, tick-beyond-chain, voucher-over-limit, tick-does-not-chain.
 */
export const acceptTick = (held: Held, tick: Tick, crypto: Crypto): Result<number> => {
  let position = held.current;
  if (!holdsSeq(position, tick.seq16)) position = held.previous;
  if (!holdsSeq(position, tick.seq16)) {
    return refuse('tick-unknown-voucher', 'no voucher with seq ' + tick.seq16 + ' mod 65536 is held');
  }
  const advanced = advance(position, tick, held.ticks, held.limitNano, crypto.sha256);
  return advanced.ok ? ok(totalNanoOf(bestOf(held))) : advanced;
};

/** The tick in an item of three. Codes: object-malformed, value-out-of-range. */
export const tickOf = (item: Cbor): Result<Tick> => {
  const fields = checkFields('tick', item, TICK_FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({ seq16: f[0] as number, index: f[1] as number, x: f[2] as Uint8Array });
};

export const decodeTick = (encoded: Uint8Array): Result<Tick> => {
  const item = decodeCbor(encoded);
  return item.ok ? tickOf(item.value) : item;
};

export type Stated = {
  readonly evidence: Evidence;
  readonly envelope: Envelope;
  readonly voucher: Voucher;
  readonly tick: Tick | null;
  readonly totalNano: number;
};

/**
 * What evidence says, before any cryptography: a settler compares totals first.
 * Codes: cbor-*, cose-*, object-malformed, value-out-of-range, tick-unknown-voucher.
 */
export const parseEvidence = (evidence: Evidence): Result<Stated> => {
  const envelope = parseObject(evidence.voucher);
  if (!envelope.ok) return envelope;
  const parsed = voucherIn(envelope.value);
  if (!parsed.ok) return parsed;
  const voucher = parsed.value;
  let tick: Tick | null = null;
  let total = voucher.cumulativeNano;
  if (evidence.tick !== null) {
    const decoded = decodeTick(evidence.tick);
    if (!decoded.ok) return decoded;
    tick = decoded.value;
    if (voucher.anchor === null || tick.seq16 !== voucher.seq % 65536) {
      return refuse('tick-unknown-voucher', 'the tick is not of the chain of voucher ' + voucher.seq);
    }
    total = reach(voucher, tick.index);
    if (total < 0) return refuse('value-out-of-range', 'the total passes 2^53 - 1 nano');
  }
  return ok({
    evidence: evidence,
    envelope: envelope.value,
    voucher: voucher,
    tick: tick,
    totalNano: total,
  });
};

/**
 * A new verified position for what evidence states, walking on from `last` where it is of the same voucher.
 * `last` is not changed, so a transaction that fails leaves nothing behind.
 * Codes: voucher-over-limit, signature-invalid, tick-stale, tick-does-not-chain.
 */
export const verifyStated = (
  last: Position | null,
  stated: Stated,
  channel: Uint8Array,
  payer: Uint8Array,
  limitNano: number,
  crypto: Crypto,
): Result<Position> => {
  if (stated.totalNano > limitNano) {
    return refuse(
      'voucher-over-limit',
      stated.totalNano + ' nano passes the limit of ' + limitNano + ' nano',
    );
  }
  const position = positionOf(channel, stated.voucher, stated.evidence.voucher);
  if (last !== null && equalBytes(last.voucherBytes, position.voucherBytes)) {
    position.index = last.index;
    position.x = last.x;
  } else {
    const verified = verifyVoucherIn(stated.envelope, channel, payer, crypto.verify);
    if (!verified.ok) return verified;
  }
  if (stated.tick === null) return ok(position);
  const advanced = advance(position, stated.tick, CHAIN_TICKS_MAX, limitNano, crypto.sha256);
  return advanced.ok ? ok(position) : advanced;
};

/** The same for bytes. Codes: those of `parseEvidence` as well. */
export const verifyEvidence = (
  last: Position | null,
  evidence: Evidence,
  channel: Uint8Array,
  payer: Uint8Array,
  limitNano: number,
  crypto: Crypto,
): Result<Position> => {
  const stated = parseEvidence(evidence);
  return stated.ok ? verifyStated(last, stated.value, channel, payer, limitNano, crypto) : stated;
};
