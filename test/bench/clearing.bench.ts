/**
 * How long clearing takes, from obligations in memory to what is left and a report: synthetic networks with degrees
 * of a power law, amounts to 1.6e10 cents spread evenly over orders of magnitude. Beside it the network simplex of
 * LEMON on the same obligations, in C++ (from arcs in memory to the optimum), and of NetworkX, which takes
 * minutes: with CLEARING_NETWORKX=100000 on that network, with CLEARING_NETWORKX=all on all. Each run is a process of its own, so that its memory is its own.
 * How it grows is fitted to the user time over more and larger networks.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { randomEdges } from '../settler/clearing/networks.ts';
import type { Bench, Figure } from './bench.ts';
import { GROWTH_DRAWS, GROWTH_NETWORKS, NETWORKS, shapeOf } from './clearing-networks.ts';
import type { ClearingRun } from './clearing-process.ts';
import { median } from './measure.ts';
import { type Oracle, openLemon, openNetworkX, type Verdict } from './oracle.ts';

const PROCESS = fileURLToPath(new URL('./clearing-process.ts', import.meta.url));

const runOf = async (obligations: number, words: 'fewest' | 'two', draw = 0): Promise<ClearingRun> => {
  const child: ChildProcess = fork(PROCESS, [String(obligations), words, String(draw)]);
  const [run] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the process that clears ended with ${code}`);
    }),
  ])) as [ClearingRun];
  return run;
};

type NetworkResult = Record<string, number>;

const opened = (oracle: Oracle | string, progress: (text: string) => void): Oracle | undefined => {
  if (typeof oracle !== 'string') return oracle;
  progress(`skip: ${oracle}`);
  return undefined;
};

/** Its verdict on what we cleared: the same to the unit, or the benchmark fails. */
const solved = (oracle: Oracle, obligations: number, ours: ClearingRun): Verdict => {
  const shape = shapeOf(obligations);
  const verdict = oracle.solve(shape.owners, randomEdges(shape));
  if (String(verdict.cleared) === ours.cleared) return verdict;
  throw new Error(`${oracle.name} clears ${verdict.cleared} of ${obligations}, not ${ours.cleared}`);
};

/** Odd, so that the median is a round that happened; each round runs everything once. */
const ROUNDS = 3;

const measure = async (
  obligations: number,
  lemon: Oracle | undefined,
  networkX: Oracle | undefined,
  progress: (text: string) => void,
): Promise<NetworkResult> => {
  const ours: ClearingRun[] = [];
  const inTwo: ClearingRun[] = [];
  const theirs: Verdict[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`${obligations} obligations, round ${round} of ${ROUNDS}`);
    const run = await runOf(obligations, 'fewest');
    ours.push(run);
    inTwo.push(await runOf(obligations, 'two'));
    if (lemon !== undefined) theirs.push(solved(lemon, obligations, run));
  }
  const [run] = ours as [ClearingRun];
  const result: NetworkResult = {
    obligations,
    gross: Number(run.gross),
    cleared: Number(run.cleared),
    ms: median(ours.map(({ ms }) => ms)),
    rss_mb: median(ours.map(({ rssMb }) => rssMb)),
    circulation_ms: median(ours.map(({ circulationMs }) => circulationMs)),
    circulation_two_words_ms: median(inTwo.map(({ circulationMs }) => circulationMs)),
  };
  const [theirFirst] = theirs;
  if (theirFirst !== undefined) {
    result.oracle_cleared = Number(theirFirst.cleared);
    result.oracle_ms = median(theirs.map(({ ms }) => ms));
  }
  const asked = process.env.CLEARING_NETWORKX;
  if (networkX !== undefined && (asked === 'all' || asked === String(obligations))) {
    progress(`${obligations} obligations: ${networkX.name}`);
    result.networkx_ms = solved(networkX, obligations, run).ms;
  }
  return result;
};

type Size = { readonly obligations: number; readonly cpu_ms: number };

/** The b of `cpu_ms = a * obligations ** b` that fits best: the slope of the line through the logarithms. */
const exponentOf = (sizes: readonly Size[]): number => {
  const points = sizes.map(({ obligations, cpu_ms }) => [Math.log(obligations), Math.log(cpu_ms)] as const);
  const [meanX, meanY] = [0, 1].map((axis) => points.reduce((sum, p) => sum + p[axis]!, 0) / points.length);
  const across = points.reduce((sum, [x]) => sum + (x - meanX!) ** 2, 0);
  return points.reduce((sum, [x, y]) => sum + (x - meanX!) * (y - meanY!), 0) / across;
};

const growthOf = async (progress: (text: string) => void) => {
  const runs = new Map<number, number[]>(GROWTH_NETWORKS.map((obligations) => [obligations, []]));
  for (let draw = 1; draw <= GROWTH_DRAWS; draw++) {
    for (const [obligations, cpuMs] of runs) {
      progress(`growth: ${obligations} obligations, draw ${draw} of ${GROWTH_DRAWS}`);
      cpuMs.push((await runOf(obligations, 'fewest', draw)).cpuMs);
    }
  }
  const sizes = Array.from(runs, ([obligations, cpuMs]): Size => ({ obligations, cpu_ms: median(cpuMs) }));
  return { sizes, exponent: Number(exponentOf(sizes).toFixed(2)) };
};

const figuresOf = (network: NetworkResult): Figure[] => {
  const size = `${network.obligations! / 1000}k`;
  const figures: Figure[] = [
    { name: `ms_${size}`, value: network.ms! },
    { name: `rss_mb_${size}`, value: network.rss_mb! },
  ];
  const compare = (
    name: string,
    oracleMs: number | undefined,
    target: NonNullable<Figure['target']>,
    ratio: (ms: number) => number,
  ) => {
    if (oracleMs === undefined) return;
    figures.push({
      name: `${name}_${size}`,
      value: ratio(oracleMs),
      target,
      baseline: { name: 'ms', value: oracleMs },
    });
  };
  compare('ratio_lemon', network.oracle_ms, { max: 3 }, (ms) => network.ms! / ms);
  compare('faster_than_networkx', network.networkx_ms, { min: 20 }, (ms) => ms / network.ms!);
  return figures;
};

export const bench: Bench = {
  name: 'clearing',
  summary: 'ms and memory to clear 100k, 180k and 285k obligations, beside LEMON and NetworkX',
  run: async (progress) => {
    const lemon = opened(openLemon(), progress);
    const networkX =
      process.env.CLEARING_NETWORKX === undefined ? undefined : opened(openNetworkX(), progress);
    const networks: NetworkResult[] = [];
    try {
      for (const obligations of NETWORKS)
        networks.push(await measure(obligations, lemon, networkX, progress));
    } finally {
      lemon?.close();
      networkX?.close();
    }
    const growth = await growthOf(progress);
    const figures: Figure[] = [
      ...networks.flatMap(figuresOf),
      { name: 'growth_exponent', value: growth.exponent },
    ];
    return Object.assign(figures, { more: { networks, growth } });
  },
};
