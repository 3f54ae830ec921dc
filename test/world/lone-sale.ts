/** A sale alone with a test: the test is its buyer, its settler, its clock and its disk. */

import type { Event, Mark } from '../../agent/engine/effects.ts';
import { saleFromRecords } from '../../agent/engine/sale/records.ts';
import { newSale, stepSale } from '../../agent/engine/sale/sale.ts';
import type { Sale, SaleOptions } from '../../agent/engine/sale/state.ts';
import { BACKINGS_USUAL } from '../../schemas/grant.ts';
import { nextHead } from '../../schemas/reading-chain.ts';
import type { Request, RequestKind, RequestOf } from '../../schemas/request.ts';
import { type Code, codeOf } from '../../schemas/result.ts';
import { type Statement, signStatement } from '../../schemas/statement.ts';
import { type Control, type ControlOf, decodeStream, encodeControl } from '../../schemas/stream.ts';
import { type Deal, must } from './deal.ts';
import { START_MS } from './options.ts';
import { Payer } from './payer.ts';

const DEFAULTS: SaleOptions = {
  exposureNanoMax: Number.MAX_SAFE_INTEGER,
  paidBeforeNano: 0,
  unpaidBeforeNano: 0,
  claimEveryMs: 1000,
  backings: BACKINGS_USUAL,
};

export class LoneSale {
  readonly deal: Deal;
  readonly payer: Payer;
  sale: Sale;
  nowMs = START_MS;
  /** Since `clear`. */
  sent: Uint8Array[] = [];
  requests: Request[] = [];
  notices: string[] = [];
  ended: string | null = null;
  readonly records: Uint8Array[] = [];
  private mark: Mark | null = null;

  constructor(deal: Deal, options: Partial<SaleOptions> = {}) {
    this.deal = deal;
    this.payer = new Payer(deal);
    const step = newSale(deal.seller, deal.lease, { ...DEFAULTS, ...options }, this.nowMs);
    this.sale = step.state;
    this.perform(step.effects);
  }

  /** With its grant, and `readings` produced but for what the window holds back. */
  static selling(deal: Deal, readings = 0, options: Partial<SaleOptions> = {}): LoneSale {
    const lone = new LoneSale(deal, options);
    lone.control({ kind: 'grant', parts: [deal.openBytes, deal.grantBytes] });
    lone.hear(lone.payer.voucher({ seq: 1 }));
    lone.produce(readings);
    return lone;
  }

  tell(event: Event): void {
    this.perform(stepSale(this.deal.seller, this.sale, event, this.nowMs).effects);
  }

  private perform(effects: ReturnType<typeof stepSale>['effects']): void {
    for (const effect of effects) {
      if (effect.kind === 'journal') {
        this.records.push(effect.record);
        this.mark = effect.mark;
      } else if (effect.kind === 'stream') this.sent.push(effect.bytes);
      else if (effect.kind === 'request') this.requests.push(effect.request);
      else if (effect.kind === 'notice') this.notices.push(effect.code);
      else if (effect.kind === 'ended') this.ended = effect.reason;
    }
  }

  /** A message of the buyer, and all that follows from it at once. */
  hear(bytes: Uint8Array): void {
    this.tell({ kind: 'message', bytes });
    this.tell({ kind: 'flush' });
  }

  control(control: Control): void {
    this.hear(encodeControl(control));
  }

  produce(readings: number): void {
    for (let i = 0; i < readings; i++) {
      this.nowMs += this.deal.terms.periodMs;
      this.tell({ kind: 'reading', value: { mantissa: 2000 + i, exponent: -2 }, atMs: this.nowMs });
    }
    this.tell({ kind: 'flush' });
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
    this.sale = must(saleFromRecords(this.deal.seller, this.records));
    this.tell({ kind: 'connected' });
  }

  clear(): void {
    this.sent = [];
    this.requests = [];
    this.notices = [];
  }

  /** Numbers of the readings that were sent. */
  get delivered(): number[] {
    return this.sent.flatMap((bytes) => {
      const message = decodeStream(bytes);
      return message.ok && message.value.kind === 'reading' ? [message.value.seq] : [];
    });
  }

  get refusals(): Code[] {
    return this.controls('refusal').map((control) => codeOf(control.parts[0]) as Code);
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

  /** Head after reading `n`, from the readings that were sent since `clear`, `n` of them from the first. */
  headAfter(n: number): Uint8Array {
    let head = this.deal.lease.id;
    for (let seq = 1; seq <= n; seq++) {
      const bytes = this.sent.find((each) => {
        const message = decodeStream(each);
        return message.ok && message.value.kind === 'reading' && message.value.seq === seq;
      });
      if (bytes === undefined) throw new RangeError(`reading ${seq} was not sent`);
      head = nextHead(this.deal.crypto.sha256, head, seq, bytes);
    }
    return head;
  }

  /** What an honest buyer states after `delivered` readings, or with `other` in it. */
  statement(delivered: number, other: Partial<Statement> = {}): Uint8Array {
    const { lease, channel, buyer } = this.deal;
    const stated: Statement = {
      channel: channel.id,
      delivered,
      paid: delivered,
      totalNano: this.sale.verifiedNano,
      head: this.headAfter(delivered),
      reason: 'buyer',
      ...other,
    };
    return signStatement(lease.id, stated, buyer.signer);
  }
}
