/** `tollbridge settler backup`: everything in one file, while the settler runs. */

import { ok } from '../../../schemas/result.ts';
import { backupStore } from '../backup/backup.ts';
import { attended } from './attended.ts';
import { need, onStore } from './on-store.ts';

export const run = onStore({ out: { type: 'string' } } as const, async (store, options, host) => {
  const given = need(options, 'out');
  if (!given.ok) return given;
  const { out } = given.value;
  const written = await attended((watch) => backupStore(store, out, host.nowMs(), host.crypto.sha256, watch));
  if (!written.ok) return written;
  const { rows, hash, counts } = written.value;
  const text = `${rows} rows of the journal, the last with hash ${hash}: ${out}`;
  return ok({ text, json: { file: out, rows, hash, counts } });
});
