/** Owners: what each holds, has earned, owes and is owed in a currency, and its devices with what they spend. */

import { fromHex, toHex } from '../../../schemas/bytes.ts';
import { allRows, type Reader } from '../store/store.ts';
import type { Balance } from '../store/tables.ts';
import { type DeviceSpending, spendingOf } from './spending.ts';

export type OwnerState = {
  readonly owner: Uint8Array;
  readonly currency: string;
  /** Free for new grants. */
  readonly depositNano: bigint;
  /** Collected or asked of its bank, and backing nothing yet. */
  readonly comingNano: bigint;
  /** Reserved by open channels on deposits. */
  readonly reservedNano: bigint;
  readonly earnedNano: bigint;
  readonly owesNano: bigint;
  readonly owedNano: bigint;
  readonly devices: readonly DeviceSpending[];
};

type Figures = Omit<OwnerState, 'owner' | 'currency' | 'devices'>;
type Figure = keyof Figures;

const NOTHING: Figures = {
  depositNano: 0n,
  comingNano: 0n,
  reservedNano: 0n,
  earnedNano: 0n,
  owesNano: 0n,
  owedNano: 0n,
};

/** Whose figure a balance is: the creditor of a debt is owed what the debtor owes. */
const figuresIn = (account: string): readonly (readonly [owner: string, figure: Figure])[] => {
  const [kind, first = '', second = ''] = account.split('/');
  switch (kind) {
    case 'deposit':
      return [[first, 'depositNano']];
    case 'coming':
    case 'held':
      return [[first, 'comingNano']];
    case 'earned':
      return [[first, 'earnedNano']];
    case 'owed':
      return first === 'settler'
        ? [[second, 'owesNano']]
        : [
            [first, 'owedNano'],
            [second, 'owesNano'],
          ];
    default:
      return [];
  }
};

/** Figures by owner and currency. */
class Sums {
  readonly byPlace = new Map<string, Figures>();

  add(owner: string, currency: string, figure: Figure, nano: bigint): void {
    const place = `${owner} ${currency}`;
    const before = this.byPlace.get(place) ?? NOTHING;
    this.byPlace.set(place, { ...before, [figure]: before[figure] + nano });
  }

  addBalance({ account, currency, nano }: Balance): void {
    for (const [owner, figure] of figuresIn(account)) this.add(owner, currency, figure, nano);
  }
}

/** Every owner in every currency it has anything in, by owner. */
export const ownersOf = async (reader: Reader, nowMs: number): Promise<readonly OwnerState[]> => {
  const sums = new Sums();
  for await (const balance of allRows(reader, 'balance')) sums.addBalance(balance);
  for await (const channel of allRows(reader, 'channel')) {
    const { closed, backing, payerOwner, currency, limitNano, paidNano } = channel;
    if (closed || backing !== 'deposit') continue;
    sums.add(toHex(payerOwner), currency, 'reservedNano', BigInt(limitNano - paidNano));
  }
  const devices = new Map<string, DeviceSpending[]>();
  for await (const budget of allRows(reader, 'budget')) {
    const place = `${toHex(budget.owner)} ${budget.currency}`;
    sums.add(toHex(budget.owner), budget.currency, 'depositNano', 0n);
    devices.set(place, [...(devices.get(place) ?? []), await spendingOf(reader, budget, nowMs)]);
  }
  return [...sums.byPlace]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([place, figures]) => {
      const [owner, currency] = place.split(' ') as [string, string];
      return { owner: fromHex(owner)!, currency, ...figures, devices: devices.get(place) ?? [] };
    });
};
