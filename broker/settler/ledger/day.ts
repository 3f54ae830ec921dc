/** A day of the calendar, in UTC, as a text: YYYY-MM-DD, which sorts as it counts. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The day that a moment is in. */
export const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** Code: value-out-of-range. */
export const checkDate = (text: string): Result<string> => {
  const time = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return ok(text);
  return refuse('value-out-of-range', `"${text}" is no date: write it as 2026-11-20`);
};
