/** Settlers in processes of their own on one database, and what they acknowledged. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as assert from 'uvu/assert';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openStore } from '../../broker/settler/store/open.ts';
import { toHex } from '../../schemas/bytes.ts';
import { must } from '../world/deal.ts';
import { crypto, houseOver } from './parties.ts';

const CHILD = join(import.meta.dirname, 'claiming-child.ts');

/** A process that opens and claims on its own channels; `acknowledged` holds the receipts it printed. */
export const startChild = (place: string, number: number, claims: number) => {
  const args = ['--no-warnings', '--import', 'tsx', CHILD, place, String(number), String(claims)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged = new Map<string, number>();
  let heard = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let hear = (): void => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [channel, paidNano] = line.split(' ');
    acknowledged.set(channel!, Number(paidNano));
    if (++heard === wanted) hear();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return {
    acknowledged,
    ended,
    kill: () => child.kill('SIGKILL'),
    /** Resolves after so many receipts. */
    heard: (count: number) =>
      new Promise<void>((resolve) => {
        wanted = count;
        hear = resolve;
      }),
  };
};

export const checkAcknowledged = async (
  place: string,
  acknowledged: ReadonlyMap<string, number>,
): Promise<void> => {
  const store = must(await openStore(place));
  const verified = await verifyStore(store, crypto.sha256);
  assert.ok(verified.ok, verified.ok ? '' : verified.detail);
  const channels = await store.read((reader) => reader.page('channel', [], null, 1000));
  assert.ok(channels.ok);
  const paid = new Map(channels.value.map((channel) => [toHex(channel.id), channel.paidNano]));
  for (const [channel, paidNano] of acknowledged) {
    assert.ok((paid.get(channel) ?? -1) >= paidNano, `${channel}: ${paid.get(channel)} of ${paidNano}`);
  }
  await store.close();
};

/** Pays so many units in. */
export const prepare = async (place: string, units: number): Promise<void> => {
  const store = must(await openStore(place));
  const house = await houseOver(store);
  await house.deposit(units, 'BANK-1');
  await house.settler.close();
  await store.close();
};
