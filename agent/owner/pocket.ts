/** Pocket: the budget of this device with one settler, and what the newest report leaves of it. */

import type { Enrolment } from '../../schemas/budget.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Spending } from '../../schemas/spending.ts';
import type { PurchaseLane } from '../lanes.ts';

/** After this who gave too little is asked again, then after twice as long each time. */
export const WAIT_MS = 1000;
const DAY_S = 86_400;
const NOTHING_LEFT: Left = { totalNano: 0, todayNano: 0 };

/** What a budget and the newest report leave. */
type Left = { readonly totalNano: number; readonly todayNano: number };

export class Pocket {
  readonly settler: Uint8Array;
  readonly settlerId: string;
  readonly name: string;
  enrolment: Enrolment | null = null;
  enrolmentBytes: Uint8Array | null = null;
  spending: Spending | null = null;
  spendingBytes: Uint8Array | null = null;
  /** Begun since the report was asked for, with what each may cost. */
  readonly begun = new Map<PurchaseLane, number>();
  /** The settler has answered the newest enrolment since this start: before, nobody knows what was spent. */
  enrolled = false;
  /** What the next lease would reserve, where that was more than is left. */
  shortNano = 0;
  shortWaitMs = WAIT_MS;
  askWaitMs = WAIT_MS;
  /** Monotonic: when the owner was told the newest report, when it was asked, when the settler was. */
  reportedMs = Number.NEGATIVE_INFINITY;
  askedMs = Number.NEGATIVE_INFINITY;
  enrolledMs = Number.NEGATIVE_INFINITY;

  constructor(settler: Uint8Array, settlerId: string) {
    this.settler = settler;
    this.settlerId = settlerId;
    this.name = toHex(settler);
  }

  left(nowMs: number): Left {
    const { enrolment, spending } = this;
    const nowS = Math.floor(nowMs / 1000);
    if (enrolment === null || spending === null || !this.enrolled) return NOTHING_LEFT;
    if (enrolment.expiryS !== 0 && enrolment.expiryS <= nowS) return NOTHING_LEFT;
    let begunNano = 0;
    for (const nano of this.begun.values()) begunNano += nano;
    const isToday = Math.floor(spending.issuedS / DAY_S) === Math.floor(nowS / DAY_S);
    return {
      totalNano: enrolment.totalNano - spending.spentNano - spending.reservedNano - begunNano,
      todayNano: enrolment.dayNano - (isToday ? spending.todayNano : 0) - begunNano,
    };
  }
}
