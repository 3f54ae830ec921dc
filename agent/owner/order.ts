/** What a person orders of a running owner's agent: what one of its devices may spend from now on. */

import { amount, key, orNull, readFields, writeFields } from '../../schemas/fields.ts';
import { ok, type Result } from '../../schemas/result.ts';

export type BudgetOrder = {
  readonly device: Uint8Array;
  /** null: the one with which the device has a budget. */
  readonly settler: Uint8Array | null;
  readonly totalNano: number;
  /** null: as it is. */
  readonly dayNano: number | null;
  readonly sellerNano: number | null;
};

/** As CBOR: two keys and three amounts of 9 bytes. */
export const ORDER_BYTES_MAX = 100;

const FIELDS = [
  key('device'),
  orNull(key('settler')),
  amount('total'),
  orNull(amount('per day')),
  orNull(amount('per seller')),
];

export const encodeOrder = ({ device, settler, totalNano, dayNano, sellerNano }: BudgetOrder): Uint8Array =>
  writeFields('order', [device, settler, totalNano, dayNano, sellerNano], FIELDS);

/** Codes: those of `readFields`. */
export const decodeOrder = (bytes: Uint8Array): Result<BudgetOrder> => {
  const fields = readFields('order', bytes, FIELDS);
  if (!fields.ok) return fields;
  const [device, settler, totalNano, dayNano, sellerNano] = fields.value as readonly unknown[];
  return ok({ device, settler, totalNano, dayNano, sellerNano } as BudgetOrder);
};
