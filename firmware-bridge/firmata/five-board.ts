/**
 * johnny-five on one connection to a board that has answered: made when it is open, thrown away when it is lost.
 * firmata-io asks the board what its pins can; then the parts are made, each checked against that.
 */

import { EventEmitter } from 'node:events';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { quantity } from '../quantity.ts';
import { type Caller, classOf, type Parts, type Reader, suggestion } from './parts.ts';
import { Sandbox } from './sandbox.ts';
import { type Io, type Source, Sources } from './sources.ts';

export type FiveEvents = {
  readonly write: (bytes: Uint8Array) => void;
  /** Every part is made and reports. */
  readonly onReady: () => void;
  /** Nothing more comes from here. */
  readonly onFailed: (refusal: Refusal) => void;
  /** Something new was heard of the sensor. */
  readonly onHeard: (reader: Reader) => void;
  /** The board's own words. */
  readonly onText: (text: string) => void;
  /** A component that cannot do its work. */
  readonly onTrouble: (refusal: Refusal) => void;
};

type Method = (...args: unknown[]) => unknown;

/** A component of johnny-five, and what is known of its input. */
type Made = {
  readonly part: object;
  /** How often something arrived for it. */
  arrivals: number;
  /** What arrived is enough for a value. */
  isReady: boolean;
  readonly isLevel: boolean;
};

/** Of a message, to a person. */
const SHOWN_BYTES_MAX = 16;

export class FiveBoard {
  readonly #parts: Parts;
  readonly #events: FiveEvents;
  readonly #sandbox: Sandbox;
  readonly #transport = new EventEmitter();
  readonly #made = new Map<string, Made>();
  /** Arrivals that became the last reading. */
  readonly #used = new Map<Reader, number>();
  #io: Io | undefined;
  #samplingMs = 0;
  #failed = false;

  constructor(from: string, parts: Parts, events: FiveEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#sandbox = new Sandbox(from, (error) => this.#fail(error));
  }

  start(samplingMs: number): void {
    this.#samplingMs = samplingMs;
    Object.assign(this.#transport, {
      write: (bytes: Uint8Array, done?: () => void) => {
        this.#events.write(bytes);
        done?.();
      },
    });
    this.#sandbox.run(() => {
      const { Firmata } = this.#sandbox.require('firmata-io') as { Firmata: new (...args: unknown[]) => Io };
      // It waits for the board's boot message, which has long been sent: it shall ask at once.
      const options = { reportVersionTimeout: 1, samplingInterval: samplingMs };
      const io = new Firmata(this.#transport, options);
      io.on('error', (error: Error) => this.#fail(error));
      io.on('string', (text: string) => this.#events.onText(text));
      io.once('ready', () => this.#begin(io));
      this.#io = io;
    });
  }

  /** How often analog inputs are told. */
  sample(samplingMs: number): void {
    this.#sandbox.run(() => this.#io?.setSamplingInterval(samplingMs));
  }

  /** A whole message of the board. */
  receive(message: Uint8Array): void {
    const error = this.#sandbox.attempt(() => this.#transport.emit('data', message));
    if (error === undefined) return;
    const detail = `johnny-five cannot read ${Buffer.from(message.subarray(0, SHOWN_BYTES_MAX)).toString('hex')}`;
    this.#events.onTrouble(refuse('object-malformed', `${detail}: ${error.message}`));
  }

  /** undefined where nothing new has arrived. Codes: value-out-of-range, device-failed (no such property). */
  read(reader: Reader): Result<number> | undefined {
    const made = this.#made.get(keyOf(reader));
    if (made === undefined || !made.isReady) return undefined;
    const arrivals = this.#used.get(reader) ?? 0;
    if (made.isLevel ? made.arrivals === 0 : made.arrivals === arrivals) return undefined;
    const value = this.#valueOf(made.part, reader.property);
    if (value === undefined || value === null) return undefined;
    this.#used.set(reader, made.arrivals);
    return mantissaHalfEven(Number(value), reader);
  }

  /** Codes: value-out-of-range, config-invalid (no such method, or a pin that cannot). */
  call({ call, ...caller }: Caller, value: number): Result<void> {
    const exponent = caller.capability.exponent;
    const number = Number(`${value}e${exponent}`);
    if ('values' in call) {
      const method = exponent === 0 ? call.values[value] : undefined;
      if (method !== undefined) return this.#invoke(caller, method, []);
      return refuse(
        'value-out-of-range',
        `${caller.name} knows 0 to ${call.values.length - 1}, not ${number}`,
      );
    }
    if (number >= call.min && number <= call.max) return this.#invoke(caller, call.method, [number]);
    return refuse('value-out-of-range', `${caller.name} takes ${call.min} to ${call.max}, not ${number}`);
  }

  close(): void {
    this.#failed = true;
    this.#sandbox.close();
    this.#transport.removeAllListeners();
  }

  #invoke(caller: Pick<Caller, 'name' | 'class' | 'options'>, method: string, args: unknown[]): Result<void> {
    const part = this.#made.get(keyOf(caller))!.part as Record<string, Method>;
    const error = this.#sandbox.attempt(() => part[method]!(...args));
    return error === undefined ? ok(undefined) : refuse('config-invalid', `${caller.name}: ${error.message}`);
  }

  #begin(io: Io): void {
    this.#sandbox.run(() => {
      const five = this.#sandbox.require('johnny-five') as { Board: new (options: object) => EventEmitter };
      const board = new five.Board({ io, repl: false, debug: false, sigint: false });
      board.on('error', (error: Error) => this.#fail(error));
      board.once('ready', () => {
        const refusal = this.#build(five, io, board);
        if (refusal === undefined) this.#events.onReady();
        else this.#end(refusal);
      });
    });
  }

  #build(five: object, io: Io, board: object): Refusal | undefined {
    const sources = new Sources(five, io);
    for (const part of [...this.#parts.readers, ...this.#parts.callers]) {
      const type = classOf(five, part);
      if (!type.ok) return type;
      if (this.#made.has(keyOf(part))) continue; // two readings of one component
      try {
        // Its own default is 25 ms, whatever is asked of it.
        const freq = 'periodMs' in part && part.periodMs > 0 ? { freq: this.#samplingMs } : {};
        const options = { ...freq, ...structuredClone(part.options), board };
        const made = sources.find(() => new type.value(options));
        this.#made.set(keyOf(part), this.#listen(part.name, made.part, made.source));
      } catch (error) {
        return refuse('config-invalid', `${part.name}: ${(error as Error).message}`);
      }
    }
    return this.#check();
  }

  /** Whatever the board sends for a component says that its value is new; else it says so itself. */
  #listen(name: string, part: object, source: Source): Made {
    const emitter =
      typeof (part as { emit?: unknown }).emit === 'function' ? (part as EventEmitter) : undefined;
    const isReady = !source.isBus || emitter === undefined;
    const made: Made = { part, arrivals: 0, isReady, isLevel: source.isLevel };
    const tell = (): void => {
      for (const reader of this.#parts.readers) {
        if (this.#made.get(keyOf(reader)) === made) this.#events.onHeard(reader);
      }
    };
    const arrived = (): void => {
      made.arrivals++;
      if (made.arrivals === 1) tell();
    };
    source.listen(arrived);
    if (emitter === undefined) return made;
    const emit = emitter.emit as Method;
    emitter.on('error', (error: Error) => {
      this.#events.onTrouble(refuse('device-failed', `${name}: ${error.message}`));
    });
    emitter.emit = (...args: unknown[]) => {
      const told = emit.apply(emitter, args) as boolean;
      if (args[0] !== 'error') made.isReady = true;
      if (source.isOwn) arrived();
      if (made.arrivals > 0) tell();
      return told;
    };
    return made;
  }

  /** Names of properties and methods, which johnny-five would only miss later. */
  #check(): Refusal | undefined {
    for (const reader of this.#parts.readers) {
      const [first = ''] = reader.property.split('.');
      const { part } = this.#made.get(keyOf(reader))!;
      if (!(first in part)) return missing(reader, 'property', first, part);
    }
    for (const caller of this.#parts.callers) {
      const { part } = this.#made.get(keyOf(caller))!;
      const methods = 'values' in caller.call ? caller.call.values : [caller.call.method];
      const wrong = methods.find((name) => typeof (part as Record<string, unknown>)[name] !== 'function');
      if (wrong !== undefined) return missing(caller, 'method', wrong, part);
    }
    return undefined;
  }

  #valueOf(part: object, property: string): unknown {
    let value: unknown = part;
    this.#sandbox.run(() => {
      for (const name of property.split('.')) value = (value as Record<string, unknown> | null)?.[name];
    });
    return typeof value === 'function' ? undefined : value;
  }

  #fail(error: Error): void {
    this.#end(refuse('device-failed', `johnny-five failed: ${error.message}`));
  }

  #end(refusal: Refusal): void {
    if (this.#failed) return;
    this.close();
    this.#events.onFailed(refusal);
  }
}

/** The same class with the same options is one component, which several sensors read. */
const keyOf = (part: { readonly class: string; readonly options: object }): string =>
  `${part.class} ${JSON.stringify(part.options)}`;

/** johnny-five reckons in floats: they end here. Codes: value-out-of-range. */
const mantissaHalfEven = (value: number, reader: Reader): Result<number> => {
  if (!Number.isFinite(value))
    return refuse('value-out-of-range', 'its value is no number: is it connected?');
  const { unit, scale, exponent, zero } = reader;
  const above = zero === undefined ? value : value - Number(`${zero.mantissa}e${zero.exponent}`);
  const measured = quantity(String(above), { unit, scale, exponent });
  if (!measured.ok) return measured;
  return ok(Number(`${measured.value.mantissa}e${measured.value.exponent - exponent}`));
};

const missing = (
  part: { name: string; class: string },
  what: 'property' | 'method',
  word: string,
  component: object,
): Refusal => {
  const isMethod = (name: string): boolean => typeof Reflect.get(component, name) === 'function';
  const own = Object.getOwnPropertyNames(component);
  const inherited = Object.getOwnPropertyNames(Object.getPrototypeOf(component));
  const names = [...own, ...inherited].filter(
    (name) => /^[a-z]/.test(name) && name !== 'constructor' && isMethod(name) === (what === 'method'),
  );
  const detail = `${part.name}: ${part.class} has no ${what} ${word}${suggestion(word, names)}`;
  return refuse('config-invalid', detail);
};
