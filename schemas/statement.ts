/**
 * Statement: the both-signed summary of a lease. The buyer states, the seller agrees.
 *
 *     stated = COSE_Sign1(["tb1/statement", lease], [channel, delivered, paid, totalNano, head, reason]) by the buyer
 *     agreed = COSE_Sign1(["tb1/statement-agreed", lease], stated) by the seller
 */

import { openObject, signObject } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, bytes, count, readFields, text, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result } from './result.ts';

export type Statement = {
  readonly channel: Uint8Array;
  /** Readings received in one unbroken row from the first. */
  readonly delivered: number;
  /** Readings that `totalNano` pays for. */
  readonly paid: number;
  readonly totalNano: number;
  /** Head of the reading chain after `delivered`. */
  readonly head: Uint8Array;
  /** Why the lease ended: 'readings', 'budget', 'expiry', 'buyer', 'seller'. */
  readonly reason: string;
};

const FIELDS = [
  bytes('channel', 32),
  count('delivered', U32_MAX),
  count('paid', U32_MAX),
  amount('totalNano'),
  bytes('head', 32),
  text('reason'),
];

export const signStatement = (lease: Uint8Array, statement: Statement, buyer: Signer): Uint8Array =>
  signObject(
    ['tb1/statement', lease],
    writeFields(
      'statement',
      [
        statement.channel,
        statement.delivered,
        statement.paid,
        statement.totalNano,
        statement.head,
        statement.reason,
      ],
      FIELDS,
    ),
    buyer,
  );

/** What the buyer states. Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid. */
export const openStatement = (
  stated: Uint8Array,
  lease: Uint8Array,
  buyer: Uint8Array,
  verify: Verify,
): Result<Statement> => {
  const payload = openObject(stated, ['tb1/statement', lease], buyer, verify);
  if (!payload.ok) return payload;
  const fields = readFields('statement', payload.value, FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({
    channel: f[0] as Uint8Array,
    delivered: f[1] as number,
    paid: f[2] as number,
    totalNano: f[3] as number,
    head: f[4] as Uint8Array,
    reason: f[5] as string,
  });
};

export const agreeStatement = (lease: Uint8Array, stated: Uint8Array, seller: Signer): Uint8Array =>
  signObject(['tb1/statement-agreed', lease], stated, seller);

/** Both signatures are verified. Codes: those of `openStatement`. */
export const openAgreed = (
  agreed: Uint8Array,
  lease: Uint8Array,
  buyer: Uint8Array,
  seller: Uint8Array,
  verify: Verify,
): Result<Statement> => {
  const stated = openObject(agreed, ['tb1/statement-agreed', lease], seller, verify);
  return stated.ok ? openStatement(stated.value, lease, buyer, verify) : stated;
};
