/**
 * A trace as a board: what it said then is said again, at the same distances, to whoever listens now.
 *
 * What the host says now changes nothing, with one exception: our firmware's identity repeats the nonce of a
 * hello, which a host draws afresh each time. Where `answer` is set, an identity of the trace is given the nonce
 * of the hello heard last, and waits for one where none was heard since the board told of a reset; the trace begins
 * at the first one. So the driver of our firmware meets the recorded board, however fast it is played. Acknowledgements keep the ids they had, which no command of today has: commands to a recording time out.
 */

import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { ok, type Result } from '../../schemas/result.ts';
import {
  decodeSerial,
  encodeSerial,
  type Identity,
  NONCE_UNASKED,
  SERIAL_MESSAGE_BYTES_MAX,
} from '../../schemas/serial.ts';
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
    if (answer) await this.#hello();
    const beganMs = performance.now();
    let bytes = 0;
    for await (const chunk of this.#trace.chunks()) {
      if (!chunk.ok) return chunk;
      if (chunk.value.from === 'host') continue;
      if (speed > 0) await until(beganMs + chunk.value.atUs / 1000 / speed, signal);
      for (const part of answer ? this.#partsOf(chunk.value.bytes) : [chunk.value.bytes]) {
        const said = part instanceof Uint8Array ? part : await this.#introduce(part);
        if (signal.aborted) return ok(bytes);
        await this.#say(said);
        bytes += said.length;
      }
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

  async #hello(): Promise<void> {
    while (this.#nonce === undefined && !this.#options.signal.aborted) await this.firstWord();
  }

  /** A host greets again whoever introduces itself unasked. */
  async #introduce(identity: Identity): Promise<Uint8Array> {
    const unasked = identity.nonce === NONCE_UNASKED;
    if (unasked) this.#nonce = undefined;
    else await this.#hello();
    return encodeFrame(encodeSerial({ ...identity, nonce: this.#nonce ?? NONCE_UNASKED }));
  }

  #listen(bytes: Uint8Array): void {
    if (!this.#options.answer) return;
    const listen = (encoded: Uint8Array): void => {
      const message = decodeSerial(encoded);
      if (message.ok && message.value.type === 'hello') this.#nonce = message.value.nonce;
    };
    this.#fromHost.push(bytes, listen, () => {});
  }

  /** The same frames and noise, and the identities among them. */
  #partsOf(bytes: Uint8Array): (Uint8Array | Identity)[] {
    const parts: (Uint8Array | Identity)[] = [];
    const take = (encoded: Uint8Array): void => {
      const message = decodeSerial(encoded);
      parts.push(message.ok && message.value.type === 'identity' ? message.value : encodeFrame(encoded));
    };
    this.#fromBoard.push(bytes, take, (noise) => parts.push(noise.bytes, Uint8Array.of(0)));
    return parts;
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
