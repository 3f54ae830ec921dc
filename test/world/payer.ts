/** A payer in a test's hand: vouchers and ticks of any kind, honest or not. */

import type { Signer } from '../../schemas/crypto.ts';
import { buildChain, encodeTick, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { chanceOf } from './chance.ts';
import type { Deal } from './deal.ts';
import { PRICE_NANO } from './options.ts';

export type VoucherWish = {
  readonly seq: number;
  readonly cumulativeNano?: number;
  readonly readings?: number;
  readonly head?: Uint8Array;
  /** 0: no chain. */
  readonly tickNano?: number;
  /** Links of the chain, if not those of the terms. */
  readonly ticks?: number;
  readonly channel?: Uint8Array;
  /** The channel that the links are made for, if not the one that is signed. */
  readonly linksFor?: Uint8Array;
  readonly signer?: Signer;
  /** Another number, another chain under the same seq. */
  readonly fork?: number;
};

export class Payer {
  private readonly deal: Deal;
  private readonly chains = new Map<string, Uint8Array>();

  constructor(deal: Deal) {
    this.deal = deal;
  }

  voucher(wish: VoucherWish): Uint8Array {
    const channel = wish.channel ?? this.deal.channel.id;
    const tickNano = wish.tickNano ?? PRICE_NANO;
    const links = this.chain(
      wish.seq,
      wish.fork ?? 0,
      wish.ticks ?? this.deal.terms.ticks,
      wish.linksFor ?? channel,
    );
    const voucher = {
      seq: wish.seq,
      cumulativeNano: wish.cumulativeNano ?? 0,
      readings: wish.readings ?? 0,
      head: wish.head ?? this.deal.lease.id,
      anchor: tickNano === 0 ? null : linkAt(links, 0),
      tickNano,
    };
    return signVoucher(channel, voucher, wish.signer ?? this.deal.buyer.signer);
  }

  /** Tick `index` of the chain that a voucher of that seq opened. */
  tick(seq: number, index: number, fork = 0): Uint8Array {
    const links = this.chains.get(`${seq} ${fork}`);
    if (links === undefined) throw new RangeError(`no chain ${seq} was made`);
    return encodeTick(seq, index, linkAt(links, index));
  }

  private chain(seq: number, fork: number, ticks: number, channel: Uint8Array): Uint8Array {
    const last = chanceOf(seq * 1000 + fork).bytes(16);
    const links = buildChain(this.deal.crypto.sha256, channel, seq, last, ticks);
    this.chains.set(`${seq} ${fork}`, links);
    return links;
  }
}
