/** What subcommands that make runs share: their days, their files, and what they say of them. */

import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { didKey } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { writeBankFile } from '../bank/bank-file.ts';
import { filesOfRun } from '../bank/run-files.ts';
import type { Occasion, Run } from '../bank/runs.ts';
import { formatAmount } from '../ledger/amount.ts';
import { dayOf } from '../ledger/day.ts';
import type { Store } from '../store/store.ts';
import { fileRefusal } from '../whole-file.ts';
import { keyOfAccount, readableAccount } from './account.ts';
import { checkCurrency } from './money.ts';
import type { Said } from './on-store.ts';

export const RUN_OPTIONS = {
  out: { type: 'string' },
  currency: { type: 'string', default: 'EUR' },
  period: { type: 'string' },
  sequence: { type: 'string', default: '1' },
  'execution-date': { type: 'string' },
} as const;

type RunValues = {
  readonly period?: string;
  readonly currency?: string;
  readonly sequence?: string;
  readonly 'execution-date'?: string;
};

const DAY_MS = 86_400_000;

/** The first day, so many days on, that is no Saturday or Sunday; a bank moves it past its own holidays. */
const weekdayAfter = (nowMs: number, days: number): string => {
  let timeMs = nowMs + days * DAY_MS;
  while (new Date(timeMs).getUTCDay() % 6 === 0) timeMs += DAY_MS;
  return dayOf(timeMs);
};

/** Which run of its day, as a person writes it. Code: config-invalid. */
export const sequenceOf = (text: string): Result<number> =>
  /^[1-9]\d{0,2}$/.test(text)
    ? ok(Number(text))
    : refuse('config-invalid', `--sequence is "${text}": write 1 to 999`);

/** Codes: config-invalid, currency-unknown. */
export const occasionOf = (values: RunValues, nowMs: number, days: number): Result<Required<Occasion>> => {
  const sequence = sequenceOf(values.sequence ?? '');
  if (!sequence.ok) return sequence;
  const currency = checkCurrency(values.currency ?? '');
  if (!currency.ok) return currency;
  return ok({
    period: values.period ?? dayOf(nowMs),
    sequence: sequence.value,
    executionDate: values['execution-date'] ?? weekdayAfter(nowMs, days),
    currency: currency.value,
  });
};

/** Before anything is made pending: may a file be written there? Codes: storage-failed, config-invalid. */
export const checkOut = (out: string): Result<null> => {
  try {
    accessSync(dirname(out), constants.W_OK);
  } catch (error) {
    return fileRefusal(error, (message) => `${out}: ${message}; nothing was booked`);
  }
  return statSync(out, { throwIfNoEntry: false })?.isDirectory() === true
    ? refuse('config-invalid', `${out} is a directory: name a file in it; nothing was booked`)
    : ok(null);
};

/** FILE, FILE.2, FILE.3. */
const namesOf = (out: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => (i === 0 ? out : `${out}.${i + 1}`));

/** Codes: bank-details, value-out-of-range, config-invalid, storage-full, storage-failed. */
const writeFiles = async (store: Store, made: Run, out: string): Promise<Result<readonly string[]>> => {
  if (made.payouts.length === 0) return ok([]);
  const root = await keyOfAccount(store, 'settler');
  if (!root.ok) return root;
  const files = filesOfRun(made, root.value);
  if (!files.ok) return files;
  const names = namesOf(out, files.value.length);
  for (const [i, name] of names.entries()) {
    const written = writeBankFile(name, files.value[i]!);
    if (!written.ok) return written;
  }
  return ok(names);
};

type Words = {
  readonly one: string;
  readonly many: string;
  readonly waits: string;
  readonly nothing: string;
};

const textOf = (made: Run, totalNano: bigint, names: readonly string[], words: Words): string => {
  const { run, payouts, repeated, waiting, left } = made;
  const lines = waiting.map((account) => `${words.waits}: ${readableAccount(account)}`);
  if (left > 0) lines.push(`${left} more than one run takes: make the next --sequence`);
  if (payouts.length === 0) return [...lines, `${words.nothing}: no file was written`].join('\n');
  const count = payouts.length === 1 ? `1 ${words.one}` : `${payouts.length} ${words.many}`;
  const what = `${count}, ${formatAmount(totalNano)} ${run.currency}, on ${run.executionDate}`;
  const again = repeated ? ' (made before: the same file again; hand it in once)' : '';
  return [...lines, `run ${run.id}: ${what}: ${names.join(' ')}${again}`].join('\n');
};

/** Writes the files of a run and says so. Codes: those of `filesOfRun` and `writeBankFile`. */
export const sayRun = async (store: Store, made: Run, out: string, words: Words): Promise<Result<Said>> => {
  const names = await writeFiles(store, made, out);
  if (!names.ok) return names;
  const { run, payouts, repeated, waiting, left } = made;
  const totalNano = payouts.reduce((sum, { nano }) => sum + nano, 0n);
  return ok({
    text: textOf(made, totalNano, names.value, words),
    json: {
      run: run.id,
      file: names.value[0] ?? null,
      files: names.value,
      transfers: payouts.length,
      nano: String(totalNano),
      currency: run.currency,
      executionDate: run.executionDate,
      repeated,
      waiting,
      left,
      payouts: payouts.map(({ id, owner, nano, state }) => ({
        id,
        account: didKey(owner),
        nano: String(nano),
        state,
      })),
    },
  });
};
