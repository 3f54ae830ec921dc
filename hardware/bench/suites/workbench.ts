/**
 * What a check has in its hands: the board by the driver, the board by a host that is no driver, and the line
 * between, which can be spoiled. The port belongs to one of the two hosts at a time.
 */

import type { Device, DeviceReading } from '../../../firmware-bridge/device.ts';
import { type Board, openFrames } from '../../../firmware-bridge/frames.ts';
import { FrameDecoder } from '../../../schemas/frame.ts';
import { type Capability, decodeSerial, SERIAL_MESSAGE_BYTES_MAX } from '../../../schemas/serial.ts';
import { FaultyBinding, type Tap } from '../faulty-binding.ts';
import type { Rig } from '../rig/rig.ts';
import type { Wire } from '../rig/rig-file.ts';
import { Bell, expect, Failure } from './bell.ts';
import { Conversation } from './conversation.ts';
import { draftCredit, install } from './credit.ts';

/** Soon, so that a check need not wait long until the driver asks a silent board. */
const SILENCE_MS = 600;
/** Through a boot loader, a busy machine and the driver's backoff. */
const PATIENCE_MS = 20_000;
/** More than a suite can ask for. */
const WINDOW_MAX = 65_535;
/** A suite at full speed takes seconds; 400 readings a second for half a minute. */
const TRUTHS_MAX = 12_000;

export type WorkbenchOptions = {
  readonly rig: Rig;
  readonly wired: readonly Wire[];
  readonly seed: number;
  readonly meterKey?: Uint8Array | undefined;
  readonly tap?: Tap | undefined;
  /** How long something may take that should come to be. */
  readonly patienceMs?: number | undefined;
};

export class Workbench {
  readonly rig: Rig;
  readonly wired: readonly Wire[];
  readonly seed: number;
  readonly meterKey: Uint8Array | undefined;
  readonly line: FaultyBinding;
  readonly #patienceMs: number;
  /** Since the device was opened. */
  readings: DeviceReading[] = [];
  faults: (readonly [fault: number, count: number])[] = [];
  readonly #bell = new Bell();
  readonly #truths = new Set<string>();
  /** Periods as they were found, by channel: they are put back. */
  readonly #found = new Map<number, number>();
  /** What the board said it is; '' until it did. */
  identity = '';
  #device: Board | undefined;
  #conversation: Conversation | undefined;

  constructor(options: WorkbenchOptions) {
    this.rig = options.rig;
    this.wired = options.wired;
    this.seed = options.seed;
    this.meterKey = options.meterKey;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    const decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
    const remember = (encoded: Uint8Array): void => {
      const message = decodeSerial(encoded);
      if (!message.ok || message.value.type !== 'reading') return;
      if (this.#truths.size >= TRUTHS_MAX) this.#truths.delete(this.#truths.values().next().value!);
      this.#truths.add(identityOf(message.value));
    };
    this.line = new FaultyBinding(options.rig.binding, options.seed, (from, bytes) => {
      options.tap?.(from, bytes);
      if (from === 'board') decoder.push(bytes, remember, () => {});
    });
  }

  /** The board by the driver. Fails where it does not answer. */
  async device(): Promise<Board> {
    if (this.#device !== undefined) return this.#device;
    await this.#conversation?.close();
    this.#conversation = undefined;
    this.readings = [];
    this.faults = [];
    const opened = await openFrames({
      path: this.rig.path,
      binding: this.line,
      timing: { silence: SILENCE_MS },
    });
    if (!opened.ok) throw new Failure(`the board cannot be opened: ${opened.detail}`);
    this.#device = opened.value;
    const { board, firmware, serial } = opened.value.identity;
    this.identity = `${board} ${firmware}, serial ${serial}`;
    for (const { channel, periodMs } of opened.value.capabilities)
      if (!this.#found.has(channel)) this.#found.set(channel, periodMs);
    this.#device.listen({
      onReading: (reading) => {
        this.readings.push(reading);
        this.#bell.ring();
      },
      onFault: (fault, count) => {
        this.faults.push([fault, count]);
        this.#bell.ring();
      },
      onMeter: () => this.#bell.ring(),
      onState: () => this.#bell.ring(),
    });
    await this.#fund(opened.value);
    return this.#device;
  }

  /** The board by a host that is no driver. */
  async conversation(): Promise<Conversation> {
    if (this.#conversation !== undefined) return this.#conversation;
    await this.#device?.close();
    this.#device = undefined;
    const opened = await Conversation.open(this.rig.path, this.line);
    if (!opened.ok) throw new Failure(`the port cannot be opened: ${opened.detail}`);
    this.#conversation = opened.value;
    return opened.value;
  }

  async until(holds: () => boolean, what: () => string): Promise<void> {
    await this.#bell.until(holds, this.#patienceMs, what);
  }

  /** Waits for that many more readings; they are returned. */
  async next(count: number): Promise<readonly DeviceReading[]> {
    const before = this.readings.length;
    await this.until(
      () => this.readings.length >= before + count,
      () => `${this.readings.length - before} of ${count} readings came`,
    );
    return this.readings.slice(before);
  }

  /** What the driver delivered is what the board said, whatever happened between them. */
  expectTruth(): void {
    for (const reading of this.readings.slice(-TRUTHS_MAX / 2))
      expect(
        this.#truths.has(identityOf(reading)),
        `a reading was delivered that the board never sent: channel ${reading.channel}, number ${reading.seq}, ${reading.mantissa}`,
      );
  }

  /** Pulls the reset pin. */
  async reset(): Promise<void> {
    const done = await this.rig.reset!(this.line);
    if (!done.ok) throw new Failure(done.detail);
  }

  async cyclePower(): Promise<void> {
    const done = await this.rig.cyclePower!();
    if (!done.ok) throw new Failure(done.detail);
  }

  /** Leaves the board as it was found, if it can be. */
  async close(): Promise<void> {
    this.line.end();
    try {
      if (this.#found.size > 0) await this.#restore(await this.device());
    } catch (error) {
      if (!(error instanceof Failure)) throw error; // it does not answer: a check has told
    }
    await this.#device?.close();
    await this.#conversation?.close();
    this.#device = undefined;
    this.#conversation = undefined;
  }

  /** A board whose key is set says nothing that is not paid. */
  async #fund(board: Board): Promise<void> {
    const { meter } = board;
    if (meter?.keySet !== true || this.meterKey === undefined) return;
    await this.until(
      () => meter.state !== null,
      () => 'the board does not say how its meter stands',
    );
    await install(board, draftCredit(board, this.meterKey, WINDOW_MAX));
  }

  async #restore(device: Device): Promise<void> {
    for (const { channel, periodMs } of device.capabilities) {
      const found = this.#found.get(channel);
      if (found !== undefined && found !== periodMs) await device.setPeriod(channel, found);
    }
  }
}

type Told = { readonly channel: number; readonly seq: number; readonly mantissa: number };

const identityOf = ({ channel, seq, mantissa }: Told): string => `${channel} ${seq} ${mantissa}`;

export const sensorsOf = (device: Device): readonly Capability[] =>
  device.capabilities.filter(({ direction }) => direction === 'sensor');

/** Channels that send readings by themselves: sensors, and actuators that report their state. */
export const speakersOf = (device: Device): readonly Capability[] =>
  device.capabilities.filter(({ periodMs }) => periodMs > 0);
