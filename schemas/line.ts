/**
 * Line: a creditor bears the default of one debtor up to a limit. It is what `bilateral` grants stand on.
 *
 *     COSE_Sign1(["tb1/line"], [creditor, debtor, settler, currency, version, limitNano, expiryS]) by the creditor
 */

import { equalBytes } from './bytes.ts';
import { openObject, parseObject, signObject } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, count, currency, key, readFields, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result, refuse } from './result.ts';

export type Line = {
  /** Owner of the sellers that give credit. */
  readonly creditor: Uint8Array;
  /** Owner of the buyers that take it. */
  readonly debtor: Uint8Array;
  /** Root key of the settler. */
  readonly settler: Uint8Array;
  readonly currency: string;
  /** Of a creditor and a debtor, with a settler and in a currency, the highest version counts. */
  readonly version: number;
  /** 0: no new credit; what is owed stays owed. */
  readonly limitNano: number;
  /** 0: it does not expire. */
  readonly expiryS: number;
};

const FIELDS = [
  key('creditor'),
  key('debtor'),
  key('settler'),
  currency('currency'),
  count('version', U32_MAX),
  amount('limitNano'),
  count('expiryS', U32_MAX),
];

export const signLine = (line: Line, creditor: Signer): Uint8Array =>
  signObject(
    ['tb1/line'],
    writeFields(
      'line',
      [line.creditor, line.debtor, line.settler, line.currency, line.version, line.limitNano, line.expiryS],
      FIELDS,
    ),
    creditor,
  );

/** Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid. */
export const openLine = (encoded: Uint8Array, verify: Verify): Result<Line> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const fields = readFields('line', envelope.value.payload, FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  if (equalBytes(f[0] as Uint8Array, f[1] as Uint8Array))
    return refuse('value-out-of-range', 'line: creditor and debtor must differ');
  const payload = openObject(encoded, ['tb1/line'], f[0] as Uint8Array, verify);
  if (!payload.ok) return payload;
  return ok({
    creditor: f[0] as Uint8Array,
    debtor: f[1] as Uint8Array,
    settler: f[2] as Uint8Array,
    currency: f[3] as string,
    version: f[4] as number,
    limitNano: f[5] as number,
    expiryS: f[6] as number,
  });
};
