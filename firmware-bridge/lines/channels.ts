/**
 * The capabilities of a text instrument and their readings: a channel for each quantity, in the order in which
 * they were first heard, with a sequence of ours. An instrument cannot be asked for another period: its
 * readings are thinned.
 */

import { decimalOf, decimalToText } from '../../schemas/decimal.ts';
import { CAPABILITIES_MAX } from '../../schemas/profile.ts';
import { type Refusal, type Result, refuse } from '../../schemas/result.ts';
import type { Capability } from '../../schemas/serial.ts';
import type { DeviceReading } from '../device.ts';
import { Thinning } from '../thinning.ts';
import { type Conversion, convert } from './conversion.ts';
import type { DecimalScanner } from './decimal-scanner.ts';
import type { Quantity, Sink } from './format.ts';

/** A quantity has one source; another kind of line is heard when that one has been silent for this long. */
const TAKEOVER_MS = 10_000;

export type ChannelEvents = {
  /** Something plausible was told, whether it becomes a reading or not. */
  readonly onValue: () => void;
  readonly onReading: (reading: DeviceReading) => void;
  /** Before the first reading of a capability that is new. */
  readonly onNew: () => void;
  readonly onRefused: (refusal: Refusal) => void;
};

type Channel = {
  readonly quantity: Quantity;
  capability: Capability;
  seq: number;
  source: number;
  heardMs: number;
};

const newChannel = (quantity: Quantity, number: number): Channel => ({
  quantity,
  capability: {
    channel: number,
    name: quantity.name,
    kind: quantity.kind,
    unit: quantity.unit,
    exponent: quantity.exponent,
    direction: 'sensor',
    periodMs: 0,
  },
  seq: 0,
  source: 0,
  heardMs: Number.NEGATIVE_INFINITY,
});

export class Channels implements Sink {
  /** Of the line that is being read: on any clock that only rises. */
  nowMs = 0;
  readonly #events: ChannelEvents;
  readonly #byName = new Map<string, Channel>();
  readonly #thinning = new Thinning();
  #capabilities: readonly Capability[] = [];

  constructor(quantities: readonly Quantity[], events: ChannelEvents) {
    this.#events = events;
    for (const quantity of quantities) this.#add(quantity);
  }

  get capabilities(): readonly Capability[] {
    return this.#capabilities;
  }

  measure(quantity: Quantity, written: DecimalScanner, by: Conversion, source: number): void {
    const mantissa = convert(written.mantissa, written.exponent, by, quantity.exponent);
    if (mantissa === undefined || mantissa < quantity.min || mantissa > quantity.max) {
      this.refuse(implausible(quantity, written, mantissa));
      return;
    }
    const channel = this.#byName.get(quantity.name) ?? this.#meet(quantity);
    if (channel === undefined) return;
    this.#events.onValue();
    if (channel.source !== source) {
      if (this.nowMs - channel.heardMs < TAKEOVER_MS) return;
      channel.source = source;
    }
    channel.heardMs = this.nowMs;
    const number = channel.capability.channel;
    if (!this.#thinning.take(number, this.nowMs)) return;
    this.#events.onReading({
      channel: number,
      seq: channel.seq++,
      mantissa,
      exponent: quantity.exponent,
    });
  }

  refuse(refusal: Refusal): void {
    this.#events.onRefused(refusal);
  }

  /** Thins to at most one reading in a period, the first of each. Codes: channel-unknown, value-out-of-range. */
  setPeriod(number: number, periodMs: number): Result<void> {
    const channel = [...this.#byName.values()][number];
    if (channel === undefined) {
      const has = this.#capabilities.length === 0 ? 'none yet' : `0 to ${this.#capabilities.length - 1}`;
      return refuse('channel-unknown', `the instrument has no sensor ${number}, it has ${has}`);
    }
    const set = this.#thinning.set(number, periodMs);
    if (!set.ok) return set;
    channel.capability = { ...channel.capability, periodMs };
    this.#list();
    return set;
  }

  #add(quantity: Quantity): Channel {
    const channel = newChannel(quantity, this.#byName.size);
    this.#byName.set(quantity.name, channel);
    this.#list();
    return channel;
  }

  #list(): void {
    this.#capabilities = [...this.#byName.values()].map(({ capability }) => capability);
  }

  #meet(quantity: Quantity): Channel | undefined {
    if (this.#byName.size < CAPABILITIES_MAX) {
      const channel = this.#add(quantity);
      this.#events.onNew();
      return channel;
    }
    this.refuse(
      refuse('busy', `${quantity.name} is one more than the ${CAPABILITIES_MAX} capabilities of a device`),
    );
    return undefined;
  }
}

const implausible = (
  { name, unit, exponent, min, max }: Quantity,
  written: DecimalScanner,
  mantissa: number | undefined,
): Refusal => {
  const plain = (value: number): string => decimalToText(decimalOf(value, exponent));
  const said =
    mantissa === undefined
      ? `${written.mantissa}e${written.exponent} as written`
      : `${plain(mantissa)} ${unit}`;
  return refuse('value-out-of-range', `${name} is ${said}, not from ${plain(min)} to ${plain(max)}`);
};
