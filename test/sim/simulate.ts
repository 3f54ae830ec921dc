/** One simulation: the days of an economy, its checks, and what came of it. */

import { ALL_TIME, reconcile } from '../../broker/settler/reports/reconciliation.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { toHex } from '../../schemas/bytes.ts';
import { START_MS } from '../world/options.ts';
import { differenceInBooks, excessInBooks, faultInTrust, mayDiffer } from './books.ts';
import { Economy } from './economy.ts';
import { Broken, type Invariant } from './invariants.ts';
import { happen } from './mischief.ts';
import {
  CLEARING_HOUR,
  COLLECTION_HOUR,
  DAY_MS,
  HOUR_MS,
  PAYOUT_HOUR,
  type SimOptions,
  STATEMENT_HOUR,
  WORD_HOUR,
} from './options.ts';
import { READING_EVERY_MS, type TradePlan } from './plan.ts';
import { faultsOf } from './schedule.ts';
import { count, type Tally } from './tally.ts';
import type { Act } from './timeline.ts';
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

/** When everything of the day is booked. */
const AUDIT_HOUR = 23;
/** A direct debit may be asked back for weeks: the quiet goes on for so long after the last, audited now and then. */
const RETURN_DAYS = 76;
/** ACH says nothing where all is well: so long until the settler takes a transfer for paid, a day for its clock included. */
const SILENT_DAYS = 9;
const AUDIT_EVERY_DAYS = 28;

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
  for (const owner of economy.owners) {
    if (!owner.party.buys) continue;
    for (const currency of ['EUR', 'USD'] as const) {
      const isShort = owner.party.buysOnCredit && currency === 'EUR';
      economy.treasury.payIn(owner, currency, isShort ? cents / SHORT_BY : cents);
    }
  }
  await economy.treasury.hearBank();
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
    // Of what was given up, all that its seller has evidence of, the rest told as disputed where a statement has it; more
    // where somebody else brought more in later.
    const leastNano = trade.isGivenUp ? verifiedNano : claimedNano;
    auditor.expect(
      line.claimedNano >= leastNano && line.claimedNano <= claimedNano,
      rule,
      () => `${trade.name}: claimed ${leastNano} to ${claimedNano} nano, reported ${line.claimedNano}`,
    );
    const disputedNano = line.disputedNano ?? 0;
    const isSettled = disputedNano >= 0 && disputedNano <= claimedNano - leastNano;
    auditor.expect(isSettled, rule, () => `${trade.name}: ${disputedNano} nano are disputed`);
  }
};

const noteDay = ({ tally, trades, auditor }: Economy): void => {
  const before = tally.byDay.reduce((sum, day) => sum + day.readings, 0);
  const claimsBefore = tally.byDay.reduce((sum, day) => sum + day.claims, 0);
  const readings = trades.reduce((sum, trade) => sum + trade.bought, 0) - before;
  tally.byDay.push({ readings, claims: auditor.claims - claimsBefore });
};

const planDay = (economy: Economy, day: number, onDay: (economy: Economy, day: number) => void): void => {
  const { time, treasury, lender, options } = economy;
  const at = (hour: number, act: Act): void => time.at(START_MS + day * DAY_MS + hour * HOUR_MS, act);
  const isPeace = day >= options.days;
  const isLong = day >= options.days + PEACE_DAYS;
  at(STATEMENT_HOUR, () => (isPeace ? treasury.hearBank() : payIn(economy, DAILY_CENTS)));
  at(WORD_HOUR, () => treasury.hearBank());
  if (!isPeace) at(COLLECTION_HOUR, () => treasury.collect());
  at(CLEARING_HOUR, () => lender.clearDebts());
  at(PAYOUT_HOUR, () => treasury.payOut());
  at(AUDIT_HOUR, async () => {
    if (!isLong || day % AUDIT_EVERY_DAYS === 0) await audit(economy);
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

/** What was collected is final, or came back, before the end. */
const waitForReturns = async (
  economy: Economy,
  onDay: (economy: Economy, day: number) => void,
): Promise<void> => {
  const { bank, time, options } = economy;
  let day = options.days + PEACE_DAYS;
  const lastMs = Math.max(
    bank.lastDebitMs + RETURN_DAYS * DAY_MS,
    bank.lastSilentMs + SILENT_DAYS * DAY_MS,
    bank.busyUntilMs + 2 * DAY_MS,
  );
  for (; START_MS + day * DAY_MS < lastMs; day++) {
    planDay(economy, day, onDay);
    await time.run(START_MS + (day + 1) * DAY_MS);
  }
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
  for (const payment of bank.payments.values()) {
    if (payment.isDebit) tally.collected++;
    else tally.transfers++;
    if (payment.isRejected) tally.rejected++;
    if (payment.returnedMs <= economy.time.nowMs) tally.returned++;
  }
  for (const end of auditor.disputes.ends) count(tally.disputes, end);
  tally.lostNano = auditor.debts.lostNano;
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
    await waitForReturns(economy, onDay);
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
