/** The parties of the demo, each started by hand, so that a test can leave one out or come between them. */

import { join } from 'node:path';
import { openSite, type Site } from '../../agent/demo/site.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { AgentStatus } from '../../agent/status.ts';
import { type Running, runProgram, startProgram, statusWhen } from './program.ts';

const PRICE_NANO = 2_000_000;
const PERIOD_MS = 20;

export type Parties = {
  readonly site: Site;
  readonly start: (...argv: string[]) => Running;
  readonly broker: () => Running;
  readonly board: (board: 'station' | 'valve', link?: string) => Running;
  readonly agent: (party: 'station' | 'farm') => Running;
  /** The farm's money, as its owner pays it in. */
  readonly deposit: () => void;
  /** Resolves when the agent's status is so. */
  readonly until: (
    party: 'station' | 'farm',
    holds: (status: AgentStatus) => boolean,
  ) => Promise<AgentStatus>;
  /** Ends whatever still runs. */
  readonly end: () => Promise<void>;
};

export const openParties = async (state: string, readings: number): Promise<Parties> => {
  const wish = { readings, priceNano: PRICE_NANO };
  const opened = await openSite(state, false, wish, PERIOD_MS, nativeCrypto());
  if (!opened.ok) throw new Error(opened.detail);
  const site = opened.value;
  const running: Running[] = [];
  const start = (...argv: string[]): Running => {
    const started = startProgram(...argv);
    running.push(started);
    return started;
  };
  return {
    site,
    start,
    broker: () => start('broker', '--config', site.path('broker', 'broker.yaml')),
    board: (board, link = site.path(`${board}.tty`)) => start('emulate', '--board', board, '--link', link),
    agent: (party) => start('agent', '--config', site.path(party, 'agent.yaml')),
    deposit: () => {
      const money = ['--amount', '100.00', '--reference', 'first'];
      const database = ['--db', site.path('broker', 'settler.db')];
      const ran = runProgram('settler', 'deposit', '--account', site.farmDid, ...money, ...database);
      if (ran.exit !== 0) throw new Error(ran.error);
    },
    until: (party, holds) =>
      statusWhen(join(state, party), holds, () => running.map(({ output }) => output()).join('\n')),
    end: async () => {
      for (const one of running.reverse()) await one.end('SIGTERM');
    },
  };
};
