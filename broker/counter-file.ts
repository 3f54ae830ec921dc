/**
 * Counters on disk: an append-only file, rewritten when most of it is history.
 *
 * A torn tail was never acknowledged and is cut off. Damage before it is refused, because a lost counter
 * is a credential that works twice.
 */

import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FrameDecoder } from '../schemas/frame.ts';
import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import { Counters, encodeCounter, RECORD_BYTES_MAX } from './counters.ts';
import { fileRefusal } from './settler/whole-file.ts';

export type CounterStore = {
  /** The highest counter of the user, -1 or more. */
  readonly last: (user: string) => number;
  /**
   * `last` answers it at once; it is durable when the promise resolves with ok. Codes: storage-full,
   * storage-failed: the counter counts as used all the same.
   */
  readonly raise: (user: string, counter: number) => Promise<Result<void>>;
  /** Waits for what was raised. */
  readonly close: () => Promise<void>;
};

const CHUNK_BYTES = 65536;
/** Records beyond one for each user that make a rewrite worth it: about 200 kB. */
const HISTORY_MAX = 4096;

const storageRefusal = (path: string, error: unknown): Refusal =>
  fileRefusal(error, (message) => `${path}: ${message}`);

const readCounters = async (path: string, file: FileHandle): Promise<Result<Counters>> => {
  const counters = new Counters();
  const decoder = new FrameDecoder(RECORD_BYTES_MAX);
  const chunk = new Uint8Array(CHUNK_BYTES);
  let noiseAt = -1;
  let refused: Refusal | undefined;
  for (let at = 0; refused === undefined; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return ok(counters);
    decoder.push(
      chunk.subarray(0, bytesRead),
      (record) => {
        const damage = `is damaged at byte ${noiseAt}: restore the file`;
        const read = noiseAt < 0 ? counters.read(record) : refuse('storage-failed', damage);
        if (!read.ok) refused ??= refuse(read.code, `${path} ${read.detail}`);
      },
      (noise) => {
        if (noiseAt < 0) noiseAt = noise.offset;
      },
    );
    at += bytesRead;
  }
  return refused;
};

/** A rename is durable when its folder is. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
};

class CounterFile implements CounterStore {
  readonly #path: string;
  readonly #keysMax: number;
  readonly #counters: Counters;
  #file: FileHandle | undefined;
  #end = 0; // of the last durable record
  #records = 0;
  #waiting: Uint8Array[] = [];
  #next: Promise<Result<void>> | undefined; // the commit that will take what is waiting
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, keysMax: number, counters: Counters) {
    this.#path = path;
    this.#keysMax = keysMax;
    this.#counters = counters;
  }

  readonly last = (user: string): number => this.#counters.last(user);

  readonly raise = (user: string, counter: number): Promise<Result<void>> => {
    this.#counters.raise(user, counter);
    this.#waiting.push(encodeCounter(user, counter));
    // Group commit: whoever comes while one write is on its way shares the next.
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.commit();
    });
    this.#last = this.#next;
    return this.#next;
  };

  readonly close = async (): Promise<void> => {
    await this.#last;
    await this.#file?.close();
  };

  /** Makes durable what is waiting. */
  async commit(): Promise<Result<void>> {
    const frames = this.#waiting;
    this.#waiting = [];
    try {
      const history = this.#records + frames.length - this.#counters.size;
      if (this.#counters.size > this.#keysMax) {
        this.#counters.forget(this.#keysMax);
        await this.#rewrite();
      } else if (this.#file === undefined || history > HISTORY_MAX) await this.#rewrite();
      else await this.#append(this.#file, frames);
      return ok(undefined);
    } catch (error) {
      return storageRefusal(this.#path, error);
    }
  }

  async #append(file: FileHandle, frames: readonly Uint8Array[]): Promise<void> {
    const bytes = Buffer.concat(frames);
    try {
      // A disk that is nearly full takes a part, and says so in the count alone.
      for (let at = 0; at < bytes.length; )
        at += (await file.write(bytes, at, bytes.length - at, this.#end + at)).bytesWritten;
      await file.datasync();
    } catch (error) {
      await file.truncate(this.#end); // half a record would look like damage
      throw error;
    }
    this.#end += bytes.length;
    this.#records += frames.length;
  }

  /** All counters without history, in a new file that takes the old one's name once it is durable. */
  async #rewrite(): Promise<void> {
    const bytes = this.#counters.encode();
    const records = this.#counters.size;
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      await file.close();
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#end = bytes.length;
    this.#records = records;
    await old?.close();
    await syncFolder(dirname(this.#path));
  }
}

/** Makes the file if there is none. Codes: storage-failed, storage-full, storage-newer. */
export const openCounterFile = async (path: string, keysMax: number): Promise<Result<CounterStore>> => {
  let counters: Result<Counters> = ok(new Counters());
  try {
    const file = await open(path, 'r');
    counters = await readCounters(path, file).finally(() => file.close());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return storageRefusal(path, error);
  }
  if (!counters.ok) return counters;
  const store = new CounterFile(path, keysMax, counters.value);
  const begun = await store.commit();
  return begun.ok ? ok(store) : begun;
};
