/** A purchase alone with a test: the test is its seller, its settler, its clock and its disk. */

import type { Event, Mark } from '../../agent/engine/effects.ts';
import { newPurchase, stepPurchase } from '../../agent/engine/purchase/purchase.ts';
import { purchaseFromRecords } from '../../agent/engine/purchase/records.ts';
import type { Purchase } from '../../agent/engine/purchase/state.ts';
import type { Grant } from '../../schemas/grant.ts';
import { openChannel } from '../../schemas/open.ts';
import type { Request, RequestKind, RequestOf } from '../../schemas/request.ts';
import { encodeReading } from '../../schemas/senml.ts';
import { type Control, type ControlOf, decodeStream, encodeControl } from '../../schemas/stream.ts';
import { openLease, signLease } from '../../schemas/terms.ts';
import { type Deal, dealOf, grantFor, must, type Wish } from './deal.ts';
import { START_MS } from './options.ts';
import { Wire } from './wire.ts';

export class LonePurchase {
  /** The keys and terms; the lease and channel are those of this purchase once it has them. */
  deal: Deal;
  readonly wire: Wire;
  purchase: Purchase;
  nowMs = START_MS;
  /** Since `clear`. */
  sent: Uint8Array[] = [];
  requests: Request[] = [];
  notices: string[] = [];
  bought: number[] = [];
  ended: string | null = null;
  /** Most that was ever due for readings it held, whatever it forgot since. */
  dueNano = 0;
  readonly records: Uint8Array[] = [];
  private mark: Mark | null = null;

  constructor(wish: Wish = {}) {
    this.deal = dealOf(wish);
    this.wire = new Wire(this.deal.crypto);
    const step = newPurchase(this.deal.buyer, this.deal.terms, this.nowMs);
    this.purchase = step.state;
    this.perform(step.effects);
  }

  /** With lease and grant, its first chain opened. */
  static buying(wish: Wish = {}, grant: Partial<Grant> = {}): LonePurchase {
    const lone = new LonePurchase(wish);
    lone.lease();
    lone.grant(grant);
    lone.sync();
    return lone;
  }

  tell(event: Event): void {
    this.perform(stepPurchase(this.deal.buyer, this.purchase, event, this.nowMs).effects);
    this.dueNano = Math.max(this.dueNano, this.purchase.dueNano);
    if (this.wire.releasedNano > this.dueNano) {
      throw new Error(`released ${this.wire.releasedNano} nano for readings worth ${this.dueNano}`);
    }
  }

  private perform(effects: ReturnType<typeof stepPurchase>['effects']): void {
    for (const effect of effects) {
      if (effect.kind === 'journal') {
        this.records.push(effect.record);
        this.mark = effect.mark;
      } else if (effect.kind === 'stream') {
        this.sent.push(effect.bytes);
        this.wire.fromBuyer(effect.bytes, this.purchase.channel);
      } else if (effect.kind === 'request') this.requests.push(effect.request);
      else if (effect.kind === 'notice') this.notices.push(effect.code);
      else if (effect.kind === 'bought') this.bought.push(effect.seq);
      else if (effect.kind === 'ended') this.ended = effect.reason;
    }
  }

  /** The seller signs the newest offer. */
  lease(): void {
    const { id, parts } = this.asked('offer').at(-1)!;
    const bytes = signLease(parts[0], this.deal.seller.signer);
    this.deal = { ...this.deal, lease: must(openLease(bytes, this.deal.crypto)) };
    this.reply({ kind: 'lease', id, parts: [bytes] });
  }

  /** The settler grants the newest open, or says something else in its grant. */
  grant(other: Partial<Grant> = {}): void {
    const { id, parts } = this.asked('open').at(-1)!;
    const channel = must(openChannel(parts[0], this.deal.crypto));
    this.deal = { ...this.deal, openBytes: parts[0], channel };
    this.deal = { ...this.deal, grantBytes: grantFor(this.deal, other) };
    this.reply({ kind: 'grant', id, parts: [this.deal.grantBytes] });
  }

  reply(request: Request): void {
    this.tell({ kind: 'reply', request });
    this.tell({ kind: 'flush' });
  }

  /** A message of the seller, and all that follows from it at once. */
  hear(bytes: Uint8Array): void {
    this.tell({ kind: 'message', bytes });
    this.tell({ kind: 'flush' });
  }

  control(control: Control): void {
    this.hear(encodeControl(control));
  }

  /** Reading `seq`, as the seller sends it. */
  reading(seq: number, mantissa = 2000 + seq): void {
    this.hear(encodeReading({ seq, value: { mantissa, exponent: -2 }, offsetMs: 0 }));
  }

  readings(first: number, last: number): void {
    for (let seq = first; seq <= last; seq++) this.reading(seq);
  }

  /** The disk holds everything written so far. */
  sync(): void {
    if (this.mark !== null) this.tell({ kind: 'durable', mark: this.mark });
    this.tell({ kind: 'flush' });
  }

  /** Time passes, with the timer. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + 250);
      this.tell({ kind: 'timer' });
      this.tell({ kind: 'flush' });
    }
  }

  /** The process starts again from its first `count` records. */
  restart(count = this.records.length): void {
    this.records.length = count;
    this.purchase = must(purchaseFromRecords(this.deal.buyer, this.records));
    this.tell({ kind: 'connected' });
  }

  /** The seller answers the newest question of where it is, with `evidence` as its best. */
  resynced(voucher: Uint8Array | null, tick: Uint8Array | null, newest = 0): void {
    const nonce = this.controls('resync').at(-1)!.parts[0];
    this.control({ kind: 'resynced', parts: [nonce, voucher, tick, newest, this.deal.lease.id] });
  }

  clear(): void {
    this.sent = [];
    this.requests = [];
    this.notices = [];
  }

  /** Messages of that kind that were sent. */
  messages(kind: 'voucher' | 'tick'): Uint8Array[] {
    return this.sent.filter((bytes) => {
      const message = decodeStream(bytes);
      return message.ok && message.value.kind === kind;
    });
  }

  controls<K extends Control['kind']>(kind: K): ControlOf<K>[] {
    return this.sent.flatMap((bytes) => {
      const message = decodeStream(bytes);
      return message.ok && message.value.kind === kind ? [message.value as unknown as ControlOf<K>] : [];
    });
  }

  asked<K extends RequestKind>(kind: K): RequestOf<K>[] {
    return this.requests.filter((request) => request.kind === kind) as unknown as RequestOf<K>[];
  }
}
