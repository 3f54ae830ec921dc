/** What an agent has to do with owners, as lines for a person. */

import { moneyText } from '../money.ts';
import type {
  BudgetStatus,
  ConsentStatus,
  DisputeStatus,
  LineStatus,
  OwnedStatus,
  OwnerStatus,
} from '../owner/status.ts';
import type { Styles } from './style.ts';

/** As a date and a time to the minute. */
const momentOf = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');

const limitsText = (one: BudgetStatus | OwnedStatus): string => {
  const { totalNano, dayNano, sellerNano, expiryS, currency } = one;
  const parts = [`${moneyText(totalNano, currency)} in all`];
  if (dayNano < totalNano) parts.push(`${moneyText(dayNano, currency)} a day`);
  if (sellerNano < totalNano) parts.push(`${moneyText(sellerNano, currency)} to one seller`);
  if (expiryS > 0) parts.push(`until ${momentOf(expiryS)}`);
  return parts.join(', ');
};

const usedText = (one: BudgetStatus | OwnedStatus): string => {
  if (one.reportedS === 0) return 'the settler has not said yet what was spent';
  const { spentNano, reservedNano, todayNano, currency } = one;
  return (
    `${moneyText(spentNano, currency)} spent, ${moneyText(reservedNano, currency)} reserved, ` +
    `${moneyText(todayNano, currency)} of both today (${momentOf(one.reportedS)} UTC)`
  );
};

const budgetLines = (budget: BudgetStatus, styles: Styles): string[] => [
  `  budget of ${budget.owner}: ${limitsText(budget)}${budget.enrolled ? '' : styles.yellow('; the settler has not confirmed it yet')}`,
  `    ${usedText(budget)}`,
];

const ownedLines = (device: OwnedStatus, styles: Styles): string[] => {
  const lines = [`  owns ${device.device}: ${limitsText(device)}`, `    ${usedText(device)}`];
  if (device.wantedNano === 0) return lines;
  const wanted = moneyText(device.wantedNano, device.currency);
  return [
    ...lines,
    styles.yellow(`    it wants ${wanted} more: raise its total in "owns" and restart, or leave it`),
  ];
};

const notedText = ({ noted }: { readonly noted: boolean }): string =>
  noted ? '' : '; the settler has not noted it yet';

const lineText = (line: LineStatus): string =>
  `  trusts ${line.debtor} with ${moneyText(line.limitNano, line.currency)}${notedText(line)}`;

const consentText = (consent: ConsentStatus): string =>
  `  lets debts be compressed up to ${moneyText(consent.counterpartyNano, consent.currency)} each${notedText(consent)}`;

const disputeText = (dispute: DisputeStatus): string =>
  `  dispute of channel ${dispute.channel.slice(0, 12)} ${dispute.open ? 'open' : 'withdrawn'}: ${dispute.reason}; ` +
  `held here: ${dispute.delivered} readings, ${dispute.totalNano} nano${notedText(dispute)}`;

export const ownerLines = (owner: OwnerStatus, styles: Styles): string[] => [
  ...owner.budgets.flatMap((budget) => budgetLines(budget, styles)),
  ...owner.devices.flatMap((device) => ownedLines(device, styles)),
  ...owner.lines.map(lineText),
  ...owner.consents.map(consentText),
  ...owner.disputes.map((dispute) => styles.red(disputeText(dispute))),
];
