/**
 * Collections: direct debits from owners who gave a mandate. What a bank has collected is held, and backs nothing,
 * until nobody can ask for it back; then it is a deposit.
 */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { didKey } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkFresh } from '../backup/stale.ts';
import { debts, disputedOf, undisputedNano } from '../credit/obligations.ts';
import { formatAmount } from '../ledger/amount.ts';
import { comingAccount, depositAccount, earnedAccount, heldAccount } from '../ledger/ledger.ts';
import { runName } from '../ledger/run-name.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import type { MandateRow, OwnerRow } from '../store/tables.ts';
import { type Due, newRun } from './run-making.ts';
import {
  checkOccasion,
  knownRun,
  type Occasion,
  type Run,
  type Scheme,
  selfOf,
  transferFloor,
} from './runs.ts';

/** From one owner so much, or from everyone what it owes beyond what it has. */
export type CollectionOrder = Occasion & {
  readonly from: { readonly owner: Uint8Array; readonly nano: bigint } | 'debtors';
};

type Found = { readonly due: readonly Due[]; readonly waiting: readonly string[] };

/** What is asked of one owner. Codes: bank-details, value-out-of-range. */
const wished = async (
  reader: Reader,
  owner: Uint8Array,
  nano: bigint,
  scheme: Scheme,
): Promise<Result<Found>> => {
  if (nano <= 0n || transferFloor(nano, scheme) !== nano) {
    return refuse(
      'value-out-of-range',
      `${formatAmount(nano)} cannot be collected: whole cents, at least one`,
    );
  }
  const [[mandate], [details]] = await Promise.all([
    reader.get('mandate', [[owner]]),
    reader.get('owner', [[owner, scheme]]),
  ]);
  if (mandate === undefined) {
    return refuse(
      'bank-details',
      `${didKey(owner)} gave no mandate: mandate set --account … --id … --signed …`,
    );
  }
  if (details === undefined) {
    return refuse(
      'bank-details',
      `no ${scheme} account of ${didKey(owner)} is known: account set --account …`,
    );
  }
  return ok({ due: [{ details, nano, mandate }], waiting: [] });
};

/** What each owner owes, undisputed, by its hex. */
const owedBy = async (reader: Reader, currency: string): Promise<ReadonlyMap<string, bigint>> => {
  const disputed = await disputedOf(reader);
  const sums = new Map<string, bigint>();
  for await (const debt of debts(reader)) {
    if (debt.currency !== currency) continue;
    const debtor = toHex(debt.debtor);
    sums.set(debtor, (sums.get(debtor) ?? 0n) + undisputedNano(debt, disputed));
  }
  return sums;
};

/** What an owner has or has coming, which its debts are paid of first. */
const ownNano = async (reader: Reader, owner: Uint8Array, currency: string): Promise<bigint> => {
  const accounts = [depositAccount, earnedAccount, comingAccount, heldAccount].map((of) => of(owner));
  const balances = await reader.get(
    'balance',
    accounts.map((account) => [account, currency]),
  );
  return balances.reduce((sum, { nano }) => sum + nano, 0n);
};

/** Everyone who owes more than it has; those without mandate or account wait. */
const owed = async (reader: Reader, currency: string, scheme: Scheme): Promise<Found> => {
  const mandates = new Map<string, MandateRow>();
  for await (const mandate of allRows(reader, 'mandate')) mandates.set(toHex(mandate.owner), mandate);
  const details = new Map<string, OwnerRow>();
  for await (const row of allRows(reader, 'owner'))
    if (row.scheme === scheme) details.set(toHex(row.key), row);
  const due: Due[] = [];
  const waiting: string[] = [];
  for (const [hex, owedNano] of await owedBy(reader, currency)) {
    const owner = Uint8Array.from(Buffer.from(hex, 'hex'));
    const nano = transferFloor(owedNano - (await ownNano(reader, owner, currency)), scheme);
    if (nano <= 0n) continue;
    const [mandate, known] = [mandates.get(hex), details.get(hex)];
    if (mandate === undefined || known === undefined) waiting.push(comingAccount(owner));
    else due.push({ details: known, nano, mandate });
  }
  return { due, waiting };
};

/** A run that exists is written again, unless something else was asked now. Code: reference-reused. */
const repeatedRun = (known: Run, { from }: CollectionOrder): Result<Run> => {
  if (from === 'debtors') return ok(known);
  const [only, ...others] = known.payouts;
  const isSame =
    only !== undefined &&
    others.length === 0 &&
    only.nano === from.nano &&
    equalBytes(only.owner, from.owner);
  return isSame
    ? ok(known)
    : refuse('reference-reused', `run ${known.run.id} collects something else: take the next --sequence`);
};

/**
 * Makes the collections of a run pending, durably, or finds them as they were made. Codes: value-out-of-range,
 * currency-unknown, config-invalid, bank-details, reference-reused, journal-stale, those of the store.
 */
export const makeCollections = async (
  store: Store,
  order: CollectionOrder,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Run>> => {
  const { from, currency = 'EUR' } = order;
  const checked = checkOccasion(order);
  if (!checked.ok) return checked;
  const scheme = checked.value;
  const made = await store.transact<Result<Run>>(async (reader) => {
    const [row] = await reader.get('run', [[runName('collection', order)]]);
    if (row !== undefined) {
      const known = await knownRun(reader, row);
      return { changes: {}, value: known.ok ? repeatedRun(known.value, order) : known };
    }
    const fresh = await checkFresh(reader);
    if (!fresh.ok) return { changes: {}, value: fresh };
    const self = await selfOf(reader, scheme);
    if (!self.ok) return { changes: {}, value: self };
    const found =
      from === 'debtors'
        ? ok(await owed(reader, currency, scheme))
        : await wished(reader, from.owner, from.nano, scheme);
    if (!found.ok) return { changes: {}, value: found };
    const making = { direction: 'collection' as const, occasion: order, scheme, self: self.value };
    return newRun(reader, { ...making, ...found.value }, nowMs, sha256);
  });
  return made.ok ? made.value : made;
};
