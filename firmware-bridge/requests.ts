/**
 * Commands and periods on their way to a board: one at a time, repeated until acknowledged. Every request
 * sets something and none adds, so a repetition does no harm.
 */

import { randomInt } from 'node:crypto';
import { codeOf, ok, type Result, refuse } from '../schemas/result.ts';
import { type Ack, type Command, checkSerial, type Period } from '../schemas/serial.ts';

type Request = Command | Period;

/** A lost frame is repeated twice; three in a row are no accident. */
const TRIES_MAX = 3;
/** Requests that wait for the one before: more come from a program that runs away. */
const WAITING_MAX = 16;
const ID_MAX = 2 ** 32 - 1;

type Outcome = { readonly kind: 'ack'; readonly code: number } | { readonly kind: 'late' | 'offline' };

export class Requests {
  readonly #send: (message: Request) => boolean;
  readonly #ackTimeoutMs: number;
  #id = randomInt(ID_MAX); // acknowledgements that an earlier process is owed do not match
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #current: { readonly id: number; readonly settle: (outcome: Outcome) => void } | undefined;

  /** `send` says whether the line took it. */
  constructor(send: (message: Request) => boolean, ackTimeoutMs: number) {
    this.#send = send;
    this.#ackTimeoutMs = ackTimeoutMs;
  }

  /** Codes: busy, value-out-of-range, channel-unknown, timeout, device-failed. */
  async ask(build: (id: number) => Request): Promise<Result<void>> {
    this.#id = (this.#id + 1) % ID_MAX;
    const message = build(this.#id);
    const checked = checkSerial(message);
    if (!checked.ok) return checked;
    if (this.#waiting >= WAITING_MAX) {
      return refuse('busy', `${WAITING_MAX} requests wait for the board already: wait for their answers`);
    }
    this.#waiting++;
    const answer = this.#last.then(() => this.#attempt(message));
    this.#last = answer;
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }

  /** False for an acknowledgement that nobody waits for. */
  settle(ack: Ack): boolean {
    if (this.#current?.id !== ack.id) return false;
    this.#current.settle({ kind: 'ack', code: ack.code });
    return true;
  }

  /** The connection is gone. */
  abandon(): void {
    this.#current?.settle({ kind: 'offline' });
  }

  async #attempt(message: Request): Promise<Result<void>> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const outcome = await this.#exchange(message);
      if (outcome.kind === 'offline')
        return refuse('device-failed', 'the board is not connected: try again later');
      if (outcome.kind === 'ack') return answerOf(message, outcome.code);
    }
    const waitedMs = TRIES_MAX * this.#ackTimeoutMs;
    return refuse('timeout', `channel ${message.channel}: no acknowledgement within ${waitedMs} ms`);
  }

  #exchange(message: Request): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#current?.settle({ kind: 'late' }), this.#ackTimeoutMs);
      const settle = (outcome: Outcome): void => {
        clearTimeout(timer);
        this.#current = undefined;
        resolve(outcome);
      };
      this.#current = { id: message.id, settle };
      if (!this.#send(message)) settle({ kind: 'offline' });
    });
  }
}

const answerOf = (message: Request, code: number): Result<void> => {
  if (code === 0) return ok(undefined);
  const what = message.type === 'command' ? `value ${message.value}` : `period ${message.periodMs} ms`;
  return refuse(codeOf(code) ?? 'device-failed', `the board refused ${what} for channel ${message.channel}`);
};
