/** A board whose time is the test's: send it messages, let milliseconds pass, look at what it said. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BoardName } from '../../hardware/avr/build.ts';
import { buildStation, buildValve, type StationWiring, type Wiring } from '../../hardware/bench/boards.ts';
import type { Chip } from '../../hardware/bench/chip.ts';
import type { Level, PinName } from '../../hardware/bench/chip-pins.ts';
import { parseHex } from '../../hardware/bench/hex.ts';
import type { Weather } from '../../hardware/bench/weather.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import {
  type Ack,
  type Capability,
  decodeSerial,
  encodeSerial,
  type Identity,
  type Reading,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../../schemas/serial.ts';

export const SERIAL = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
/** Longer than a board takes to start, measure and introduce itself. */
const BOOT_MS = 40;
/** An identity takes 15 ms on the line, a measurement 9 ms. */
const ANSWER_MS = 40;

export const programOf = (board: BoardName): Uint16Array => {
  const path = fileURLToPath(new URL(`../../hardware/avr/${board}.hex`, import.meta.url));
  const program = parseHex(readFileSync(path, 'utf8'));
  if (!program.ok) throw new Error(program.detail);
  return program.value;
};

export type Heard = { readonly atMs: number; readonly message: SerialMessage };

export class Board {
  readonly chip: Chip;
  readonly heard: Heard[] = [];
  readonly pins: string[] = [];
  noiseBytes = 0;
  #id = 0;
  #nonce = 0;

  constructor(build: (onSend: (byte: number) => void, onPin: (pin: PinName, level: Level) => void) => Chip) {
    const decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
    const onMessage = (bytes: Uint8Array): void => {
      const decoded = decodeSerial(bytes);
      if (!decoded.ok) throw new Error(`the board sent ${decoded.detail}`);
      this.heard.push({ atMs: this.chip.nowMs, message: decoded.value });
    };
    this.chip = build(
      (byte) =>
        decoder.push(Uint8Array.of(byte), onMessage, (noise) => {
          this.noiseBytes += noise.bytes.length;
        }),
      (pin, level) => this.pins.push(`${pin}=${level}`),
    );
  }

  send(message: SerialMessage): void {
    this.chip.receive(encodeFrame(encodeSerial(message)));
  }

  run(ms: number): void {
    this.chip.runMs(ms);
  }

  /** What the board said while `ms` passed. */
  during(ms: number): SerialMessage[] {
    const before = this.heard.length;
    this.run(ms);
    return this.heard.slice(before).map((one) => one.message);
  }

  boot(): SerialMessage[] {
    return this.during(BOOT_MS);
  }

  greet(): Identity {
    this.#nonce++;
    this.send({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: this.#nonce });
    const said = this.during(ANSWER_MS);
    const identity = said.find((one) => one.type === 'identity' && one.nonce === this.#nonce);
    if (identity === undefined) throw new Error(`no identity among ${JSON.stringify(said)}`);
    return identity as Identity;
  }

  /** The code of the acknowledgement. */
  command(channel: number, value: number): number {
    return this.#ask({ type: 'command', id: ++this.#id, channel, value });
  }

  setPeriod(channel: number, periodMs: number): number {
    return this.#ask({ type: 'period', id: ++this.#id, channel, periodMs });
  }

  readings(channel: number, messages: readonly SerialMessage[]): Reading[] {
    return messages.filter((one): one is Reading => one.type === 'reading' && one.channel === channel);
  }

  #ask(message: SerialMessage): number {
    this.send(message);
    const ack = this.during(ANSWER_MS).find((one): one is Ack => one.type === 'ack' && one.id === this.#id);
    if (ack === undefined) throw new Error(`no acknowledgement of ${JSON.stringify(message)}`);
    return ack.code;
  }
}

type Rest<T extends Wiring> = Omit<T, 'program' | 'serial' | 'onSend'>;

export const stationBoard = (wiring: Rest<StationWiring>): Board =>
  new Board((onSend) => buildStation({ program: programOf('station'), serial: SERIAL, onSend, ...wiring }));

export const valveBoard = (): Board =>
  new Board((onSend, onPin) => buildValve({ program: programOf('valve'), serial: SERIAL, onSend, onPin }));

export const names = (capabilities: readonly Capability[]): string[] => capabilities.map(({ name }) => name);

/** Weather that a sensor with every quantity measures. */
export const weather = (overrides: Partial<Weather> = {}): Weather => ({
  temperatureCentiC: 2025,
  pressurePa: 101_325,
  humidityCentiRh: 4711,
  windDeciMs: 38,
  ...overrides,
});
