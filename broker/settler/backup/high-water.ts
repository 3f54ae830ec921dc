/**
 * High water: how far the journal came, noted outside the database. A database that was put back is behind it.
 *
 * It is noted at each sweep, and after a payout run is durable but before its bank file is written: no money leaves
 * for a run that could be forgotten unnoticed.
 */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { staleMeta, staleReason } from '../ledger/stale.ts';
import type { Reader, Store } from '../store/store.ts';
import type { PayoutRow } from '../store/tables.ts';
import { forgottenMeta } from './stale.ts';

/** A journal of `length` rows, the last of them with `hash`. */
export type Mark = { readonly length: number; readonly hash: Uint8Array };

/** What was in a run when its bank file was made. */
export type RunContent = {
  readonly totalNano: bigint;
  /** How the id of each transfer begins: its bank file has the whole ones. */
  readonly transfers: readonly string[];
};

/** A run whose bank file may have been handed in. */
export type NotedRun = {
  readonly name: string;
  /** null: noted by a program that kept names alone. */
  readonly content: RunContent | null;
};

/** Where it is kept: as durable as the database, and not in it. Each refuses with storage-failed or storage-full. */
export type HighWater = {
  /** null: nothing was noted yet. */
  readonly mark: () => Result<Mark | null>;
  /** The newest last. */
  readonly runs: () => Result<readonly NotedRun[]>;
  /** Replaces the mark. */
  readonly note: (mark: Mark) => Result<null>;
  /** Adds a run, or its content; a name once there stays for ever. */
  readonly reserve: (run: NotedRun) => Result<null>;
};

/** What the journal lacks of the mark; undefined where nothing. */
const behind = async (reader: Reader, { length, hash }: Mark): Promise<string | undefined> => {
  const head = await reader.head();
  if (head.length < length) return `the journal has ${head.length} rows, and once had ${length}`;
  const [row] = length === 0 ? [] : await reader.journal(length - 1, 1);
  if (row === undefined || equalBytes(row.hash, hash)) return undefined;
  return `row ${length - 1} of the journal is another than it was: ${toHex(row.hash)}, once ${toHex(hash)}`;
};

/** Of 32 digits; that two of a run's ten thousand begin alike is one in a hundred, and told by the total. */
const TRANSFER_DIGITS = 8;
const beginning = ({ id }: PayoutRow): string => id.slice(0, TRANSFER_DIGITS);
const sumNano = (transfers: readonly PayoutRow[]): bigint =>
  transfers.reduce((sum, { nano }) => sum + nano, 0n);

/** A run that was handed out, and that this journal does not know whole. */
export type LostRun = {
  readonly name: string;
  /** What of it came back from statements. */
  readonly here: { readonly transfers: number; readonly nano: bigint };
  /** null: nobody noted what was in it, so only its operator can say that all of it is here. */
  readonly missing: RunContent | null;
};

/** undefined where nothing is missing. Of a run that this journal made, nothing ever is. */
const lostOf = async (
  reader: Reader,
  { name, content }: NotedRun,
  isMade: boolean,
): Promise<LostRun | undefined> => {
  if (isMade) return undefined;
  const found = await reader.payoutsOf(name);
  const here = { transfers: found.length, nano: sumNano(found) };
  if (content === null) return { name, here, missing: null };
  const begun = new Set(found.map(beginning));
  const transfers = content.transfers.filter((one) => !begun.has(one));
  const missing = { transfers, totalNano: content.totalNano - here.nano };
  const isWhole = found.length === content.transfers.length && missing.totalNano === 0n;
  return isWhole && transfers.length === 0 ? undefined : { name, here, missing };
};

/** Names of runs that this journal made: not those that it knows by what a bank told of them. */
const madeOf = async (reader: Reader, names: readonly string[]): Promise<ReadonlySet<string>> => {
  const known = await reader.get(
    'run',
    names.map((name) => [name]),
  );
  return new Set(known.filter(({ kind }) => kind !== 'recovered').map(({ id }) => id));
};

/** The runs that this journal does not know whole: their money may be on its way. */
export const lostRuns = async (reader: Reader, runs: readonly NotedRun[]): Promise<readonly LostRun[]> => {
  const made = await madeOf(
    reader,
    runs.map(({ name }) => name),
  );
  const lost: LostRun[] = [];
  for (const run of runs) {
    const one = await lostOf(reader, run, made.has(run.name));
    if (one !== undefined) lost.push(one);
  }
  return lost;
};

/**
 * Compares the journal with what was noted, and marks it stale where it is behind.
 * Codes: those of the high water and of the store.
 */
export const compareHighWater = async (store: Store, highWater: HighWater): Promise<Result<null>> => {
  const noted = highWater.mark();
  if (!noted.ok) return noted;
  const mark = noted.value;
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
  const noted = highWater.mark();
  if (!noted.ok) return noted;
  if (head.length <= (noted.value?.length ?? 0)) return ok(null);
  return highWater.note({ length: head.length, hash: head.hash });
};

/** What is in a run that this journal made; null where it made none of that name. */
const contentOf = (store: Store, name: string): Promise<Result<RunContent | null>> =>
  store.read(async (reader) => {
    if (!(await madeOf(reader, [name])).has(name)) return null;
    const transfers = await reader.payoutsOf(name);
    return { totalNano: sumNano(transfers), transfers: transfers.map(beginning) };
  });

/**
 * Makes a payout run, or finds it as it was made, under a name that is not used for other payments than those it was
 * once used for. Its bank file may be written after this.
 * Codes: journal-stale, those of `make`, the high water and the store.
 */
export const makeUnderMark = async <T>(
  store: Store,
  highWater: HighWater,
  name: string,
  make: () => Promise<Result<T>>,
): Promise<Result<T>> => {
  const compared = await compareHighWater(store, highWater);
  if (!compared.ok) return compared;
  const noted = highWater.runs();
  if (!noted.ok) return noted;
  const before = await contentOf(store, name);
  if (!before.ok) return before;
  if (before.value === null && noted.value.some((run) => run.name === name)) {
    const remedy = 'bring it in from the bank, or take the next --sequence';
    return refuse(
      'journal-stale',
      `run ${name} was handed out once, and this journal has forgotten it: ${remedy}`,
    );
  }
  const made = await make();
  if (!made.ok) return made;
  const content = await contentOf(store, name);
  if (!content.ok) return content;
  const marked = await noteHighWater(store, highWater);
  if (!marked.ok) return marked;
  const reserved = content.value === null ? ok(null) : highWater.reserve({ name, content: content.value });
  return reserved.ok ? made : reserved;
};
