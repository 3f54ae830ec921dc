/** Journals on the disk in memory, with numbered records. */

import { type JournalOptions, openJournal } from '../../agent/journal.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Code, Result } from '../../schemas/result.ts';
import type { Disk } from './disk.ts';

export const PATH = '/state/money.journal';
export const KIND = 'test-money';

export const take = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.code + ': ' + result.detail);
  return result.value;
};

export const codeOf = (result: Result<unknown>): Code | 'ok' => (result.ok ? 'ok' : result.code);

/** Opens on the disk and collects what it replays; syncs start at once, so that no test waits for a timer. */
export const open = (disk: Disk, options: Partial<JournalOptions> = {}) => {
  const records: string[] = [];
  const onRecord = (record: Uint8Array): void => void records.push(toHex(record));
  const all = { kind: KIND, onRecord, syncIntervalMs: 0, files: disk.files, ...options };
  return { result: openJournal(PATH, all), records };
};

export const record = (n: number, length = 20): Uint8Array => {
  const bytes = new Uint8Array(length).fill(n % 3 === 0 ? 0 : 0xa5);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
};
export const hexes = (count: number, length = 20): string[] =>
  Array.from({ length: count }, (_, i) => toHex(record(i + 1, length)));
