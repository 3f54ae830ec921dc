/** Lanes as the agent has them, around a sale or a purchase that is alone with a test. */

import type { PurchaseLane, SaleLane } from '../../../agent/lanes.ts';
import type { LonePurchase } from '../../world/lone-purchase.ts';
import type { LoneSale } from '../../world/lone-sale.ts';

export const saleLaneOf = (lone: LoneSale): SaleLane =>
  ({
    role: 'sale',
    name: 'temperature',
    terms: lone.deal.terms,
    get state() {
      return lone.sale;
    },
  }) as unknown as SaleLane;

export const purchaseLaneOf = (lone: LonePurchase): PurchaseLane =>
  ({
    role: 'purchase',
    name: 'temperature',
    terms: lone.deal.terms,
    get state() {
      return lone.purchase;
    },
  }) as unknown as PurchaseLane;
