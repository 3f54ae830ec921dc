/**
 * The names of runs: what is done once for a day, a number and a currency. The next run of a day has the next number.
 *
 * | run                  | name                  |
 * |----------------------|-----------------------|
 * | payouts in euro      | 2026-11-20-1          |
 * | payouts in dollars   | 2026-11-20-1-USD      |
 * | collections in euro  | C-2026-11-20-1        |
 * | clearing in euro     | CL-2026-11-20-1       |
 *
 * What is in euro has no addition: the first databases knew nothing else.
 */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkDate } from './day.ts';

const PREFIXES = { payout: '', collection: 'C-', clearing: 'CL-' } as const;
export type RunKind = keyof typeof PREFIXES;

/** What names a run, with its kind. */
export type RunOccasion = {
  /** The day it is for, YYYY-MM-DD. */
  readonly period: string;
  /** From 1; a second run on one day is 2. */
  readonly sequence: number;
  /** EUR where it is left out. */
  readonly currency?: string;
};

export const runName = (kind: RunKind, { period, sequence, currency = 'EUR' }: RunOccasion): string =>
  `${PREFIXES[kind]}${period}-${sequence}${currency === 'EUR' ? '' : `-${currency}`}`;

/** What a clearing of this occasion was called by earlier programs: 2026-11-20-EUR-1. */
export const oldClearingName = ({ period, sequence, currency = 'EUR' }: RunOccasion): string =>
  `${period}-${currency}-${sequence}`;

const SEQUENCE_MAX = 999;

/** Code: value-out-of-range. */
export const checkRunOccasion = ({ period, sequence }: RunOccasion): Result<null> => {
  if (!Number.isSafeInteger(sequence) || sequence < 1 || sequence > SEQUENCE_MAX)
    return refuse('value-out-of-range', `the sequence ${sequence} must be 1 to ${SEQUENCE_MAX}`);
  const day = checkDate(period);
  return day.ok ? ok(null) : day;
};
