/** A device: a key, a clock that a settler's signed time sets, and the trades it takes part in. */

import type { Ports } from '../../agent/engine/effects.ts';
import { equalBytes, toHex } from '../../schemas/bytes.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { idOf } from '../../schemas/identity.ts';
import { encodeRequest, REQUEST_ID_BYTES, type Request } from '../../schemas/request.ts';
import { openTime } from '../../schemas/time.ts';
import type { Chance } from '../world/chance.ts';
import type { Party as Side } from '../world/options.ts';
import type { DevicePlan } from './plan.ts';
import type { Fault } from './schedule.ts';
import type { Timeline } from './timeline.ts';
import type { Trade } from './trade.ts';

/** Seconds are signed, and an answer takes a while. */
const RIGHT_MS = 5000;
const ASK_MS = 2000;
const ASK_MS_MAX = 60_000;

export type DeviceHost = {
  readonly time: Timeline;
  /** The settler's root key. */
  readonly settler: Uint8Array;
  readonly ask: (device: Device, bytes: Uint8Array) => void;
};

type History = { paidNano: number; unpaidNano: number };

export class Device {
  readonly plan: DevicePlan;
  readonly ports: Ports;
  /** Whom it buys and sells for: its own key where it has no budget. */
  readonly owner: Signer;
  /** As the broker knows its sender. */
  readonly id: string;
  /** Runs, and knows the time. */
  isUp = false;
  isRunning = false;
  cutUntilMs = 0;
  crashes = 0;
  /** Those that are not over. */
  readonly trades = new Set<Trade>();
  private readonly host: DeviceHost;
  private readonly chance: Chance;
  private readonly histories = new Map<string, History>();
  /** Trusted time less the world's, and the highest signed time, which the disk keeps. */
  private offsetMs = 0;
  private floorMs = 0;
  private lastMs = 0;
  private nonce: Uint8Array | null = null;
  private start = 0;
  private doom: (Fault & { readonly kind: 'crash' }) | null = null;
  private recordsLeft = 0;

  constructor(plan: DevicePlan, ports: Ports, owner: Signer, host: DeviceHost, chance: Chance) {
    this.plan = plan;
    this.ports = ports;
    this.owner = owner;
    this.host = host;
    this.chance = chance;
    this.id = idOf(ports.signer.key, ports.crypto.sha256);
  }

  get key(): Uint8Array {
    return this.ports.signer.key;
  }

  get name(): string {
    return `device ${this.plan.n} of party ${this.plan.party.n}`;
  }

  get isCut(): boolean {
    return this.host.time.nowMs < this.cutUntilMs;
  }

  /** Its own time: never goes back within a start. */
  timeMs(): number {
    this.lastMs = Math.max(this.lastMs, this.host.time.nowMs + this.offsetMs);
    return this.lastMs;
  }

  /** Its time is wrong by more than a signed time is. */
  get isWrong(): boolean {
    return Math.abs(this.offsetMs) > RIGHT_MS;
  }

  jump(ms: number): void {
    this.setOffset(this.offsetMs + ms);
  }

  private setOffset(ms: number): void {
    this.offsetMs = ms;
    if (this.isWrong) for (const trade of this.trades) trade.isBlurred = true;
  }

  /** Starts, and asks a settler for the time: it trades once that is known. */
  boot(): void {
    this.isRunning = true;
    this.start++;
    this.lastMs = 0;
    this.askTime(this.start, ASK_MS);
  }

  private askTime(start: number, waitMs: number): void {
    if (start !== this.start || this.isUp) return;
    const { random } = this.ports.crypto;
    this.nonce = random(16);
    const request: Request = { kind: 'time', id: random(REQUEST_ID_BYTES), parts: [this.nonce] };
    this.host.ask(this, encodeRequest(request));
    this.host.time.after(waitMs, () => this.askTime(start, Math.min(waitMs * 2, ASK_MS_MAX)));
  }

  hearTime(request: Request & { readonly kind: 'timed' }): void {
    if (!this.isRunning || this.nonce === null) return;
    const signed = openTime(request.parts[0], this.nonce, this.host.settler, this.ports.crypto.verify);
    if (!signed.ok) return;
    this.nonce = null;
    this.floorMs = Math.max(this.floorMs, signed.value * 1000);
    this.setOffset(this.floorMs - this.host.time.nowMs);
    this.isUp = true;
    for (const [trade, side] of this.sides()) trade.resume(side);
  }

  /** Its trades with the side it has in each. */
  sides(): (readonly [Trade, Side])[] {
    return [...this.trades].map(
      (trade) => [trade, trade.devices.seller === this ? 'seller' : 'buyer'] as const,
    );
  }

  reconnect(): void {
    for (const [trade, side] of this.sides()) trade.tell(side, { kind: 'connected' });
  }

  /** Dies right after one of the records to come. */
  crashLater(fault: Fault & { readonly kind: 'crash' }): void {
    this.doom = fault;
    this.recordsLeft = fault.records;
  }

  /** A record was written: true where it was the last thing this start did. */
  wrote(): boolean {
    if (this.doom === null || --this.recordsLeft > 0) return false;
    const { power, forMs } = this.doom;
    this.doom = null;
    this.crash(forMs);
    for (const [trade, side] of this.sides()) {
      if (power === 'kept') continue;
      const { disk } = trade.halves[side];
      if (power === 'cut') disk.cutPower(this.chance);
      else disk.loseUnsynced();
      trade.forgot = true;
    }
    return true;
  }

  /** No fault happens to it any more. */
  calm(): void {
    this.doom = null;
    this.cutUntilMs = 0;
    if (this.isWrong) this.crash(0);
    else if (this.isUp) this.reconnect();
  }

  crash(forMs: number): void {
    this.crashes++;
    this.isUp = false;
    this.isRunning = false;
    this.start++;
    const { start } = this;
    for (const [trade, side] of this.sides()) trade.stop(side);
    this.host.time.after(forMs, () => {
      if (start === this.start) this.boot();
    });
  }

  /** An older copy of its disk is put back. */
  putBack(share: number): void {
    this.crash(0);
    for (const [trade, side] of this.sides()) trade.putBack(side, share);
  }

  leases(): number {
    const running = [...this.trades].filter(({ devices, halves, sale }) => {
      return devices.seller === this && sale !== null && halves.seller.ended === '';
    });
    return running.length;
  }

  historyOf(buyer: Uint8Array): History {
    return this.histories.get(toHex(buyer)) ?? { paidNano: 0, unpaidNano: 0 };
  }

  /** A trade is over on this side. */
  leave(trade: Trade): void {
    this.trades.delete(trade);
    const { sale } = trade;
    if (sale === null || !equalBytes(sale.lease.terms.seller, this.key)) return;
    const { paidNano, unpaidNano } = this.historyOf(sale.lease.terms.buyer);
    this.histories.set(toHex(sale.lease.terms.buyer), {
      paidNano: paidNano + sale.claimedNano,
      unpaidNano: unpaidNano + Math.max(0, sale.sentNano - sale.verifiedNano),
    });
  }
}
