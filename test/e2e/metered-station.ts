/** Our firmware with its meter on an emulated chip, whose gateway may be a bad one: it keeps and replays installations. */

import { buildStation } from '../../hardware/bench/boards.ts';
import { type Chip, RESET_POWER } from '../../hardware/bench/chip.ts';
import { type Pace, startPace } from '../../hardware/bench/pace.ts';
import type { Pty } from '../../hardware/bench/pty.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { decodeSerial, type MeterState, SERIAL_MESSAGE_BYTES_MAX } from '../../schemas/serial.ts';
import { programOf, SERIAL } from '../hardware/board.ts';
import { plugAt } from './instruments.ts';
import type { Trade } from './trade.ts';

/** Chip seconds per second. */
const SPEED = 2;
/** It gets warmer with each measurement: a value that is sold twice shows. */
const WARMING = Array.from({ length: 3000 }, (_, i) => ({
  ...{ temperatureCentiC: -2000 + 2 * i, pressurePa: 100_000 + 10 * i, humidityCentiRh: 5000 },
  windDeciMs: 50,
}));

const decoder = (onMessage: (encoded: Uint8Array) => void): ((chunk: Uint8Array) => void) => {
  const frames = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  return (chunk) => frames.push(chunk, onMessage, () => {});
};

export class MeteredStation {
  readonly keyFile: string;
  /** Frames of installations, as the host sent them. */
  readonly installs: Uint8Array[] = [];
  meter: MeterState | null = null;
  readings = 0;
  resets = 0;
  readonly #trade: Trade;
  readonly #link: string;
  readonly #chip: Chip;
  readonly #pace: Pace;
  readonly #fromHost: (chunk: Uint8Array) => void;
  #pty: Pty | undefined;
  #cutNext = false;

  constructor(trade: Trade) {
    this.#trade = trade;
    this.#link = trade.path('station.tty');
    this.keyFile = trade.path('station.key');
    const unsent: number[] = [];
    const onSend = (byte: number): void => void unsent.push(byte);
    const wiring = { program: programOf('station'), serial: SERIAL, weather: WARMING, hold: 1 };
    this.#chip = buildStation({ ...wiring, onSend });
    const fromBoard = decoder((encoded) => this.#onBoard(encoded));
    this.#fromHost = decoder((encoded) => this.#onHost(encoded));
    this.#pace = startPace(this.#chip, SPEED, () => {
      if (unsent.length === 0) return;
      const bytes = Uint8Array.from(unsent.splice(0));
      fromBoard(bytes);
      this.#pty?.write(bytes);
    });
  }

  get config(): string {
    return this.configWith(this.keyFile);
  }

  configWith(keyFile: string): string {
    return `{ driver: frames, name: station, path: '${this.#link}', meterKey: '${keyFile}' }`;
  }

  async plug(): Promise<void> {
    this.#pty = await plugAt(this.#link, (bytes) => this.#receive(bytes));
  }

  async provision(): Promise<void> {
    const argv = ['devices', 'provision', '--path', this.#link, '--meter-key', this.keyFile];
    const given = this.#trade.start(...argv);
    if ((await given.ended) !== 0) throw new Error(given.output());
  }

  replay(installation: Uint8Array): void {
    this.#chip.receive(installation);
  }

  reset(): void {
    this.resets++;
    this.#chip.reset(RESET_POWER);
  }

  /** Power goes when half of it has arrived. */
  resetAtNextInstall(): void {
    this.#cutNext = true;
  }

  close(): void {
    this.#pace.stop();
    this.#pty?.close();
  }

  #receive(bytes: Uint8Array): void {
    const before = this.installs.length;
    this.#fromHost(bytes);
    const isCut = this.#cutNext && this.installs.length > before;
    this.#chip.receive(isCut ? bytes.subarray(0, bytes.length >> 1) : bytes);
    if (!isCut) return;
    this.#cutNext = false;
    this.reset();
  }

  #onHost(encoded: Uint8Array): void {
    const message = decodeSerial(encoded);
    if (message.ok && message.value.type === 'install') this.installs.push(encodeFrame(encoded.slice()));
  }

  #onBoard(encoded: Uint8Array): void {
    const message = decodeSerial(encoded);
    if (!message.ok) return;
    if (message.value.type === 'meter') this.meter = message.value;
    if (message.value.type === 'reading') this.readings++;
  }
}
