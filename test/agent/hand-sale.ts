/** What a sale shows of itself to its metering, moved by hand: taken, paid, and the vouchers and ticks that pay. */

import type { SaleLane } from '../../agent/lanes.ts';
import { acceptTick, acceptVoucher, type Held, newHeld } from '../../schemas/evidence.ts';
import type { Result } from '../../schemas/result.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { crypto, filled, keyOf, signer } from '../vectors/parties.ts';

export const PRICE_NANO = 1000;
export const TICKS = 32;
export const CHANNEL = filled(0xc1);

export class HandSale {
  readonly held: Held = newHeld(CHANNEL, keyOf('buyer'), 1e12, TICKS);
  readonly backlog = { base: 0, kept: [] as unknown[], first: 0 };
  readonly waiting: unknown[] = [];
  phase = 'selling';
  verifiedNano = 0;
  readonly lease;
  readonly lane = { state: this } as unknown as SaleLane;
  #links: Uint8Array = new Uint8Array();

  constructor(readingsMax = 1000) {
    this.lease = { terms: { price: [{ from: 1, priceNano: PRICE_NANO }], readingsMax } };
  }

  take(readings: number): void {
    for (let i = 0; i < readings; i++) this.backlog.kept.push(null);
  }

  /** A voucher for all that is paid, with a chain or without. */
  voucher(seq: number, isChained = true): void {
    this.#links = buildChain(crypto.sha256, CHANNEL, seq, filled(seq, 16), TICKS);
    const anchor = isChained ? linkAt(this.#links, 0) : null;
    const said = { seq, cumulativeNano: this.verifiedNano, readings: 0, head: filled(0), anchor };
    const bytes = signVoucher(CHANNEL, { ...said, tickNano: isChained ? PRICE_NANO : 0 }, signer('buyer'));
    this.#count(acceptVoucher(this.held, bytes, crypto));
  }

  pay(index: number): void {
    const seq16 = this.held.current!.voucher.seq;
    this.#count(acceptTick(this.held, { seq16, index, x: linkAt(this.#links, index) }, crypto));
  }

  #count(total: Result<number>): void {
    if (!total.ok) throw new Error(total.detail);
    this.verifiedNano = total.value;
  }
}
