/** What a meter does, said as plainly as possible: the specification of the C in another language. */

import { toHex } from '../../schemas/bytes.ts';
import type { Sha256 } from '../../schemas/crypto.ts';
import { checkInstall, roomOf } from '../../schemas/meter.ts';
import { CODES } from '../../schemas/result.ts';
import type { Install, Installation, MeterState, SerialTick } from '../../schemas/serial.ts';
import { chainBlock, walkBack } from '../../schemas/tick.ts';

/** Paid ticks between two marks that outlive a reset. */
export const STRIDE = 16;

const NOTHING: Installation = {
  number: 0,
  channel: new Uint8Array(32),
  seq: 0,
  anchor: new Uint8Array(16),
  ticks: 0,
  base: 0,
  window: 0,
};

export class MeterModel {
  readonly #sha256: Sha256;
  readonly #key: Uint8Array;
  #inForce = NOTHING;
  #index = 0;
  #delivered = 0;
  #marked = 0;
  /** Since the newest mark, this one included; the first costs nothing. */
  #starts = 0;

  constructor(sha256: Sha256, key: Uint8Array) {
    this.#sha256 = sha256;
    this.#key = key;
  }

  get state(): MeterState {
    const { number, seq } = this.#inForce;
    return { type: 'meter', number, seq, index: this.#index, delivered: this.#delivered, room: this.room };
  }

  get room(): number {
    const window = Math.floor(this.#inForce.window / 2 ** Math.max(0, this.#starts - 1));
    return roomOf(this.#inForce, this.#index, window, this.#delivered);
  }

  /** The code of the acknowledgement. */
  install(install: Install): number {
    const checked = checkInstall(this.#sha256, this.#key, this.#inForce.number, install);
    if (!checked.ok)
      return this.#isInForce(install) && checked.code === 'voucher-stale' ? 0 : CODES[checked.code];
    const sameChannel = toHex(install.channel) === toHex(this.#inForce.channel);
    if (!sameChannel || this.#inForce.number === 0) this.#delivered = install.base;
    this.#inForce = install;
    this.#index = this.#marked = this.#starts = 0;
    return 0;
  }

  /** Whether it is a fault. */
  tick(tick: SerialTick): boolean {
    const { channel, seq, anchor, ticks } = this.#inForce;
    if (tick.seq16 !== seq % 65536 || tick.index <= this.#index) return false;
    if (tick.index > ticks) return true;
    const end = walkBack(this.#sha256, chainBlock(channel, seq), tick.index, 0, tick.x);
    if (toHex(end) !== toHex(anchor)) return true;
    this.#index = tick.index;
    if (this.#index - this.#marked >= STRIDE || this.#starts > 0) {
      this.#marked = this.#index;
      this.#starts = 0;
    }
    return false;
  }

  /** All that it may: how many readings. */
  deliver(): number {
    const readings = this.room;
    this.#delivered += readings;
    return readings;
  }

  reset(): void {
    if (this.#inForce.number === 0) return;
    this.#index = this.#marked;
    this.#delivered = this.#inForce.base + this.#index;
    if (this.room > 0) this.#starts++;
  }

  #isInForce(install: Install): boolean {
    const bytes = ({ number, channel, seq, anchor, ticks, base, window }: Installation): string =>
      [number, toHex(channel), seq, toHex(anchor), ticks, base, window].join();
    return bytes(install) === bytes(this.#inForce);
  }
}
