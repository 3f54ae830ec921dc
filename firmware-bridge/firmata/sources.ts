/**
 * Where the values of a component come from: what it asked firmata-io and the drivers of johnny-five for while it
 * was made. Several components of one chip share a driver, and what answers on the two-wire bus is at first not
 * a value but how to reckon one.
 */

import type { EventEmitter } from 'node:events';
import { BUSES, BusError, MODES, PinError, pinsThatCan } from './pins.ts';

/** firmata-io, as far as it is used here. */
export type Io = EventEmitter & {
  readonly pins: readonly { readonly supportedModes: readonly number[] }[];
  readonly analogPins: readonly number[];
  setSamplingInterval(ms: number): void;
};
type Method = (...args: unknown[]) => unknown;

const DIGITAL_EVENT = /^digital-read-/;
/** Of a pin, which reports by itself: a component of several pins has a value when each has. */
const PIN_EVENT = /^(analog|digital)-read-/;
/** Up to the address: registers are asked for later, too. */
const REPLY_EVENT = /^I2C-reply-\d+-/;

export class Source {
  readonly #io: Io;
  readonly #events: readonly string[];
  readonly #drivers: readonly EventEmitter[];
  readonly #replies: Replies;

  constructor(io: Io, events: readonly string[], drivers: readonly EventEmitter[], replies: Replies) {
    this.#io = io;
    this.#events = events;
    this.#drivers = drivers;
    this.#replies = replies;
  }

  /** Nothing is known: only the component itself tells. */
  get isOwn(): boolean {
    return this.#events.length === 0 && this.#drivers.length === 0;
  }

  /** What arrives first may not be a value yet: the component tells when it has one. */
  get isBus(): boolean {
    return this.#drivers.length > 0 || this.#events.some((event) => REPLY_EVENT.test(event));
  }

  /** A level is told when it changes, everything else again and again. */
  get isLevel(): boolean {
    return this.#events.some((event) => DIGITAL_EVENT.test(event));
  }

  /** Calls when something new has arrived: of pins from when each has told something. */
  listen(arrived: () => void): void {
    for (const driver of this.#drivers) driver.on('data', arrived);
    if (this.#drivers.length > 0) return;
    const awaited = new Set(this.#events.filter((event) => PIN_EVENT.test(event)));
    for (const event of this.#events) {
      if (REPLY_EVENT.test(event)) this.#replies.set(event, [...(this.#replies.get(event) ?? []), arrived]);
      else {
        this.#io.on(event, () => {
          awaited.delete(event);
          if (awaited.size === 0) arrived();
        });
      }
    }
  }
}

/** By the beginning of their event. */
type Replies = Map<string, (() => void)[]>;

export class Sources {
  readonly #io: Io;
  readonly #events = new Set<string>();
  readonly #drivers = new Set<EventEmitter>();
  readonly #replies: Replies = new Map();

  /** From now on what a pin or board cannot do is thrown as a PinError or BusError. */
  constructor(five: object, io: Io) {
    this.#io = io;
    guard(io);
    const { Drivers } = (five as { IMU: { Drivers: Record<string, Method> } }).IMU;
    after(Drivers, 'get', (driver) => {
      this.#drivers.add((driver as EventEmitter).setMaxListeners(0)); // all parts of a board may share it
    });
    const methods = io as unknown as Record<string, Method>;
    for (const name of ['on', 'once', 'addListener']) {
      before(methods, name, (event: string) => this.#events.add(REPLY_EVENT.exec(event)?.[0] ?? event));
    }
    for (const name of ['i2cWrite', 'i2cWriteReg']) {
      before(methods, name, (address: number) => this.#events.add(`I2C-reply-${address}-`));
    }
    after(methods, 'emit', (_told, event) => {
      const reply = REPLY_EVENT.exec(String(event));
      for (const arrived of (reply && this.#replies.get(reply[0])) ?? []) arrived();
    });
  }

  /** Makes a component and finds its source. */
  find<Part>(make: () => Part): { readonly part: Part; readonly source: Source } {
    this.#events.clear();
    this.#drivers.clear();
    const part = make();
    return { part, source: new Source(this.#io, [...this.#events], [...this.#drivers], this.#replies) };
  }
}

const before = (methods: Record<string, Method>, name: string, note: (...args: never[]) => void): void => {
  const method = methods[name]!.bind(methods);
  methods[name] = (...args) => {
    note(...(args as never[]));
    return method(...args);
  };
};

const after = (
  methods: Record<string, Method>,
  name: string,
  note: (returned: unknown, ...args: unknown[]) => void,
): void => {
  const method = methods[name]!.bind(methods);
  methods[name] = (...args) => {
    const returned = method(...args);
    note(returned, ...args);
    return returned;
  };
};

/** johnny-five and firmata-io use a pin without asking whether it can. */
const guard = (io: Io): void => {
  const methods = io as unknown as Record<string, Method>;
  const digital = (pin: number, mode: number): void => {
    if (!io.pins[pin]?.supportedModes.includes(mode)) throw new PinError(pin, mode, pinsThatCan(io, mode));
  };
  const analog = (input: number): void => {
    if (io.analogPins[input] === undefined)
      throw new PinError(`A${input}`, MODES.ANALOG, pinsThatCan(io, MODES.ANALOG));
  };
  before(methods, 'pinMode', (pin: number, mode: number) =>
    mode === MODES.ANALOG ? analog(pin) : digital(pin, mode),
  );
  before(methods, 'analogRead', analog);
  before(methods, 'servoConfig', (pin: number) => digital(pin, MODES.SERVO));
  before(methods, 'digitalWrite', (pin: number) => digital(pin, MODES.OUTPUT));
  before(methods, 'digitalRead', (pin: number) => digital(pin, MODES.INPUT));
  for (const [name, mode] of Object.entries(BUSES)) {
    before(methods, name, () => {
      if (!io.pins.some(({ supportedModes }) => supportedModes.includes(mode))) throw new BusError(mode);
    });
  }
};
