/** `tollbridge settler balances`: every account that holds something, and what. */

import { ok } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { tableOf } from '../reports/table.ts';
import { allRows } from '../store/store.ts';
import type { Balance } from '../store/tables.ts';
import { readableAccount } from './account.ts';
import { onStore } from './on-store.ts';

const OPTIONS = { all: { type: 'boolean', default: false } } as const;

export const run = onStore(OPTIONS, async (store, options) => {
  const read = await store.read(async (reader) => {
    const shown: Balance[] = [];
    for await (const balance of allRows(reader, 'balance')) {
      if (balance.nano !== 0n || options.all === true) shown.push(balance);
    }
    return shown;
  });
  if (!read.ok) return read;
  const rows = read.value.map((b) => [readableAccount(b.account), formatAmount(b.nano), b.currency]);
  const json = read.value.map(({ account, currency, nano }) => ({ account, currency, nano: String(nano) }));
  return ok({ text: tableOf([['account', 'holds', ''], ...rows], [1]), json: { balances: json } });
});
