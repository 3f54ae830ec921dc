/**
 * A pseudo-terminal in front of a real port: whoever opens the link has the board, through a line that can be
 * listened to and spoiled.
 */

import { openPort, type Port } from '../../firmware-bridge/port.ts';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import type { Fault } from './faults.ts';
import type { Tap } from './faulty-binding.ts';
import { FaultyLine } from './faulty-line.ts';
import { openPty, type Pty } from './pty.ts';

export type RelayOptions = {
  readonly path: string;
  readonly link: string;
  readonly baudRate: number;
  readonly seed: number;
  /** Hears what really was on the line at the board. */
  readonly tap: Tap;
  /** The board or the terminal is gone. */
  readonly onLost: (refusal: Refusal) => void;
};

export class Relay {
  readonly #options: RelayOptions;
  readonly #line: FaultyLine;
  #port: Port | undefined;
  #pty: Pty | undefined;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#line = new FaultyLine({
      baudRate: options.baudRate,
      seed: options.seed,
      toHost: (bytes) => void this.#pty?.write(bytes),
      toBoard: (bytes) => {
        options.tap('host', bytes);
        this.#port?.write(bytes);
      },
    });
  }

  /** Codes: those of `openPort` and `openPty`. */
  static async open(options: RelayOptions): Promise<Result<Relay>> {
    const relay = new Relay(options);
    const port = await openPort(options, {
      onData: (bytes) => {
        options.tap('board', bytes);
        relay.#line.fromBoard(bytes);
      },
      onClose: () => options.onLost(refuse('device-failed', `${options.path} was disconnected: plug it in`)),
    });
    if (!port.ok) return port;
    relay.#port = port.value;
    const plugged = await relay.#plug();
    if (plugged === undefined) return ok(relay);
    await relay.close();
    return plugged;
  }

  get fault(): Fault | undefined {
    return this.#line.fault;
  }

  begin(fault: Fault): void {
    this.#line.begin(fault);
    if (fault.kind !== 'unplug') return;
    this.#pty?.close();
    this.#pty = undefined;
  }

  async end(): Promise<void> {
    this.#line.end();
    const refusal = this.#pty === undefined ? await this.#plug() : undefined;
    if (refusal !== undefined) this.#options.onLost(refusal);
  }

  async close(): Promise<void> {
    this.#line.end();
    this.#pty?.close();
    await this.#port?.close();
  }

  async #plug(): Promise<Refusal | undefined> {
    const pty = await openPty({
      link: this.#options.link,
      onData: (bytes) => this.#line.fromHost(bytes),
      onClose: () =>
        this.#options.onLost(refuse('device-failed', 'the pseudo-terminal ended: start the relay again')),
    });
    if (!pty.ok) return pty;
    this.#pty = pty.value;
    return undefined;
  }
}
