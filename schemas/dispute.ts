/**
 * Dispute: a party of a channel says what it holds where the sides cannot agree, or takes that back.
 *
 *     COSE_Sign1(["tb1/dispute", channel], [party, version, open, delivered, totalNano, head, reason]) by the party
 */

import { openObject, parseObject, signObject } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, bytes, count, flag, key, readFields, text, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result } from './result.ts';

export type Dispute = {
  /** Payer or payee of the channel. */
  readonly party: Uint8Array;
  /** Of a party on a channel the highest version counts. */
  readonly version: number;
  /** false: the party withdraws its dispute. */
  readonly open: boolean;
  /** Readings that this party sent or holds, in one row from the first. */
  readonly delivered: number;
  /** The best total that it holds. */
  readonly totalNano: number;
  /** Head of its reading chain after `delivered`. */
  readonly head: Uint8Array;
  /** One line for people. */
  readonly reason: string;
};

const FIELDS = [
  key('party'),
  count('version', U32_MAX),
  flag('open'),
  count('delivered', U32_MAX),
  amount('totalNano'),
  bytes('head', 32),
  text('reason'),
];

export const signDispute = (channel: Uint8Array, dispute: Dispute, party: Signer): Uint8Array =>
  signObject(
    ['tb1/dispute', channel],
    writeFields(
      'dispute',
      [
        dispute.party,
        dispute.version,
        dispute.open,
        dispute.delivered,
        dispute.totalNano,
        dispute.head,
        dispute.reason,
      ],
      FIELDS,
    ),
    party,
  );

/**
 * Signed by the party that it names; whether that is one of the channel's two is the reader's to check.
 * Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid.
 */
export const openDispute = (encoded: Uint8Array, channel: Uint8Array, verify: Verify): Result<Dispute> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const fields = readFields('dispute', envelope.value.payload, FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  const payload = openObject(encoded, ['tb1/dispute', channel], f[0] as Uint8Array, verify);
  if (!payload.ok) return payload;
  return ok({
    party: f[0] as Uint8Array,
    version: f[1] as number,
    open: f[2] as boolean,
    delivered: f[3] as number,
    totalNano: f[4] as number,
    head: f[5] as Uint8Array,
    reason: f[6] as string,
  });
};
