/**
 * Buying: which profiles there are, which is best for a demand, and a purchase of it for as long as the
 * demand is not met. A seller that refuses, is dead or stops halfway waits longer each time before it is
 * asked again, and the next best is asked instead.
 */

import { NANO_MAX } from '../schemas/amount.ts';
import { equalBytes } from '../schemas/bytes.ts';
import { type Decimal, decimalToText } from '../schemas/decimal.ts';
import { type Demand, signDemand } from '../schemas/demand.ts';
import { idOf } from '../schemas/identity.ts';
import { type Candidate, type Match, RELIABILITY_UNKNOWN, rankMatches } from '../schemas/matching.ts';
import { openProfile, type Profile } from '../schemas/profile.ts';
import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import type { Value } from '../schemas/senml.ts';
import { type Status, supersedes } from '../schemas/status.ts';
import type { Terms } from '../schemas/terms.ts';
import type { Archive } from './archive.ts';
import { BoughtFile } from './bought.ts';
import { limitNanoOf, makeTerms, type Wish } from './engine/offer.ts';
import { newPurchase } from './engine/purchase/purchase.ts';
import { demandRecord, type LaneHost, type LeaseLane, type PurchaseLane, purchaseLane } from './lanes.ts';
import type { DemandStatus } from './status.ts';
import type { Turns } from './turns.ts';

export type BuyConfig = {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly currency: string;
  readonly priceNanoMax: number;
  /** Wanted in all; of each lease where it repeats. */
  readonly readings: number;
  /** Most that may be spent on them. */
  readonly budgetNano: number;
  /** A lease ends after this long at the latest. */
  readonly durationS: number;
  /** Buys again when it has what it wanted. */
  readonly repeat: boolean;
  /** Where what is bought is appended, or null. */
  readonly file: string | null;
};

/** Profiles that are remembered; the market of a town. About 1 kB each. */
const PROFILES_MAX = 4096;
/** A seller that failed is left alone for this long, then twice as long, up to the maximum. */
const AVOID_MS = 1000;
const AVOID_MS_MAX = 300_000;
/** An offer without an answer for this long has found nobody. */
const OFFER_MS_MAX = 10_000;
/** What counts for a seller, and against it, of the 500 a stranger has. */
const RELIABILITY_STEP = 50;
const RELIABILITY_MAX = 1000;
const VALUES_KEPT = 64;

/** What an owner lets this agent spend. */
export type Budgeted = {
  /** What the next channel to that seller may reserve, in nano. */
  readonly roomNano: (settler: Uint8Array, seller: Uint8Array, currency: string, nowMs: number) => number;
  /** A lease would have reserved that much, and there was less room. */
  readonly short: (settler: Uint8Array, limitNano: number) => void;
  readonly begun: (lane: PurchaseLane, limitNano: number) => void;
};

type Seller = {
  profile: Profile | null;
  /** The newest birth or death, or null where none was read. */
  status: Status | null;
  avoidUntilMs: number;
  avoidMs: number;
  reliability: number;
};

type Wanted = {
  readonly config: BuyConfig;
  lane: PurchaseLane | null;
  startedMs: number;
  detail: string;
  readonly values: Decimal[];
  readonly file: BoughtFile | null;
};

export class Buying {
  private readonly host: LaneHost;
  private readonly turns: Turns<LeaseLane>;
  private readonly settlers: readonly Uint8Array[];
  private readonly archive: Archive;
  private readonly wanted: readonly Wanted[];
  private readonly sellers = new Map<string, Seller>();
  private readonly purse: Budgeted | null;

  constructor(
    host: LaneHost,
    turns: Turns<LeaseLane>,
    settlers: readonly Uint8Array[],
    archive: Archive,
    configs: readonly BuyConfig[],
    onFault: (refusal: Refusal) => void,
    purse: Budgeted | null,
  ) {
    this.purse = purse;
    this.host = host;
    this.turns = turns;
    this.settlers = settlers;
    this.archive = archive;
    this.wanted = configs.map((config) => ({
      config,
      lane: null,
      startedMs: 0,
      detail: 'no profile read yet',
      values: [],
      file: config.file === null ? null : new BoughtFile(config.file, onFault),
    }));
    for (const ended of archive.all()) {
      if (ended.role === 'purchase')
        this.judge(idOf(ended.terms.seller, host.ports.crypto.sha256), ended.agreed !== null);
    }
  }

  /** A purchase that runs on after a restart. */
  resume(lane: PurchaseLane, monotonicMs: number): void {
    const wanted = this.wantedBy(lane);
    if (wanted === undefined || wanted.lane !== null) return;
    wanted.lane = lane;
    wanted.startedMs = monotonicMs;
    this.purse?.begun(lane, limitOf(lane.terms));
  }

  /** A profile as it was retained under the id. Codes: profile-stale, not-authorised, those of `openProfile`. */
  onProfile(id: string, encoded: Uint8Array): Result<Profile> {
    const { crypto } = this.host.ports;
    const profile = openProfile(encoded, crypto.verify);
    if (!profile.ok) return profile;
    if (idOf(profile.value.key, crypto.sha256) !== id)
      return refuse('not-authorised', `a profile under ${id} is signed by another key`);
    const seller = this.sellerOf(id);
    if (seller === undefined)
      return refuse('busy', `${PROFILES_MAX} sellers are known; a newer one has to wait`);
    const known = seller.profile?.version ?? -1;
    if (profile.value.version < known)
      return refuse('profile-stale', `version ${profile.value.version} of ${id} came after ${known}`);
    seller.profile = profile.value;
    return ok(profile.value);
  }

  /** A birth or a death. Only a hint: it never ends what is paid for. */
  onStatus(id: string, status: Status): void {
    const seller = this.sellerOf(id);
    if (seller !== undefined && (seller.status === null || supersedes(status, seller.status)))
      seller.status = status;
  }

  /** Four times a second. True where a purchase has begun, so that less is demanded. */
  onTimer(nowMs: number, monotonicMs: number): boolean {
    let begun = false;
    for (const wanted of this.wanted) {
      const { lane } = wanted;
      if (lane === null) begun = this.search(wanted, nowMs, monotonicMs) || begun;
      else if (lane.state.phase === 'offering' && monotonicMs - wanted.startedMs > OFFER_MS_MAX)
        this.turns.step(lane, { kind: 'stop', reason: 'no answer' });
    }
    return begun;
  }

  onBought(lane: PurchaseLane, value: Value, atMs: number): void {
    const wanted = this.wantedBy(lane);
    if (wanted === undefined) return;
    wanted.file?.append(lane.terms.baseName, lane.terms.unit, value, atMs);
    if (typeof value !== 'object') return;
    wanted.values.push(value);
    if (wanted.values.length > VALUES_KEPT) wanted.values.shift();
  }

  /** What was bought is in its files. */
  close(): void {
    for (const { file } of this.wanted) file?.flush();
  }

  onEnded(lane: PurchaseLane, monotonicMs: number): void {
    const agreed = lane.state.agreedBytes !== null;
    this.judge(lane.peer, agreed);
    const seller = this.sellerOf(lane.peer);
    if (seller !== undefined && lane.state.reason !== 'readings') {
      seller.avoidUntilMs = monotonicMs + seller.avoidMs;
      seller.avoidMs = Math.min(seller.avoidMs * 2, AVOID_MS_MAX);
    } else if (seller !== undefined) seller.avoidMs = AVOID_MS;
    const wanted = this.wantedBy(lane);
    if (wanted?.lane !== lane) return;
    wanted.lane = null;
    wanted.detail = `the lease ended: ${lane.state.reason}`;
  }

  /** The demand to publish: the first that nothing is leased for, or null. */
  demand(issuedS: number, version: number): Uint8Array | null {
    const open = this.wanted.find((wanted) => wanted.lane === null && this.readingsLeft(wanted) > 0);
    if (open === undefined) return null;
    return signDemand(issuedS, version, this.demandOf(open.config), this.host.ports.signer);
  }

  status(): DemandStatus[] {
    return this.wanted.map((wanted) => ({
      name: wanted.config.name,
      state: wanted.lane !== null ? 'leased' : this.readingsLeft(wanted) > 0 ? 'searching' : 'done',
      detail: wanted.lane !== null ? `from ${wanted.lane.peer}` : wanted.detail,
      values: wanted.values.map(decimalToText),
    }));
  }

  private search(wanted: Wanted, nowMs: number, monotonicMs: number): boolean {
    const { config } = wanted;
    const readings = this.readingsLeft(wanted);
    if (readings === 0) return false;
    const match = this.bestMatch(config, monotonicMs);
    if (match === undefined) {
      // Where the only seller is left alone for a while, the detail goes on saying why.
      if (this.bestMatch(config, Number.POSITIVE_INFINITY) !== undefined) return false;
      wanted.detail = `no seller of ${config.kind} in ${config.unit} at this price is there`;
      return false;
    }
    const { crypto, signer } = this.host.ports;
    const wish = {
      buyer: signer.key,
      readings,
      budgetNano: this.budgetLeftNano(wanted),
      durationS: config.durationS,
    };
    const terms = this.termsWithin(match, wish, nowMs, crypto.random(16));
    if (!terms.ok) {
      wanted.detail = terms.detail;
      return false;
    }
    const begun = newPurchase(this.host.ports, terms.value, nowMs);
    const lane = purchaseLane(this.host, config.name, begun.state);
    this.purse?.begun(lane, limitOf(terms.value));
    wanted.lane = lane;
    wanted.startedMs = monotonicMs;
    const { handle } = begun.state;
    const mark = {
      kind: 'journal',
      record: demandRecord(handle, config.name),
      mark: begun.state.durable,
    } as const;
    this.turns.begin(lane, [mark, ...begun.effects]);
    return true;
  }

  /** As the owner's budget allows. Code: budget-exhausted. */
  private termsWithin(match: Match, wish: Wish, nowMs: number, nonce: Uint8Array): Result<Terms> {
    const terms = makeTerms(match, wish, nowMs, nonce);
    if (!terms.ok || this.purse === null) return terms;
    const { settler, seller, currency } = terms.value;
    const roomNano = this.purse.roomNano(settler, seller, currency, nowMs);
    const limitNano = limitOf(terms.value);
    if (limitNano <= roomNano) return terms;
    this.purse.short(settler, limitNano);
    return makeTerms(match, { ...wish, roomNano }, nowMs, nonce);
  }

  private bestMatch(config: BuyConfig, monotonicMs: number): Match | undefined {
    const candidates: Candidate[] = [];
    for (const { profile, status, avoidUntilMs, reliability } of this.sellers.values()) {
      if (profile !== null && status?.alive !== false && monotonicMs >= avoidUntilMs)
        candidates.push({ profile, reliability });
    }
    return rankMatches(this.demandOf(config), candidates)[0];
  }

  private demandOf(config: BuyConfig): Demand {
    const { kind, unit, currency, priceNanoMax, readings } = config;
    return { settlers: this.settlers, kind, unit, currency, priceNanoMax, readings };
  }

  /** 0 when the demand is met. */
  private readingsLeft({ config }: Wanted): number {
    if (config.repeat) return config.readings;
    let left = config.readings;
    for (const ended of this.archive.all()) {
      if (ended.role === 'purchase' && ended.name === config.name) left -= ended.delivered;
    }
    return Math.max(0, left);
  }

  private budgetLeftNano({ config }: Wanted): number {
    if (config.repeat) return config.budgetNano;
    let left = config.budgetNano;
    for (const ended of this.archive.all()) {
      if (ended.role === 'purchase' && ended.name === config.name) left -= ended.paidNano;
    }
    return Math.max(0, left);
  }

  /** What the open demands may still cost: an owner is asked for no more. */
  wantedNano(): number {
    const open = this.wanted.filter((wanted) => this.readingsLeft(wanted) > 0);
    return open.reduce((sum, wanted) => Math.min(NANO_MAX, sum + this.budgetLeftNano(wanted)), 0);
  }

  /** Paid to a seller through a settler, and reserved for it, by this side's books. */
  paidToNano(seller: Uint8Array, settler: Uint8Array): number {
    const isWith = (terms: Terms): boolean =>
      equalBytes(terms.seller, seller) && equalBytes(terms.settler, settler);
    let nano = 0;
    for (const ended of this.archive.all())
      if (ended.role === 'purchase' && isWith(ended.terms)) nano += ended.paidNano;
    for (const { lane } of this.wanted) if (lane !== null && isWith(lane.terms)) nano += limitOf(lane.terms);
    return nano;
  }

  private wantedBy(lane: PurchaseLane): Wanted | undefined {
    return this.wanted.find((wanted) => wanted.config.name === lane.name);
  }

  private sellerOf(id: string): Seller | undefined {
    const known = this.sellers.get(id);
    if (known !== undefined || this.sellers.size >= PROFILES_MAX) return known;
    const seller = {
      profile: null,
      status: null,
      avoidUntilMs: 0,
      avoidMs: AVOID_MS,
      reliability: RELIABILITY_UNKNOWN,
    };
    this.sellers.set(id, seller);
    return seller;
  }

  private judge(id: string, kept: boolean): void {
    const seller = this.sellerOf(id);
    if (seller === undefined) return;
    const changed = seller.reliability + (kept ? RELIABILITY_STEP : -RELIABILITY_STEP);
    seller.reliability = Math.max(0, Math.min(RELIABILITY_MAX, changed));
  }
}

const limitOf = ({ price, readingsMax, ticks }: Terms): number => limitNanoOf(price, readingsMax, ticks);
