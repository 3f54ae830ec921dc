/**
 * The schedule: every fault of a run, as data. It is drawn from the seed before anything happens, and no fault
 * takes chance from another, so that any of them can be left out: `--only 3,17`.
 */

import type { Chance } from '../world/chance.ts';
import { HOUR_MS, type Level, OFFICE_HOURS, type SimOptions, streamOf } from './options.ts';
import { type DevicePlan, type Plan, planOf, READING_EVERY_MS, type TradePlan } from './plan.ts';
import { SAYS } from './quarrels.ts';

/** What survives of a device's disk: all that was written, what of it had reached the disk by chance, what was synced. */
const POWERS = ['kept', 'cut', 'unsynced'] as const;

export type FaultOf =
  /** The next `count` messages that the device sends are lost, */
  | { readonly kind: 'loss'; readonly device: number; readonly count: number }
  /** arrive again `forMs` later, */
  | { readonly kind: 'repetition'; readonly device: number; readonly count: number; readonly forMs: number }
  /** take `forMs` longer, so that later ones overtake them. */
  | { readonly kind: 'delay'; readonly device: number; readonly count: number; readonly forMs: number }
  /** Nothing goes in or out. */
  | { readonly kind: 'partition'; readonly device: number; readonly forMs: number }
  /** Dies right after the `records`-th record that it writes from now on. */
  | {
      readonly kind: 'crash';
      readonly device: number;
      readonly records: number;
      readonly power: (typeof POWERS)[number];
      readonly forMs: number;
    }
  /** Its clock leaps, until it starts again and asks for the time. */
  | { readonly kind: 'clock'; readonly device: number; readonly jumpMs: number; readonly forMs: number }
  /** An older copy of its disk is put back: the first `share` of what it has of each lease. */
  | { readonly kind: 'copy'; readonly device: number; readonly share: number }
  /** The settler dies right before or after its `commits`-th commit from now on. */
  | {
      readonly kind: 'settler-crash';
      readonly commits: number;
      readonly when: 'before' | 'after';
      readonly forMs: number;
    }
  /** Its disk is full for the next commits. */
  | { readonly kind: 'settler-full'; readonly commits: number }
  /** Its clock leaps, until somebody sets it right. */
  | { readonly kind: 'settler-clock'; readonly jumpMs: number; readonly forMs: number }
  /** Its disk lied: after a crash the last commits are not there. */
  | { readonly kind: 'settler-lie'; readonly lost: number; readonly forMs: number }
  /** An older backup is put back. */
  | { readonly kind: 'settler-backup'; readonly ageMs: number }
  /** The bank rejects the next transfer, */
  | { readonly kind: 'bank-reject' }
  /** says nothing of it for so long, */
  | { readonly kind: 'bank-late'; readonly forMs: number }
  /** tells its last words, or its last statement, again. */
  | { readonly kind: 'bank-repeat' }
  /** What the bank sends next comes back so long after it was paid; what it collects next is asked back. */
  | { readonly kind: 'bank-return'; readonly afterMs: number }
  | { readonly kind: 'debit-return'; readonly afterMs: number }
  /** A device's party disputes a lease before the settler for so long; perhaps the other side does so, too. */
  | {
      readonly kind: 'dispute';
      readonly device: number;
      readonly says: (typeof SAYS)[number];
      readonly bothSay: boolean;
      readonly forMs: number;
    }
  /** The owner of that device will not pay that share of one of its debts. */
  | { readonly kind: 'default'; readonly device: number; readonly share: number }
  /** Somebody repays while the next clearing seeks circles. */
  | { readonly kind: 'clearing-race' }
  /** The settler dies while its operator works on it: at one of the next commits, at an hour of the operator's day. */
  | {
      readonly kind: 'office-crash';
      readonly commits: number;
      readonly when: 'before' | 'after';
      readonly forMs: number;
    }
  /** The operator sends the last bank file again. */
  | { readonly kind: 'file-again' }
  /** Hostile messages: of a party with the key of that device, or (device null) of whoever carries messages. */
  | { readonly kind: 'robbery'; readonly device: number | null; readonly cases: number };

export type FaultKind = FaultOf['kind'];
export type Fault = FaultOf & { readonly id: number; readonly atMs: number };

type Aim = { readonly chance: Chance; readonly trade: TradePlan; readonly device: number };

const minutes = (chance: Chance, max: number): number => 60_000 + chance.below(max * 60_000);
const hours = (chance: Chance, max: number): number => (1 + chance.below(max)) * HOUR_MS;
/** Up to three hours, either way: within what a grace forgives. */
const jump = (chance: Chance): number => (chance.holds(0.5) ? 1 : -1) * chance.below(3 * HOUR_MS);

const DRAWS: { readonly [K in FaultKind]: (aim: Aim) => FaultOf & { readonly kind: K } } = {
  loss: ({ chance, device }) => ({ kind: 'loss', device, count: 1 + chance.below(8) }),
  repetition: ({ chance, device }) => ({
    kind: 'repetition',
    device,
    count: 1 + chance.below(8),
    forMs: chance.below(3000),
  }),
  delay: ({ chance, device }) => ({
    kind: 'delay',
    device,
    count: 1 + chance.below(8),
    forMs: chance.below(5000),
  }),
  partition: ({ chance, device }) => ({ kind: 'partition', device, forMs: minutes(chance, 30) }),
  crash: ({ chance, device }) => ({
    kind: 'crash',
    device,
    records: 1 + chance.below(30),
    power: POWERS[chance.below(POWERS.length)]!,
    forMs: chance.below(20 * 60_000),
  }),
  clock: ({ chance, device }) => ({
    kind: 'clock',
    device,
    jumpMs: jump(chance),
    forMs: minutes(chance, 180),
  }),
  copy: ({ chance, device }) => ({ kind: 'copy', device, share: chance.next() }),
  'settler-crash': ({ chance }) => ({
    kind: 'settler-crash',
    commits: 1 + chance.below(12),
    when: chance.holds(0.5) ? 'before' : 'after',
    forMs: chance.below(10 * 60_000),
  }),
  'settler-full': ({ chance }) => ({ kind: 'settler-full', commits: 1 + chance.below(6) }),
  'settler-clock': ({ chance }) => ({
    kind: 'settler-clock',
    jumpMs: jump(chance),
    forMs: minutes(chance, 180),
  }),
  'settler-lie': ({ chance }) => ({
    kind: 'settler-lie',
    lost: 1 + chance.below(5),
    forMs: chance.below(10 * 60_000),
  }),
  'settler-backup': ({ chance }) => ({ kind: 'settler-backup', ageMs: minutes(chance, 12 * 60) }),
  'bank-reject': () => ({ kind: 'bank-reject' }),
  'bank-late': ({ chance }) => ({ kind: 'bank-late', forMs: (1 + chance.below(4)) * 24 * HOUR_MS }),
  'bank-repeat': () => ({ kind: 'bank-repeat' }),
  'bank-return': ({ chance }) => ({ kind: 'bank-return', afterMs: hours(chance, 9 * 24) }),
  // Most debits bounce within days; some are asked back within weeks, some when they are final.
  'debit-return': ({ chance }) => ({
    kind: 'debit-return',
    afterMs: chance.holds(0.5) ? hours(chance, 4 * 24) : hours(chance, 75 * 24),
  }),
  dispute: ({ chance, device }) => ({
    kind: 'dispute',
    device,
    says: SAYS[chance.below(SAYS.length)]!,
    bothSay: chance.holds(0.3),
    forMs: hours(chance, 12),
  }),
  default: ({ chance, device }) => ({ kind: 'default', device, share: chance.next() }),
  'clearing-race': () => ({ kind: 'clearing-race' }),
  'office-crash': ({ chance }) => ({
    kind: 'office-crash',
    commits: 1 + chance.below(4),
    when: chance.holds(0.5) ? 'before' : 'after',
    forMs: chance.below(10 * 60_000),
  }),
  'file-again': () => ({ kind: 'file-again' }),
  robbery: ({ chance, device }) => ({
    kind: 'robbery',
    device: chance.holds(0.5) ? device : null,
    cases: 20 + chance.below(60),
  }),
};

/** Faults of each kind a day; a fraction is a chance. */
const RATES: { readonly [L in Level]: Readonly<Partial<Record<FaultKind, number>>> } = {
  none: {},
  light: {
    ...{ loss: 3, repetition: 3, delay: 2, partition: 0.5, crash: 1, clock: 0.2 },
    ...{ 'settler-crash': 0.5, 'settler-full': 0.2, 'settler-clock': 0.1 },
    ...{ 'bank-reject': 0.3, 'bank-late': 0.1, 'bank-repeat': 0.3, 'file-again': 0.2, robbery: 2 },
    ...{ 'bank-return': 0.2, 'debit-return': 0.2, dispute: 0.5, default: 0.1 },
    ...{ 'clearing-race': 0.2, 'office-crash': 0.2 },
  },
  heavy: {
    ...{ loss: 12, repetition: 12, delay: 10, partition: 4, crash: 8, clock: 1, copy: 1 },
    ...{ 'settler-crash': 4, 'settler-full': 1, 'settler-clock': 0.4 },
    ...{ 'bank-reject': 1, 'bank-late': 0.5, 'bank-repeat': 1, 'file-again': 1, robbery: 12 },
    ...{ 'bank-return': 0.7, 'debit-return': 0.7, dispute: 3, default: 0.5 },
    ...{ 'clearing-race': 0.5, 'office-crash': 1 },
  },
};
/** With --restores. */
const RESTORE_RATES = { 'settler-lie': 1, 'settler-backup': 0.5 };

/** Of a hostile party where the fault is a robbery by one; else of the trade that it strikes. */
const deviceFor = (
  kind: FaultKind,
  trade: TradePlan,
  hostile: readonly DevicePlan[],
  chance: Chance,
): number => {
  const side = chance.holds(0.5) ? trade.seller : trade.buyer;
  return kind === 'robbery' && hostile.length > 0 ? hostile[chance.below(hostile.length)]!.n : side.n;
};

/** Right before one of the operator's jobs. */
const officeMs = (day: number, chance: Chance): number =>
  day * 24 * HOUR_MS + OFFICE_HOURS[chance.below(OFFICE_HOURS.length)]! * HOUR_MS - 1000;

const dayOf = (day: number, plan: Plan, options: SimOptions, firstId: number): Fault[] => {
  const rates = { ...RATES[options.faults], ...(options.restores ? RESTORE_RATES : {}) };
  const trades = plan.trades.filter((trade) => Math.floor(trade.atMs / (24 * HOUR_MS)) === day);
  const hostile = plan.devices.filter((device) => device.party.isHostile);
  const faults: Fault[] = [];
  if (trades.length === 0) return faults;
  for (const kind of Object.keys(rates) as FaultKind[]) {
    const chance = streamOf(options.seed, `faults ${kind} ${day}`);
    const rate = rates[kind]!;
    const count = Math.floor(rate) + (chance.holds(rate % 1) ? 1 : 0);
    for (let i = 0; i < count; i++) {
      // A fault strikes while something is going on: in the minute before, during, or after a sale.
      const trade = trades[chance.below(trades.length)]!;
      const strikesMs = trade.atMs - 2000 + chance.below(trade.readings * READING_EVERY_MS + 20_000);
      const atMs = kind === 'office-crash' ? officeMs(day, chance) : strikesMs;
      const device = deviceFor(kind, trade, hostile, chance);
      const drawn = DRAWS[kind]({ chance, trade, device });
      faults.push({ ...drawn, id: firstId + faults.length, atMs });
    }
  }
  return faults;
};

/** All faults of a run, `only` and `without` left aside: leaving parties out changes no fault's id. */
export const scheduleOf = (options: SimOptions): readonly Fault[] => {
  const plan = planOf({ ...options, without: new Set() });
  const faults: Fault[] = [];
  for (let day = 0; day < options.days; day++) {
    faults.push(...dayOf(day, plan, options, faults.length + 1));
  }
  return faults;
};

/** Those that happen in this run. */
export const faultsOf = (options: SimOptions): readonly Fault[] =>
  scheduleOf(options).filter(({ id }) => options.only === null || options.only.has(id));

/** For people: what a fault does. */
export const describeFault = (fault: Fault): string => {
  const { id, atMs, kind, ...more } = fault;
  const day = Math.floor(atMs / (24 * HOUR_MS));
  const time = new Date(atMs).toISOString().slice(11, 19);
  const facts = Object.entries(more).map(([name, value]) => `${name} ${value}`);
  return `${String(id).padStart(4)}  day ${day} ${time}  ${kind}  ${facts.join(', ')}`.trimEnd();
};
