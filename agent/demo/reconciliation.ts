/**
 * The reconciliation of a run: three parties who do not trust each other tell what they have on their own
 * disks, and the figures must be the same.
 *
 * | figure    | seller's journal      | buyer's journal        | settler's ledger        |
 * |-----------|-----------------------|------------------------|-------------------------|
 * | readings  | delivered (statement) | received in one row    | delivered (statement)   |
 * | paid      | verified money buys   | released money buys    | booked money buys       |
 * | nano      | verified              | released               | booked claims           |
 */

import { type Price, readingsPaidFloor } from '../../schemas/price.ts';
import { moneyText } from '../money.ts';
import type { Styles } from '../view/style.ts';
import { tableLines } from '../view/table.ts';
import type { Side } from './scene.ts';

/** One lease as `tollbridge settler report --json` tells it. */
export type LedgerLine = {
  readonly lease: string;
  readonly currency: string;
  readonly closed: boolean;
  readonly soldNano: number | null;
  readonly delivered: number | null;
  readonly paid: number | null;
  readonly claimedNano: number;
  readonly disputedNano: number | null;
};

export type Reconciliation = {
  readonly sold: number;
  readonly delivered: number;
  readonly paid: number;
  readonly disputed: number;
  readonly paidNano: number;
  /** In words; empty where all agree. */
  readonly differences: readonly string[];
};

export type Books = {
  readonly seller: Side;
  readonly buyer: Side;
  readonly ledger: readonly LedgerLine[];
  readonly price: Price;
};

const sum = (lines: readonly LedgerLine[], figure: (line: LedgerLine) => number): number =>
  lines.reduce((total, line) => total + figure(line), 0);

export const reconcileBooks = ({ seller, buyer, ledger, price }: Books): Reconciliation => {
  const bookedNano = sum(ledger, (line) => line.claimedNano);
  const booked = sum(ledger, (line) => readingsPaidFloor(price, line.claimedNano));
  const stated = sum(ledger, (line) => line.delivered ?? 0);
  const differences: string[] = [];
  const compare = (what: string, ...told: (readonly [string, number])[]): void => {
    if (told.every(([, figure]) => figure === told[0]![1])) return;
    differences.push(`${what}: ${told.map(([who, figure]) => `${who} says ${figure}`).join(', ')}`);
  };
  compare(
    'readings delivered',
    ['the seller', seller.delivered],
    ['the buyer', buyer.delivered],
    ['the statements', stated],
  );
  compare('readings paid', ['the seller', seller.paid], ['the buyer', buyer.paid], ['the ledger', booked]);
  compare(
    'nano paid',
    ['the seller', seller.paidNano],
    ['the buyer', buyer.paidNano],
    ['the ledger', bookedNano],
  );
  for (const line of ledger) {
    if (!line.closed) differences.push(`lease ${line.lease.slice(0, 12)}: the channel is still open`);
    if (line.soldNano === null) differences.push(`lease ${line.lease.slice(0, 12)}: no statement is filed`);
  }
  return {
    sold: seller.delivered,
    delivered: buyer.delivered,
    paid: booked,
    disputed: Math.max(0, seller.delivered - booked),
    paidNano: bookedNano,
    differences,
  };
};

const COLUMNS = [
  { title: '' },
  { title: 'seller', right: true },
  { title: 'buyer', right: true },
  { title: 'settler', right: true },
];

export const reconciliationLines = (
  books: Books,
  result: Reconciliation,
  currency: string,
  styles: Styles,
): string[] => {
  const { seller, buyer, ledger } = books;
  const stated = sum(ledger, (line) => line.delivered ?? 0);
  const rows = [
    ['readings delivered', String(seller.delivered), String(buyer.delivered), String(stated)],
    ['readings paid', String(seller.paid), String(buyer.paid), String(result.paid)],
    ['paid', ...[seller.paidNano, buyer.paidNano, result.paidNano].map((nano) => moneyText(nano, currency))],
  ];
  const verdict =
    result.differences.length === 0
      ? styles.green('0 differences')
      : styles.red(`${result.differences.length} differences`);
  return [
    ...tableLines(COLUMNS, rows, styles),
    '',
    `sold ${result.sold}  delivered ${result.delivered}  paid ${result.paid}  disputed ${result.disputed}: ${verdict}`,
    ...result.differences.map((difference) => styles.red(`  ${difference}`)),
  ];
};
