/**
 * What a device may spend, by the newest word of its owner. A line of "owns" is such a word once: when it is new or has
 * changed. After that the budget that was signed says it, for `tollbridge budget set` and refills may have raised it.
 */

import type { Budget } from '../../schemas/budget.ts';
import { encodeCbor } from '../../schemas/cbor.ts';
import type { OwnConfig } from './owning.ts';

export type Limits = Pick<Budget, 'totalNano' | 'dayNano' | 'sellerNano'>;

/** Tells whether a line of "owns" has changed: all that it says of limits. */
export const lineOf = (config: OwnConfig): Uint8Array => {
  const { currency, totalNano, dayNano, sellerNano, refill } = config;
  const raised = refill === null ? null : [refill.upToNano, refill.stepNano];
  return encodeCbor([currency, totalNano, dayNano, sellerNano, raised]);
};

/** What the line says; what was granted beyond its total stays granted, up to where it refills. */
export const limitsOfLine = (
  { totalNano, dayNano, sellerNano, refill }: OwnConfig,
  grantedNano: number,
): Limits => {
  const total = refill === null ? totalNano : Math.max(totalNano, Math.min(grantedNano, refill.upToNano));
  return { totalNano: total, dayNano: dayNano ?? total, sellerNano: sellerNano ?? total };
};

/** A limit of all of the total goes with it, unless the line says that very limit; none is above the total. */
const moved = (limitNano: number, lineNano: number | null, fromNano: number, toNano: number): number =>
  limitNano === fromNano && limitNano !== lineNano ? toNano : Math.min(limitNano, toNano);

/** The same with another total. */
export const withTotal = (
  { totalNano: fromNano, dayNano, sellerNano }: Limits,
  config: OwnConfig,
  totalNano: number,
): Limits => ({
  totalNano,
  dayNano: moved(dayNano, config.dayNano, fromNano, totalNano),
  sellerNano: moved(sellerNano, config.sellerNano, fromNano, totalNano),
});

export const isSame = (a: Limits, b: Limits): boolean =>
  a.totalNano === b.totalNano && a.dayNano === b.dayNano && a.sellerNano === b.sellerNano;
