/**
 * The driver for instruments that print text: lines on a serial line to a `Device`.
 *
 * Such an instrument answers no hello: it is known by the first line that tells a value, and given up when none
 * tells one for long. A line that is damaged or of no use is told with its reason and never stops the stream.
 */

import { type Refusal, type Result, refuse } from '../schemas/result.ts';
import type { Capability } from '../schemas/serial.ts';
import { Audience, newHealth } from './audience.ts';
import type { BackoffMs } from './backoff.ts';
import type { Device, DeviceIdentity, DeviceListener } from './device.ts';
import { Channels } from './lines/channels.ts';
import type { Format } from './lines/format.ts';
import { formatFor, type LinesFormat } from './lines/formats.ts';
import { LineReader } from './lines/line-reader.ts';
import { OnlineState, whenOnline } from './online-state.ts';
import type { Binding } from './port.ts';
import { SerialLine } from './serial-line.ts';

/** As the instruments leave their makers. */
const BAUD_RATES: Readonly<Record<LinesFormat['format'], number>> = {
  nmea: 4800,
  ultimeter: 2400,
  csv: 9600,
  json: 115_200,
  'key-value': 9600,
};

/** All in milliseconds. */
export type LinesTiming = {
  /** How long `openLines` waits for the port. */
  readonly open: number;
  /** Without a value for this long the instrument is away. */
  readonly silence: number;
  /** No instrument pauses for this long within a line. */
  readonly pause: number;
};

const TIMING: LinesTiming = { open: 10_000, silence: 60_000, pause: 100 };

export type LinesOptions = LinesFormat & {
  readonly path: string;
  /** Default: the ports of this system. */
  readonly binding?: Binding;
  /** Default: 4,800 for `nmea`, 2,400 for `ultimeter`, 9,600 for `csv` and `key-value`, 115,200 for `json`. */
  readonly baudRate?: number | undefined;
  readonly timing?: Partial<LinesTiming>;
  readonly backoff?: Partial<BackoffMs>;
};

/**
 * Resolves when a line has told a value; from then on the device looks after itself until closed.
 * Codes: config-invalid, port-denied (at once); port-missing, port-in-use, device-failed (when it stayed so for
 * `timing.open`); timeout (no value for `timing.silence`: says what was wrong with the last line).
 */
export const openLines = async (options: LinesOptions): Promise<Result<Device>> => {
  const format = formatFor(options);
  if (!format.ok) return format;
  const device = new LinesDevice(options, format.value);
  return whenOnline(device, await device.start());
};

class LinesDevice implements Device {
  identity: DeviceIdentity = { board: '', firmware: '', serial: '0'.repeat(16) };
  readonly health = newHealth();
  readonly meter = null;

  readonly #path: string;
  readonly #format: Format;
  readonly #timing: LinesTiming;
  readonly #audience = new Audience();
  readonly #state = new OnlineState(this.#audience, this.health);
  readonly #channels: Channels;
  readonly #line: SerialLine;
  #reader: LineReader | undefined; // of this connection, from its first bytes on
  #current: Buffer = Buffer.alloc(0); // the line that is being read
  #openByMs = 0; // then a port that is not there is the answer to `openLines`
  #openedMs = 0;
  #heardMs = 0; // when the port was opened, or a value was told
  #inNoise = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined; // of silence
  #lastRefusal: Refusal; // of the port, or of a line since the last value

  constructor(options: LinesOptions, format: Format) {
    this.#path = options.path;
    this.#format = format;
    this.#timing = { ...TIMING, ...options.timing };
    this.#lastRefusal = refuse('timeout', `${options.path} did not open in time`);
    this.#channels = new Channels(format.quantities, {
      onValue: () => this.#onValue(),
      onReading: (reading) => this.#audience.reading(reading),
      onNew: () => {
        if (this.online) this.#state.online();
      },
      onRefused: (refusal) => {
        this.health.strays++;
        this.#onRefused(refusal);
      },
    });
    this.#line = new SerialLine(
      { ...options, baudRate: options.baudRate ?? BAUD_RATES[options.format] },
      {
        onOpen: () => this.#onOpen(),
        onData: (chunk) => this.#onData(chunk),
        onLost: (refusal) => this.#onLost(refusal),
      },
    );
  }

  get online(): boolean {
    return this.#state.isOnline;
  }

  get capabilities(): readonly Capability[] {
    return this.#channels.capabilities;
  }

  /** undefined when the instrument has told a value. */
  start(): Promise<Refusal | undefined> {
    this.#openByMs = performance.now() + this.#timing.open;
    const opened = this.#state.opened(this.#timing.open, () => {
      if (this.#openedMs === 0) this.#state.refuse(this.#lastRefusal);
    });
    this.#line.open();
    return opened;
  }

  listen(listener: DeviceListener): () => void {
    return this.#audience.add(listener);
  }

  async command(channel: number): Promise<Result<void>> {
    return refuse(
      'channel-unknown',
      `${this.#path} has no output ${channel}: an instrument of text only tells`,
    );
  }

  async setPeriod(channel: number, periodMs: number): Promise<Result<void>> {
    return this.#channels.setPeriod(channel, periodMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#state.close();
    await this.#line.close();
  }

  // the line

  #onOpen(): void {
    this.#reader = undefined;
    this.#openedMs = performance.now();
    this.#heardMs = this.#openedMs;
    this.#lastRefusal = refuse('timeout', 'nothing was heard: is it on, and is the cable the right one?');
    this.#watch(this.#timing.silence);
  }

  #onLost(refusal: Refusal): void {
    clearTimeout(this.#timer);
    this.#reader?.end();
    this.#reader = undefined;
    this.#openedMs = 0;
    this.#lastRefusal = refusal;
    this.#state.offline(refusal);
    if (refusal.code === 'port-denied' || performance.now() >= this.#openByMs) this.#state.refuse(refusal);
  }

  #onData(chunk: Uint8Array): void {
    this.#channels.nowMs = performance.now();
    if (this.#reader === undefined) {
      // What comes at once was begun before we listened.
      const isPrompt = this.#channels.nowMs - this.#openedMs < this.#timing.pause;
      this.#reader = new LineReader(
        {
          onLine: (line, end) => this.#onLine(line, end),
          onNoise: (bytes, refusal) => this.#onNoise(bytes, refusal),
        },
        { beginsInside: this.#format.isCutUnseen && isPrompt },
      );
    }
    this.#reader.push(chunk);
  }

  #onLine(line: Buffer, end: number): void {
    this.#current = line;
    const damage = this.#format.read(line, end, this.#channels);
    if (damage === undefined) {
      this.health.messages++;
      if (this.#inNoise) this.health.resyncs++;
      this.#inNoise = false;
    } else this.#onDamaged(line.subarray(0, end), damage);
  }

  #onDamaged(line: Buffer, damage: Refusal): void {
    if (this.#reader?.split(line)) return;
    if (damage.code === 'frame-crc') this.health.checkErrors++;
    this.#onNoise(line, damage);
  }

  #onNoise(bytes: Uint8Array, refusal: Refusal | undefined): void {
    this.#inNoise = true;
    this.health.noiseBytes += bytes.length;
    this.#audience.noise(bytes);
    if (refusal !== undefined) this.#onRefused(refusal);
  }

  #onRefused(refusal: Refusal): void {
    this.#lastRefusal = refusal;
    this.#audience.refused(refusal);
  }

  // the instrument

  /** Before what the value becomes is told. */
  #onValue(): void {
    this.#heardMs = this.#channels.nowMs;
    if (this.online || this.#closed) return;
    this.identity = { ...this.identity, board: this.#format.board(this.#current.toString('latin1')) };
    this.#line.settled();
    this.#watch(this.#timing.silence);
    this.#state.online();
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onSilence(), ms);
  }

  /** The port stays open: the next value brings the instrument back. */
  #onSilence(): void {
    const leftMs = this.#timing.silence - (performance.now() - this.#heardMs);
    if (leftMs > 0) {
      this.#watch(leftMs);
      return;
    }
    const forS = this.#timing.silence / 1000;
    const refusal = refuse(
      'timeout',
      `${this.#path} told no value for ${forS} s; at last: ${this.#lastRefusal.detail}`,
    );
    this.#state.offline(refusal);
    this.#state.refuse(refusal);
  }
}
