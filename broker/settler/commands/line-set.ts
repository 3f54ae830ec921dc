/** `tollbridge settler line set`: up to what the settler guarantees for an owner. */

import { ok, type Result } from '../../../schemas/result.ts';
import { setGuarantee } from '../credit/guarantees.ts';
import { formatAmount, parseAmount } from '../ledger/amount.ts';
import { checkDate } from '../ledger/day.ts';
import { keyOfAccount } from './account.ts';
import { checkCurrency } from './money.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  account: { type: 'string' },
  limit: { type: 'string' },
  currency: { type: 'string', default: 'EUR' },
  expires: { type: 'string' },
} as const;

/** The beginning of that day in UTC; 0 is never. */
const expiryOf = (date: string | undefined): Result<number> => {
  if (date === undefined) return ok(0);
  const checked = checkDate(date);
  return checked.ok ? ok(Date.parse(checked.value) / 1000) : checked;
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'account', 'limit', 'currency');
  if (!given.ok) return given;
  const debtor = await keyOfAccount(store, given.value.account);
  if (!debtor.ok) return debtor;
  const limit = parseAmount(given.value.limit);
  if (!limit.ok) return limit;
  const currency = checkCurrency(given.value.currency);
  if (!currency.ok) return currency;
  const expiryS = expiryOf(options.expires);
  if (!expiryS.ok) return expiryS;
  const order = {
    debtor: debtor.value,
    currency: currency.value,
    limitNano: limit.value,
    expiryS: expiryS.value,
  };
  const set = await setGuarantee(store, order, host.nowMs(), host.crypto.sha256);
  if (!set.ok) return set;
  const { version, limitNano, bookedIndex: row } = set.value;
  const until = options.expires === undefined ? '' : ` until ${options.expires}`;
  const amount = `${formatAmount(BigInt(limitNano))} ${currency.value}`;
  return ok({
    text: `the settler stands in for ${given.value.account} up to ${amount}${until} (version ${version}, row ${row})`,
    json: { row, version, limitNano, currency: currency.value, expiryS: expiryS.value },
  });
});
