/** What an operator may set, with the defaults and their reasons. */

export type SettlerLimits = {
  /** Requests wait this long for others to share their commit: half of what one commit costs on a disk. */
  readonly lingerMs: number;
  /**
   * Requests in one transaction: what one commit costs is small beside them, and while they are booked the
   * signatures of the next are checked on another thread. With 1,000 the two wait for each other.
   */
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
const DAY_MS = 24 * HOUR_MS;

/** How long banks may still say otherwise. */
export const RETURN_PERIODS = {
  /** ACH returns come within two banking days; weekends and holidays lie between. */
  achSettledMs: 5 * DAY_MS,
  /** A consumer may object to an ACH debit for 60 days after its statement's day; the return travels some days. */
  achMs: 65 * DAY_MS,
  /** A debtor may ask for a SEPA CORE debit back for eight weeks (EPC016-06); the return travels some days. */
  sepaMs: 61 * DAY_MS,
} as const;

export const DEFAULT_LIMITS: SettlerLimits = {
  lingerMs: 2,
  batchMax: 250,
  queueMax: 10_000,
  claimsPerS: 20,
  opensPerS: 20,
  expiryMaxS: 400 * 24 * 3600,
  graceMs: 24 * HOUR_MS,
  intakeGapMs: 300_000,
  sweepMs: 30_000,
  snapshotRows: 1_000_000,
};
