/** What a device spends, for people and for programs. */

import { fromHex } from '../../../schemas/bytes.ts';
import { didKey } from '../../../schemas/identity.ts';
import { formatAmount } from '../ledger/amount.ts';
import type { Cap, DeviceSpending } from '../reports/spending.ts';
import { expiryText } from './moment.ts';

const didOf = (hex: string): string => didKey(fromHex(hex)!);

const capText = ({ usedNano, capNano }: Cap): string =>
  `${formatAmount(usedNano)} of ${formatAmount(capNano)}`;

export const SPENDING_HEAD = ['device', 'spent', 'reserved', 'in all', 'today', '', 'budget'];
/** Columns of the head that hold figures. */
export const SPENDING_FIGURES: readonly number[] = [1, 2, 3, 4];

const stateOf = ({ budget, expired }: DeviceSpending): string => {
  const version = `version ${budget.version}`;
  if (budget.expiryS === 0) return version;
  return `${version}, ${expired ? 'expired' : 'until'} ${expiryText(budget.expiryS)}`;
};

export const spendingRow = (one: DeviceSpending): readonly string[] => [
  didKey(one.budget.device),
  formatAmount(one.spentNano),
  formatAmount(one.reservedNano),
  capText(one.total),
  capText(one.today),
  one.budget.currency,
  stateOf(one),
];

/** Under the row of its device. */
export const sellerRows = ({ budget, sellers }: DeviceSpending): readonly (readonly string[])[] =>
  sellers.map((cap) => [`  to ${didOf(cap.seller)}`, '', '', capText(cap), '', budget.currency, '']);

const capJson = ({ capNano, usedNano, leftNano }: Cap) => ({
  capNano: String(capNano),
  usedNano: String(usedNano),
  leftNano: String(leftNano),
});

export const spendingJson = ({ budget, expired, ...one }: DeviceSpending) => ({
  device: didKey(budget.device),
  owner: didKey(budget.owner),
  currency: budget.currency,
  version: budget.version,
  expiryS: budget.expiryS,
  expired,
  spentNano: String(one.spentNano),
  reservedNano: String(one.reservedNano),
  total: capJson(one.total),
  today: capJson(one.today),
  sellers: one.sellers.map((cap) => ({ seller: didOf(cap.seller), ...capJson(cap) })),
});
