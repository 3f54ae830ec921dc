/** `tollbridge settler deposit`: books money that reached the bank. */

import { ok } from '../../../schemas/result.ts';
import { bookDeposit } from '../bank/deposits.ts';
import { formatAmount } from '../ledger/amount.ts';
import { MONEY_OPTIONS, moneyOf } from './money.ts';
import { onStore } from './on-store.ts';

export const run = onStore(MONEY_OPTIONS, async (store, options, host) => {
  const money = await moneyOf(store, options);
  if (!money.ok) return money;
  const booked = await bookDeposit(store, money.value, host.nowMs(), host.crypto.sha256);
  if (!booked.ok) return booked;
  const { row, repeated } = booked.value;
  const { nano, currency, reference, account } = money.value;
  const what = `${formatAmount(nano)} ${currency} for ${account}`;
  const text = `${repeated ? 'booked before' : 'booked'} in row ${row.index}: ${what}`;
  return ok({ text, json: { row: row.index, nano: String(nano), currency, reference, repeated } });
});
