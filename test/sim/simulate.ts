/** One simulation: the days of an economy, its checks, and what came of it. */

import { ALL_TIME, reconcile } from '../../broker/settler/reports/reconciliation.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { toHex } from '../../schemas/bytes.ts';
import { START_MS } from '../world/options.ts';
import { differenceInBooks, excessInBooks, faultInTrust, mayDiffer } from './books.ts';
import { Economy } from './economy.ts';
import { Broken, type Invariant } from './invariants.ts';
import { happen } from './mischief.ts';
import { DAY_MS, HOUR_MS, type SimOptions } from './options.ts';
import { READING_EVERY_MS, type TradePlan } from './plan.ts';
import { faultsOf } from './schedule.ts';
import type { Tally } from './tally.ts';
import type { Trade } from './trade.ts';

/** After the last day nothing new begins and no fault happens: leases expire, graces pass, the bank tells all. */
const PEACE_DAYS = 7;
/** A sensor measures for one lease this long at most. */
const MEASURING_MS_MAX = 3 * HOUR_MS;
/** A purchase whose device does not run, or does not know the time, is tried again. */
const BEGIN_AGAIN_MS = 60_000;
const BEGIN_TIMES_MAX = 20;
/** In cents, for each buying owner and currency. */
const FIRST_CENTS = 1000n;
const DAILY_CENTS = 500n;
const SHORT_BY = 50n;

/** The hours of an operator's day. */
const STATEMENT_MS = 5 * HOUR_MS;
const WORDS_MS = 9 * HOUR_MS;
const CLEARING_MS = 20 * HOUR_MS;
const PAYOUT_MS = 21 * HOUR_MS;
const AUDIT_MS = 23 * HOUR_MS;

export type Failure = {
  readonly invariant: Invariant;
  readonly detail: string;
  readonly day: number;
  readonly atMs: number;
};

export type Outcome = {
  readonly tally: Tally;
  readonly failure: Failure | null;
  readonly digest: string;
};

const measure = (economy: Economy, trade: Trade, untilMs: number): void => {
  economy.time.after(READING_EVERY_MS, () => {
    if (trade.isOver || economy.time.nowMs > untilMs) return;
    trade.produce();
    measure(economy, trade, untilMs);
  });
};

const begin = (economy: Economy, plan: TradePlan, times: number): void => {
  const { time, devices } = economy;
  if (devices.get(plan.buyer.n)!.isUp) {
    const trade = economy.begin(plan);
    measure(economy, trade, time.nowMs + MEASURING_MS_MAX);
  } else if (times > 0 && !economy.isCalm) {
    time.after(BEGIN_AGAIN_MS, () => begin(economy, plan, times - 1));
  }
};

/** Buyers pay in, those with credit less than they spend, and the operator books what the bank's statement says. */
const payIn = async (economy: Economy, cents: bigint): Promise<void> => {
  for (const { party } of economy.owners) {
    if (!party.buys) continue;
    for (const currency of ['EUR', 'USD']) {
      const isShort = party.buysOnCredit && currency === 'EUR';
      economy.bank.payIn(party.iban, currency, isShort ? cents / SHORT_BY : cents, party.name);
    }
  }
  await economy.treasury.bookStatement();
};

/** The settler's whole store is replayed and compared, and reconciled with what its parties hold. */
const audit = async (economy: Economy): Promise<void> => {
  const { auditor, office, crypto, trades } = economy;
  if (auditor.isUpToDate || office.isStale) return;
  auditor.checkDay();
  const verified = await verifyStore(office.disk.store, crypto.sha256);
  auditor.expect(verified.ok, 'the store verifies', () => (verified.ok ? '' : verified.detail));
  for (const trade of trades) {
    const fault = faultInTrust(trade, auditor);
    auditor.expect(fault === null, 'receipts are honoured', () => `${trade.name}: ${fault}`);
    const difference = trade.isOver
      ? mayDiffer(trade)
        ? excessInBooks(trade)
        : differenceInBooks(trade)
      : null;
    const rule = 'books are equal in the end';
    auditor.expect(difference === null, rule, () => `${trade.name}: ${difference}`);
  }
};

/** Per lease, what the settler reconciled is what both parties have. */
const reconcileAll = async (economy: Economy): Promise<void> => {
  const { auditor, office, crypto, trades } = economy;
  const report = await reconcile(office.disk.store, ALL_TIME, crypto);
  const rule = 'reconciliation agrees';
  auditor.expect(report.ok, rule, () => (report.ok ? '' : report.detail));
  const lines = new Map((report.ok ? report.value.leases : []).map((line) => [line.channel, line]));
  for (const trade of trades) {
    const line = trade.sale?.channel == null ? undefined : lines.get(toHex(trade.sale.channel.id));
    if (line === undefined || trade.robbedBy !== null) continue;
    const { claimedNano, verifiedNano } = trade.sale!;
    // Of what was given up, all that there is evidence of.
    const bookedNano = trade.isGivenUp ? verifiedNano : claimedNano;
    auditor.expect(
      line.claimedNano === bookedNano,
      rule,
      () => `${trade.name}: claimed ${bookedNano} nano, reported ${line.claimedNano}`,
    );
    const isSettled = line.disputedNano === null || line.disputedNano === 0;
    auditor.expect(isSettled, rule, () => `${trade.name}: ${line.disputedNano} nano are disputed`);
  }
};

const noteDay = ({ tally, trades, auditor }: Economy): void => {
  const before = tally.byDay.reduce((sum, day) => sum + day.readings, 0);
  const claimsBefore = tally.byDay.reduce((sum, day) => sum + day.claims, 0);
  const readings = trades.reduce((sum, trade) => sum + trade.bought, 0) - before;
  tally.byDay.push({ readings, claims: auditor.claims - claimsBefore });
};

const planDay = (economy: Economy, day: number, onDay: (economy: Economy, day: number) => void): void => {
  const { time, treasury } = economy;
  const startMs = START_MS + day * DAY_MS;
  const isPeace = day >= economy.options.days;
  time.at(startMs + STATEMENT_MS, () => (isPeace ? undefined : payIn(economy, DAILY_CENTS)));
  time.at(startMs + WORDS_MS, () => treasury.hearBank());
  time.at(startMs + CLEARING_MS, () => (isPeace ? undefined : treasury.clearDebts()));
  time.at(startMs + PAYOUT_MS, () => treasury.payOut());
  time.at(startMs + AUDIT_MS, async () => {
    await audit(economy);
    noteDay(economy);
    onDay(economy, day);
  });
};

/** Everything of the run is on the timeline before it begins; what it leads to comes on the way. */
const prepare = (economy: Economy, onDay: (economy: Economy, day: number) => void): void => {
  const { options, plan, time } = economy;
  const endMs = START_MS + options.days * DAY_MS;
  time.at(START_MS, async () => {
    await economy.open();
    await payIn(economy, FIRST_CENTS);
    for (const device of economy.devices.values()) device.boot();
  });
  for (const trade of plan.trades)
    time.at(START_MS + trade.atMs, () => begin(economy, trade, BEGIN_TIMES_MAX));
  for (const fault of faultsOf(options)) time.at(START_MS + fault.atMs, () => happen(economy, fault));
  for (let day = 0; day < options.days + PEACE_DAYS; day++) planDay(economy, day, onDay);
  time.at(endMs, () => economy.calm());
};

const finish = async (economy: Economy): Promise<void> => {
  const { auditor, trades } = economy;
  auditor.expect(
    !economy.office.isStale,
    'receipts are honoured',
    () => 'what was forgotten never came back',
  );
  await audit(economy);
  auditor.checkEnd();
  for (const trade of trades) {
    const isOver = trade.isOver;
    auditor.expect(isOver, 'books are equal in the end', () => `${trade.name} is not over: ${trade.state}`);
  }
  await reconcileAll(economy);
};

const sumUp = (economy: Economy): Tally => {
  const { tally, auditor, bank, devices, trades } = economy;
  tally.days = economy.options.days;
  tally.parties = economy.plan.parties.length;
  tally.devices = devices.size;
  tally.trades = trades.length;
  tally.readings = trades.reduce((sum, trade) => sum + trade.bought, 0);
  tally.movedNano = auditor.claimedNano;
  tally.clearedNano = auditor.clearedNano;
  tally.claims = auditor.claims;
  tally.rows = auditor.rows;
  tally.paidIn = bank.paidIn.size;
  tally.transfers = bank.transfers.size;
  tally.rejected = [...bank.transfers.values()].filter(({ verdict }) => verdict === 'voided').length;
  tally.excused = trades.filter(mayDiffer).length;
  tally.equalBooks = trades.length - tally.excused;
  tally.givenUp = trades.filter(({ isGivenUp }) => isGivenUp).length;
  tally.checks = auditor.checks + trades.reduce((sum, trade) => sum + trade.checks, 0);
  tally.settlerCrashes = economy.office.crashes;
  tally.crashes = [...devices.values()].reduce((sum, device) => sum + device.crashes, 0);
  return tally;
};

/** Runs it all; `onDay` is told after each day. A broken invariant ends it. */
export const simulate = async (
  options: SimOptions,
  onDay: (economy: Economy, day: number) => void = () => {},
): Promise<Outcome> => {
  const economy = new Economy(options);
  prepare(economy, onDay);
  let failure: Failure | null = null;
  try {
    await economy.time.run(START_MS + (options.days + PEACE_DAYS) * DAY_MS);
    await finish(economy);
  } catch (error) {
    const atMs = economy.time.nowMs - START_MS;
    const where = { day: Math.floor(atMs / DAY_MS), atMs };
    if (error instanceof Broken) failure = { invariant: error.invariant, detail: error.message, ...where };
    else {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failure = { invariant: 'nothing throws', detail, ...where };
    }
  }
  return { tally: sumUp(economy), failure, digest: economy.digestHex() };
};
