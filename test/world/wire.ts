/**
 * Wire: an account of a lease that is kept from its messages alone, so that what the two sides believe can be
 * held against what really left them.
 */

import { equalBytes, toHex } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import type { Channel } from '../../schemas/open.ts';
import { decodeStream } from '../../schemas/stream.ts';
import { chainBlock, type Tick, walkBack } from '../../schemas/tick.ts';
import { parseVoucher, type Voucher, verifyVoucher } from '../../schemas/voucher.ts';

type Opened = { readonly voucher: Voucher; readonly hex: string; index: number; x: Uint8Array | null };

export class Wire {
  /** The highest total that anyone can prove with what the buyer's key let go. */
  releasedNano = 0;
  /** The highest reading that left the seller. */
  delivered = 0;
  private readonly crypto: Crypto;
  private channel: Channel | null = null;
  private readonly opened: Opened[] = [];
  private readonly readings = new Map<number, string>();

  constructor(crypto: Crypto) {
    this.crypto = crypto;
  }

  isOf(channel: Uint8Array): boolean {
    return this.channel !== null && equalBytes(this.channel.id, channel);
  }

  /** What the buyer sent; `channel` as the buyer opened it. */
  fromBuyer(bytes: Uint8Array, channel: Channel | null): void {
    this.channel = channel;
    const message = decodeStream(bytes);
    if (!message.ok || channel === null) return;
    if (message.value.kind === 'voucher') this.addVoucher(bytes, channel);
    else if (message.value.kind === 'tick') this.addTick(message.value.tick);
  }

  fromSeller(bytes: Uint8Array): void {
    const message = decodeStream(bytes);
    if (message.ok && message.value.kind === 'reading')
      this.delivered = Math.max(this.delivered, message.value.seq);
  }

  /** What reached the buyer: false where a number is used again for another reading. */
  reachedBuyer(bytes: Uint8Array): boolean {
    const message = decodeStream(bytes);
    if (!message.ok || message.value.kind !== 'reading') return true;
    const { seq } = message.value;
    const known = this.readings.get(seq);
    if (known === undefined) this.readings.set(seq, toHex(bytes));
    return known === undefined || known === toHex(bytes);
  }

  /** The buyer's disk has lost what is after reading `n`: it cannot hold another against it. */
  forgetReadings(n: number): void {
    for (const seq of this.readings.keys()) if (seq > n) this.readings.delete(seq);
  }

  private addVoucher(bytes: Uint8Array, channel: Channel): void {
    const hex = toHex(bytes);
    if (this.opened.some((each) => each.hex === hex)) return;
    const parsed = parseVoucher(bytes);
    if (!parsed.ok) return;
    if (!verifyVoucher(bytes, channel.id, channel.open.payer, this.crypto.verify).ok) return;
    this.opened.push({ voucher: parsed.value, hex, index: 0, x: parsed.value.anchor });
    this.releasedNano = Math.max(this.releasedNano, parsed.value.cumulativeNano);
  }

  /** A sequence number that was signed twice has two chains: the hashes tell which one a tick is of. */
  private addTick(tick: Tick): void {
    for (const each of this.opened) {
      const { seq, cumulativeNano, tickNano } = each.voucher;
      if (each.x === null || seq % 65536 !== tick.seq16 || tick.index <= each.index) continue;
      const block = chainBlock(this.channel!.id, seq);
      const link = walkBack(this.crypto.sha256, block, tick.index, each.index, tick.x);
      if (toHex(link) !== toHex(each.x)) continue;
      each.index = tick.index;
      each.x = tick.x;
      this.releasedNano = Math.max(this.releasedNano, cumulativeNano + tick.index * tickNano);
    }
  }
}
