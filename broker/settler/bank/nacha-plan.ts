/** Payments divided into batches and files, so that no total outgrows its columns. Same order in, same plan out. */

import { sumCents } from './cents.ts';
import { ENTRY_CENTS_MAX, type NachaOrder, type NachaPayment } from './nacha-order.ts';

/** Payments of one class, direction, description and day. */
export type PlannedBatch = readonly NachaPayment[];
export type PlannedFile = readonly PlannedBatch[];

/** Twelve digits of a total, in batches and files alike. */
const TOTAL_CENTS_MAX = 999_999_999_999n;
/** Under 20 MB, which our reader and bank portals hold; so counts stay far below their six digits. */
const FILE_RECORDS_MAX = 200_000;
/** Header and control; an entry of its own to balance it. */
const BATCH_RECORDS = 3;

const recordsOf = ({ remittance }: NachaPayment): number => (remittance === '' ? 1 : 2);

/** By day first. What a batch header says is the same within a group. */
const groupsOf = (payments: readonly NachaPayment[]): readonly (readonly NachaPayment[])[] => {
  const groups = new Map<string, NachaPayment[]>();
  for (const payment of payments) {
    const { effectiveDate, sec, direction, description } = payment;
    const key = `${effectiveDate} ${sec} ${direction} ${description}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [payment]);
    else group.push(payment);
  }
  return [...groups.keys()].sort().map((key) => groups.get(key)!);
};

/** A group in as many batches as the largest total of one asks for. */
const batchesOf = (group: readonly NachaPayment[], centsMax: bigint): readonly PlannedBatch[] => {
  const batches: NachaPayment[][] = [];
  let room = 0n;
  let records = FILE_RECORDS_MAX;
  for (const payment of group) {
    if (payment.cents > room || records + recordsOf(payment) > FILE_RECORDS_MAX - 2 * BATCH_RECORDS) {
      batches.push([]);
      room = centsMax;
      records = 0;
    }
    batches.at(-1)!.push(payment);
    room -= payment.cents;
    records += recordsOf(payment);
  }
  return batches;
};

/** What a batch adds to the columns of its file's control. */
type Weight = { readonly debit: bigint; readonly credit: bigint; readonly records: number };

const weightOf = (batch: PlannedBatch, balanced: boolean): Weight => {
  const cents = sumCents(batch);
  const credits = batch[0]!.direction === 'credit';
  return {
    debit: balanced || !credits ? cents : 0n,
    credit: balanced || credits ? cents : 0n,
    records: batch.reduce((sum, payment) => sum + recordsOf(payment), BATCH_RECORDS),
  };
};

export const planFiles = ({ payments, offset }: NachaOrder): readonly PlannedFile[] => {
  const balanced = offset !== null;
  // The entry that balances a batch has an entry's columns for the batch's total.
  const centsMax = balanced ? ENTRY_CENTS_MAX : TOTAL_CENTS_MAX;
  const files: PlannedBatch[][] = [];
  let total: Weight = { debit: 0n, credit: 0n, records: FILE_RECORDS_MAX };
  for (const batch of groupsOf(payments).flatMap((group) => batchesOf(group, centsMax))) {
    const weight = weightOf(batch, balanced);
    const sum = {
      debit: total.debit + weight.debit,
      credit: total.credit + weight.credit,
      records: total.records + weight.records,
    };
    const fits =
      sum.debit <= TOTAL_CENTS_MAX && sum.credit <= TOTAL_CENTS_MAX && sum.records <= FILE_RECORDS_MAX - 2;
    if (fits) files.at(-1)!.push(batch);
    else files.push([batch]);
    total = fits ? sum : weight;
  }
  return files;
};
