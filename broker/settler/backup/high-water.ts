/**
 * High water: how far the journal came, noted outside the database. A database that was put back is behind it.
 *
 * It is noted at each sweep, and after a payout run is durable but before its bank file is written: no money leaves
 * for a run that could be forgotten unnoticed.
 */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Reader, Store } from '../store/store.ts';
import { forgottenMeta, staleMeta, staleReason } from './stale.ts';

/** A journal of `length` rows, the last of them with `hash`. */
export type Mark = { readonly length: number; readonly hash: Uint8Array };
export type Noted = {
  readonly mark: Mark | null;
  /** Payout runs whose bank file may have been handed in, the newest last. */
  readonly runs: readonly string[];
};

/** Where it is kept: as durable as the database, and not in it. Each refuses with storage-failed or storage-full. */
export type HighWater = {
  readonly read: () => Result<Noted>;
  /** Replaces the mark. */
  readonly note: (mark: Mark) => Result<null>;
  /** Adds a run; a name once there stays for ever. */
  readonly reserve: (run: string) => Result<null>;
};

/** What the journal lacks of the mark; undefined where nothing. */
const behind = async (reader: Reader, { length, hash }: Mark): Promise<string | undefined> => {
  const head = await reader.head();
  if (head.length < length) return `the journal has ${head.length} rows, and once had ${length}`;
  const [row] = length === 0 ? [] : await reader.journal(length - 1, 1);
  if (row === undefined || equalBytes(row.hash, hash)) return undefined;
  return `row ${length - 1} of the journal is another than it was: ${toHex(row.hash)}, once ${toHex(hash)}`;
};

/**
 * The runs that this journal does not know whole: their money may be on its way. Of a run that was recovered from
 * statements nobody knows how many transfers it had: only its operator can say that all are there.
 */
export const lostRuns = async (reader: Reader, runs: readonly string[]): Promise<readonly string[]> => {
  const known = await reader.get(
    'run',
    runs.map((run) => [run]),
  );
  const ids = new Set(known.filter(({ kind }) => kind !== 'recovered').map(({ id }) => id));
  return runs.filter((run) => !ids.has(run));
};

/**
 * Compares the journal with what was noted, and marks it stale where it is behind.
 * Codes: those of the high water and of the store.
 */
export const compareHighWater = async (store: Store, highWater: HighWater): Promise<Result<null>> => {
  const noted = highWater.read();
  if (!noted.ok) return noted;
  const { mark } = noted.value;
  if (mark === null) return ok(null);
  return store.transact<null>(async (reader) => {
    const why = await behind(reader, mark);
    if (why === undefined || (await staleReason(reader)) !== '') return { changes: {}, value: null };
    return { changes: { put: { meta: [staleMeta(why), forgottenMeta(mark.length - 1)] } }, value: null };
  });
};

/** Notes how far the journal has come; never while it is behind. Codes: as above. */
export const noteHighWater = async (store: Store, highWater: HighWater): Promise<Result<null>> => {
  const read = await store.read(async (reader) => ({
    head: await reader.head(),
    stale: await staleReason(reader),
  }));
  if (!read.ok) return read;
  const { head, stale } = read.value;
  if (stale !== '') return ok(null);
  const noted = highWater.read();
  if (!noted.ok) return noted;
  if (head.length <= (noted.value.mark?.length ?? 0)) return ok(null);
  return highWater.note({ length: head.length, hash: head.hash });
};

const isMade = (store: Store, run: string): Promise<Result<boolean>> =>
  store.read(async (reader) => (await lostRuns(reader, [run])).length === 0);

/**
 * Makes a payout run, or finds it as it was made, under a name that is not used for other payments than those it was
 * once used for. Its bank file may be written after this.
 * Codes: journal-stale, those of `make`, the high water and the store.
 */
export const makeUnderMark = async <T>(
  store: Store,
  highWater: HighWater,
  run: string,
  make: () => Promise<Result<T>>,
): Promise<Result<T>> => {
  const compared = await compareHighWater(store, highWater);
  if (!compared.ok) return compared;
  const noted = highWater.read();
  if (!noted.ok) return noted;
  const before = await isMade(store, run);
  if (!before.ok) return before;
  if (!before.value && noted.value.runs.includes(run)) {
    const remedy = 'bring it in from the bank, or take the next --sequence';
    return refuse(
      'journal-stale',
      `run ${run} was handed out once, and this journal has forgotten it: ${remedy}`,
    );
  }
  const made = await make();
  if (!made.ok) return made;
  const after = await isMade(store, run);
  if (!after.ok) return after;
  const marked = await noteHighWater(store, highWater);
  if (!marked.ok) return marked;
  const reserved = after.value ? highWater.reserve(run) : ok(null);
  return reserved.ok ? made : reserved;
};
