/**
 * The settler: takes requests, books them in groups, and answers with what it signed after the commit.
 *
 * | request   | answer             | checks                                    |
 * |-----------|--------------------|-------------------------------------------|
 * | open      | grant, or receipt  | `desk/grants.ts`                          |
 * | claim     | receipt            | `desk/claims.ts`                          |
 * | close     | receipt            | `desk/closing.ts`                         |
 * | statement | receipt            | `desk/statements.ts`                      |
 * | query     | receipt            | the channel's latest                      |
 * | enrol     | spending           | `desk/enrolments.ts`                      |
 * | line, consent, dispute | noted | `desk/words.ts`                           |
 * | present   | receipt            | `desk/present.ts`: receipts of ours       |
 * | time      | timed              | none: a nonce goes in, a signature out    |
 */

import { fromHex, isBytes, toHex } from '../../schemas/bytes.ts';
import { decodeCbor } from '../../schemas/cbor.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { didKey } from '../../schemas/identity.ts';
import { decodeRequest, encodeRequest, REQUEST_ID_BYTES } from '../../schemas/request.ts';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import type { SettlerSigner } from '../../schemas/settler.ts';
import { signTime } from '../../schemas/time.ts';
import { compareHighWater, type HighWater, noteHighWater } from './backup/high-water.ts';
import { checkRestored, HOME } from './backup/stale.ts';
import { finaliseDaily } from './bank/finality.ts';
import type { Home } from './cluster/home.ts';
import { type Answer, encodeAnswer } from './desk/answer.ts';
import { expireChannel } from './desk/closing.ts';
import type { Desk } from './desk/desk.ts';
import { ALL_SHARDS, INTAKE, noteIntake } from './desk/grace.ts';
import { createIntake } from './desk/intake.ts';
import { createPrepare, isAnswer } from './desk/prepare.ts';
import { reachOf } from './desk/reach.ts';
import { type Task, together } from './desk/task.ts';
import { openBook } from './ledger/book.ts';
import { createKept, type Kept } from './ledger/kept.ts';
import { takeSnapshot } from './reports/snapshot.ts';
import { DEFAULT_LIMITS, type SettlerLimits } from './settings.ts';
import { CURRENCIES } from './store/root.ts';
import type { Store } from './store/store.ts';

export type SettlerOptions = {
  readonly store: Store;
  /** Root public key, 32 bytes: what opens name and payees pin. */
  readonly root: Uint8Array;
  readonly signer: SettlerSigner;
  readonly crypto: Crypto;
  /** Milliseconds since 1970; may leap or go back, the journal does not. */
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
  readonly currencies: readonly string[];
  readonly limits?: Partial<SettlerLimits>;
  /** The shards whose requests come here now; all of them where it is left out. */
  readonly serves?: () => readonly string[];
  /** Tells a database that was put back; none where it is left out. */
  readonly highWater?: HighWater;
};

export type Settler = {
  /** `from` is the sender's id, as the broker authenticated it. undefined: nothing to say, such as to an answer. */
  readonly handle: (from: string, bytes: Uint8Array) => Promise<Uint8Array | undefined>;
  /** Signs of life on disk, and the release of channels whose grace is over: how many. */
  readonly sweep: () => Promise<Result<number>>;
  /** Answers what has come in, then stops. The store stays open: it is the caller's. */
  readonly close: () => Promise<void>;
  /** The database it books in. */
  readonly home: Home;
};

/** An answer and the journal's time it is signed at. */
type Timed = { readonly answer: Result<Answer>; readonly timeMs: number };

/** Channels released in one transaction. */
const SWEEP_BATCH = 500;

/** The id of a request that does not decode otherwise, so that its sender hears why. */
const idOfMalformed = (bytes: Uint8Array): Uint8Array | undefined => {
  const item = decodeCbor(bytes);
  const id = item.ok && Array.isArray(item.value) ? item.value[1] : undefined;
  return isBytes(id, REQUEST_ID_BYTES) ? id : undefined;
};

/** A database belongs to one settler, and only goes on. Code: config-invalid, those of the store. */
const bindStore = async (options: SettlerOptions): Promise<Result<Home>> => {
  const { store, root, highWater, crypto, nowMs } = options;
  const bound = await store.transact<Result<{ owner: string; home: string }>>(async (reader) => {
    const restored = await checkRestored(reader);
    if (!restored.ok) return { changes: {}, value: restored };
    const rows = await reader.get('meta', [['settler'], HOME, CURRENCIES]);
    const said = (name: string) => rows.find((row) => row.name === name)?.value;
    const owner = said('settler') ?? toHex(root);
    const home = said('home') ?? `${toHex(crypto.random(16))} ${nowMs()}`;
    const meta = [
      { name: 'settler', value: owner },
      { name: 'home', value: home },
      { name: 'currencies', value: options.currencies.join(' ') },
    ].filter(({ name, value }) => said(name) !== value);
    const changes = owner === toHex(root) ? { put: { meta } } : {};
    return { changes, value: ok({ owner, home }) };
  });
  const found = bound.ok ? bound.value : bound;
  if (!found.ok) return found;
  const { owner, home } = found.value;
  if (owner !== toHex(root))
    return refuse(
      'config-invalid',
      `the database is of settler ${didKey(fromHex(owner)!)}, the key is of ${didKey(root)}: name the one that belongs to it`,
    );
  const compared = highWater === undefined ? ok(null) : await compareHighWater(store, highWater);
  if (!compared.ok) return compared;
  const [id, boundMs] = home.split(' ') as [string, string];
  return ok({ id: fromHex(id)!, boundMs: Number(boundMs) });
};

/** Codes: config-invalid (a database of another settler), storage-*, busy. */
export const createSettler = async (options: SettlerOptions): Promise<Result<Settler>> => {
  const { store, root, signer, crypto, currencies, log } = options;
  const desk: Desk = { root, signer, crypto, currencies, limits: { ...DEFAULT_LIMITS, ...options.limits } };
  const bound = await bindStore(options);
  if (!bound.ok) return bound;
  const sweep = createSweep(options, desk);
  const first = await sweep();
  if (!first.ok) return first;
  const prepare = createPrepare(desk, options.nowMs);
  const kept = createKept();
  const intake = createIntake<Task, Timed>(desk.limits, (tasks) => runBatch(tasks, options, desk, kept));
  let clockMs = 0;
  /** Signed time never goes back within a run, and the journal's time not across runs. */
  const clock = (atLeastMs: number): number => {
    clockMs = Math.max(clockMs, options.nowMs(), atLeastMs);
    return clockMs;
  };
  const head = await store.read((reader) => reader.head());
  if (!head.ok) return head;
  clock(head.value.timeMs);

  const answerTime = (id: Uint8Array, nonce: Uint8Array): Uint8Array => {
    const timed = signTime(nonce, Math.floor(clock(0) / 1000), signer);
    return encodeRequest({ kind: 'timed', id, parts: [timed] });
  };

  const answerTo: Settler['handle'] = async (from, bytes) => {
    const request = decodeRequest(bytes);
    if (!request.ok) {
      const id = idOfMalformed(bytes);
      return id === undefined ? undefined : encodeAnswer(id, request, clock(0), desk);
    }
    const { kind, id, parts } = request.value;
    if (kind === 'time') return answerTime(id, parts[0]);
    if (isAnswer(kind)) return undefined;
    const task = prepare(from, request.value);
    if (!task.ok) return encodeAnswer(id, task, clock(0), desk);
    const done = await intake.add(task.value, task.value.ahead?.());
    return done.ok
      ? encodeAnswer(id, done.value.answer, clock(done.value.timeMs), desk)
      : encodeAnswer(id, done, clock(0), desk);
  };

  /** On their way: a settler that stops waits for them. */
  const answering = new Set<Promise<unknown>>();
  const handle: Settler['handle'] = (from, bytes) => {
    const answer = answerTo(from, bytes).finally(() => answering.delete(answer));
    answering.add(answer);
    return answer;
  };

  const sweepAndLog = async (): Promise<void> => {
    const swept = await sweep();
    if (!swept.ok) log(`sweep: ${swept.code}: ${swept.detail}`);
    else if (swept.value > 0) log(`sweep: ${swept.value} channels released after their grace`);
  };
  const timer = desk.limits.sweepMs > 0 ? setInterval(sweepAndLog, desk.limits.sweepMs) : undefined;
  timer?.unref();
  return ok({
    handle,
    sweep,
    home: bound.value,
    close: async () => {
      clearInterval(timer);
      await intake.close();
      await Promise.allSettled(answering);
    },
  });
};

const everyOne = (tasks: readonly Task[], refusal: Refusal): readonly Refusal[] => tasks.map(() => refusal);

/** One transaction for all. A task that throws is a fault of ours: it must not take the others with it. */
const runBatch = async (
  tasks: readonly Task[],
  options: SettlerOptions,
  desk: Desk,
  kept: Kept,
): Promise<readonly Result<Timed>[]> => {
  const { store, nowMs, log } = options;
  try {
    const committed = await store.transact(async (reader) => {
      const book = await openBook(
        reader,
        together(tasks.map(({ wants }) => wants)),
        nowMs(),
        desk.crypto.sha256,
        kept,
      );
      await book.load(together(tasks.map(({ reach }) => reach?.(book) ?? {})));
      const answers: Result<Timed>[] = [];
      let moved = false;
      for (const task of tasks) {
        // What a task before it booked may have moved what this one reaches: another owner, a new channel.
        if (moved) await book.load(task.reach?.(book) ?? {});
        moved ||= task.steady !== true;
        answers.push(ok({ answer: task.apply(book), timeMs: book.timeMs }));
      }
      return { changes: book.changes(), value: { book, answers } };
    });
    if (committed.ok) {
      committed.value.book.keep();
      return committed.value.answers;
    }
    log(`intake: ${committed.code}: ${committed.detail}`);
    return everyOne(tasks, committed);
  } catch (error) {
    log(`intake: ${tasks.length} requests rolled back: ${error instanceof Error ? error.stack : error}`);
    if (tasks.length === 1)
      return everyOne(tasks, refuse('storage-failed', 'a fault here; nothing was booked'));
    const answers: Result<Timed>[] = [];
    for (const task of tasks) answers.push(...(await runBatch([task], options, desk, kept)));
    return answers;
  }
};

const createSweep =
  (options: SettlerOptions, desk: Desk): Settler['sweep'] =>
  async () => {
    let released = 0;
    for (;;) {
      const swept = await sweepOnce(options, desk);
      if (!swept.ok) return swept;
      released += swept.value;
      if (swept.value < SWEEP_BATCH) break;
    }
    const kept = await keepHouse(options, desk);
    return kept.ok ? ok(released) : kept;
  };

/** What is done now and then: what is final, a snapshot where one is due, and how far the journal came. */
const keepHouse = async (
  { store, nowMs, highWater }: SettlerOptions,
  { limits, crypto }: Desk,
): Promise<Result<unknown>> => {
  const passed = await finaliseDaily(store, nowMs(), limits.intakeGapMs, crypto.sha256);
  if (!passed.ok) return passed;
  const taken = await takeSnapshot(store, limits.snapshotRows, nowMs(), crypto.sha256);
  if (!taken.ok || highWater === undefined) return taken;
  return noteHighWater(store, highWater);
};

const sweepOnce = ({ store, nowMs, serves }: SettlerOptions, desk: Desk): Promise<Result<number>> =>
  store.transact(async (reader) => {
    const { intakeGapMs, graceMs } = desk.limits;
    const due = await reader.expired(Math.floor((nowMs() - graceMs) / 1000), SWEEP_BATCH);
    const wanted = { channel: due.map(({ id }) => [id]), meta: [INTAKE] };
    const book = await openBook(reader, wanted, nowMs(), desk.crypto.sha256);
    noteIntake(book, serves?.() ?? ALL_SHARDS, intakeGapMs);
    await book.load(together(due.map(reachOf)));
    const released = due.filter(({ id }) => expireChannel(book, id, desk)).length;
    return { changes: book.changes(), value: released };
  });
