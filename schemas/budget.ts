/**
 * Budget: what an owner lets one of its devices spend with a settler. Enrolment: the device takes it, and so
 * spends from and earns to that owner. Both have signed.
 *
 *     budget    = COSE_Sign1(["tb1/budget"], [owner, device, settler, currency, version, totalNano, dayNano,
 *                 sellerNano, expiryS]) by the owner
 *     enrolment = COSE_Sign1(["tb1/enrolment"], budget) by the device
 */

import { equalBytes } from './bytes.ts';
import { openObject, parseObject, signObject } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, count, currency, key, readFields, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result, refuse } from './result.ts';

export type Budget = {
  readonly owner: Uint8Array;
  readonly device: Uint8Array;
  /** Root key of the settler. */
  readonly settler: Uint8Array;
  readonly currency: string;
  /** Of a device with a settler the highest version counts. */
  readonly version: number;
  /** All that the device may ever spend, counted over all versions. */
  readonly totalNano: number;
  /** In one day, UTC by the settler's time. Without a limit of its own: the total. */
  readonly dayNano: number;
  /** To one seller's owner, ever. Without a limit of its own: the total. */
  readonly sellerNano: number;
  /** 0: it does not expire. */
  readonly expiryS: number;
};

/** A budget that its device has taken. */
export type Enrolment = Budget & {
  /** The budget as the owner signed it. */
  readonly budget: Uint8Array;
};

const FIELDS = [
  key('owner'),
  key('device'),
  key('settler'),
  currency('currency'),
  count('version', U32_MAX),
  amount('totalNano'),
  amount('dayNano'),
  amount('sellerNano'),
  count('expiryS', U32_MAX),
];

export const signBudget = (budget: Budget, owner: Signer): Uint8Array =>
  signObject(
    ['tb1/budget'],
    writeFields(
      'budget',
      [
        budget.owner,
        budget.device,
        budget.settler,
        budget.currency,
        budget.version,
        budget.totalNano,
        budget.dayNano,
        budget.sellerNano,
        budget.expiryS,
      ],
      FIELDS,
    ),
    owner,
  );

/** Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid. */
export const openBudget = (encoded: Uint8Array, verify: Verify): Result<Budget> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const fields = readFields('budget', envelope.value.payload, FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  if (equalBytes(f[0] as Uint8Array, f[1] as Uint8Array))
    return refuse('value-out-of-range', 'budget: owner and device must differ');
  const payload = openObject(encoded, ['tb1/budget'], f[0] as Uint8Array, verify);
  if (!payload.ok) return payload;
  return ok({
    owner: f[0] as Uint8Array,
    device: f[1] as Uint8Array,
    settler: f[2] as Uint8Array,
    currency: f[3] as string,
    version: f[4] as number,
    totalNano: f[5] as number,
    dayNano: f[6] as number,
    sellerNano: f[7] as number,
    expiryS: f[8] as number,
  });
};

export const signEnrolment = (budget: Uint8Array, device: Signer): Uint8Array =>
  signObject(['tb1/enrolment'], budget, device);

/** Both signatures are verified. Codes: those of `openBudget`. */
export const openEnrolment = (encoded: Uint8Array, verify: Verify): Result<Enrolment> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const opened = openBudget(envelope.value.payload, verify);
  if (!opened.ok) return opened;
  const budget = opened.value;
  const taken = openObject(encoded, ['tb1/enrolment'], budget.device, verify);
  if (!taken.ok) return taken;
  return ok({
    owner: budget.owner,
    device: budget.device,
    settler: budget.settler,
    currency: budget.currency,
    version: budget.version,
    totalNano: budget.totalNano,
    dayNano: budget.dayNano,
    sellerNano: budget.sellerNano,
    expiryS: budget.expiryS,
    budget: taken.value,
  });
};
