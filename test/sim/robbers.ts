/** Robbers in the economy: those of `test/robbery`, with everything that is sent here in their ears. */

import type { Ports } from '../../agent/engine/effects.ts';
import type { HostCrypto } from '../../agent/host/host-crypto.ts';
import { Robber, type Role, type Scene } from '../robbery/robber.ts';
import type { Chance } from '../world/chance.ts';
import type { Message } from '../world/options.ts';
import type { Device } from './device.ts';
import type { Trade } from './trade.ts';

/** Of the messages that pass, one in so many is remembered: the ear is expensive. */
const HEARD_EVERY = 5;

export type Strike = { readonly name: string; readonly trade: Trade; readonly message: Message };

type Ear = { observe: (message: Message) => void };

export class Robbers {
  private readonly crypto: HostCrypto;
  private readonly stranger: Ports;
  private readonly settler: Ports;
  private readonly chance: Chance;
  private readonly ears: Ear[] = [];
  private readonly robbers = new Map<
    string,
    { readonly robber: Robber; readonly aim: (trade: Trade) => void }
  >();
  private passed = 0;

  constructor(crypto: HostCrypto, settler: Ports, stranger: Ports, chance: Chance) {
    this.crypto = crypto;
    this.settler = settler;
    this.stranger = stranger;
    this.chance = chance;
  }

  /** A message has passed the broker. */
  overhear(message: Message): void {
    if (this.ears.length === 0 || ++this.passed % HEARD_EVERY !== 0) return;
    for (const ear of this.ears) ear.observe(message);
  }

  /** What a robber does next to a trade; a party where `device` is one of the trade's, else whoever carries messages. */
  strike(trade: Trade, device: Device | null): Strike | null {
    const { seller, buyer } = trade.devices;
    const role = device === buyer ? 'payer' : device === seller ? 'payee' : 'outsider';
    const name = role === 'outsider' ? role : `${role} ${device!.plan.n}`;
    let known = this.robbers.get(name);
    if (known === undefined) {
      known = this.recruit(role, trade);
      this.robbers.set(name, known);
    }
    known.aim(trade);
    const move = known.robber.move();
    if (move === null) return null;
    if (role === 'payee') trade.robbedBy = 'seller';
    if (role === 'payer') trade.robbedBy ??= 'buyer';
    // A payer that robs signs what it likes: what is due says nothing about it.
    if (role === 'payer') trade.dueNano = Number.POSITIVE_INFINITY;
    return { name: move.name, trade, message: move.message };
  }

  private recruit(role: Role, first: Trade) {
    let trade = first;
    const { crypto, stranger, settler } = this;
    const scene: Scene & Ear = {
      crypto,
      observe: () => {},
      get ports() {
        const { seller, buyer } = trade.devices;
        return { seller: seller.ports, buyer: buyer.ports, settler, stranger };
      },
      get wire() {
        return trade.wire;
      },
      get purchase() {
        return trade.purchase;
      },
      get sale() {
        return trade.sale;
      },
      get nowMs() {
        return trade.nowMs;
      },
    };
    const robber = new Robber(scene, role, this.chance.below(2 ** 31));
    this.ears.push(scene);
    return {
      robber,
      aim: (next: Trade) => {
        trade = next;
      },
    };
  }
}
