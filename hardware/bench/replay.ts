/**
 * A trace as a board: what it said then is said again, at the same distances, to whoever listens now.
 *
 * What the host says now changes nothing, with one exception: our firmware's identity repeats the nonce of a
 * hello, which a host draws afresh each time. Where `answer` is set, an identity of the trace is given the nonce
 * of the hello heard last, and the trace begins at the first one, so that the driver of our firmware meets the
 * recorded board. Acknowledgements keep the ids they had, which no command of today has: commands to a recording time out.
 */

import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { decodeSerial, encodeSerial, NONCE_UNASKED, SERIAL_MESSAGE_BYTES_MAX } from '../../schemas/serial.ts';
import type { Peer } from './binding.ts';
import type { TraceReader } from './trace.ts';

/** What a terminal takes at once, and how soon it is asked again when it was full. */
const PIECE_BYTES = 1024;
const FULL_MS = 2;

export type ReplayOptions = {
  /** Trace seconds per second; 0 without waiting. */
  readonly speed: number;
  /** Whether identities are given the nonce of today's host. */
  readonly answer: boolean;
  /** False where so much waits to be read already that the bytes are lost, as on a line; without a speed they wait. */
  readonly send: (bytes: Uint8Array) => boolean;
  readonly signal: AbortSignal;
};

export class Replay {
  readonly #trace: TraceReader;
  readonly #options: ReplayOptions;
  readonly #fromHost = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  readonly #fromBoard = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  #nonce: number | undefined;
  #waiting: (() => void)[] = [];

  constructor(trace: TraceReader, options: ReplayOptions) {
    this.#trace = trace;
    this.#options = options;
  }

  /** To the end of the trace, or of the signal. The value: bytes that were sent. Codes: those of the trace. */
  async run(): Promise<Result<number>> {
    const { speed, signal, answer } = this.#options;
    if (answer) await this.#firstHello();
    const beganMs = performance.now();
    let bytes = 0;
    for await (const chunk of this.#trace.chunks()) {
      if (!chunk.ok) return chunk;
      if (chunk.value.from === 'host') continue;
      if (speed > 0) await until(beganMs + chunk.value.atUs / 1000 / speed, signal);
      const said = answer ? this.#renewed(chunk.value.bytes) : chunk.value.bytes;
      if (signal.aborted) break;
      await this.#say(said);
      bytes += said.length;
    }
    return ok(bytes);
  }

  /** What today's host says. */
  hear(bytes: Uint8Array): void {
    this.#listen(bytes);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when the host has said something, or with the signal. */
  firstWord(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#options.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async #say(bytes: Uint8Array): Promise<void> {
    const { send, speed, signal } = this.#options;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      while (!send(piece) && speed === 0 && !signal.aborted) await until(performance.now() + FULL_MS, signal);
    }
  }

  async #firstHello(): Promise<void> {
    while (this.#nonce === undefined && !this.#options.signal.aborted) await this.firstWord();
  }

  #listen(bytes: Uint8Array): void {
    if (!this.#options.answer) return;
    const listen = (encoded: Uint8Array): void => {
      const message = decodeSerial(encoded);
      if (message.ok && message.value.type === 'hello') this.#nonce = message.value.nonce;
    };
    this.#fromHost.push(bytes, listen, () => {});
  }

  /** The same frames and noise, identities with the nonce of today. */
  #renewed(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    const renew = (encoded: Uint8Array): void => {
      const message = decodeSerial(encoded);
      const asked = message.ok && message.value.type === 'identity' && message.value.nonce !== NONCE_UNASKED;
      const said =
        asked && this.#nonce !== undefined
          ? encodeSerial({ ...message.value, nonce: this.#nonce } as typeof message.value)
          : encoded;
      parts.push(encodeFrame(said));
    };
    this.#fromBoard.push(bytes, renew, (noise) => parts.push(noise.bytes, Uint8Array.of(0)));
    return Buffer.concat(parts);
  }
}

const until = (atMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const leftMs = atMs - performance.now();
    if (leftMs <= 0 || signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, leftMs);
    signal.addEventListener('abort', end);
  });

/** A trace at the other end of a port in this process: it begins when the port is opened. */
export const tracePeer = (trace: TraceReader, speed: number, answer: boolean): Peer => {
  let abort = new AbortController();
  let replay: Replay | undefined;
  return {
    open: (send) => {
      abort = new AbortController();
      const say = (bytes: Uint8Array): boolean => {
        send(bytes);
        return true;
      };
      replay = new Replay(trace, { speed, answer, send: say, signal: abort.signal });
      void replay.run();
    },
    receive: (bytes) => replay?.hear(bytes),
    close: () => abort.abort(),
  };
};
