/**
 * Ticks: the preimages of a voucher's hash chain, each worth `tickNano`.
 *
 *     x[i-1] = SHA-256(0x54 | channel 32 | seq u32be | i u16be | x[i] 16)[0..16]      anchor = x[0]
 *
 * | 0    | 1..32   | 33..36    | 37..38  | 39..54 |
 * | 0x54 | channel | seq u32be | i u16be | x[i]   |   55 bytes, exactly one SHA-256 block with its padding
 *
 * On the wire a tick is `[seq mod 2^16, index, x[index]]`, 24 bytes at most: the receiver holds at most two
 * chains of a channel, and the hash binds the whole seq.
 */

import { expectBytes, writeU16, writeU32 } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import type { Sha256 } from './crypto.ts';
import { atLeast, bytes, count, U16_MAX } from './fields.ts';

export const CHAIN_TICKS_MAX = 1024;
export const LINK_BYTES = 16;
const BLOCK_BYTES = 55;
const DOMAIN_TICK = 0x54;

export type Tick = { readonly seq16: number; readonly index: number; readonly x: Uint8Array };

/** The largest tick: a head, two u16 and a link. */
export const TICK_BYTES_MAX = 24;

export const TICK_FIELDS = [
  count('seq', U16_MAX),
  atLeast(1, count('index', CHAIN_TICKS_MAX)),
  bytes('x', LINK_BYTES),
];

export const encodeTick = (seq: number, index: number, x: Uint8Array): Uint8Array =>
  encodeCbor([seq % 65536, index, x]);

/** The hash input of one chain, its channel and seq filled in; `linkBefore` writes the rest. */
export const chainBlock = (channel: Uint8Array, seq: number): Uint8Array => {
  const block = new Uint8Array(BLOCK_BYTES);
  block[0] = DOMAIN_TICK;
  block.set(expectBytes('channel', channel, 32), 1);
  writeU32(block, 33, seq);
  return block;
};

/** x[index - 1] from x[index]: one hash. */
export const linkBefore = (sha256: Sha256, block: Uint8Array, index: number, x: Uint8Array): Uint8Array => {
  writeU16(block, 37, index);
  block.set(x, 39);
  return sha256(block).subarray(0, LINK_BYTES);
};

/** Walks from x[from] down to x[to]: `from - to` hashes. */
export const walkBack = (
  sha256: Sha256,
  block: Uint8Array,
  from: number,
  to: number,
  x: Uint8Array,
): Uint8Array => {
  let link = x;
  for (let i = from; i > to; i--) link = linkBefore(sha256, block, i, link);
  return link;
};

/** x[index] of a chain. */
export const linkAt = (links: Uint8Array, index: number): Uint8Array =>
  new Uint8Array(links.subarray(index * LINK_BYTES, (index + 1) * LINK_BYTES));

/** A chain in the making: x[built] and all links after it are there. */
export type ChainDraft = { readonly block: Uint8Array; readonly links: Uint8Array; built: number };

/** From the last link, a random x[ticks]. */
export const draftChain = (channel: Uint8Array, seq: number, last: Uint8Array, ticks: number): ChainDraft => {
  const links = new Uint8Array((ticks + 1) * LINK_BYTES);
  links.set(expectBytes('last', last, LINK_BYTES), ticks * LINK_BYTES);
  return { block: chainBlock(channel, seq), links: links, built: ticks };
};

/** Makes up to `count` more links, towards the anchor: one hash each. */
export const extendChain = (sha256: Sha256, draft: ChainDraft, count: number): void => {
  const until = Math.max(0, draft.built - count);
  let link = linkAt(draft.links, draft.built);
  while (draft.built > until) {
    link = linkBefore(sha256, draft.block, draft.built, link);
    draft.built--;
    draft.links.set(link, draft.built * LINK_BYTES);
  }
};

/** The whole chain x[0..ticks] at once: `ticks + 1` links of 16 bytes. */
export const buildChain = (
  sha256: Sha256,
  channel: Uint8Array,
  seq: number,
  last: Uint8Array,
  ticks: number,
): Uint8Array => {
  const draft = draftChain(channel, seq, last, ticks);
  extendChain(sha256, draft, ticks);
  return draft.links;
};
