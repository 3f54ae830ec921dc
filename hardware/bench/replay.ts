/**
 * A trace as a board: what it said then is said again, at the same distances, to whoever listens now.
 *
 * What the host says now changes nothing, with one exception: our firmware's identity repeats the nonce of a
 * hello, which a host draws afresh each time. Where `answer` is set, an identity of the trace is given the nonce
 * of the hello heard last, so that the driver of our firmware meets the recorded board. Acknowledgements keep the
 * ids they had, which no command of today has: commands to a recording time out.
 */

import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { decodeSerial, encodeSerial, NONCE_UNASKED, SERIAL_MESSAGE_BYTES_MAX } from '../../schemas/serial.ts';
import type { Peer } from './binding.ts';
import type { TraceReader } from './trace.ts';

export type ReplayOptions = {
  /** Trace seconds per second; 0 without waiting. */
  readonly speed: number;
  /** Whether identities are given the nonce of today's host. */
  readonly answer: boolean;
  readonly send: (bytes: Uint8Array) => void;
  readonly signal: AbortSignal;
};

export class Replay {
  readonly #trace: TraceReader;
  readonly #options: ReplayOptions;
  readonly #fromHost = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  readonly #fromBoard = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  #nonce: number | undefined;
  #heard: () => void = () => {};

  constructor(trace: TraceReader, options: ReplayOptions) {
    this.#trace = trace;
    this.#options = options;
  }

  /** To the end of the trace, or of the signal. The value: bytes that were sent. Codes: those of the trace. */
  async run(): Promise<Result<number>> {
    const { speed, signal, send, answer } = this.#options;
    const beganMs = performance.now();
    let bytes = 0;
    for await (const chunk of this.#trace.chunks()) {
      if (!chunk.ok) return chunk;
      if (chunk.value.from === 'host') continue;
      if (speed > 0) await until(beganMs + chunk.value.atUs / 1000 / speed, signal);
      const said = answer ? this.#renewed(chunk.value.bytes) : chunk.value.bytes;
      if (signal.aborted) break;
      if (said.length > 0) send(said);
      bytes += said.length;
    }
    return ok(bytes);
  }

  /** What today's host says. */
  hear(bytes: Uint8Array): void {
    this.#heard();
    if (!this.#options.answer) return;
    const listen = (encoded: Uint8Array): void => {
      const message = decodeSerial(encoded);
      if (message.ok && message.value.type === 'hello') this.#nonce = message.value.nonce;
    };
    this.#fromHost.push(bytes, listen, () => {});
  }

  /** Resolves when the host has said something, or with the signal. */
  firstWord(): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
      this.#options.signal.addEventListener('abort', () => resolve(), { once: true });
    });
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
      replay = new Replay(trace, { speed, answer, send, signal: abort.signal });
      void replay.run();
    },
    receive: (bytes) => replay?.hear(bytes),
    close: () => abort.abort(),
  };
};
