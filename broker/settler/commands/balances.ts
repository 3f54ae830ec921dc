/** `tollbridge settler balances`: every account and what it holds. */

import { ok } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { tableOf } from '../reports/table.ts';
import { allRows } from '../store/store.ts';
import type { Balance } from '../store/tables.ts';
import { readableAccount } from './account.ts';
import { onStore } from './on-store.ts';

export const run = onStore({}, async (store) => {
  const read = await store.read(async (reader) => {
    const all: Balance[] = [];
    for await (const balance of allRows(reader, 'balance')) all.push(balance);
    return all;
  });
  if (!read.ok) return read;
  const rows = read.value.map((b) => [readableAccount(b.account), formatAmount(b.nano), b.currency]);
  const json = read.value.map(({ account, currency, nano }) => ({ account, currency, nano: String(nano) }));
  return ok({ text: tableOf([['account', 'holds', ''], ...rows], [1]), json: { balances: json } });
});
