/** What came of a run, for people: a line per suite while it runs, then boards against suites, and the reasons. */

import { type BoardResult, type CheckResult, FLASH, type Outcome } from './run.ts';

export type Paint = (text: string, outcome: Outcome) => string;

const COLOURS: Readonly<Record<Outcome, number>> = { passed: 32, failed: 31, skipped: 33 };

/** Colour only for a person: a terminal, and no NO_COLOR (no-color.org). */
export const paintFor = (isTerminal: boolean, environment: NodeJS.ProcessEnv): Paint =>
  isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb'
    ? (text, outcome) => `\x1b[${COLOURS[outcome]}m${text}\x1b[0m`
    : (text) => text;

const WORDS: Readonly<Record<Outcome, string>> = { passed: 'ok', failed: 'FAIL', skipped: 'skip' };

export type Tally = { readonly passed: number; readonly failed: number; readonly skipped: number };

export const tallyOf = (checks: readonly CheckResult[]): Tally => {
  const count = (outcome: Outcome): number => checks.filter((check) => check.outcome === outcome).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
};

const outcomeOf = ({ passed, failed }: Tally): Outcome =>
  failed > 0 ? 'failed' : passed > 0 ? 'passed' : 'skipped';

export const elapsedMsOf = (checks: readonly CheckResult[]): number =>
  checks.reduce((sum, check) => sum + check.elapsedMs, 0);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const tallyText = ({ passed, failed, skipped }: Tally): string =>
  [
    passed > 0 ? `${passed} passed` : '',
    failed > 0 ? `${failed} failed` : '',
    skipped > 0 ? `${skipped} skipped` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');

/** `ok    station       identify   3 passed                 0.6 s`, and each failure under it. */
export const suiteLines = (
  board: string,
  suite: string,
  checks: readonly CheckResult[],
  paint: Paint,
): string[] => {
  const tally = tallyOf(checks);
  const outcome = outcomeOf(tally);
  const head = [
    paint(WORDS[outcome].padEnd(5), outcome),
    board.padEnd(14),
    suite.padEnd(10),
    tallyText(tally).padEnd(24),
    seconds(elapsedMsOf(checks)).padStart(7),
  ].join(' ');
  const reasons = new Set(checks.filter((check) => check.outcome === 'skipped').map(({ reason }) => reason));
  const skips = outcome === 'skipped' ? [...reasons].map((reason) => `      ${reason}`) : [];
  const failed = checks.filter((check) => check.outcome === 'failed');
  const shared = failed.length > 1 && failed.every(({ reason }) => reason === failed[0]!.reason);
  const failures = shared
    ? [`      ${paint(failed[0]!.reason, 'failed')}`]
    : failed.map(({ claim, reason }) => `      ${claim}: ${paint(reason, 'failed')}`);
  return [head.trimEnd(), ...skips, ...failures];
};

const GAP = '   ';

/** Suites down, boards across, in as many blocks as the width asks for. */
const tableLines = (results: readonly BoardResult[], width: number, paint: Paint): string[] => {
  const suites = [...new Set(results.flatMap(({ checks }) => checks.map(({ suite }) => suite)))];
  suites.sort((a, b) => Number(b === FLASH) - Number(a === FLASH)); // it comes first where it comes at all
  const firstWidth = Math.max(...suites.map((suite) => suite.length), 5);
  const columns = results.map((result) => columnOf(result, suites));
  const lines: string[] = [];
  for (let from = 0; from < columns.length; ) {
    let to = from + 1;
    const wide = (end: number): number =>
      columns.slice(from, end).reduce((sum, column) => sum + GAP.length + column.width, firstWidth);
    while (to < columns.length && wide(to + 1) <= width) to++;
    const block = columns.slice(from, to);
    if (from > 0) lines.push('');
    lines.push(
      [''.padEnd(firstWidth), ...block.map((one) => one.board.padEnd(one.width))].join(GAP).trimEnd(),
    );
    for (const [i, suite] of suites.entries()) {
      const cells = block.map((one) => {
        const { text, outcome } = one.cells[i]!;
        return paint(text.padEnd(one.width), outcome);
      });
      lines.push([suite.padEnd(firstWidth), ...cells].join(GAP).trimEnd());
    }
    from = to;
  }
  return lines;
};

type Column = {
  readonly board: string;
  readonly width: number;
  readonly cells: readonly { readonly text: string; readonly outcome: Outcome }[];
};

const columnOf = ({ board, checks }: BoardResult, suites: readonly string[]): Column => {
  const cells = suites.map((suite) => {
    const own = checks.filter((check) => check.suite === suite);
    if (own.length === 0) return { text: '-', outcome: 'skipped' as const };
    const tally = tallyOf(own);
    const outcome = outcomeOf(tally);
    const of = tally.passed + tally.failed;
    const count = tally.failed > 0 ? `${tally.failed} of ${of}` : `${tally[outcome]}`;
    const time = outcome === 'skipped' ? '' : `  ${seconds(elapsedMsOf(own))}`;
    return { text: `${WORDS[outcome]} ${count}${time}`, outcome };
  });
  return { board, cells, width: Math.max(board.length, ...cells.map(({ text }) => text.length)) };
};

/** Why checks were skipped: each reason once, with the boards it is about. */
const skipLines = (results: readonly BoardResult[]): string[] => {
  const boards = new Map<string, Map<string, number>>();
  for (const { board, checks } of results) {
    for (const check of checks.filter(({ outcome }) => outcome === 'skipped')) {
      const counts = boards.get(check.reason) ?? new Map<string, number>();
      boards.set(check.reason, counts.set(board, (counts.get(board) ?? 0) + 1));
    }
  }
  return [...boards].map(([reason, counts]) => {
    const whose = [...counts].map(([board, count]) => `${board} ${count}`).join(', ');
    return `skipped: ${reason} (${whose})`;
  });
};

/** Each reason once; beyond the first claim that it broke, how many more. */
const failureLines = (results: readonly BoardResult[]): string[] =>
  results.flatMap(({ board, checks }) => {
    const failed = checks.filter(({ outcome }) => outcome === 'failed');
    return [...new Set(failed.map(({ reason }) => reason))].map((reason) => {
      const [first, ...more] = failed.filter((check) => check.reason === reason);
      const others = more.length > 0 ? ` (and ${more.length} more)` : '';
      return `failed: ${board}, ${first!.suite}: ${first!.claim}: ${reason}${others}`;
    });
  });

/** The end of the run. */
export const reportLines = (
  results: readonly BoardResult[],
  options: { readonly width: number; readonly seed: number; readonly tookMs: number; readonly paint: Paint },
): string[] => {
  const { width, seed, tookMs, paint } = options;
  const tally = tallyOf(results.flatMap(({ checks }) => checks));
  const met = results.filter(({ identity }) => identity !== '');
  const nameWidth = Math.max(0, ...met.map(({ board }) => board.length));
  return [
    '',
    ...tableLines(results, width, paint),
    '',
    ...met.map(({ board, kind, identity }) => `${board.padEnd(nameWidth)}   ${identity} (${kind})`),
    ...(met.length > 0 ? [''] : []),
    ...skipLines(results).map((line) => paint(line, 'skipped')),
    ...failureLines(results).map((line) => paint(line, 'failed')),
    ...(tally.passed + tally.failed === 0 ? ['nothing could be tried: --list says what is missing'] : []),
    `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped in ${seconds(tookMs)}, seed ${seed}`,
  ];
};
