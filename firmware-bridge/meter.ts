/**
 * The host's side of a meter (`schemas/spec/meter.md`): installs credit, and pays tick by tick.
 *
 * One tick is unanswered at most. Whatever is paid meanwhile waits as the newest alone, because a tick pays for
 * all before it; what the meter does not show is said again.
 */

import { ok, type Result } from '../schemas/result.ts';
import type { Installation, MeterState, SerialTick } from '../schemas/serial.ts';
import type { Tick } from '../schemas/tick.ts';
import type { Meter } from './device.ts';
import type { Requests } from './requests.ts';

/** Times that one tick is said: a meter that does not show it then will not take it. */
const SAID_MAX = 8;

export class BoardMeter implements Meter {
  keySet = false;
  state: MeterState | null = null;
  readonly #requests: Requests;
  readonly #send: (tick: SerialTick) => boolean;
  readonly #repeatMs: number;
  #newest: Tick | null = null;
  #said: Tick | null = null;
  #saidTimes = 0;
  #timer: NodeJS.Timeout | undefined; // runs while a tick is unanswered

  /** `repeatMs`: a tick that the meter does not show by then is said again. */
  constructor(requests: Requests, send: (tick: SerialTick) => boolean, repeatMs: number) {
    this.#requests = requests;
    this.#send = send;
    this.#repeatMs = repeatMs;
  }

  install(installation: Installation, mac: Uint8Array): Promise<Result<void>> {
    return this.#requests.ask(
      (id) => ({ ...installation, type: 'install', id, mac }),
      (reply) => (reply.type === 'meter' && reply.number === installation.number ? ok(undefined) : null),
    );
  }

  pay(tick: Tick): void {
    this.#newest = tick;
    if (this.#timer === undefined) this.#say();
  }

  onState(state: MeterState): void {
    const isSameCredit = this.state?.number === state.number;
    this.state = state;
    if (isSameCredit && this.#timer !== undefined && this.#isDue(this.#said)) return; // it walks, or it was no tick
    this.#stop();
    this.#say();
  }

  /** It is greeted, or gone: what it knows then is what it will say. */
  onNews(keySet: boolean): void {
    this.keySet = keySet;
    this.state = null;
    this.#stop();
  }

  #isDue(tick: Tick | null): tick is Tick {
    const { state } = this;
    return tick !== null && state !== null && tick.seq16 === state.seq % 65_536 && tick.index > state.index;
  }

  #say(): void {
    const tick = this.#newest;
    if (!this.#isDue(tick)) return;
    this.#saidTimes = tick === this.#said ? this.#saidTimes + 1 : 1;
    this.#said = tick;
    if (this.#saidTimes > SAID_MAX) return;
    this.#send({ ...tick, type: 'tick' });
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#say();
    }, this.#repeatMs);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
