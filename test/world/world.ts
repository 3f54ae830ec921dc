/**
 * A world of one seller, one buyer and a real settler, with a clock, a network and disks that are a test's to
 * break. Everything follows from the seed. `check` holds the promises of the money after every step.
 */

import type { Effect, Event, Ports } from '../../agent/engine/effects.ts';
import { newPurchase, stepPurchase } from '../../agent/engine/purchase/purchase.ts';
import { purchaseFromRecords } from '../../agent/engine/purchase/records.ts';
import type { Purchase } from '../../agent/engine/purchase/state.ts';
import { saleFromRecords } from '../../agent/engine/sale/records.ts';
import { newSale, stepSale } from '../../agent/engine/sale/sale.ts';
import type { Sale } from '../../agent/engine/sale/state.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { Settler } from '../../broker/settler/settler.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import { BACKINGS_USUAL } from '../../schemas/grant.ts';
import type { Capability } from '../../schemas/profile.ts';
import { decodeRequest, encodeRequest, type Request } from '../../schemas/request.ts';
import type { Statement } from '../../schemas/statement.ts';
import { signLease } from '../../schemas/terms.ts';
import { type Chance, chanceOf } from './chance.ts';
import { Disk } from './disk.ts';
import { capabilityOf, type Keys, leaseOf, openSettler, termsOf } from './market.ts';
import {
  type Address,
  DEPOSIT_NANO,
  type Faults,
  type Message,
  type Party,
  type PowerCut,
  QUIET,
  START_MS,
  type WorldOptions,
} from './options.ts';
import { brokenPromise, brokenSettlement } from './promises.ts';
import { Wire } from './wire.ts';

type Flying = Message & { readonly dueMs: number };

const SYNC_EVERY_MS = 5;
const TIMER_EVERY_MS = 250;

export class World {
  readonly chance: Chance;
  readonly options: WorldOptions;
  readonly crypto = nativeCrypto();
  readonly store: Store = openMemoryStore();
  wire = new Wire(this.crypto);
  /** Of the leases before this one. */
  readonly past: Wire[] = [];
  readonly ports: Keys;
  readonly capability: Capability;
  faults: Faults;
  nowMs = START_MS;
  /** How far each clock is off. */
  readonly clockMs = { seller: 0, buyer: 0, settler: 0 };
  settler!: Settler;
  sale: Sale | null = null;
  purchase: Purchase | null = null;
  disks = { seller: new Disk(), buyer: new Disk() };
  readonly down = { seller: false, buyer: false };
  readonly notices: string[] = [];
  readonly bought: number[] = [];
  statement: Statement | null = null;
  ended = { seller: '', buyer: '' };
  /** Most that was ever due for readings a buyer held, whatever its disk forgot since. */
  dueNano = 0;
  powerCut: PowerCut | null = null;
  /** A disk has lost something: what it knew may be missing until the other side has told it. */
  forgot = false;
  readonly paidInNano = BigInt(DEPOSIT_NANO);
  /** Every message that was sent, for tests that look at the wire. */
  observe: (message: Message) => void = () => {};
  /** Which messages reach their receiver; what is dropped was on the wire. */
  passes: (message: Message) => boolean = () => true;
  private flying: Flying[] = [];
  /** Requests that wait for the disk. */
  private readonly waiting: { readonly seller: Message[]; readonly buyer: Message[] } = {
    seller: [],
    buyer: [],
  };
  private readonly touched = { seller: false, buyer: false };
  private leaseBytes: Uint8Array | null = null;
  /** Leases that are over: none of them begins again. */
  private readonly archive = new Set<string>();
  /** Nothing has reached the settler since its books were last held against the promises. */
  private settled = false;
  /** What the seller believed of the settler then. */
  private trusted = '';

  constructor(options: WorldOptions) {
    this.options = options;
    this.chance = chanceOf(options.seed);
    this.faults = { ...QUIET, ...options.faults };
    const crypto = { ...this.crypto, random: this.chance.bytes };
    const portsOf = (): Ports => ({ crypto, signer: this.crypto.signerOf(this.chance.bytes(32)) });
    this.ports = { seller: portsOf(), buyer: portsOf(), settler: portsOf(), stranger: portsOf() };
    this.capability = capabilityOf(options);
  }

  async begin(): Promise<void> {
    this.settler = await openSettler(this.ports, this.store, () => this.timeOf('settler'));
    this.buy();
  }

  /** The buyer makes an offer on the seller's profile. */
  buy(): void {
    const nowMs = this.timeOf('buyer');
    const terms = termsOf(this.ports, this.capability, this.options, nowMs);
    const step = newPurchase(this.ports.buyer, terms, nowMs);
    this.purchase = step.state;
    this.perform('buyer', step.effects);
  }

  /** The next lease of the same two, on fresh disks. */
  buyAgain(): void {
    // This seller has one place: what the buyer gave up must not take it.
    const { offerBytes } = this.purchase!;
    this.archive.add(toHex(signLease(offerBytes, this.ports.seller.signer)));
    this.sale = null;
    this.leaseBytes = null;
    this.statement = null;
    this.disks = { seller: new Disk(), buyer: new Disk() };
    this.ended = { seller: '', buyer: '' };
    this.bought.length = 0;
    this.dueNano = 0;
    this.forgot = false;
    this.past.push(this.wire);
    this.wire = new Wire(this.crypto);
    this.buy();
  }

  /** A party's own clock, in ms since 1970. */
  timeOf(who: Address): number {
    return this.nowMs + this.clockMs[who];
  }

  /** Runs until both sides have ended, or for `forMs` of its own time; false where time ran out. */
  async run(forMs: number): Promise<boolean> {
    const untilMs = this.nowMs + forMs;
    while (this.nowMs < untilMs) {
      await this.tick();
      if (this.ended.seller !== '' && this.ended.buyer !== '' && this.flying.length === 0) return true;
    }
    return false;
  }

  /** Runs until something holds, for a minute at most. */
  async runUntil(holds: () => boolean): Promise<void> {
    for (let ms = 0; !holds(); ms++) {
      if (ms > 60_000) throw new Error(`seed ${this.options.seed}: nothing of the kind happened in a minute`);
      await this.tick();
    }
  }

  /** One millisecond. */
  async tick(): Promise<void> {
    this.nowMs++;
    await this.deliverDue();
    const sinceMs = this.nowMs - START_MS;
    if (sinceMs % this.capability.periodMs === 0) this.produce();
    for (const party of ['seller', 'buyer'] as const) {
      if (this.down[party]) continue;
      if (sinceMs % TIMER_EVERY_MS === 0) this.tell(party, { kind: 'timer' });
      if (sinceMs % SYNC_EVERY_MS === 0) {
        const mark = this.disks[party].sync();
        if (mark !== null) this.tell(party, { kind: 'durable', mark });
        for (const message of this.waiting[party].splice(0)) this.send(message);
      }
      if (this.touched[party]) this.tell(party, { kind: 'flush' });
      this.touched[party] = false;
    }
    await this.check();
  }

  produce(): void {
    const value = { mantissa: 2000 + (this.nowMs % 97), exponent: -2 };
    if (this.sale !== null && !this.down.seller)
      this.tell('seller', { kind: 'reading', value, atMs: this.timeOf('seller') });
  }

  tell(party: Party, event: Event): void {
    if (this.down[party]) return;
    this.touched[party] = event.kind !== 'flush';
    if (party === 'seller' && this.sale !== null) {
      const { restored } = this.sale;
      const { effects } = stepSale(this.ports.seller, this.sale, event, this.timeOf('seller'));
      // It has heard what the buyer holds. What was lost after that, and came while its row was broken, was no reading.
      if (restored && !this.sale.restored) this.wire.forgetReadings(this.purchase?.highest ?? 0);
      this.perform(party, effects);
    } else if (party === 'buyer' && this.purchase !== null) {
      this.perform(party, stepPurchase(this.ports.buyer, this.purchase, event, this.timeOf('buyer')).effects);
    }
  }

  private perform(party: Party, effects: readonly Effect[]): void {
    const other = party === 'seller' ? 'buyer' : 'seller';
    for (const effect of effects) {
      if (effect.kind === 'journal') {
        this.disks[party].append(effect.record, effect.mark);
        if (this.cutNow(party)) return;
      } else if (effect.kind === 'stream')
        this.send({ from: party, to: other, on: 'stream', bytes: effect.bytes });
      else if (effect.kind === 'request') {
        this.waiting[party].push({
          from: party,
          to: effect.to,
          on: 'in',
          bytes: encodeRequest(effect.request),
        });
      } else if (effect.kind === 'notice') this.notices.push(`${party} ${effect.code}`);
      else if (effect.kind === 'bought') this.bought.push(effect.seq);
      else if (effect.kind === 'agreed') this.statement = effect.statement;
      else if (effect.kind === 'ended') this.ended[party] = effect.reason;
    }
  }

  /** True where this was the last record before the power went: nothing after it happens. */
  private cutNow(party: Party): boolean {
    const cut = this.powerCut;
    if (cut === null || cut.party !== party || this.disks[party].length < cut.record) return false;
    this.powerCut = null;
    if (cut.survives === 'synced') this.disks[party].loseUnsynced();
    this.forgot = true;
    this.crash(party, false);
    return true;
  }

  /** Onto the network, through whoever tampers with it. */
  send(message: Message): void {
    this.observe(message);
    if (message.from === 'buyer' && message.on === 'stream')
      this.wire.fromBuyer(message.bytes, this.purchase?.channel ?? null);
    if (message.from === 'seller' && message.on === 'stream') this.wire.fromSeller(message.bytes);
    for (const each of this.options.tamper?.(message) ?? [message]) this.launch(each);
  }

  /** Onto the network, past anyone who tampers: what a hostile party sends. */
  launch(message: Message): void {
    const { loss, repetition, delayMsMax } = this.faults;
    if (this.chance.holds(loss)) return;
    const times = this.chance.holds(repetition) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.flying.push({ ...message, dueMs: this.nowMs + 1 + this.chance.below(delayMsMax + 1) });
    }
  }

  /** A message arrives now, is acted on, and everything is checked. */
  async strike(message: Message): Promise<void> {
    await this.deliver(message);
    if (message.to !== 'settler') this.tell(message.to, { kind: 'flush' });
    await this.check();
  }

  private async deliverDue(): Promise<void> {
    const due = this.flying.filter((each) => each.dueMs <= this.nowMs);
    if (due.length === 0) return;
    this.flying = this.flying.filter((each) => each.dueMs > this.nowMs);
    for (const message of due) await this.deliver(message);
  }

  private async deliver(message: Message): Promise<void> {
    const { from, to, on, bytes } = message;
    if (!this.passes(message)) return;
    if (to === 'settler') {
      this.settled = false;
      const answer = await this.settler.handle(from, bytes);
      if (answer !== undefined) this.send({ from: 'settler', to: from, on: 'in', bytes: answer });
    } else if (this.down[to]) return;
    else if (on === 'stream') {
      const isFirst = to !== 'buyer' || this.wire.reachedBuyer(bytes);
      // Only where messages keep their order: a delayed one of before a crash may meet its successor.
      if (!isFirst && this.inOrder && this.options.tamper === undefined)
        throw this.failure('a reading number was used again for another reading');
      this.tell(to, { kind: 'message', bytes });
    } else this.hearRequest(to, from, decodeRequest(bytes));
  }

  private hearRequest(to: Party, from: Address, request: ReturnType<typeof decodeRequest>): void {
    if (!request.ok) this.notices.push(`${to} ${request.code}`);
    else if (request.value.kind === 'offer') this.hearOffer(from, request.value);
    else this.tell(to, { kind: 'reply', request: request.value });
  }

  /** The part of a seller's shell that makes a lease of an offer, once. */
  private hearOffer(from: Address, request: Request & { readonly kind: 'offer' }): void {
    const nowMs = this.timeOf('seller');
    const lease = leaseOf(this.ports, this.capability, request.parts[0], nowMs);
    if (!lease.ok) {
      this.notices.push(`seller ${lease.code}`);
      return;
    }
    if (this.archive.has(toHex(lease.value.bytes))) return;
    if (this.leaseBytes === null) {
      this.leaseBytes = lease.value.bytes;
      const options = {
        exposureNanoMax: DEPOSIT_NANO,
        paidBeforeNano: 0,
        unpaidBeforeNano: 0,
        claimEveryMs: 1000,
        backings: BACKINGS_USUAL,
      };
      const step = newSale(this.ports.seller, lease.value, options, nowMs);
      this.sale = step.state;
      this.perform('seller', step.effects);
    }
    if (this.down.seller || toHex(this.leaseBytes) !== toHex(lease.value.bytes)) return;
    // A lease that the buyer has seen is not forgotten: the answer waits for the disk like any request.
    const answer = encodeRequest({ kind: 'lease', id: request.id, parts: [this.leaseBytes] });
    this.waiting.seller.push({ from: 'seller', to: from, on: 'in', bytes: answer });
  }

  /** The process is gone; with `power`, so is what the disk had not confirmed. */
  crash(party: Party, power: boolean): void {
    this.down[party] = true;
    this.waiting[party].length = 0;
    if (power) this.disks[party].cutPower(this.chance);
    this.forgot ||= power;
  }

  /** Starts again from the disk alone. */
  restart(party: Party): void {
    this.down[party] = false;
    this.ended[party] = '';
    const records = this.disks[party].records();
    if (party === 'seller') this.restartSeller(records);
    else if (records.length === 0) {
      this.wire.forgetReadings(0);
      this.buy();
    } else {
      const purchase = purchaseFromRecords(this.ports.buyer, records);
      if (!purchase.ok) throw this.failure(`${purchase.code}: ${purchase.detail}`);
      this.purchase = purchase.value;
      this.wire.forgetReadings(purchase.value.highest);
      if (purchase.value.phase === 'ended') this.ended.buyer = purchase.value.reason;
    }
    this.tell(party, { kind: 'connected' });
  }

  private restartSeller(records: readonly Uint8Array[]): void {
    if (records.length === 0) {
      this.sale = null;
      this.leaseBytes = null;
      return;
    }
    const sale = saleFromRecords(this.ports.seller, records);
    if (!sale.ok) throw this.failure(`${sale.code}: ${sale.detail}`);
    this.sale = sale.value;
    if (sale.value.phase === 'ended') this.ended.seller = sale.value.reason;
  }

  /** An older copy of the journal is put back, and the process starts from it. */
  putBack(party: Party, records: number): void {
    this.crash(party, false);
    this.disks[party].keep(records);
    this.forgot = true;
    this.restart(party);
  }

  /** Holds at every moment, whatever was lost, repeated or forged. */
  async check(): Promise<void> {
    if (this.purchase !== null) this.dueNano = Math.max(this.dueNano, this.purchase.dueNano);
    const broken = brokenPromise(this);
    if (broken !== null) throw this.failure(broken);
    const trusted = `${this.sale?.held?.limitNano} ${this.sale?.claimedNano} ${this.sale?.phase}`;
    if (this.settled && trusted === this.trusted) return;
    this.settled = true;
    this.trusted = trusted;
    const unsettled = await brokenSettlement(this);
    if (unsettled !== null) throw this.failure(unsettled);
  }

  private failure(promise: string): Error {
    return new Error(`seed ${this.options.seed}, ${this.nowMs - START_MS} ms: ${promise}`);
  }

  private get inOrder(): boolean {
    return this.faults.delayMsMax === 0;
  }
}
