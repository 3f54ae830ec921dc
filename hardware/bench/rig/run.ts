/** Runs the suites on the boards of a rig file, several boards at a time, one suite of a board after the other. */

import type { Result } from '../../../schemas/result.ts';
import type { Tap } from '../faulty-binding.ts';
import { Failure } from '../suites/bell.ts';
import type { Check, Suite } from '../suites/suite.ts';
import { Workbench } from '../suites/workbench.ts';
import { startRig } from './kinds.ts';
import { isAbsence, type Rig } from './rig.ts';
import type { Board } from './rig-file.ts';

/** The longest check waits 20 s for a board twice; beyond this it hangs. */
const CHECK_MS_MAX = 90_000;
/** The suite that is not in `suites/`: a board that takes no firmware needs no further question. */
export const FLASH = 'flash';

/** Told once for a board whose suites share a reason. */
const ALL = 'all';

export type Outcome = 'passed' | 'failed' | 'skipped';

export type CheckResult = {
  readonly suite: string;
  readonly claim: string;
  readonly outcome: Outcome;
  /** Why it failed, or was skipped. */
  readonly reason: string;
  readonly elapsedMs: number;
};

export type BoardResult = {
  readonly board: string;
  readonly kind: string;
  /** What it said it is; '' where it never answered. */
  readonly identity: string;
  readonly checks: readonly CheckResult[];
};

export type RunOptions = {
  readonly suites: readonly Suite[];
  readonly seed: number;
  /** Boards at a time. */
  readonly jobs: number;
  readonly flash: boolean;
  readonly signal: AbortSignal;
  /** How long something may take that should come to be (default: a slow board on a busy machine). */
  readonly patienceMs?: number;
  /** Default: by the kind of the board. */
  readonly start?: (board: Board) => Promise<Result<Rig>>;
  /** Hears the line of that board; undefined: nobody does. */
  readonly tapOf?: ((board: Board) => Tap) | undefined;
  /** One suite of one board has ended, or begins (without results). */
  readonly onSuite: (board: string, suite: string, checks: readonly CheckResult[] | undefined) => void;
};

/** In the order of the file. A run that is aborted returns what it has by then. */
export const runBoards = async (boards: readonly Board[], options: RunOptions): Promise<BoardResult[]> => {
  const results: (BoardResult | undefined)[] = boards.map(() => undefined);
  const waiting = [...boards.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (options.signal.aborted) return;
      results[next[0]] = await new BoardRun(next[1], options).run();
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  return results.filter((result) => result !== undefined);
};

class BoardRun {
  readonly #board: Board;
  readonly #options: RunOptions;
  readonly #checks: CheckResult[] = [];
  #identity = '';

  constructor(board: Board, options: RunOptions) {
    this.#board = board;
    this.#options = options;
  }

  async run(): Promise<BoardResult> {
    const started = await (this.#options.start ?? startRig)(this.#board);
    if (started.ok) {
      try {
        await this.#runOn(started.value);
      } finally {
        await started.value.close();
      }
    } else {
      const outcome = isAbsence(started.code) ? 'skipped' : 'failed';
      this.#all(outcome, `${started.code}: ${started.detail}`);
    }
    return {
      board: this.#board.name,
      kind: this.#board.kind,
      identity: this.#identity,
      checks: this.#checks,
    };
  }

  async #runOn(rig: Rig): Promise<void> {
    const { suites, signal } = this.#options;
    if (rig.flash !== undefined && this.#options.flash && !(await this.#flash(rig.flash))) return;
    for (const suite of suites) {
      if (signal.aborted) return;
      await this.#suite(rig, suite);
    }
  }

  /** Whether the board runs the firmware that it should. */
  async #flash(flash: NonNullable<Rig['flash']>): Promise<boolean> {
    this.#options.onSuite(this.#board.name, FLASH, undefined);
    const beganMs = performance.now();
    const flashed = await flash();
    const elapsedMs = performance.now() - beganMs;
    const absent = !flashed.ok && isAbsence(flashed.code);
    const check: CheckResult = {
      suite: FLASH,
      claim: 'takes its firmware through its boot loader',
      outcome: flashed.ok ? 'passed' : absent ? 'skipped' : 'failed',
      reason: flashed.ok ? '' : `${flashed.code}: ${flashed.detail}`,
      elapsedMs,
    };
    this.#add(FLASH, [check]);
    if (flashed.ok) return true;
    this.#all('skipped', absent ? check.reason : 'its firmware is not on it');
    return false;
  }

  async #suite(rig: Rig, suite: Suite): Promise<void> {
    const { seed, signal, tapOf, onSuite, patienceMs } = this.#options;
    onSuite(this.#board.name, suite.name, undefined);
    const bench = new Workbench({
      rig,
      wired: this.#board.wired,
      meterKey: this.#board.meterKey,
      seed,
      tap: tapOf?.(this.#board),
      patienceMs,
    });
    const checks: CheckResult[] = [];
    for (const check of suite.checks) {
      if (signal.aborted) break;
      checks.push(await tryCheck(suite, check, bench, signal));
    }
    this.#identity = bench.identity || this.#identity;
    await bench.close();
    this.#add(suite.name, checks);
  }

  /** The same for every check of every suite: it cannot even be tried. */
  #all(outcome: Outcome, reason: string): void {
    const checks = this.#options.suites.flatMap(({ name, checks }) =>
      checks.map(({ claim }) => ({ suite: name, claim, outcome, reason, elapsedMs: 0 })),
    );
    this.#add(ALL, checks);
  }

  #add(suite: string, checks: readonly CheckResult[]): void {
    this.#checks.push(...checks);
    this.#options.onSuite(this.#board.name, suite, checks);
  }
}

const tryCheck = async (
  suite: Suite,
  check: Check,
  bench: Workbench,
  signal: AbortSignal,
): Promise<CheckResult> => {
  const result = (outcome: Outcome, reason: string, elapsedMs: number): CheckResult => ({
    suite: suite.name,
    claim: check.claim,
    outcome,
    reason,
    elapsedMs,
  });
  const beganMs = performance.now();
  try {
    const absence = await check.absent?.(bench);
    if (absence !== undefined) return result('skipped', absence, 0);
    await within(check.run(bench), signal);
    return result('passed', '', performance.now() - beganMs);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const interrupted = signal.aborted;
    return result(interrupted ? 'skipped' : 'failed', error.message, performance.now() - beganMs);
  } finally {
    bench.line.end();
  }
};

/** A check that hangs is left behind; so is one that somebody interrupts. */
const within = async (running: Promise<void>, signal: AbortSignal): Promise<void> => {
  let stop = (_reason: string): void => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = (reason) => reject(new Failure(reason));
  });
  const timer = setTimeout(() => stop(`it hangs (waited ${CHECK_MS_MAX} ms)`), CHECK_MS_MAX);
  const onAbort = (): void => stop('interrupted');
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort(); // while `running` began
  running.catch(() => {}); // left behind, it still fails
  try {
    await Promise.race([running, stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
};
