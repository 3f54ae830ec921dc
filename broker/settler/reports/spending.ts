/** What devices spend for their owners: each budget with its caps, and what of them is used. */

import { toHex } from '../../../schemas/bytes.ts';
import { dayScope, sellerScope, spentScope, totalScope } from '../ledger/projection.ts';
import { allRows, type Reader } from '../store/store.ts';
import type { BudgetRow } from '../store/tables.ts';

/** What of a cap is spent or reserved, and what is left of it. */
export type Cap = { readonly capNano: bigint; readonly usedNano: bigint; readonly leftNano: bigint };

export type DeviceSpending = {
  readonly budget: BudgetRow;
  readonly expired: boolean;
  readonly total: Cap;
  readonly spentNano: bigint;
  readonly reservedNano: bigint;
  /** Of the day of `nowMs`, in UTC. */
  readonly today: Cap;
  readonly sellers: readonly (Cap & { readonly seller: string })[];
};

const capOf = (cap: number, usedNano: bigint): Cap => {
  const left = BigInt(cap) - usedNano;
  return { capNano: BigInt(cap), usedNano, leftNano: left > 0n ? left : 0n };
};

export const spendingOf = async (
  reader: Reader,
  budget: BudgetRow,
  nowMs: number,
): Promise<DeviceSpending> => {
  const { device, currency, expiryS } = budget;
  const used = new Map<string, bigint>();
  for await (const { scope, nano } of allRows(reader, 'spending', [device])) used.set(scope, nano);
  const inScope = (scope: string): bigint => used.get(scope) ?? 0n;
  const sellers = sellerScope(currency, new Uint8Array(0));
  const spentNano = inScope(spentScope(currency));
  return {
    budget,
    expired: expiryS !== 0 && expiryS * 1000 <= nowMs,
    total: capOf(budget.totalNano, inScope(totalScope(currency))),
    spentNano,
    reservedNano: inScope(totalScope(currency)) - spentNano,
    today: capOf(budget.dayNano, inScope(dayScope(currency, nowMs))),
    sellers: [...used]
      .filter(([scope, nano]) => scope.startsWith(sellers) && nano > 0n)
      .map(([scope, nano]) => ({
        seller: scope.slice(sellers.length),
        ...capOf(budget.sellerNano, nano),
      })),
  };
};

/** Of one device, or of every device of an owner; none where the key is neither. By device. */
export const spendingUnder = async (
  reader: Reader,
  key: Uint8Array,
  nowMs: number,
): Promise<readonly DeviceSpending[]> => {
  const found: DeviceSpending[] = [];
  for await (const budget of allRows(reader, 'budget')) {
    const isMeant = [budget.device, budget.owner].some((one) => toHex(one) === toHex(key));
    if (isMeant) found.push(await spendingOf(reader, budget, nowMs));
  }
  return found;
};
