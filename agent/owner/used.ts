/** What a settler's report says was used, for a status. */

import type { Spending } from '../../schemas/spending.ts';

export const NOTHING_USED = { reportedS: 0, spentNano: 0, reservedNano: 0, todayNano: 0, depositNano: 0 };

export const usedOf = ({ issuedS, spentNano, reservedNano, todayNano, depositNano }: Spending) => ({
  reportedS: issuedS,
  spentNano,
  reservedNano,
  todayNano,
  depositNano,
});
