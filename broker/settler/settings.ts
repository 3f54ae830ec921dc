/** What an operator may set, with the defaults and their reasons. */

export type SettlerLimits = {
  /** Requests wait this long for others to share their commit: half of what one commit costs on a disk. */
  readonly lingerMs: number;
  /** Requests in one transaction: at some 100 us each, a tenth of a second. */
  readonly batchMax: number;
  /** Requests waiting; beyond it the answer is `busy`. Some 5 MB. */
  readonly queueMax: number;
  /** Of one sender on one channel, where cryptography is needed. */
  readonly claimsPerS: number;
  /** Of one sender. */
  readonly opensPerS: number;
  /** A deposit is not reserved for longer. */
  readonly expiryMaxS: number;
  readonly graceMs: number;
  /** Longer without a sign of life is downtime. Several sweeps, and a restart, fit in. */
  readonly intakeGapMs: number;
  /** Between two sweeps, each a sign of life on disk; 0 for none (tests call `sweep`). */
  readonly sweepMs: number;
  /** Journal rows from one snapshot to the next: a minute of replay, and some per cent of the journal's size. */
  readonly snapshotRows: number;
};

const HOUR_MS = 3_600_000;

export const DEFAULT_LIMITS: SettlerLimits = {
  lingerMs: 2,
  batchMax: 1000,
  queueMax: 10_000,
  claimsPerS: 20,
  opensPerS: 20,
  expiryMaxS: 400 * 24 * 3600,
  graceMs: 24 * HOUR_MS,
  intakeGapMs: 300_000,
  sweepMs: 30_000,
  snapshotRows: 1_000_000,
};
