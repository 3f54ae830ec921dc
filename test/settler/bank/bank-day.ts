/**
 * A day of a settler with its banks, each step as it would be repeated: runs and collections in both currencies, and
 * answers of every kind. It is lived on every store, and by settlers that die in it.
 */

import * as assert from 'uvu/assert';
import { giveReference } from '../../../broker/settler/bank/deposit-reference.ts';
import { bookDeposit } from '../../../broker/settler/bank/deposits.ts';
import { finalise } from '../../../broker/settler/bank/finality.ts';
import { importBankFile } from '../../../broker/settler/bank/imports.ts';
import { makeRun } from '../../../broker/settler/bank/payouts.ts';
import type { Run } from '../../../broker/settler/bank/runs.ts';
import { bookTransfer } from '../../../broker/settler/credit/transfers.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import type { Signer } from '../../../schemas/crypto.ts';
import type { Result } from '../../../schemas/result.ts';
import { crypto, DAY_MS, START_MS } from '../parties.ts';
import { achChange, achEntries, achReturns, bookings, orderedIn, paidIn } from './answers.ts';
import { notification } from './iso-documents.ts';
import { bytesOf, sure } from './reading.ts';
import { ANN, BEA, CENT, checkBooks, collect, EUR, endOf, filesOf, ORDER } from './treasurer.ts';

const { sha256 } = crypto;

type Step = (store: Store) => Promise<Result<unknown>>;

const earning = (owner: Signer, nano: bigint, currency: string, reference: string): readonly Step[] => {
  const money = { owner: owner.key, currency, nano, reference };
  return [
    (store) => bookDeposit(store, money, START_MS, sha256),
    (store) => bookTransfer(store, { kind: 'withdrawal', ...money }, START_MS, sha256),
  ];
};

const payOut =
  (currency: string, sequence = 1): ((store: Store) => Promise<Result<Run>>) =>
  (store) =>
    makeRun(store, { ...ORDER, currency, sequence }, START_MS, sha256);

const collecting =
  (currency: string): ((store: Store) => Promise<Result<Run>>) =>
  (store) =>
    collect(store, { owner: ANN.key, nano: EUR(5000) }, { currency });

/** Imports what a bank says of a run's file. */
const answered =
  (of: (store: Store) => Promise<Result<Run>>, answer: (file: string) => string): Step =>
  async (store) => {
    const run = await of(store);
    if (!run.ok) return run;
    const [file] = filesOf(run.value);
    return importBankFile(store, bytesOf(answer(file!)), { dryRun: false, apply: true }, START_MS, sha256);
  };

const traceIn = (file: string): string => achEntries(file)[0]!.trace;

export const DAY: readonly Step[] = [
  ...earning(ANN, EUR(100) + CENT / 2n, 'EUR', 'E-1'),
  ...earning(BEA, EUR(200), 'EUR', 'E-2'),
  ...earning(ANN, EUR(300), 'USD', 'E-3'),
  payOut('EUR'),
  payOut('USD'),
  collecting('EUR'),
  collecting('USD'),
  answered(payOut('EUR'), (file) => {
    const [a, b] = orderedIn(file);
    return bookings({ ...a!, what: 'paid' }, { ...b!, what: 'paid' }, { ...b!, what: 'returned' });
  }),
  answered(payOut('USD'), (file) => achChange(traceIn(file), 'C01', '12345')),
  answered(payOut('USD'), (file) => achReturns({ trace: traceIn(file), cents: 300n })),
  answered(collecting('EUR'), (file) => bookings({ ...orderedIn(file)[0]!, what: 'collected' })),
  answered(collecting('USD'), (file) => achReturns({ trace: traceIn(file), cents: 5000n, debit: true })),
  async (store) => {
    const reference = await giveReference(store, BEA.key, sha256);
    if (!reference.ok) return reference;
    const file = bytesOf(notification(paidIn('7.00', reference.value)));
    return importBankFile(store, file, { dryRun: false, apply: false }, START_MS, sha256);
  },
  payOut('EUR', 2),
  payOut('USD', 2),
  (store) => finalise(store, START_MS + 70 * DAY_MS, sha256),
];

/** How many steps were done before one was refused. */
export const liveUntilDeath = async (store: Store): Promise<number> => {
  for (const [i, step] of DAY.entries()) if (!(await step(store)).ok) return i;
  return DAY.length;
};

/** Lives the day, or what is left of it; what is in the books then, and in what order it came there. */
export const liveDay = async (store: Store): Promise<unknown> => {
  assert.is(await liveUntilDeath(store), DAY.length);
  await checkBooks(store);
  const keys = sure(await store.read((reader) => reader.journal(0, 1000))).map(({ key }) => key);
  return { ...(await endOf(store)), keys };
};
