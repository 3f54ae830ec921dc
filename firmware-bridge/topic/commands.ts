/** Commands on their way to a device: done when it says what it is set to. */

import { ok, type Result, refuse } from '../../schemas/result.ts';
import type { Output } from './source.ts';

/** Commands that wait for their answers: more come from a program that runs away. */
const WAITING_MAX = 16;

type Waiter = {
  readonly name: string;
  readonly value: number;
  readonly settle: (result: Result<void>) => void;
};

export class Commands {
  readonly #publish: (topic: string, payload: string) => Promise<Result<void>>;
  readonly #timeoutMs: number;
  readonly #waiting = new Set<Waiter>();
  /** What outputs said they are set to. */
  readonly #states = new Map<string, number | undefined>();

  constructor(publish: (topic: string, payload: string) => Promise<Result<void>>, timeoutMs: number) {
    this.#publish = publish;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Resolves when the output has said that it is so, or, where it says nothing or was so before, when the
   * broker has taken the command. Codes: value-out-of-range, busy, timeout, device-failed.
   */
  async send(output: Output, value: number): Promise<Result<void>> {
    const { name, min, max } = output;
    if (!Number.isInteger(value) || value < min || value > max)
      return refuse('value-out-of-range', `${name} takes whole numbers from ${min} to ${max}, not ${value}`);
    if (this.#waiting.size >= WAITING_MAX)
      return refuse('busy', `${WAITING_MAX} commands wait for the device already: wait for their answers`);
    // Many devices say nothing when nothing changes.
    const isSo = this.#states.get(name) === value && ![...this.#waiting].some((one) => one.name === name);
    const mustAnswer = output.confirmed && !isSo;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const who = mustAnswer
          ? `${name} did not say that it is ${value}`
          : `the broker did not take ${output.topic}`;
        waiter.settle(refuse('timeout', `${who} within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
      const settle = (result: Result<void>): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve(result);
      };
      const waiter = { name, value, settle };
      this.#waiting.add(waiter);
      void this.#publish(output.topic, output.payloadOf(value)).then((taken) => {
        if (!taken.ok || !mustAnswer) settle(taken);
      });
    });
  }

  /** An output says what it is set to; `fresh` unless it said so long ago. */
  onState(name: string, value: number | undefined, fresh: boolean): void {
    this.#states.set(name, value);
    if (!fresh) return;
    for (const waiter of this.#waiting)
      if (waiter.name === name && waiter.value === value) waiter.settle(ok(undefined));
  }

  /** The connection is gone: nobody knows what the device does with what was sent. */
  abandon(): void {
    this.#states.clear();
    for (const waiter of this.#waiting)
      waiter.settle(refuse('device-failed', 'the connection to the broker was lost: send the command again'));
  }
}
