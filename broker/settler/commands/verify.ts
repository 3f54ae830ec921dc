/** `tollbridge settler verify`: replays the journal and compares it with everything stored. */

import { ok } from '../../../schemas/result.ts';
import { verifyStore } from '../reports/verify.ts';
import { onStore } from './on-store.ts';

export const run = onStore({}, async (store, _, host) => {
  const verified = await verifyStore(store, host.crypto.sha256);
  if (!verified.ok) return verified;
  const { rows, hash, channels: count } = verified.value;
  const text = `${rows} rows replay to the stored balances and ${count} channels; the last hash is ${hash}`;
  return ok({ text, json: verified.value });
});
