/**
 * The driver for boards with a Firmata firmware, ours or any other: whatever johnny-five knows how to read or drive
 * is a capability. johnny-five and firmata-io are optional packages, loaded when such a board is opened.
 *
 * The board is asked for its firmware until it answers, then put in its first state: pins are inputs and nothing
 * reports. A new johnny-five is made for each connection (`firmata/five-board.ts`). Firmata acknowledges nothing:
 * a command counts as done when the board has answered a question that was sent behind it.
 */

import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import type { Capability } from '../schemas/serial.ts';
import { Audience, newHealth } from './audience.ts';
import type { BackoffMs } from './backoff.ts';
import type { Device, DeviceIdentity, DeviceListener } from './device.ts';
import { FiveBoard } from './firmata/five-board.ts';
import {
  END_SYSEX,
  FirmataReader,
  firmwareOf,
  REPORT_FIRMWARE,
  REPORT_VERSION,
  START_SYSEX,
  SYSTEM_RESET,
} from './firmata/messages.ts';
import { classOf, type FirmataOutput, type FirmataSensor, type Parts, partsOf } from './firmata/parts.ts';
import { Readings } from './firmata/readings.ts';
import { Sandbox } from './firmata/sandbox.ts';
import { Greeting, type GreetingTiming } from './greeting.ts';
import { OnlineState, whenOnline } from './online-state.ts';
import { placeSerial } from './place-serial.ts';
import type { Binding } from './port.ts';
import { Queue } from './queue.ts';
import { SerialLine } from './serial-line.ts';

export type { FirmataOutput, FirmataSensor, PartOptions } from './firmata/parts.ts';

/** Of StandardFirmata, and of ours. */
const BAUD_RATE = 57_600;

/** All in milliseconds. */
export type FirmataTiming = GreetingTiming & {
  /** How long `openFirmata` waits until the board is ready. */
  readonly open: number;
  /** Until every part is made: pins and parts are a few hundred bytes. */
  readonly building: number;
  readonly ack: number;
  /** A board that said nothing for this long is asked for a sign of life. */
  readonly silence: number;
};

const TIMING: FirmataTiming = {
  open: 10_000,
  hello: 250,
  greeting: 5_000,
  building: 5_000,
  ack: 500,
  silence: 5_000,
};

const TEXT_LENGTH_MAX = 80;

const ASK_FIRMWARE = Uint8Array.of(START_SYSEX, REPORT_FIRMWARE, END_SYSEX);

export type FirmataOptions = {
  readonly path: string;
  /** Default: the ports of this system. */
  readonly binding?: Binding | undefined;
  readonly baudRate?: number | undefined;
  readonly sensors: readonly FirmataSensor[];
  readonly outputs: readonly FirmataOutput[];
  readonly timing?: Partial<FirmataTiming> | undefined;
  readonly backoff?: Partial<BackoffMs> | undefined;
  /** The file from whose place johnny-five and firmata-io are found (default: this one). */
  readonly from?: string | undefined;
};

/**
 * Resolves when the board has answered and every part is made. Codes: config-invalid, module-missing, port-denied
 * (at once); port-missing, port-in-use, timeout, device-failed (when it stayed so for `timing.open`).
 */
export const openFirmata = async (options: FirmataOptions): Promise<Result<Device>> => {
  const parts = partsOf(options.sensors, options.outputs);
  if (!parts.ok) return parts;
  const from = options.from ?? import.meta.url;
  const refusal = checkPackages(from, parts.value);
  if (refusal !== undefined) return refusal;
  const device = new FirmataDevice(options, parts.value, from);
  return whenOnline(device, await device.start());
};

/** Classes that were found, by the file that asked: a board that is away is looked for again and again. */
const found = new Set<string>();

/** Whether johnny-five is there and has the classes, before there is any board. */
const checkPackages = (from: string, { readers, callers }: Parts): Refusal | undefined => {
  const wanted = JSON.stringify([from, ...[...readers, ...callers].map((part) => part.class)]);
  if (found.has(wanted)) return undefined; // to load it all takes megabytes, and a small computer a while
  const sandbox = new Sandbox(from, () => {});
  try {
    sandbox.require('firmata-io');
    const five = sandbox.require('johnny-five') as object;
    for (const part of [...readers, ...callers]) {
      const known = classOf(five, part);
      if (!known.ok) return known;
    }
    found.add(wanted);
    return undefined;
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    const command = 'npm install johnny-five@2.1.0 firmata-io@2.3.0';
    return refuse('module-missing', `boards with Firmata need johnny-five and firmata-io: ${command}`);
  } finally {
    sandbox.close();
  }
};

class FirmataDevice implements Device {
  identity: DeviceIdentity;
  readonly health = newHealth();
  readonly meter = null;

  readonly #path: string;
  readonly #timing: FirmataTiming;
  readonly #from: string;
  readonly #parts: Parts;
  readonly #audience = new Audience();
  readonly #state = new OnlineState(this.#audience, this.health);
  readonly #greeting: Greeting;
  readonly #line: SerialLine;
  readonly #readings: Readings;
  #five: FiveBoard | undefined;
  #reader: FirmataReader | undefined;
  #building: NodeJS.Timeout | undefined;
  #answered: ((answered: boolean) => void) | undefined; // of the command that waits
  readonly #commands = new Queue('commands wait: send fewer');
  #lastRefusal: Refusal;

  constructor(options: FirmataOptions, parts: Parts, from: string) {
    this.#path = options.path;
    this.#timing = { ...TIMING, ...options.timing };
    this.#from = from;
    this.#parts = parts;
    this.#readings = new Readings(parts.readers, this.#timing.silence, {
      read: (reader) => this.#five?.read(reader),
      onReading: (reading) => this.#audience.reading(reading),
      onRefused: (refusal) => this.#audience.refused(refusal),
    });
    this.identity = { board: 'Firmata', firmware: '', serial: placeSerial(options.path) };
    this.#greeting = new Greeting(this.#timing, {
      onBegin: () => {},
      ask: () => this.#line.write(ASK_FIRMWARE),
      onUnanswered: () => {
        const detail = `no Firmata board answered at ${this.#path}: is it powered, has it a Firmata firmware, and is baudRate its own?`;
        this.#line.lose(refuse('timeout', detail));
      },
    });
    this.#line = new SerialLine(
      { ...options, binding: options.binding as never, baudRate: options.baudRate ?? BAUD_RATE },
      {
        onOpen: () => this.#onOpen(),
        onData: (chunk) => this.#reader?.push(chunk),
        onLost: (refusal) => this.#onLost(refusal),
      },
    );
    this.#lastRefusal = refuse('timeout', `${options.path} did not open in time`);
  }

  get capabilities(): readonly Capability[] {
    return [...this.#readings.capabilities, ...this.#parts.callers.map(({ capability }) => capability)];
  }

  get online(): boolean {
    return this.#state.isOnline;
  }

  /** undefined when every part is made. */
  start(): Promise<Refusal | undefined> {
    const opened = this.#state.opened(this.#timing.open, () => this.#state.refuse(this.#lastRefusal));
    this.#line.open();
    return opened;
  }

  listen(listener: DeviceListener): () => void {
    return this.#audience.add(listener);
  }

  async command(channel: number, value: number): Promise<Result<void>> {
    const caller = this.#parts.callers.find(({ capability }) => capability.channel === channel);
    if (caller === undefined) {
      const names = this.#parts.callers.map(({ name, capability }) => `${capability.channel} (${name})`);
      return refuse('channel-unknown', `no output ${channel}, there are: ${names.join(', ') || 'none'}`);
    }
    return this.#commands.run(() => {
      const called =
        this.#five === undefined || !this.online ? this.#offline() : this.#five.call(caller, value);
      return called.ok ? this.#acknowledged(caller.name) : called;
    });
  }

  async setPeriod(channel: number, periodMs: number): Promise<Result<void>> {
    const set = this.#readings.setPeriod(channel, periodMs);
    if (set.ok) this.#five?.sample(this.#readings.samplingMs);
    return set;
  }

  async close(): Promise<void> {
    this.#state.close();
    this.#drop();
    await this.#line.close();
  }

  // the line

  #onOpen(): void {
    this.#reader = new FirmataReader(
      this.health,
      (message) => this.#onMessage(message),
      (noise) => this.#audience.noise(noise),
    );
    this.#greeting.begin();
  }

  #onLost(refusal: Refusal): void {
    this.#drop();
    this.#lastRefusal = refusal;
    this.#state.offline(refusal);
    if (refusal.code === 'port-denied' || refusal.code === 'config-invalid') this.#state.refuse(refusal);
  }

  /** Everything that belongs to the connection. */
  #drop(): void {
    clearTimeout(this.#building);
    this.#greeting.end();
    this.#readings.stop();
    this.#five?.close();
    this.#five = undefined;
    this.#reader = undefined;
    this.#answered?.(false);
  }

  #onMessage(message: Uint8Array): void {
    const isReport = message[0] === START_SYSEX && message[1] === REPORT_FIRMWARE;
    if (this.online && message[0] === REPORT_VERSION) {
      // Nobody asks an open board for its version: it says so when it starts.
      this.#line.lose(
        refuse('device-failed', `the board at ${this.#path} was reset: its pins are inputs again`),
      );
      return;
    }
    this.#greeting.heard();
    if (isReport) this.#onReport(message);
    this.#five?.receive(message);
  }

  #onReport(report: Uint8Array): void {
    this.#answered?.(true);
    if (!this.#greeting.isOpen) return;
    if (this.online) this.#greeting.watch(this.#timing.silence);
    else this.#build(report);
  }

  // the parts

  #build(report: Uint8Array): void {
    const { name, version } = firmwareOf(report);
    this.identity = { ...this.identity, board: name, firmware: version };
    this.#greeting.end();
    this.#building = setTimeout(() => {
      this.#line.lose(refuse('timeout', `${name} at ${this.#path} does not say what its pins can: reset it`));
    }, this.#timing.building);
    this.#line.write(Uint8Array.of(SYSTEM_RESET));
    const five = new FiveBoard(this.#from, this.#parts, {
      write: (bytes) => this.#line.write(bytes),
      onReady: () => this.#ready(),
      onFailed: (refusal) => this.#line.lose(refusal),
      onHeard: (reader) => this.#readings.heard(reader),
      onText: (text) => this.#onText(text),
      onTrouble: (refusal) => this.#audience.refused(refusal),
    });
    this.#five = five;
    five.start(this.#readings.samplingMs);
  }

  #ready(): void {
    clearTimeout(this.#building);
    this.#line.settled();
    this.#greeting.watch(this.#timing.silence);
    this.#readings.start();
    this.#state.online();
  }

  #onText(text: string): void {
    const words = text.replace(/[^\x20-\x7e]/g, '').slice(0, TEXT_LENGTH_MAX);
    this.#audience.refused(refuse('device-failed', `the board at ${this.#path} says: ${words}`));
  }

  // commands

  #offline(): Refusal {
    return refuse('device-failed', `${this.#path} is offline: ${this.#lastRefusal.detail}`);
  }

  /** The board does one thing after the other. */
  #acknowledged(name: string): Promise<Result<void>> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answered?.(false), this.#timing.ack);
      this.#answered = (answered) => {
        clearTimeout(timer);
        this.#answered = undefined;
        if (answered) resolve(ok(undefined));
        else resolve(refuse('timeout', `${name}: the board did not answer, whether it obeyed is not known`));
      };
      this.#line.write(ASK_FIRMWARE);
    });
  }
}
