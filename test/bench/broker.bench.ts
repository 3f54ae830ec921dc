/**
 * How many messages a second the broker hands on from one client to another, with credentials, access
 * rules and limits, beside bare aedes in the same run. Broker, writer and reader are processes of their own.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { type Contestant, median, medianRatio, takeTurns } from './measure.ts';

/** QoS 0, 32 bytes: a round of at least half a second. */
const MESSAGES = 50_000;

const processes: ChildProcess[] = [];

const startProcess = async (...args: string[]): Promise<{ child: ChildProcess; said: unknown }> => {
  const child = fork(fileURLToPath(new URL('./broker-process.ts', import.meta.url)), args);
  processes.push(child);
  const [said] = await once(child, 'message');
  return { child, said };
};

const brokerOf = async (kind: 'bare' | 'ours'): Promise<Contestant> => {
  const port = String((await startProcess(kind)).said);
  const reader = (await startProcess('reader', port)).child;
  const writer = (await startProcess('writer', port)).child;
  reader.send(MESSAGES);
  await once(reader, 'message');
  return {
    prepare: () => undefined,
    run: async () => {
      const all = once(reader, 'message');
      writer.send(MESSAGES);
      await all;
      return MESSAGES;
    },
  };
};

export const bench: Bench = {
  name: 'broker',
  summary: 'messages through the broker, beside bare aedes',
  run: async (progress) => {
    try {
      const contestants = { bare: await brokerOf('bare'), ours: await brokerOf('ours') };
      const rates = await takeTurns(contestants, progress);
      const bare = { name: 'bare aedes', value: median(rates.bare) };
      return [
        { name: 'broker_messages_per_s', value: median(rates.ours), baseline: bare },
        { name: 'broker_ratio', value: medianRatio(rates.ours, rates.bare), target: { min: 0.9 } },
      ];
    } finally {
      for (const child of processes) child.disconnect();
    }
  },
};
