/**
 * The highest counter that each user has connected with: what makes a credential work once.
 *
 * As a file, a sequence of frames (`schemas/spec/frame.md`) of one CBOR array each, newest last:
 *
 *     ["tb1/counters", version, floor]     first: no unknown user connects with a counter at or below floor
 *     [user, counter]                      then: the highest counter of a user so far
 */

import { decodeCbor, encodeCbor } from '../schemas/cbor.ts';
import { encodeFrame } from '../schemas/frame.ts';
import { isId } from '../schemas/identity.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';

const KIND = 'tb1/counters';
const VERSION = 1;

/** [26 letters, 9 bytes of integer] and their heads are 38 bytes. */
export const RECORD_BYTES_MAX = 64;

export const encodeCounter = (user: string, counter: number): Uint8Array =>
  encodeFrame(encodeCbor([user, counter]));

export class Counters {
  readonly #highest = new Map<string, number>();
  #floor = -1;
  #headed = false; // the first record has been read

  get size(): number {
    return this.#highest.size;
  }

  /** Of an unknown user the floor, -1 at first. */
  last(user: string): number {
    return this.#highest.get(user) ?? this.#floor;
  }

  raise(user: string, counter: number): void {
    if (counter <= this.last(user)) throw new RangeError(`counter ${counter} of ${user} does not rise`);
    this.#highest.set(user, counter);
  }

  /** Forgets an eighth of `keysMax` users, those with the lowest counters; the floor keeps those used. */
  forget(keysMax: number): void {
    const lowestFirst = [...this.#highest].sort((a, b) => a[1] - b[1]);
    for (const [user, counter] of lowestFirst.slice(0, Math.ceil(keysMax / 8))) {
      this.#highest.delete(user);
      this.#floor = Math.max(this.#floor, counter);
    }
  }

  /** The whole as frames, without history. */
  encode(): Uint8Array {
    const frames = [encodeFrame(encodeCbor([KIND, VERSION, this.#floor]))];
    for (const [user, counter] of this.#highest) frames.push(encodeCounter(user, counter));
    return Buffer.concat(frames);
  }

  /** Takes the next record of a file. Codes: storage-failed, storage-newer. */
  read(record: Uint8Array): Result<void> {
    const item = decodeCbor(record);
    const fields = item.ok && Array.isArray(item.value) ? item.value : [];
    if (!this.#headed) {
      if (fields[0] !== KIND || typeof fields[2] !== 'number') {
        return refuse('storage-failed', 'is not a file of counters: name another');
      }
      if (fields[1] !== VERSION) {
        return refuse('storage-newer', `has version ${fields[1]}, this program reads ${VERSION}: update it`);
      }
      this.#headed = true;
      this.#floor = fields[2];
      return ok(undefined);
    }
    if (typeof fields[0] !== 'string' || !isId(fields[0]) || typeof fields[1] !== 'number') {
      return refuse('storage-failed', 'has a record that is no counter: restore the file');
    }
    this.#highest.set(fields[0], fields[1]);
    return ok(undefined);
  }
}
