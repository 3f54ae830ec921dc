/** A stream of readings between processes: who takes part, and how their parent starts, asks and ends them. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { Signer } from '../../schemas/crypto.ts';
import type { StreamWork } from './stream-process.ts';

export const crypto = nativeCrypto();
export const signerOf = (seed: number): Signer => crypto.signerOf(new Uint8Array(32).fill(seed));
export const BOX_SEED = 255;
/** The buyer of pair n is this and n; its seller is n. */
export const BUYER_SEEDS = 100;
/** Each pair has a market of its own. */
export const kindOf = (pair: number): string => `temperature-${pair}`;
/** So cheap that the largest lease stays far below 2^53 nano. */
export const PRICE_NANO = 1000;

const PROCESS = fileURLToPath(new URL('./stream-process.ts', import.meta.url));

/** What the child says next; a child that dies instead fails the benchmark. */
const heard = async (child: ChildProcess): Promise<unknown> => {
  const over = new AbortController();
  const { signal } = over;
  const died = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code}`);
  });
  try {
    return (await Promise.race([once(child, 'message', { signal }), died]))[0];
  } finally {
    over.abort();
    died.catch(() => {});
  }
};

export const launch = async (work: StreamWork): Promise<{ child: ChildProcess; said: unknown }> => {
  const child = fork(PROCESS, [JSON.stringify(work)]);
  return { child, said: await heard(child) };
};

/** The answer to a question; one at a time. */
export const ask = async <T>(child: ChildProcess, question: string): Promise<T> => {
  const answer = heard(child);
  child.send(question);
  return (await answer) as T;
};

/** One after the other. */
export const end = async (children: readonly ChildProcess[]): Promise<void> => {
  for (const child of children) {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  }
};

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
