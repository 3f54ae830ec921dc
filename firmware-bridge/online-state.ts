/** Whether a device is there: awaited by who opens it, told to who listens from then on. */

import { ok, type Refusal, type Result } from '../schemas/result.ts';
import type { Audience, Counters } from './audience.ts';
import type { Device } from './device.ts';

export class OnlineState {
  readonly #audience: Audience;
  readonly #health: Counters;
  #isOnline = false;
  #isLost = false; // it was online and is not any more
  #settle: ((refusal: Refusal | undefined) => void) | undefined;

  constructor(audience: Audience, health: Counters) {
    this.#audience = audience;
    this.#health = health;
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** undefined when it is online, or what `refuse` was told before; `onLate` decides after `lateMs`. */
  opened(lateMs: number, onLate: () => void): Promise<Refusal | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(onLate, lateMs);
      this.#settle = (refusal) => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(refusal);
      };
    });
  }

  /** It will not come: whoever opens it need not wait. Once it was opened, this changes nothing. */
  refuse(refusal: Refusal): void {
    this.#settle?.(refusal);
  }

  /** It is there; or it still is, and is or can something else than before. */
  online(): void {
    this.#isOnline = true;
    if (this.#isLost) this.#health.reconnects++;
    this.#isLost = false;
    this.#settle?.(undefined);
    this.#audience.state({ online: true });
  }

  offline(refusal: Refusal): void {
    if (this.#isOnline) this.lost(refusal);
  }

  /** Told even where it was offline: what is there now is another. */
  lost({ code, detail }: Refusal): void {
    this.#isOnline = false;
    this.#isLost = true;
    this.#audience.state({ online: false, code, detail });
  }

  /** Of its own will, which nobody is told. */
  close(): void {
    this.#isOnline = false;
    this.#audience.clear();
  }
}

/** The device once it has come online; closed where it was refused. */
export const whenOnline = async <Opened extends Device>(
  device: Opened,
  refusal: Refusal | undefined,
): Promise<Result<Opened>> => {
  if (refusal === undefined) return ok(device);
  await device.close();
  return refusal;
};
