/**
 * A journal that is older than what it once signed says so in its meta row `stale`: why it is taken for old, empty
 * where it is not. Who finds that out, and what ends it, is no affair of the ledger's (`../backup/stale.ts`).
 */

import type { Reader } from '../store/store.ts';
import type { Key, MetaRow } from '../store/tables.ts';

export const STALE: Key = ['stale'];

export const staleMeta = (why: string): MetaRow => ({ name: 'stale', value: why });
export const FRESH: MetaRow = staleMeta('');

/** Why the journal is taken for old; empty where it is not. */
export const staleReason = async (reader: Reader): Promise<string> =>
  (await reader.get('meta', [STALE]))[0]?.value ?? '';
