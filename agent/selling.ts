/**
 * Selling: what is on offer, who may have it, and readings into the sales of it.
 *
 * A capability is on offer while its device is online: the device itself says kind and unit, the
 * configuration the price. Repeated offers get the lease they got before, for as long as it is remembered.
 */

import type { Device, DeviceReading } from '../firmware-bridge/device.ts';
import { multiplyNano } from '../schemas/amount.ts';
import { equalBytes } from '../schemas/bytes.ts';
import { parseObject } from '../schemas/cose.ts';
import { decimalOf } from '../schemas/decimal.ts';
import { idOf } from '../schemas/identity.ts';
import { type Price, priceNanoOf, totalNanoFor } from '../schemas/price.ts';
import type { Capability } from '../schemas/profile.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { openOffer, signLease, type Terms } from '../schemas/terms.ts';
import type { Archive } from './archive.ts';
import { capabilityOf } from './devices.ts';
import { acceptOffer, type Selling as Shelf } from './engine/offer.ts';
import { newSale } from './engine/sale/sale.ts';
import { meant } from './host/shape-part.ts';
import { type LaneHost, type LeaseLane, type SaleLane, saleLane } from './lanes.ts';
import type { Meters } from './meters.ts';
import type { Turns } from './turns.ts';

export type SellConfig = {
  /** Name on offer, and SenML base name of the readings. */
  readonly name: string;
  readonly device: string;
  /** Name of the sensor on the device. */
  readonly sensor: string;
  readonly price: Price;
  readonly currency: string;
  /** Most readings that may be delivered and unpaid. */
  readonly window: number;
  /** Ticks in a chain at most. */
  readonly ticks: number;
  /** Leases at once. */
  readonly slots: number;
  /** Asked of the device when it comes online; null leaves it as it is. */
  readonly periodMs: number | null;
};

/** Whose grants count, and most that may be owed through each. */
export type SettlerConfig = {
  readonly key: Uint8Array;
  readonly exposureNano: number;
  /** Backings of its grants that count (`backingBit`). */
  readonly backings: number;
  /** Earnings are claimed this often while a lease runs. */
  readonly claimEveryMs: number;
};

/** An instrument tells what it has one line after the other; a radio at home once in a while. */
const ABSENT_MS = 10_000;

/** Of a metered sensor that was stopped for another one, by a program that did not live to start it again. */
const METERED_PERIOD_MS = 1000;

type Shelved = {
  readonly config: SellConfig;
  /** As offered, or null while the device is away. */
  capability: Capability | null;
  /** What the board does when nobody asks for anything else. */
  periodMs: number;
  readonly sales: Set<SaleLane>;
  /** Since when its device is there without the sensor; infinite once that was told. */
  absentMs: number | null;
};

export class Selling {
  private readonly host: LaneHost;
  private readonly turns: Turns<LeaseLane>;
  private readonly settlers: readonly SettlerConfig[];
  private readonly archive: Archive;
  private readonly shelf: readonly Shelved[];
  private readonly meters: Meters;
  private readonly devices = new Map<string, Device>();
  /** By device name, then by the device's channel: where a reading goes. */
  private readonly byChannel = new Map<string, (Shelved | undefined)[]>();

  constructor(
    host: LaneHost,
    turns: Turns<LeaseLane>,
    settlers: readonly SettlerConfig[],
    archive: Archive,
    configs: readonly SellConfig[],
    meters: Meters,
  ) {
    this.host = host;
    this.turns = turns;
    this.settlers = settlers;
    this.archive = archive;
    this.meters = meters;
    this.shelf = configs.map((config) => ({
      config,
      capability: null,
      periodMs: 0,
      sales: new Set(),
      absentMs: null,
    }));
  }

  capabilities(): Capability[] {
    return this.shelf.flatMap((shelved) => (shelved.capability === null ? [] : [shelved.capability]));
  }

  /** A sale that runs on after a restart. */
  resume(lane: SaleLane): void {
    const shelved = this.shelf.find((one) => one.config.name === lane.name);
    if (shelved === undefined) return;
    shelved.sales.add(lane);
    if (isRunning(lane)) this.meters.of(shelved.config.device)?.begin(lane, shelved.config.window);
  }

  forget(lane: SaleLane): void {
    for (const { config, sales } of this.shelf) {
      if (!sales.delete(lane)) continue;
      this.meters.of(config.device)?.end(lane);
      this.setPeriods(config.device);
    }
  }

  /** True where what is on offer has changed. */
  onDevice(name: string, device: Device | null): boolean {
    const places: (Shelved | undefined)[] = [];
    let changed = false;
    for (const shelved of this.shelf) {
      const { config } = shelved;
      if (config.device !== name) continue;
      const sensor = device === null ? undefined : capabilityOf(device, config.sensor, 'sensor');
      changed ||= (sensor === undefined) !== (shelved.capability === null);
      if (sensor === undefined) {
        shelved.capability = null;
        continue;
      }
      places[sensor.channel] = shelved;
      shelved.periodMs = config.periodMs ?? (sensor.periodMs || shelved.periodMs);
      if (shelved.periodMs === 0 && device?.meter?.keySet === true) shelved.periodMs = METERED_PERIOD_MS;
      shelved.capability = capabilityFor(config, sensor.kind, sensor.unit, shelved.periodMs);
      for (const lane of shelved.sales) this.compare(lane, shelved.capability);
    }
    this.byChannel.set(name, places);
    if (device === null) this.devices.delete(name);
    else this.devices.set(name, device);
    this.setPeriods(name);
    this.meters.of(name)?.onDevice(device?.meter ?? null);
    return changed;
  }

  /** Sensors on offer that their devices do not have, each told once: most are typing errors. */
  absences(nowMs: number): string[] {
    const sentences: string[] = [];
    for (const shelved of this.shelf) {
      const { name, device, sensor } = shelved.config;
      const known = this.devices.get(device);
      if (known === undefined || shelved.capability !== null) {
        shelved.absentMs = null;
        continue;
      }
      shelved.absentMs ??= nowMs;
      if (nowMs - shelved.absentMs < ABSENT_MS) continue;
      shelved.absentMs = Number.POSITIVE_INFINITY;
      const has = known.capabilities.filter((one) => one.direction === 'sensor').map((one) => one.name);
      const hint = meant(sensor, has) || (has.length === 0 ? '' : `, it has ${has.join(', ')}`);
      sentences.push(`"${name}" is not on offer: ${device} has no sensor "${sensor}"${hint}`);
    }
    return sentences;
  }

  onReading(name: string, reading: DeviceReading, atMs: number): void {
    const shelved = this.byChannel.get(name)?.[reading.channel];
    if (shelved === undefined || shelved.sales.size === 0) return;
    const value = decimalOf(reading.mantissa, reading.exponent);
    for (const lane of shelved.sales) {
      if (lane.terms.unit === shelved.capability?.unit)
        this.turns.step(lane, { kind: 'reading', value, atMs });
    }
  }

  /**
   * What is on offer is measured as it is offered. On a metered board whatever is measured uses credit up: the
   * sensor that is being sold, alone.
   */
  private setPeriods(name: string): void {
    const device = this.devices.get(name);
    const places = this.byChannel.get(name) ?? [];
    const isMetered = device?.meter?.keySet === true;
    const sold = places.find((shelved) => shelved !== undefined && this.runningOn(shelved) > 0);
    for (const { channel, direction, periodMs } of device?.capabilities ?? []) {
      if (direction === 'actuator') continue;
      const shelved = places[channel];
      const isIdle = isMetered && (shelved === undefined || (sold !== undefined && shelved !== sold));
      const wantedMs = isIdle ? 0 : (shelved?.periodMs ?? periodMs);
      if (wantedMs !== periodMs) void device?.setPeriod(channel, wantedMs);
    }
  }

  /** A board that was replaced may measure something else under the same name. */
  private compare(lane: SaleLane, capability: Capability): void {
    const { kind, unit } = lane.terms;
    if (unit === capability.unit || !isRunning(lane)) return;
    const now = `${capability.kind} in ${capability.unit}`;
    this.host.onNotice(
      lane,
      'terms-unacceptable',
      `the board measures ${now}, not ${kind} in ${unit} as the lease says: none of it is delivered`,
    );
  }

  private runningOn(shelved: Shelved): number {
    return [...shelved.sales].filter(isRunning).length;
  }

  /**
   * A signed lease for an offer, or the one it got before. Codes: time-unproven, those of `openOffer` and
   * `acceptOffer`, lease-ended, device-failed.
   */
  accept(offer: Uint8Array, from: string, nowMs: number | null): Result<Uint8Array> {
    if (nowMs === null || !this.turns.open)
      return refuse(
        'time-unproven',
        'this seller does not know the time yet, or cannot write: try again soon',
      );
    const terms = openOffer(offer, this.host.ports.crypto);
    if (!terms.ok) return terms;
    if (idOf(terms.value.buyer, this.host.ports.crypto.sha256) !== from)
      return refuse('not-authorised', 'the offer is signed by another key than the one that sends it');
    const shelved = this.shelf.find((one) => one.config.name === terms.value.capability);
    for (const lane of shelved?.sales ?? []) {
      if (isFor(lane, offer)) return ok(lane.state.lease.bytes);
    }
    return this.lease(offer, terms.value, shelved, nowMs);
  }

  private lease(
    offer: Uint8Array,
    terms: Terms,
    shelved: Shelved | undefined,
    nowMs: number,
  ): Result<Uint8Array> {
    if (shelved !== undefined && shelved.capability === null)
      return refuse(
        'device-failed',
        `the device of ${shelved.config.name} is away: try again when it is back`,
      );
    const { crypto, signer } = this.host.ports;
    const lease = signLease(offer, signer);
    const id = crypto.sha256(lease);
    if (this.archive.holds('sale', id)) return refuse('lease-ended', 'that lease is over: make a new offer');
    const history = this.historyOf(terms.buyer);
    const accepted = acceptOffer(terms, this.shelfFor(shelved, history.unpaidNano), nowMs);
    if (!accepted.ok) return accepted;
    const exposure = this.exposureFor(terms);
    if (!exposure.ok) return exposure;
    const begun = newSale(
      this.host.ports,
      { id, bytes: lease, terms },
      {
        exposureNanoMax: exposure.value,
        paidBeforeNano: history.paidNano,
        unpaidBeforeNano: history.unpaidNano,
        claimEveryMs: this.settlerOf(terms).claimEveryMs,
        backings: this.settlerOf(terms).backings,
      },
      nowMs,
    );
    const lane = saleLane(this.host, begun.state);
    shelved!.sales.add(lane);
    this.turns.begin(lane, begun.effects);
    this.host.follow(lane);
    this.setPeriods(shelved!.config.device);
    this.meters.of(shelved!.config.device)?.begin(lane, shelved!.config.window);
    return ok(lease);
  }

  private shelfFor(shelved: Shelved | undefined, unpaidNano: number): Shelf {
    return {
      seller: this.host.ports.signer.key,
      settlers: this.settlers.map((settler) => settler.key),
      capabilities: this.capabilities(),
      ...this.slotsOf(shelved),
      unpaidNano,
    };
  }

  /** All sensors of a metered board share its credit: it has one sale at a time. */
  private slotsOf(shelved: Shelved | undefined): Pick<Shelf, 'leases' | 'leasesMax'> {
    if (shelved === undefined) return { leases: 0, leasesMax: 0 };
    const { device, slots } = shelved.config;
    if (this.devices.get(device)?.meter?.keySet !== true)
      return { leases: shelved.sales.size, leasesMax: slots };
    const board = this.shelf.filter((one) => one.config.device === device);
    return { leases: board.reduce((sum, one) => sum + this.runningOn(one), 0), leasesMax: 1 };
  }

  /** What the sales of this settler do not use yet, up to the worth of the lease. Code: exposure-exceeded. */
  private exposureFor(terms: Terms): Result<number> {
    let leftNano = this.settlerOf(terms).exposureNano;
    for (const { sales } of this.shelf) {
      for (const lane of sales) {
        if (equalBytes(lane.terms.settler, terms.settler)) leftNano -= lane.state.options.exposureNanoMax;
      }
    }
    const worthNano = totalNanoFor(terms.price, terms.readingsMax);
    if (leftNano < priceNanoOf(terms.price, 1))
      return refuse(
        'exposure-exceeded',
        'as much as this seller trusts that settler with is leased out: try later',
      );
    return ok(worthNano < 0 ? leftNano : Math.min(worthNano, leftNano));
  }

  /** `acceptOffer` has looked: it is pinned. */
  private settlerOf(terms: Terms): SettlerConfig {
    return this.settlers.find((one) => equalBytes(one.key, terms.settler))!;
  }

  private historyOf(buyer: Uint8Array): { readonly paidNano: number; readonly unpaidNano: number } {
    let paidNano = 0;
    let unpaidNano = 0;
    for (const ended of this.archive.all()) {
      if (ended.role !== 'sale' || !equalBytes(ended.terms.buyer, buyer)) continue;
      paidNano = Math.min(Number.MAX_SAFE_INTEGER, paidNano + ended.claimedNano);
      unpaidNano = Math.min(Number.MAX_SAFE_INTEGER, unpaidNano + ended.unpaidNano);
    }
    return { paidNano, unpaidNano };
  }
}

/** Not at its end, where no reading is delivered any more. */
const isRunning = (lane: SaleLane): boolean =>
  lane.state.phase === 'leased' || lane.state.phase === 'selling';

const isFor = (lane: SaleLane, offer: Uint8Array): boolean => {
  const envelope = parseObject(lane.state.lease.bytes);
  return envelope.ok && equalBytes(envelope.value.payload, offer);
};

const capabilityFor = (config: SellConfig, kind: string, unit: string, periodMs: number): Capability => {
  const windowNano = multiplyNano(priceNanoOf(config.price, 1), config.window);
  return {
    name: config.name,
    kind,
    unit,
    direction: 'sensor',
    periodMs,
    currency: config.currency,
    price: config.price,
    windowNano: windowNano < 0 ? Number.MAX_SAFE_INTEGER : windowNano,
    ticks: config.ticks,
  };
};
