/** Solvers of others, to compare clearing with: LEMON (liblemon-dev, g++) and NetworkX (python3-networkx). */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A debt of node to node. */
export type OracleDebt = readonly [debtor: number, creditor: number, amount: bigint];
export type Verdict = { readonly cleared: bigint; readonly ms: number };
export type Oracle = {
  readonly name: string;
  readonly solve: (nodes: number, debts: readonly OracleDebt[]) => Verdict;
  readonly close: () => void;
};

const LEMON = join(import.meta.dirname, 'oracle-lemon.cc');
const NETWORKX = join(import.meta.dirname, 'oracle-networkx.py');
const OUTPUT_BYTES_MAX = 1 << 16;

const oracleOf = (name: string, command: readonly [string, ...string[]], close: () => void): Oracle => ({
  name,
  solve: (nodes, debts) => {
    const input = [`${nodes} ${debts.length}`, ...debts.map((debt) => debt.join(' '))].join('\n') + '\n';
    const [program, ...args] = command;
    const solved = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX });
    const [cleared, ms] = solved.stdout.trim().split(' ');
    if (solved.status !== 0 || ms === undefined) throw new Error(`${name} failed: ${solved.stderr}`);
    return { cleared: BigInt(cleared!), ms: Number(ms) };
  },
  close,
});

/** Compiled afresh; or the reason why it is not there. */
export const openLemon = (): Oracle | string => {
  const folder = mkdtempSync(join(tmpdir(), 'tb-oracle-'));
  const close = (): void => rmSync(folder, { recursive: true });
  const program = join(folder, 'lemon');
  const compiled = spawnSync('g++', ['-O2', '-o', program, LEMON], { encoding: 'utf8' });
  if (compiled.status === 0) return oracleOf('LEMON', [program], close);
  close();
  return compiled.error === undefined
    ? `LEMON does not compile (liblemon-dev): ${compiled.stderr.split('\n')[0]}`
    : 'g++ is not installed';
};

export const openNetworkX = (): Oracle | string => {
  const found = spawnSync('python3', ['-c', 'import networkx'], { encoding: 'utf8' });
  if (found.status !== 0) return 'python3 has no networkx (python3-networkx)';
  return oracleOf('NetworkX', ['python3', NETWORKX], () => {});
};
