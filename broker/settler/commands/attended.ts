/**
 * Long work of a command: on a terminal one line says how far it is; Ctrl-C, SIGTERM and a terminal that is closed end it
 * in order, between two pages, and a second time at once.
 */

import { Interrupted, type Watch } from '../watch.ts';

/** What is asked of stderr. */
export type Terminal = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
};

/** What a shell expects of a program that a signal ended: 128 and the signal's number. */
const EXITS: { readonly [S in NodeJS.Signals]?: number } = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const SIGNALS = Object.keys(EXITS) as readonly NodeJS.Signals[];
/** As often as a person can follow. */
const REDRAW_MS = 200;
/** Of a terminal that does not say. */
const COLUMNS = 80;

const counted = (n: number): string => Math.floor(n).toLocaleString('en');

/** `1,234 of 2,000 rows verified, 61 %, 500 a second, 2 s to go`; less where less is known. */
export const howFar = (what: string, done: number, of: number | undefined, elapsedMs: number): string => {
  if (done === 0) return what;
  if (of === undefined || done > of) return `${counted(done)} ${what}`;
  const percent = Math.floor((100 * done) / of);
  const perS = (1000 * done) / Math.max(1, elapsedMs);
  const leftS = Math.ceil((of - done) / perS);
  return `${counted(done)} of ${counted(of)} ${what}, ${percent} %, ${counted(perS)} a second, ${leftS} s to go`;
};

/** Redraws one line; elsewhere than on a terminal it writes nothing. */
const lineOn = (terminal: Terminal) => {
  let subject = '';
  let sinceMs = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    draw: (what: string, done: number, of: number | undefined): void => {
      if (terminal.isTTY !== true) return;
      const nowMs = performance.now();
      if (what !== subject) {
        [subject, sinceMs] = [what, nowMs];
      } else if (nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      const text = howFar(what, done, of, nowMs - sinceMs);
      terminal.write(`\r\x1b[K${text.slice(0, (terminal.columns ?? COLUMNS) - 1)}`);
    },
    clear: (): void => {
      if (drawnMs > 0) terminal.write('\r\x1b[K');
    },
  };
};

/** Signals and keys are looked at between two turns of the event loop, which a database in this process never leaves. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Throws `Interrupted`, when what the work had open is closed. */
export const attended = async <T>(
  work: (watch: Watch) => Promise<T>,
  terminal: Terminal = process.stderr,
): Promise<T> => {
  let signal: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    signal = name;
  };
  const line = lineOn(terminal);
  for (const name of SIGNALS) process.once(name, onSignal);
  try {
    return await work(async (what, done, of) => {
      line.draw(what, done, of);
      await nextTurn();
      if (signal !== undefined) throw new Interrupted(signal);
    });
  } finally {
    line.clear();
    for (const name of SIGNALS) process.removeListener(name, onSignal);
  }
};

export const exitOf = ({ signal }: Interrupted): number => EXITS[signal] ?? 1;
