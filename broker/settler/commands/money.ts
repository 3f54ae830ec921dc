/** What subcommands that move money are told: whose, how much, and what it is known by afterwards. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { parseAmount } from '../ledger/amount.ts';
import { checkKeptIn } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import { keyOfAccount } from './account.ts';
import { need } from './on-store.ts';

export const MONEY_OPTIONS = {
  account: { type: 'string' },
  amount: { type: 'string' },
  currency: { type: 'string', default: 'EUR' },
  reference: { type: 'string' },
} as const;

export type MoneyValues = {
  readonly account?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly reference?: string;
};

export type Money = {
  readonly owner: Uint8Array;
  /** As it was written. */
  readonly account: string;
  readonly nano: bigint;
  readonly currency: string;
  readonly reference: string;
};

/** Code: currency-unknown. */
export const checkCurrency = (currency: string): Result<string> =>
  /^[A-Z]{3}$/.test(currency)
    ? ok(currency)
    : refuse('currency-unknown', `"${currency}" is no currency: write three capital letters, such as EUR`);

/** One that the settler of the database keeps. Codes: currency-unknown, those of the store. */
export const keptCurrency = async (store: Store, text: string): Promise<Result<string>> => {
  const currency = checkCurrency(text);
  if (!currency.ok) return currency;
  const kept = await store.read((reader) => checkKeptIn(reader, currency.value));
  const known = kept.ok ? kept.value : kept;
  return known.ok ? currency : known;
};

/** Codes: config-invalid, key-unacceptable, value-out-of-range, currency-unknown. */
export const moneyOf = async (store: Store, values: MoneyValues): Promise<Result<Money>> => {
  const given = need(values, 'account', 'amount', 'reference', 'currency');
  if (!given.ok) return given;
  const { account, amount, reference } = given.value;
  const owner = await keyOfAccount(store, account);
  if (!owner.ok) return owner;
  const nano = parseAmount(amount);
  if (!nano.ok) return nano;
  const currency = checkCurrency(given.value.currency);
  if (!currency.ok) return currency;
  return ok({ owner: owner.value, account, nano: nano.value, currency: currency.value, reference });
};
