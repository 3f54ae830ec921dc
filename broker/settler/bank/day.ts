/** A day of the calendar as a text: YYYY-MM-DD, which sorts as it counts. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Code: value-out-of-range. */
export const checkDate = (text: string): Result<string> => {
  const time = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return ok(text);
  return refuse('value-out-of-range', `"${text}" is no date: write it as 2026-11-20`);
};

/** 2026-11-20 as 261120, the way NACHA writes days. */
export const shortDay = (date: string): string => date.slice(2).replace(/-/g, '');

/** 261120 as 2026-11-20: NACHA knows no other century. Code: value-out-of-range. */
export const dayOfShort = (short: string): Result<string> =>
  /^\d{6}$/.test(short)
    ? checkDate(`20${short.slice(0, 2)}-${short.slice(2, 4)}-${short.slice(4)}`)
    : refuse('value-out-of-range', `"${short}" is no day: write it as 261120`);
