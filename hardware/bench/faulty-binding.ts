/**
 * A serialport binding around another (this system's ports, boards in this process) whose line can be spoiled,
 * and listened to at the board's end of it.
 */

import type { Binding, BindingPort } from '../../firmware-bridge/port.ts';
import type { Fault } from './faults.ts';
import { FaultyLine } from './faulty-line.ts';
import { Unread } from './unread.ts';

const READ_BYTES = 4096;
/** An Arduino's reset pin hangs on DTR behind 100 nF: long enough for it, and for any USB adapter. */
const RESET_PULSE_MS = 50;

type OpenOptions = { path: string; baudRate: number };

export type Tap = (from: 'board' | 'host', bytes: Uint8Array) => void;

export class FaultyBinding implements Binding {
  readonly #inner: Binding;
  readonly #seed: number;
  readonly #tap: Tap;
  #fault: Fault | undefined;
  #port: FaultyPort | undefined;

  /** `tap` hears what really was on the line at the board, before anything is spoiled. One open port at a time. */
  constructor(inner: Binding, seed: number, tap: Tap = () => {}) {
    this.#inner = inner;
    this.#seed = seed;
    this.#tap = tap;
  }

  begin(fault: Fault): void {
    this.#fault = fault;
    this.#port?.line.begin(fault);
    if (fault.kind === 'unplug') this.#port?.fail(new Error('unplugged'));
  }

  end(): void {
    this.#fault = undefined;
    this.#port?.line.end();
  }

  /** Pulls the reset of an Arduino; it takes a port with a DTR, which a pseudo-terminal has not. */
  async pulseReset(): Promise<void> {
    if (this.#port === undefined) throw new Error('no port is open to reset a board through');
    await this.#port.set({ dtr: false, rts: false });
    await new Promise((resolve) => setTimeout(resolve, RESET_PULSE_MS));
    await this.#port.set({ dtr: true, rts: true });
  }

  list(): Promise<readonly { path: string }[]> {
    return this.#inner.list();
  }

  async open(options: OpenOptions): Promise<BindingPort> {
    if (this.#fault?.kind === 'unplug')
      throw new Error(`no such file or directory, cannot open ${options.path}`);
    const port = new FaultyPort(await this.#inner.open(options), options, this.#seed, this.#tap);
    if (this.#fault !== undefined) port.line.begin(this.#fault);
    this.#port = port;
    return port;
  }
}

class FaultyPort implements BindingPort {
  readonly openOptions: OpenOptions;
  readonly line: FaultyLine;
  readonly #inner: BindingPort;
  readonly #tap: Tap;
  readonly #listening: Promise<void>;
  readonly #unread = new Unread();
  #written: Promise<void> = Promise.resolve();

  constructor(inner: BindingPort, options: OpenOptions, seed: number, tap: Tap) {
    this.#inner = inner;
    this.openOptions = options;
    this.#tap = tap;
    this.line = new FaultyLine({
      baudRate: options.baudRate,
      seed,
      toHost: (bytes) => this.#unread.push(bytes),
      toBoard: (bytes) => {
        tap('host', bytes);
        this.#written = this.#written
          .then(() => this.#inner.write(Buffer.from(bytes)))
          .catch((error: Error) => this.fail(error));
      },
    });
    this.#listening = this.#listen();
  }

  get isOpen(): boolean {
    return this.#inner.isOpen;
  }

  fail(failure: Error): void {
    this.#unread.fail(failure);
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return this.#unread.read(buffer, offset, length);
  }

  async write(bytes: Buffer): Promise<void> {
    this.#unread.throwFailure();
    this.line.fromHost(bytes);
  }

  async close(): Promise<void> {
    await this.#inner.close();
    this.line.end();
    this.#unread.close();
    await this.#listening; // a read that still runs keeps the port locked for whoever opens it next
    await this.#written;
  }

  update(options: { baudRate: number }): Promise<void> {
    return this.#inner.update(options);
  }

  set(options: object): Promise<void> {
    return this.#inner.set(options);
  }

  get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    return this.#inner.get();
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.#inner.getBaudRate();
  }

  async flush(): Promise<void> {
    this.#unread.flush();
    await this.#inner.flush();
  }

  async drain(): Promise<void> {
    await this.#written;
    await this.#inner.drain();
  }

  async #listen(): Promise<void> {
    const buffer = Buffer.alloc(READ_BYTES);
    try {
      while (this.isOpen) {
        const { bytesRead } = await this.#inner.read(buffer, 0, READ_BYTES);
        if (bytesRead === 0) throw new Error('the port has ended');
        const bytes = Uint8Array.from(buffer.subarray(0, bytesRead));
        this.#tap('board', bytes);
        this.line.fromBoard(bytes);
      }
    } catch (error) {
      this.fail(error as Error);
    }
  }
}
