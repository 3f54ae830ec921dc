/** Obligations: who owes whom, and what of it nobody disputes. */

import { fromHex, toHex } from '../../../schemas/bytes.ts';
import type { Obligation } from '../clearing/obligation.ts';
import { type Creditor, creditorName, owedAccount } from '../ledger/ledger.ts';
import { allRows, pages, type Reader } from '../store/store.ts';
import type { Balance, ChannelRow } from '../store/tables.ts';

/** What of a balance `owed/<creditor>/<debtor>` is disputed, by account and currency. */
export type Disputed = (account: string, currency: string) => bigint;

const at = (account: string, currency: string): string => `${account} ${currency}`;

const disputedChannels = async (reader: Reader): Promise<readonly ChannelRow[]> => {
  const ids = new Map<string, Uint8Array>();
  for await (const { channel, open } of allRows(reader, 'dispute')) {
    if (open) ids.set(toHex(channel), channel);
  }
  return reader.get(
    'channel',
    [...ids.values()].map((id) => [id]),
  );
};

/**
 * All that bilateral channels in dispute came to stays where it is, whatever of it was cleared before: which part of
 * a debt was paid nobody can say.
 */
export const disputedIn = (channels: readonly ChannelRow[]): Disputed => {
  const sums = new Map<string, bigint>();
  for (const channel of channels) {
    if (channel.backing !== 'bilateral') continue;
    const key = at(owedAccount(channel.payeeOwner, channel.payerOwner), channel.currency);
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(channel.paidNano));
  }
  return (account, currency) => sums.get(at(account, currency)) ?? 0n;
};

export const disputedOf = async (reader: Reader): Promise<Disputed> =>
  disputedIn(await disputedChannels(reader));

/** A debt as the ledger holds it. */
export type Debt = {
  readonly account: string;
  readonly creditor: Creditor;
  readonly debtor: Uint8Array;
  readonly currency: string;
  readonly nano: bigint;
};

const debtOf = ({ account, currency, nano }: Balance): Debt => {
  const [, creditor, debtor] = account.split('/') as [string, string, string];
  return {
    account,
    creditor: creditor === 'settler' ? null : fromHex(creditor)!,
    debtor: fromHex(debtor)!,
    currency,
    nano,
  };
};

const OWED = 'owed/';

const owedBalances = (reader: Reader): AsyncGenerator<Balance> =>
  pages<Balance>((after, countMax) => reader.balancesUnder(OWED, after, countMax));

/** Every debt above nothing, by account: those to the settler, and those between owners. */
export const debts = async function* (reader: Reader): AsyncGenerator<Debt> {
  for await (const balance of owedBalances(reader)) if (balance.nano > 0n) yield debtOf(balance);
};

/** What of a debt may be cleared or paid now. */
export const undisputedNano = ({ account, currency, nano }: Debt, disputed: Disputed): bigint => {
  const left = nano - disputed(account, currency);
  return left > 0n ? left : 0n;
};

/** What of balances of any accounts owners owe each other and nobody disputes. */
export const obligationsAmong = (
  balances: readonly Balance[],
  disputed: Disputed,
  currency: string,
): readonly Obligation[] =>
  balances.flatMap((balance) => {
    if (!balance.account.startsWith(OWED) || balance.currency !== currency) return [];
    const debt = debtOf(balance);
    const nano = undisputedNano(debt, disputed);
    if (debt.creditor === null || nano === 0n) return [];
    return [{ creditor: creditorName(debt.creditor), debtor: toHex(debt.debtor), nano }];
  });

/** The same as of the reader's journal: what clearing works on. */
export const obligationsOf = async (reader: Reader, currency: string): Promise<readonly Obligation[]> => {
  const disputed = await disputedOf(reader);
  const balances: Balance[] = [];
  for await (const balance of owedBalances(reader)) balances.push(balance);
  return obligationsAmong(balances, disputed, currency);
};
