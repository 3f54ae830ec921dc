/** `tollbridge settler deposit`: books money that reached the bank. */

import { keyOfDid } from '../../../schemas/identity.ts';
import { ok, refuse } from '../../../schemas/result.ts';
import { bookDeposit } from '../bank/deposits.ts';
import { formatAmount, parseAmount } from '../ledger/amount.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  account: { type: 'string' },
  amount: { type: 'string' },
  currency: { type: 'string', default: 'EUR' },
  reference: { type: 'string' },
} as const;

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'account', 'amount', 'reference', 'currency');
  if (!given.ok) return given;
  const owner = keyOfDid(given.value.account);
  if (!owner.ok) return owner;
  const nano = parseAmount(given.value.amount);
  if (!nano.ok) return nano;
  const { reference, currency } = given.value;
  if (!/^[A-Z]{3}$/.test(currency))
    return refuse('currency-unknown', `"${currency}" is no currency: write EUR`);
  const wanted = { owner: owner.value, currency, nano: nano.value, reference };
  const booked = await bookDeposit(store, wanted, host.nowMs(), host.crypto.sha256);
  if (!booked.ok) return booked;
  const { row, repeated } = booked.value;
  const what = `${formatAmount(nano.value)} ${currency} for ${given.value.account}`;
  const text = repeated
    ? `booked before in row ${row.index}: ${what}`
    : `booked in row ${row.index}: ${what}`;
  return ok({ text, json: { row: row.index, nano: String(nano.value), currency, reference, repeated } });
});
