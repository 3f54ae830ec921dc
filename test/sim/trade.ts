/** A trade: one buyer, one seller, their engines on disks of their own, and what a witness saw of it. */

import { newestOf } from '../../agent/engine/backlog.ts';
import type { Effect, Event, Ports } from '../../agent/engine/effects.ts';
import { makeTerms } from '../../agent/engine/offer.ts';
import { newPurchase, stepPurchase } from '../../agent/engine/purchase/purchase.ts';
import { purchaseFromRecords } from '../../agent/engine/purchase/records.ts';
import type { Purchase } from '../../agent/engine/purchase/state.ts';
import { saleFromRecords } from '../../agent/engine/sale/records.ts';
import { stepSale } from '../../agent/engine/sale/sale.ts';
import type { Sale } from '../../agent/engine/sale/state.ts';
import { equalBytes, toHex } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import type { Channel } from '../../schemas/open.ts';
import { totalNanoFor } from '../../schemas/price.ts';
import { decodeRequest, encodeRequest, type Request } from '../../schemas/request.ts';
import type { Result } from '../../schemas/result.ts';
import type { Statement } from '../../schemas/statement.ts';
import { must } from '../world/deal.ts';
import { Disk } from '../world/disk.ts';
import { DEPOSIT_NANO, type Message, type Party as Side } from '../world/options.ts';
import { brokenPromise } from '../world/promises.ts';
import { Wire } from '../world/wire.ts';
import type { Device } from './device.ts';
import type { Sides } from './dispute-books.ts';
import { Broken } from './invariants.ts';
import type { TradePlan } from './plan.ts';
import { sold } from './sold.ts';
import type { Timeline } from './timeline.ts';

/** The disk confirms what was written this much later, */
const SYNC_MS = 5;
/** and the first timer after something happened comes after this; then after twice as long each time. */
const TIMER_MS = 1000;
const TIMER_MS_MAX = 60_000;

export type TradeHost = {
  readonly time: Timeline;
  readonly crypto: Crypto;
  /** The settler's root key. */
  readonly settler: Uint8Array;
  readonly send: (trade: Trade, message: Message) => void;
  /** A channel was opened: its money is this trade's. */
  readonly opened: (trade: Trade, channelHex: string) => void;
  /** One side has nothing left to do. */
  readonly ended: (trade: Trade) => void;
};

type Half = {
  disk: Disk;
  ended: string;
  /** What is under way on the queue. */
  isFlushing: boolean;
  isSyncing: boolean;
  timerMs: number;
  timerAtMs: number;
  /** Requests that wait for the disk. */
  waiting: Message[];
};

const newHalf = (): Half => ({
  disk: new Disk(),
  ended: '',
  isFlushing: false,
  isSyncing: false,
  timerMs: 0,
  timerAtMs: Number.POSITIVE_INFINITY,
  waiting: [],
});

const other = (side: Side): Side => (side === 'seller' ? 'buyer' : 'seller');

export class Trade {
  readonly plan: TradePlan;
  readonly devices: { readonly seller: Device; readonly buyer: Device };
  readonly wire: Wire;
  readonly halves = { seller: newHalf(), buyer: newHalf() };
  sale: Sale | null = null;
  purchase: Purchase | null = null;
  /** What both signed, as the last of them to sign has it. */
  statement: Statement | null = null;
  /** Most that was ever due for readings a buyer held. */
  dueNano = 0;
  /** A disk has lost something. */
  forgot = false;
  /** An older copy was put back, or a clock was wrong: books may differ at its end, by a window at most. */
  isBlurred = false;
  /** Which party to it signed what it liked; the seller where both did. */
  robbedBy: Side | null = null;
  /** The buyer has the seller's signature under its statement: it is over there, and nothing is repeated. */
  isAgreed = false;
  /** The operator gave up what the settler had forgotten of it: receipts stay, the books say less. */
  isGivenUp = false;
  /** A side disputes it before the settler, and its statement is not filed meanwhile. */
  isQuarrelling = false;
  /** Most that the seller's disk held evidence of before an older copy of it was put back. */
  private onceHeldNano = 0;
  bought = 0;
  checks = 0;
  produced = 0;
  private readonly host: TradeHost;
  private channelHex: string | null = null;
  private opened: Channel | null = null;

  constructor(plan: TradePlan, seller: Device, buyer: Device, host: TradeHost) {
    this.plan = plan;
    this.devices = { seller, buyer };
    this.host = host;
    this.wire = new Wire(host.crypto);
  }

  get nowMs(): number {
    return this.host.time.nowMs;
  }

  /** Who is who on its channel. */
  get sides(): Sides | undefined {
    if (this.opened === null) return undefined;
    const { payer, payee, terms, limitNano } = this.opened.open;
    return { payer, payee, lease: terms, limitNano };
  }

  get isOver(): boolean {
    return this.halves.buyer.ended !== '' && (this.sale === null || this.halves.seller.ended !== '');
  }

  /** The buyer makes an offer on the seller's capability. */
  begin(): void {
    const { seller, buyer } = this.devices;
    const capability = seller.plan.capability!;
    const { settler } = this.host;
    const nowMs = buyer.timeMs();
    const profile = {
      key: seller.key,
      issuedS: 0,
      version: 1,
      settlers: [settler],
      capabilities: [capability],
    };
    const costNano = totalNanoFor(capability.price, this.plan.readings);
    const match = { profile, capability, settler, costNano, reliability: 500 };
    const { readings, durationS } = this.plan;
    const wish = { buyer: buyer.key, readings, budgetNano: DEPOSIT_NANO, durationS };
    const terms = must(makeTerms(match, wish, nowMs, buyer.ports.crypto.random(16)));
    const step = newPurchase(buyer.ports, terms, nowMs);
    this.purchase = step.state;
    this.perform('buyer', step.effects);
    this.stir('buyer');
  }

  /** The sensor has measured. */
  produce(): void {
    const { sale } = this;
    if (sale === null || newestOf(sale.backlog) >= sale.lease.terms.readingsMax) return;
    const value = { mantissa: 2000 + (this.produced++ % 97), exponent: -2 };
    this.tell('seller', { kind: 'reading', value, atMs: this.devices.seller.timeMs() });
  }

  tell(side: Side, event: Event): void {
    const device = this.devices[side];
    if (!device.isUp || this.halves[side].ended !== '') return;
    const nowMs = device.timeMs();
    if (side === 'seller') {
      if (this.sale === null) return;
      this.perform(side, stepSale(device.ports, this.sale, event, nowMs).effects);
    } else {
      if (this.purchase === null) return;
      this.perform(side, stepPurchase(device.ports, this.purchase, event, nowMs).effects);
      this.noteChannel();
    }
    if (event.kind !== 'flush') this.stir(side);
    this.check();
  }

  private noteChannel(): void {
    const channel = this.purchase?.channel;
    if (this.purchase !== null) this.dueNano = Math.max(this.dueNano, this.purchase.dueNano);
    if (channel == null || this.channelHex === toHex(channel.id)) return;
    this.channelHex = toHex(channel.id);
    this.opened = channel;
    this.host.opened(this, this.channelHex);
  }

  /** A flush once all that happens now has happened, and timers until it is quiet. */
  private stir(side: Side): void {
    const half = this.halves[side];
    if (!half.isFlushing) {
      half.isFlushing = true;
      this.host.time.after(0, () => {
        half.isFlushing = false;
        this.tell(side, { kind: 'flush' });
      });
    }
    this.wind(side, TIMER_MS);
  }

  private wind(side: Side, ms: number): void {
    const half = this.halves[side];
    const atMs = this.host.time.nowMs + ms;
    half.timerMs = ms;
    if (half.ended !== '' || half.timerAtMs <= atMs) return;
    half.timerAtMs = atMs;
    this.host.time.after(ms, () => {
      if (half.timerAtMs !== atMs) return;
      half.timerAtMs = Number.POSITIVE_INFINITY;
      const next = Math.min(half.timerMs * 2, TIMER_MS_MAX);
      if (side === 'buyer') this.giveUpOffer();
      this.tell(side, { kind: 'timer' });
      this.tell(side, { kind: 'flush' });
      // What the timer led to is answered by the other side: that stirs again.
      half.timerAtMs = Number.POSITIVE_INFINITY;
      this.wind(side, next);
    });
  }

  /** As a buyer's shell does, though that waits for seconds: an offer that nobody took is over with its lease. */
  private giveUpOffer(): void {
    const { purchase } = this;
    if (purchase?.phase !== 'offering' || this.devices.buyer.timeMs() < purchase.expiryS * 1000) return;
    this.tell('buyer', { kind: 'stop', reason: 'no answer' });
  }

  private perform(side: Side, effects: readonly Effect[]): void {
    const half = this.halves[side];
    for (const effect of effects) {
      if (effect.kind === 'journal') {
        half.disk.append(effect.record, effect.mark);
        this.syncSoon(side);
        if (this.devices[side].wrote()) return;
      } else if (effect.kind === 'stream')
        this.send({ from: side, to: other(side), on: 'stream', bytes: effect.bytes });
      else if (effect.kind === 'request') {
        const bytes = encodeRequest(effect.request);
        half.waiting.push({ from: side, to: effect.to, on: 'in', bytes });
        this.syncSoon(side);
      } else if (effect.kind === 'bought') this.bought++;
      else if (effect.kind === 'agreed') {
        this.statement = effect.statement;
        if (side === 'buyer') this.isAgreed = true;
      } else if (effect.kind === 'ended') this.end(side, effect.reason);
    }
  }

  private end(side: Side, reason: string): void {
    this.halves[side].ended = reason || 'ended';
    this.host.ended(this);
  }

  private syncSoon(side: Side): void {
    const half = this.halves[side];
    if (half.isSyncing) return;
    half.isSyncing = true;
    this.host.time.after(SYNC_MS, () => {
      half.isSyncing = false;
      if (!this.devices[side].isUp) return;
      const mark = half.disk.sync();
      if (mark !== null) this.tell(side, { kind: 'durable', mark });
      for (const message of half.waiting.splice(0)) this.send(message);
    });
  }

  private send(message: Message): void {
    if (message.on === 'stream') this.witness(message);
    this.host.send(this, message);
  }

  /** What leaves the two is written down by a witness, whoever sent it. */
  witness(message: Message): void {
    if (message.from === 'buyer') this.wire.fromBuyer(message.bytes, this.purchase?.channel ?? null);
    else if (message.from === 'seller') this.wire.fromSeller(message.bytes);
  }

  /** A message has reached one side. */
  hear(side: Side, on: Message['on'], bytes: Uint8Array): void {
    if (!this.devices[side].isUp) return;
    if (on === 'stream') {
      this.tell(side, { kind: 'message', bytes });
      return;
    }
    const request = decodeRequest(bytes);
    if (!request.ok) return;
    if (request.value.kind === 'offer') {
      if (side === 'seller') this.hearOffer(request.value);
    } else this.tell(side, { kind: 'reply', request: request.value });
  }

  /** A lease of an offer is made once; an offer of nobody's making is none. */
  private hearOffer(request: Request & { readonly kind: 'offer' }): void {
    const [offer] = request.parts;
    if (this.purchase === null || !equalBytes(offer, this.purchase.offerBytes)) return;
    if (this.sale === null) {
      const refusal = this.lease(offer);
      if (!refusal.ok) return;
    }
    const parts = [this.sale!.lease.bytes] as const;
    const bytes = encodeRequest({ kind: 'lease', id: request.id, parts });
    this.halves.seller.waiting.push({ from: 'seller', to: 'buyer', on: 'in', bytes });
    this.syncSoon('seller');
  }

  private lease(offer: Uint8Array): Result<unknown> {
    const step = sold(offer, this.devices.seller, this.host.settler);
    if (!step.ok) return step;
    this.sale = step.value.state;
    this.perform('seller', step.value.effects);
    this.stir('seller');
    return step;
  }

  /** An older copy of a disk is put back: the first `share` of its records, one at least. */
  putBack(side: Side, share: number): void {
    const { disk } = this.halves[side];
    if (side === 'seller') this.onceHeldNano = Math.max(this.onceHeldNano, disk.mark?.totalNano ?? 0);
    disk.keep(Math.max(1, Math.floor(disk.length * share)));
    this.forgot = true;
    this.isBlurred = true;
  }

  /** What nobody has evidence of any more: an older copy lacks it, and the buyer has what it waited for. */
  get lackedNano(): number {
    if (!this.isAgreed || this.sale === null) return 0;
    const { verifiedNano, claimedNano } = this.sale;
    return Math.max(0, this.onceHeldNano - Math.max(verifiedNano, claimedNano));
  }

  /** Nobody has evidence of that much any more, though there was some: a copy lacks it, and the buyer is gone. */
  lacks(totalNano: number): boolean {
    if (!this.isAgreed || this.sale === null || this.onceHeldNano < totalNano) return false;
    return this.sale.verifiedNano < totalNano;
  }

  /** The process of that side is gone. */
  stop(side: Side): void {
    this.halves[side].waiting.length = 0;
  }

  /** It starts again, from the disk alone. */
  resume(side: Side): void {
    const half = this.halves[side];
    half.ended = '';
    const records = half.disk.records();
    const { ports } = this.devices[side];
    if (side === 'seller') this.sale = this.rebuilt(records, ports, saleFromRecords);
    else {
      this.purchase = this.rebuilt(records, ports, purchaseFromRecords);
      this.wire.forgetReadings(this.purchase?.highest ?? 0);
    }
    const state = side === 'seller' ? this.sale : this.purchase;
    if (state === null || state.phase === 'ended') {
      // A buyer that has forgotten its offer never made it; a seller without the lease hears of it again.
      if (state !== null) this.end(side, state.reason);
      else if (side === 'buyer') this.end(side, 'forgotten');
      return;
    }
    this.tell(side, { kind: 'connected' });
  }

  private rebuilt<S>(
    records: readonly Uint8Array[],
    ports: Ports,
    from: (ports: Ports, records: readonly Uint8Array[]) => Result<S>,
  ): S | null {
    if (records.length === 0) return null;
    const state = from(ports, records);
    if (!state.ok) throw new Broken('journals are read again', `${this.name}: ${state.detail}`);
    return state.value;
  }

  get name(): string {
    return `trade ${this.plan.n} (${this.devices.seller.name} to ${this.devices.buyer.name})`;
  }

  /** For people. */
  get state(): string {
    return `the sale is ${this.sale?.phase ?? 'none'}, the purchase ${this.purchase?.phase ?? 'none'}`;
  }

  /** Holds after every step. */
  check(): void {
    this.checks++;
    const broken = brokenPromise(this);
    if (broken !== null) throw new Broken('promises of a lease', `${this.name}: ${broken}`);
  }
}
