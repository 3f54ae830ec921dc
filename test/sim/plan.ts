/** The plan of an economy: who takes part, and who buys from whom on which day. No fault changes it. */

import type { Capability } from '../../schemas/profile.ts';
import { DAY_MS, HOUR_MS, type SimOptions, streamOf } from './options.ts';

export type Party = {
  readonly n: number;
  readonly name: string;
  readonly iban: string;
  /** Of its account in dollars. */
  readonly number: string;
  readonly buys: boolean;
  readonly sells: boolean;
  /** Has several devices, each with a budget. */
  readonly isEnrolled: boolean;
  /** Sellers trust it; and the settler does. */
  readonly buysOnCredit: boolean;
  readonly isGuaranteed: boolean;
  /** Robs where it can; its devices still trade. */
  readonly isHostile: boolean;
};

/** One device has one key. */
export type DevicePlan = {
  readonly n: number;
  readonly party: Party;
  /** What it sells, or null. */
  readonly capability: Capability | null;
  /** To the broker and back. */
  readonly latencyMs: number;
};

export type TradePlan = {
  readonly n: number;
  /** Since the beginning. */
  readonly atMs: number;
  readonly buyer: DevicePlan;
  readonly seller: DevicePlan;
  readonly readings: number;
  readonly durationS: number;
};

export type Plan = {
  readonly parties: readonly Party[];
  readonly devices: readonly DevicePlan[];
  readonly trades: readonly TradePlan[];
};

/** Every third party buys and sells, so that what is owed runs in circles; the others do one of both. */
const ROLES = [
  { buys: true, sells: true },
  { buys: false, sells: true },
  { buys: true, sells: false },
] as const;
const DEVICES_MAX = 3;
const HOSTILE_EVERY = 6;
/** Trades begin between six in the morning and eight in the evening. */
const FIRST_HOUR = 6;
const HOURS = 14;
const TRADES_A_DAY = 3;
export const READING_EVERY_MS = 1000;

/** A German IBAN for a number: its check digits by ISO 13616 (mod 97). */
export const ibanOf = (number: number): string => {
  const account = `37040044${String(number).padStart(10, '0')}`;
  const check = 98n - (BigInt(`${account}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${account}`;
};

const partyOf = (n: number, options: SimOptions): Party => ({
  n,
  name: `Party ${n}`,
  iban: ibanOf(1000 + n),
  number: String(1000 + n),
  ...ROLES[n % ROLES.length]!,
  isEnrolled: n % DEVICES_MAX > 0,
  buysOnCredit: n % ROLES.length === 0,
  isGuaranteed: n % (2 * ROLES.length) === 0,
  isHostile: options.faults !== 'none' && n % HOSTILE_EVERY === HOSTILE_EVERY / 2,
});

const devicesOf = (party: Party, first: number, seed: string): DevicePlan[] => {
  return Array.from({ length: 1 + (party.n % DEVICES_MAX) }, (_, i) => {
    const chance = streamOf(seed, `device ${party.n}.${i}`);
    // Prices that end in odd nanos, so that sums do not end in cents.
    const priceNano = 1_000_000 + chance.below(4_000_000);
    const capability: Capability = {
      name: 'temperature',
      kind: 'temperature',
      unit: 'Cel',
      direction: 'sensor',
      periodMs: READING_EVERY_MS,
      currency: party.n % 5 === 4 ? 'USD' : 'EUR',
      price: [{ from: 1, priceNano }],
      windowNano: (4 + chance.below(12)) * priceNano,
      ticks: 8 + chance.below(56),
    };
    const latencyMs = 10 + chance.below(40);
    return { n: first + i, party, capability: party.sells ? capability : null, latencyMs };
  });
};

/** The trades of one buyer on one day: a stream of its own, so that leaving others out changes none of them. */
const tradesOf = (buyer: DevicePlan, sellers: readonly DevicePlan[], day: number, seed: string) => {
  const chance = streamOf(seed, `trades ${buyer.n} ${day}`);
  const others = sellers.filter(({ party, capability }) => {
    // A budget is in one currency.
    return party !== buyer.party && (capability!.currency === 'EUR' || !buyer.party.isEnrolled);
  });
  return Array.from({ length: others.length === 0 ? 0 : TRADES_A_DAY }, () => ({
    atMs: day * DAY_MS + FIRST_HOUR * HOUR_MS + chance.below(HOURS * HOUR_MS),
    buyer,
    seller: others[chance.below(others.length)]!,
    readings: 20 + chance.below(60),
    durationS: 4 * 3600 + chance.below(8 * 3600),
  }));
};

export const planOf = (options: SimOptions): Plan => {
  const { seed, days, without } = options;
  const parties = Array.from({ length: options.parties }, (_, n) => partyOf(n, options));
  const devices: DevicePlan[] = [];
  for (const party of parties) devices.push(...devicesOf(party, devices.length, seed));
  const sellers = devices.filter((device) => device.capability !== null);
  const trades: TradePlan[] = [];
  for (let day = 0; day < days; day++) {
    for (const buyer of devices.filter((device) => device.party.buys)) {
      for (const trade of tradesOf(buyer, sellers, day, seed)) trades.push({ n: trades.length, ...trade });
    }
  }
  const takesPart = ({ party }: DevicePlan): boolean => !without.has(party.n);
  return {
    parties: parties.filter((party) => !without.has(party.n)),
    devices: devices.filter(takesPart),
    trades: trades.filter(({ buyer, seller }) => takesPart(buyer) && takesPart(seller)),
  };
};
