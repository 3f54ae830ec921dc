/** When the sensors of a Firmata board are read, and what becomes a reading: of a period each, or at each change. */

import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { type Capability, PERIOD_MS_MAX } from '../../schemas/serial.ts';
import type { DeviceReading } from '../device.ts';
import { PERIOD_MS_MIN, type Reader } from './parts.ts';

/** Analog inputs are asked for twice per reading, within what the line and johnny-five do well. */
const SAMPLING_MS_MIN = 5;
const SAMPLING_MS_MAX = 100;

export type ReadingEvents = {
  /** The value of a sensor; undefined where there is none that is new. */
  readonly read: (reader: Reader) => Result<number> | undefined;
  readonly onReading: (reading: DeviceReading) => void;
  readonly onRefused: (refusal: Refusal) => void;
};

type Channel = {
  readonly reader: Reader;
  periodMs: number;
  seq: number;
  last: number | undefined;
  /** For how long nothing new was there when it was due. */
  missedMs: number;
  /** Told already that it has no value: once until it is well again. */
  isIll: boolean;
  timer: NodeJS.Timeout | undefined;
};

export class Readings {
  readonly #channels: readonly Channel[];
  readonly #events: ReadingEvents;
  readonly #silenceMs: number;
  #running = false;

  /** A sensor is told to be ill when it had no value for `silenceMs`, or for three of its periods. */
  constructor(readers: readonly Reader[], silenceMs: number, events: ReadingEvents) {
    this.#silenceMs = silenceMs;
    this.#events = events;
    this.#channels = readers.map((reader) => ({
      ...{ reader, periodMs: reader.periodMs, seq: 0 },
      ...{ last: undefined, missedMs: 0, isIll: false, timer: undefined },
    }));
  }

  get capabilities(): Capability[] {
    return this.#channels.map(({ reader, periodMs }) => ({ ...reader.capability, periodMs }));
  }

  /** How often the board has to tell its inputs. */
  get samplingMs(): number {
    const periods = this.#channels.map(({ periodMs }) => periodMs).filter((ms) => ms > 0);
    return Math.min(Math.max(Math.floor(Math.min(...periods) / 2), SAMPLING_MS_MIN), SAMPLING_MS_MAX);
  }

  /** From the first on. */
  start(): void {
    this.#running = true;
    for (const channel of this.#channels) {
      channel.seq = 0;
      channel.last = undefined;
      channel.missedMs = 0;
      channel.isIll = false;
      this.#schedule(channel);
    }
  }

  stop(): void {
    this.#running = false;
    for (const channel of this.#channels) clearInterval(channel.timer);
  }

  /** Codes: channel-unknown, value-out-of-range. */
  setPeriod(number: number, periodMs: number): Result<void> {
    const channel = this.#channels[number];
    if (channel === undefined)
      return refuse('channel-unknown', `no sensor ${number}: outputs have no period`);
    const isPeriod = periodMs >= PERIOD_MS_MIN && periodMs <= PERIOD_MS_MAX;
    if (!Number.isInteger(periodMs) || !(isPeriod || periodMs === 0)) {
      const range = `0 or ${PERIOD_MS_MIN} to ${PERIOD_MS_MAX} ms`;
      return refuse('value-out-of-range', `a period is ${range}, not ${periodMs}`);
    }
    channel.periodMs = periodMs;
    if (this.#running) this.#schedule(channel);
    return ok(undefined);
  }

  /** Something new was heard of the sensor. */
  heard(reader: Reader): void {
    const channel = this.#channels[reader.capability.channel]!;
    if (this.#running && tellsChanges(channel)) this.#measure(channel);
  }

  #schedule(channel: Channel): void {
    clearInterval(channel.timer);
    if (channel.periodMs > 0) channel.timer = setInterval(() => this.#measure(channel), channel.periodMs);
  }

  #measure(channel: Channel): void {
    const measured = this.#events.read(channel.reader);
    if (measured === undefined) {
      channel.missedMs += channel.periodMs;
      if (channel.missedMs >= Math.max(this.#silenceMs, 3 * channel.periodMs))
        this.#tellIll(channel, NOTHING);
      return;
    }
    channel.missedMs = 0;
    if (!measured.ok) {
      this.#tellIll(channel, measured);
      return;
    }
    channel.isIll = false;
    if (tellsChanges(channel) && channel.last === measured.value) return;
    channel.last = measured.value;
    const { channel: number, exponent } = channel.reader.capability;
    this.#events.onReading({ channel: number, seq: channel.seq++, mantissa: measured.value, exponent });
  }

  #tellIll(channel: Channel, { code, detail }: Refusal): void {
    if (!channel.isIll) this.#events.onRefused(refuse(code, `${channel.reader.name}: ${detail}`));
    channel.isIll = true;
  }
}

const NOTHING = refuse('device-failed', 'nothing new arrives for it: is it connected?');

/** A period of 0 is that for a sensor that was configured so; any other it stops. */
const tellsChanges = ({ reader, periodMs }: Channel): boolean => reader.periodMs === 0 && periodMs === 0;
