/**
 * Vouchers: the payer's signature under a cumulative total.
 *
 *     COSE_Sign1(["tb1/voucher", channel], [seq, cumulativeNano, readings, head])                     <= 128 bytes
 *     COSE_Sign1(["tb1/voucher", channel], [seq, cumulativeNano, readings, head, anchor, tickNano])   <= 150 bytes
 *
 * The longer form opens a chain. `readings` and `head` say which readings the payer held when it signed.
 */

import { type Cbor, decodeCbor } from './cbor.ts';
import { type Envelope, openEnvelope, parseObject, signObject } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, atLeast, bytes, checkFields, count, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result } from './result.ts';
import { LINK_BYTES } from './tick.ts';

export type Voucher = {
  /** Rises with every voucher of the channel, from 1. */
  readonly seq: number;
  readonly cumulativeNano: number;
  /** Length of the contiguous prefix of readings under `head`. */
  readonly readings: number;
  readonly head: Uint8Array;
  /** x[0] of the chain this voucher opens, or null. */
  readonly anchor: Uint8Array | null;
  /** Worth of one tick, 1 to 2^32 - 1 nano; 0 without a chain. */
  readonly tickNano: number;
};

/** The largest signed voucher. */
export const VOUCHER_BYTES_MAX = 150;

const PLAIN = [
  atLeast(1, count('seq', U32_MAX)),
  amount('cumulativeNano'),
  count('readings', U32_MAX),
  bytes('head', 32),
];
const CHAINED = PLAIN.concat([bytes('anchor', LINK_BYTES), atLeast(1, count('tickNano', U32_MAX))]);

export const signVoucher = (channel: Uint8Array, voucher: Voucher, payer: Signer): Uint8Array => {
  const fields: Cbor[] = [voucher.seq, voucher.cumulativeNano, voucher.readings, voucher.head];
  if (voucher.anchor !== null) fields.push(voucher.anchor, voucher.tickNano);
  const payload = writeFields('voucher', fields, voucher.anchor === null ? PLAIN : CHAINED);
  return signObject(['tb1/voucher', channel], payload, payer);
};

/** What a voucher says, before its signature is looked at. Codes: cbor-*, object-malformed, value-out-of-range. */
export const voucherIn = (envelope: Envelope): Result<Voucher> => {
  const item = decodeCbor(envelope.payload);
  if (!item.ok) return item;
  const chained = Array.isArray(item.value) && item.value.length === CHAINED.length;
  const fields = checkFields('voucher', item.value, chained ? CHAINED : PLAIN);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({
    seq: f[0] as number,
    cumulativeNano: f[1] as number,
    readings: f[2] as number,
    head: f[3] as Uint8Array,
    anchor: chained ? (f[4] as Uint8Array) : null,
    tickNano: chained ? (f[5] as number) : 0,
  });
};

/** The same for bytes. Codes: cose-* as well. */
export const parseVoucher = (encoded: Uint8Array): Result<Voucher> => {
  const envelope = parseObject(encoded);
  return envelope.ok ? voucherIn(envelope.value) : envelope;
};

/** Does the payer's signature hold on this channel? Code: signature-invalid. */
export const verifyVoucherIn = (
  envelope: Envelope,
  channel: Uint8Array,
  payer: Uint8Array,
  verify: Verify,
): Result<Uint8Array> => openEnvelope(envelope, ['tb1/voucher', channel], payer, verify);

/** The same for bytes. Codes: cbor-*, cose-* as well. */
export const verifyVoucher = (
  encoded: Uint8Array,
  channel: Uint8Array,
  payer: Uint8Array,
  verify: Verify,
): Result<Uint8Array> => {
  const envelope = parseObject(encoded);
  return envelope.ok ? verifyVoucherIn(envelope.value, channel, payer, verify) : envelope;
};
