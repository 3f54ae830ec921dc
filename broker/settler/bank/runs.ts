/**
 * Runs: transfers that go to a bank together, payouts or collections, in one currency. A run is asked for once; its
 * name, the id of its message (TB-<root>-<name>, which NACHA has none of) and the ids of its transfers follow from what
 * it is asked with. <root> are eight hexadecimal digits of the settler's root key.
 */

import { toHex } from '../../../schemas/bytes.ts';
import { encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkDate } from '../ledger/day.ts';
import { checkRunOccasion, type RunKind, type RunOccasion } from '../ledger/run-name.ts';
import { rootOf } from '../store/root.ts';
import type { Reader } from '../store/store.ts';
import type { OwnerRow, PayoutRow, RunRow } from '../store/tables.ts';
import type { BankAccount } from './account.ts';
import { centsFloor, nanoOfCents, TRANSFER_CENTS_MAX } from './cents.ts';
import { ENTRY_CENTS_MAX } from './nacha-order.ts';

export type Scheme = BankAccount['scheme'];
export type Direction = Exclude<RunKind, 'clearing'>;

/** What every run is asked with. */
export type Occasion = RunOccasion & { readonly executionDate: string };

export type Run = {
  readonly run: RunRow;
  readonly payouts: readonly PayoutRow[];
  /** The run had been made before: nothing was booked now. */
  readonly repeated: boolean;
  /** Accounts that wait: their owner's bank details, or mandate, are not known. */
  readonly waiting: readonly string[];
  /** Due, and more than one run takes: the next sequence takes them. */
  readonly left: number;
};

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['EUR', 'sepa'],
  ['USD', 'ach'],
]);
export const RUN_CURRENCIES: readonly string[] = [...SCHEMES.keys()];

/** What moves a currency. Code: currency-unknown. */
export const schemeOf = (currency: string): Result<Scheme> => {
  const scheme = SCHEMES.get(currency);
  return scheme === undefined
    ? refuse('currency-unknown', `no bank file is written in "${currency}": ${RUN_CURRENCIES.join(' or ')}`)
    : ok(scheme);
};

const CENTS_MAX: { readonly [S in Scheme]: bigint } = { sepa: TRANSFER_CENTS_MAX, ach: ENTRY_CENTS_MAX };

/** What of an amount one transfer can carry: whole cents, at most what the scheme's columns hold. */
export const transferFloor = (nano: bigint, scheme: Scheme): bigint => {
  const cents = centsFloor(nano);
  return nanoOfCents(cents - CENTS_MAX[scheme] > 0n ? CENTS_MAX[scheme] : cents);
};

/** Codes: value-out-of-range, currency-unknown. */
export const checkOccasion = (occasion: Occasion): Result<Scheme> => {
  const { period, executionDate, currency = 'EUR' } = occasion;
  const checks = [checkRunOccasion(occasion), checkDate(executionDate)];
  const wrong = checks.find((check) => !check.ok) as Result<Scheme> | undefined;
  if (wrong !== undefined) return wrong;
  // Banks turn away what should have been done already, after the money was made pending.
  if (executionDate < period) {
    const days = `the execution date ${executionDate} is before ${period}, the day of the run`;
    return refuse('value-out-of-range', `${days}: write that day or a later one`);
  }
  return schemeOf(currency);
};

const messagePrefix = (root: Uint8Array): string => `TB-${toHex(root.subarray(0, 4))}-`;

export const messageIdOf = (root: Uint8Array, runId: string): string => `${messagePrefix(root)}${runId}`;

/** The run that a message of ours is of; null where it is none of ours. */
export const runOfMessage = (root: Uint8Array, messageId: string): string | null =>
  messageId.startsWith(messagePrefix(root)) ? messageId.slice(messagePrefix(root).length) : null;

const TRANSFER_ID_BYTES = 16;
const DOMAINS: { readonly [D in Direction]: string } = { payout: 'tb1/payout', collection: 'tb1/collection' };

/** 32 hexadecimal digits: an end-to-end id that the bank's answers bring back. */
export const transferIdOf = (
  direction: Direction,
  root: Uint8Array,
  owner: Uint8Array,
  { period, sequence, currency = 'EUR' }: RunOccasion,
  sha256: Sha256,
): string => {
  const named = encodeCbor([DOMAINS[direction], root, currency, owner, period, sequence]);
  return toHex(sha256(named).subarray(0, TRANSFER_ID_BYTES));
};

/** The settler as its own bank knows it. */
export type Self = { readonly root: Uint8Array; readonly party: OwnerRow };

/** Codes: config-invalid, bank-details. */
export const selfOf = async (reader: Reader, scheme: Scheme): Promise<Result<Self>> => {
  const root = await rootOf(reader);
  if (!root.ok) return root;
  const [party] = await reader.get('owner', [[root.value, scheme]]);
  if (party !== undefined) return ok({ root: root.value, party });
  const options = scheme === 'sepa' ? '--iban …' : '--routing … --number … --company-id … --bank-name …';
  return refuse(
    'bank-details',
    `the settler's own account is not known: account set --account settler --name … ${options}`,
  );
};

/** A run that was made before, as it was. Code: journal-stale. */
export const knownRun = async (reader: Reader, run: RunRow): Promise<Result<Run>> => {
  if (run.kind === 'recovered') {
    const why = 'was made by a newer journal than this one, and the bank told of it';
    return refuse('journal-stale', `run ${run.id} ${why}: take the next --sequence`);
  }
  return ok({ run, payouts: await reader.payoutsOf(run.id), repeated: true, waiting: [], left: 0 });
};
