/**
 * What one test file's process says about itself: uvu's summary, exit status, printed skips.
 *
 * uvu alone is too kind: a file that forgets `.run()`, dies before its summary, or leaves a stray `.only`
 * exits 0. Here each of these is a failure.
 *
 * The convention of skips: a test that cannot run here prints a line `skip: REASON` and returns, or is not there. A skip
 * without a reason (`.skip`, `.only`) is a failure.
 */

export type Ending = {
  readonly output: string;
  /** null where a signal ended the process. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** A process of the file's group still held its output after the file had ended. */
  readonly leftBehind: boolean;
};

export type Outcome = {
  readonly passed: number;
  readonly failed: number;
  readonly skips: readonly string[];
  /** Why the file as a whole failed; empty where only its tests speak. */
  readonly faults: readonly string[];
};

const SUMMARY = /^ *Total: +(\d+)\r?\n *Passed: +(\d+)\r?\n *Skipped: +(\d+)/gm;
/** uvu writes a suite's name without a line's end, so a reason may stand behind it. */
const SKIP = /(?:^|\s)skip: (.+)$/gm;

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with ESC
const COLOUR = /\x1b\[[0-9;]*m/g;

export const judge = (ending: Ending, source: string): Outcome => {
  const text = ending.output.replace(COLOUR, '');
  const skips = [...text.matchAll(SKIP)].map((match) => match[1]!.trim());
  const summaries = [...text.matchAll(SUMMARY)].map((match) => match.slice(1).map(Number));
  const [total, ran, unrun] = (summaries[0] ?? [0, 0, 0]) as [number, number, number];

  const faults: string[] = [];
  if (!/\.run\(\)/.test(source)) faults.push('no suite calls .run()');
  if (ending.timedOut) faults.push('took too long and was killed');
  else if (ending.signal !== null) faults.push(`ended by ${ending.signal}`);
  if (ending.leftBehind) faults.push('left a process behind: stop what the test started');
  if (summaries.length === 0) faults.push('ended before the summary');
  if (summaries.length > 1) faults.push('several summaries: no top-level await between suites');
  if (summaries.length === 1 && total === 0 && skips.length === 0) faults.push('ran no test');
  if (unrun > skips.length) faults.push('skipped without a printed reason (.only or .skip left in?)');
  if (ending.exitCode !== 0 && ending.signal === null && ran === total) {
    faults.push(`exit code ${ending.exitCode}`);
  }

  // A test that skips itself returns, so uvu has counted it as passed.
  const returned = Math.min(ran, Math.max(0, skips.length - unrun));
  return { passed: ran - returned, failed: total - ran + (faults.length > 0 ? 1 : 0), skips, faults };
};
