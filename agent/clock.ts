/**
 * Trusted time: a settler's signed time, asked for with a nonce of this start, carried on by the monotonic
 * clock. A gateway without a battery wakes months in the past, and money must not believe it.
 *
 * The highest signed time seen is kept on the disk as a floor: no later start falls behind it.
 */

import { equalBytes } from '../schemas/bytes.ts';
import type { Crypto } from '../schemas/crypto.ts';
import { REQUEST_ID_BYTES, type Request } from '../schemas/request.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { openTime } from '../schemas/time.ts';
import { raiseNumber } from './host/rising-number.ts';

const NONCE_BYTES = 16;
/** An answer that took longer says too little about now. */
const ANSWER_MS_MAX = 10_000;
/** Asked again until it is proven, and then this often, so that the floor follows. */
const ASK_MS = 2000;
const RENEW_MS = 3_600_000;

type Asked = { readonly id: Uint8Array; readonly nonce: Uint8Array; readonly sentMs: number };

export class Clock {
  private readonly crypto: Crypto;
  private readonly path: string;
  private readonly monotonicMs: () => number;
  private floorMs: number;
  /** Trusted time less monotonic time, or null until it is proven. */
  private offsetMs: number | null = null;
  private asked: Asked | null = null;
  private dueMs = 0;

  constructor(crypto: Crypto, path: string, floorMs: number, monotonicMs: () => number) {
    this.crypto = crypto;
    this.path = path;
    this.floorMs = floorMs;
    this.monotonicMs = monotonicMs;
  }

  /** Milliseconds since 1970, never going back; null until a settler has proven the time of this start. */
  nowMs(): number | null {
    return this.offsetMs === null ? null : Math.floor(this.offsetMs + this.monotonicMs());
  }

  /** The request to send now, or null where none is due. */
  ask(reconnected: boolean): Request | null {
    const nowMs = this.monotonicMs();
    if (nowMs < this.dueMs && !(reconnected && this.offsetMs === null)) return null;
    this.dueMs = nowMs + ASK_MS;
    this.asked = {
      id: this.crypto.random(REQUEST_ID_BYTES),
      nonce: this.crypto.random(NONCE_BYTES),
      sentMs: nowMs,
    };
    return { kind: 'time', id: this.asked.id, parts: [this.asked.nonce] };
  }

  /**
   * The answer of the pinned settler with that root key. Codes: time-unproven (not what was asked for, or too
   * slow), those of `openTime`, storage-full, storage-failed (the floor could not be kept: nothing changed).
   */
  take(answer: Request, settler: Uint8Array): Result<number> {
    const asked = this.asked;
    if (answer.kind !== 'timed' || asked === null || !equalBytes(answer.id, asked.id))
      return refuse(
        'time-unproven',
        'an answer about the time that was not asked for: it is asked for again',
      );
    const issuedS = openTime(answer.parts[0], asked.nonce, settler, this.crypto.verify);
    if (!issuedS.ok) return issuedS;
    const nowMs = this.monotonicMs();
    if (nowMs - asked.sentMs > ANSWER_MS_MAX)
      return refuse(
        'time-unproven',
        `the settler took ${Math.round(nowMs - asked.sentMs)} ms to tell the time`,
      );
    const signedMs = Math.max(issuedS.value * 1000, this.floorMs);
    const kept = raiseNumber(this.path, (last) => Math.max(last, signedMs));
    if (!kept.ok) return kept;
    this.floorMs = kept.value;
    this.asked = null;
    this.dueMs = nowMs + RENEW_MS;
    this.offsetMs = Math.max(this.offsetMs ?? Number.NEGATIVE_INFINITY, signedMs - nowMs);
    return ok(this.nowMs()!);
  }
}

/** The floor is in the file at `path`. Codes: storage-full, storage-failed. */
export const openClock = (
  crypto: Crypto,
  path: string,
  monotonicMs: () => number = () => performance.now(),
): Result<Clock> => {
  const floor = raiseNumber(path, (last) => Math.max(last, 0));
  return floor.ok ? ok(new Clock(crypto, path, floor.value, monotonicMs)) : floor;
};
