/**
 * Requests on their way to a board: one at a time, repeated until answered. Every request sets something and
 * none adds, so a repetition does no harm.
 */

import { randomInt } from 'node:crypto';
import { CODES, codeOf, ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import {
  type Ack,
  type Chained,
  type ChainRequest,
  type Command,
  checkSerial,
  type Install,
  type MeterState,
  type Period,
  type Provision,
  type Release,
  type SerialTick,
} from '../schemas/serial.ts';
import { Queue } from './queue.ts';

export type Request = Command | Period | Install | ChainRequest | Release | Provision;
/** What a board says to a request, and to ticks. */
export type Reply = Ack | Chained | SerialTick | MeterState;
/** What a request waits for: its value in the reply, or null where it is another's or not all. */
export type Answer<T> = (reply: Reply) => Result<T> | null;

/** A lost frame is repeated twice; three in a row are no accident. */
const TRIES_MAX = 3;
/** What is acknowledged and then takes its time: a chain of 1,024 links, 3 s of hashes beside other work. */
const WORK_MS_MAX = 10_000;
const ID_MAX = 2 ** 32 - 1;

type Outcome<T> = Result<T> | 'late' | 'busy' | 'offline';
type Exchange = { readonly take: (reply: Reply) => boolean; readonly abandon: () => void };

/** An acknowledgement is all there is to wait for. */
export const acknowledged: Answer<void> = (reply) => (reply.type === 'ack' ? ok(undefined) : null);

export class Requests {
  readonly #send: (message: Request) => boolean;
  readonly #ackTimeoutMs: number;
  #id = randomInt(ID_MAX); // acknowledgements that an earlier process is owed do not match
  readonly #queue = new Queue('requests wait for the board already: wait for their answers');
  #current: Exchange | undefined;

  /** `send` says whether the line took it. */
  constructor(send: (message: Request) => boolean, ackTimeoutMs: number) {
    this.#send = send;
    this.#ackTimeoutMs = ackTimeoutMs;
  }

  /** Codes: busy, value-out-of-range, timeout, device-failed, and what the board refuses with. */
  async ask<T>(build: (id: number) => Request, answer: Answer<T>): Promise<Result<T>> {
    this.#id = (this.#id + 1) % ID_MAX;
    const message = build(this.#id);
    const checked = checkSerial(message);
    if (!checked.ok) return checked;
    return this.#queue.run(() => this.#attempt(message, answer));
  }

  /** False for a reply that nobody waits for. */
  settle(reply: Reply): boolean {
    return this.#current?.take(reply) ?? false;
  }

  /** The connection is gone. */
  abandon(): void {
    this.#current?.abandon();
  }

  async #attempt<T>(message: Request, answer: Answer<T>): Promise<Result<T>> {
    let outcome: Outcome<T> = 'late';
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      outcome = await this.#exchange(message, answer);
      if (outcome === 'offline')
        return refuse('device-failed', 'the board is not connected: try again later');
      if (outcome !== 'late' && outcome !== 'busy') return outcome;
    }
    if (outcome === 'busy')
      return refuse('busy', `${nameOf(message)}: the board is at another request: try again`);
    const waitedMs = TRIES_MAX * this.#ackTimeoutMs;
    return refuse('timeout', `${nameOf(message)}: no acknowledgement within ${waitedMs} ms`);
  }

  #exchange<T>(message: Request, answer: Answer<T>): Promise<Outcome<T>> {
    return new Promise((resolve) => {
      let late: 'late' | 'busy' = 'late';
      const settle = (outcome: Outcome<T>): void => {
        clearTimeout(timer);
        this.#current = undefined;
        resolve(outcome);
      };
      const wait = (ms: number): NodeJS.Timeout => setTimeout(() => settle(late), ms);
      let timer = wait(this.#ackTimeoutMs);
      const take = (reply: Reply): boolean => {
        if ('id' in reply && reply.id !== message.id) return false;
        if (reply.type === 'ack' && reply.code === CODES.busy) {
          late = 'busy'; // asked again when the time is over
          return true;
        }
        const value =
          reply.type === 'ack' && reply.code !== 0 ? refusalOf(message, reply.code) : answer(reply);
        if (value !== null) settle(value);
        else if (reply.type === 'ack') {
          clearTimeout(timer);
          timer = wait(message.type === 'chain' ? WORK_MS_MAX : this.#ackTimeoutMs);
        }
        return value !== null || reply.type === 'ack';
      };
      this.#current = { take, abandon: () => settle('offline') };
      if (!this.#send(message)) settle('offline');
    });
  }
}

const nameOf = (message: Request): string => {
  switch (message.type) {
    case 'command':
    case 'period':
      return `channel ${message.channel}`;
    case 'install':
      return `installation ${message.number}`;
    case 'chain':
      return `a chain of ${message.ticks} ticks`;
    case 'release':
      return `tick ${message.index}`;
    case 'provision':
      return ['the serial number', 'the meter key', 'the payer secret'][message.slot]!;
  }
};

const refusalOf = (message: Request, number: number): Refusal => {
  const code = codeOf(number) ?? 'device-failed';
  if (message.type === 'command')
    return refuse(code, `the board refused value ${message.value} for ${nameOf(message)}`);
  if (message.type === 'period')
    return refuse(code, `the board refused period ${message.periodMs} ms for ${nameOf(message)}`);
  const remedy = REMEDIES[`${message.type} ${code}`];
  return refuse(code, `the board refused ${nameOf(message)}${remedy === undefined ? '' : `: ${remedy}`}`);
};

/** What a person can do about what chips refuse. */
const REMEDIES: Readonly<Record<string, string>> = {
  'install signature-invalid': 'it has another meter key: name the file of the key that it was given',
  'install voucher-stale': 'it has had a higher number: look at the clock of this gateway',
  'install not-authorised': 'its meter has no key yet: tollbridge devices provision',
  'chain not-authorised': 'its payer has no secret yet: tollbridge devices provision',
  'release tick-unknown-voucher': 'it was reset since: ask for a new chain',
  'release voucher-stale': 'a later one was released already',
  'release tick-beyond-chain': 'the chain is not that long: ask for a new one',
  'provision not-authorised': 'it has one already, which cannot be changed',
};
