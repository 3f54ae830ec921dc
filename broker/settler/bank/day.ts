/** Days the way NACHA writes them. */

import { type Result, refuse } from '../../../schemas/result.ts';
import { checkDate } from '../ledger/day.ts';

/** 2026-11-20 as 261120. */
export const shortDay = (date: string): string => date.slice(2).replace(/-/g, '');

/** 261120 as 2026-11-20: NACHA knows no other century. Code: value-out-of-range. */
export const dayOfShort = (short: string): Result<string> =>
  /^\d{6}$/.test(short)
    ? checkDate(`20${short.slice(0, 2)}-${short.slice(2, 4)}-${short.slice(4)}`)
    : refuse('value-out-of-range', `"${short}" is no day: write it as 261120`);
