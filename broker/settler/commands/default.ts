/** `tollbridge settler default`: writes off what a debtor will not pay; who gave the credit bears it. */

import { ok } from '../../../schemas/result.ts';
import { writeOff } from '../credit/defaults.ts';
import { formatAmount } from '../ledger/amount.ts';
import { creditorOfAccount } from './account.ts';
import { MONEY_OPTIONS, moneyOf } from './money.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = { ...MONEY_OPTIONS, creditor: { type: 'string' } } as const;

export const run = onStore(OPTIONS, async (store, options, host) => {
  const money = await moneyOf(store, options);
  if (!money.ok) return money;
  const given = need(options, 'creditor');
  if (!given.ok) return given;
  const creditor = creditorOfAccount(given.value.creditor);
  if (!creditor.ok) return creditor;
  const { owner: debtor, account, nano, currency, reference } = money.value;
  const loss = { debtor, creditor: creditor.value, nano, currency, reference };
  const booked = await writeOff(store, loss, host.nowMs(), host.crypto.sha256);
  if (!booked.ok) return booked;
  const { row, repeated } = booked.value;
  const bears = given.value.creditor;
  const what = `${formatAmount(nano)} ${currency} that ${account} owed; ${bears} bears it`;
  return ok({
    text: `${repeated ? 'written off before' : 'written off'} in row ${row.index}: ${what}`,
    json: { row: row.index, nano: String(nano), currency, reference, bears, repeated },
  });
});
