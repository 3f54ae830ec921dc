/** `tollbridge settler repay`: a debtor's deposit pays what it owes. */

import { didKey } from '../../../schemas/identity.ts';
import { ok } from '../../../schemas/result.ts';
import { repay } from '../credit/repayments.ts';
import { formatAmount } from '../ledger/amount.ts';
import type { Creditor } from '../ledger/ledger.ts';
import { creditorOfAccount } from './account.ts';
import { MONEY_OPTIONS, moneyOf } from './money.ts';
import { onStore } from './on-store.ts';

const OPTIONS = { ...MONEY_OPTIONS, creditor: { type: 'string' } } as const;

const nameOf = (creditor: Creditor): string => (creditor === null ? 'settler' : didKey(creditor));

export const run = onStore(OPTIONS, async (store, options, host) => {
  const money = await moneyOf(store, options);
  if (!money.ok) return money;
  const creditor = options.creditor === undefined ? ok(undefined) : creditorOfAccount(options.creditor);
  if (!creditor.ok) return creditor;
  const { owner: debtor, nano, currency, reference } = money.value;
  const asked = { debtor, nano, currency, reference, creditor: creditor.value };
  const repaid = await repay(store, asked, host.nowMs(), host.crypto.sha256);
  if (!repaid.ok) return repaid;
  const { parts, repeated } = repaid.value;
  const lines = parts.map((part) => `${formatAmount(part.nano)} ${currency} to ${nameOf(part.creditor)}`);
  const json = parts.map((part) => ({ creditor: nameOf(part.creditor), nano: String(part.nano) }));
  return ok({
    text: [repeated ? 'repaid before:' : 'repaid:', ...lines].join('\n'),
    json: { reference, currency, repeated, parts: json },
  });
});
