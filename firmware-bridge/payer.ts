/** The host's side of a payer (`schemas/spec/meter.md`): a chip whose chains nobody else can make. */

import { ok, type Result } from '../schemas/result.ts';
import type { Tick } from '../schemas/tick.ts';
import type { Requests } from './requests.ts';

export type MadeChain = {
  /** Which of the chip's chains it is. */
  readonly counter: number;
  readonly anchor: Uint8Array;
};

export class Payer {
  readonly #requests: Requests;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /** Codes: not-authorised, value-out-of-range, timeout, device-failed, busy. */
  chain(channel: Uint8Array, seq: number, ticks: number): Promise<Result<MadeChain>> {
    return this.#requests.ask(
      (id) => ({ type: 'chain', id, channel, seq, ticks }),
      (reply) => (reply.type === 'chained' ? ok({ counter: reply.counter, anchor: reply.anchor }) : null),
    );
  }

  /**
   * A tick of the newest chain; indices only rise. Codes: tick-unknown-voucher (the chip was reset since),
   * tick-beyond-chain, voucher-stale, timeout, device-failed, busy.
   */
  release(index: number): Promise<Result<Tick>> {
    return this.#requests.ask(
      (id) => ({ type: 'release', id, index }),
      (reply) =>
        reply.type === 'tick' && reply.index === index ? ok({ seq16: reply.seq16, index, x: reply.x }) : null,
    );
  }
}
