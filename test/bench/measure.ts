/**
 * Measuring on a machine that others use too: contestants take turns, so that what slows the machine slows
 * all of them, and medians forget the rounds that something else spoiled.
 */

/** `run` does some work and answers how many operations that was; only `run` is timed. */
export type Contestant<T = void> = {
  readonly prepare: () => T | Promise<T>;
  readonly run: (prepared: T) => number | Promise<number>;
};

export type Pace = {
  readonly rounds: number;
  /** The least time of one contestant in one round. */
  readonly roundMs: number;
};

/** Odd, so that the median is a round that happened. */
const PACE: Pace = { rounds: 7, roundMs: 250 };

/** Nearest rank: the smallest value that at least `percent` of all values do not pass. */
export const percentile = (values: readonly number[], percent: number): number => {
  if (values.length === 0) throw new RangeError('a percentile of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
};

export const median = (values: readonly number[]): number => percentile(values, 50);

/** The median of `subject / baseline`, round by round: both saw the same machine. */
export const medianRatio = (subject: readonly number[], baseline: readonly number[]): number =>
  median(subject.map((value, round) => value / baseline[round]!));

/** Operations per second. */
const rateOf = async <T>({ prepare, run }: Contestant<T>, roundMs: number): Promise<number> => {
  let operations = 0;
  let elapsedMs = 0;
  while (elapsedMs < roundMs) {
    const prepared = await prepare();
    const startedMs = performance.now();
    operations += await run(prepared);
    elapsedMs += performance.now() - startedMs;
  }
  return (operations / elapsedMs) * 1000;
};

/** The rates of every contestant in operations per second, one per round, after a round of warm-up. */
export const takeTurns = async <Name extends string>(
  // biome-ignore lint/suspicious/noExplicitAny: what a contestant prepares is its own affair
  contestants: Readonly<Record<Name, Contestant<any>>>,
  progress: (text: string) => void,
  pace: Pace = PACE,
): Promise<Record<Name, number[]>> => {
  const names = Object.keys(contestants) as Name[];
  const rates = Object.fromEntries(names.map((name): [Name, number[]] => [name, []])) as Record<
    Name,
    number[]
  >;
  for (const name of names) {
    progress(`warming up ${name}`);
    await rateOf(contestants[name], pace.roundMs);
  }
  for (let round = 1; round <= pace.rounds; round++) {
    progress(`round ${round} of ${pace.rounds}`);
    for (const name of names) rates[name].push(await rateOf(contestants[name], pace.roundMs));
  }
  return rates;
};
