/** `tollbridge settler verify`: replays the journal and compares it with everything stored. */

import { ok } from '../../../schemas/result.ts';
import { type Verified, verifyStore } from '../reports/verify.ts';
import { attended } from './attended.ts';
import { onStore } from './on-store.ts';

const OPTIONS = { 'since-snapshot': { type: 'boolean', default: false } } as const;

const textOf = ({ rows, hash, channels, snapshots, from }: Verified): string =>
  from === 0
    ? `${rows} rows replay to the stored balances, ${channels} channels, every other table and ${snapshots} snapshots; the last hash is ${hash}`
    : `rows ${from} to ${rows - 1} replay from the newest snapshot to the stored balances; the last hash is ${hash}`;

export const run = onStore(OPTIONS, async (store, values, host) => {
  const sinceSnapshot = values['since-snapshot'] === true;
  const verified = await attended((watch) =>
    verifyStore(store, host.crypto.sha256, { sinceSnapshot, watch }),
  );
  return verified.ok ? ok({ text: textOf(verified.value), json: verified.value }) : verified;
});
