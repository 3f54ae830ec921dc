/** `tollbridge settler snapshot`: all balances as they are now, and their digest in the journal. */

import { ok } from '../../../schemas/result.ts';
import { takeSnapshot } from '../reports/snapshot.ts';
import { onStore } from './on-store.ts';

export const run = onStore({}, async (store, _, host) => {
  const taken = await takeSnapshot(store, 1, host.nowMs(), host.crypto.sha256);
  if (!taken.ok) return taken;
  const rows = taken.value;
  const text = rows === null ? 'nothing has happened since the newest snapshot' : `taken after ${rows} rows`;
  return ok({ text, json: { rows } });
});
