/**
 * Statements compared with the journal as it files them, page by page: a long journal needs no long memory. One that a
 * later statement replaced is compared when that one comes.
 */

import { toHex } from '../../../schemas/bytes.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import { eventOfRow } from '../ledger/journal.ts';
import { openAndGrant } from '../ledger/proofs.ts';
import type { Step } from '../ledger/replay.ts';
import { allRows, type Reader } from '../store/store.ts';
import { keyText, type StatementRow } from '../store/tables.ts';
import { compareRow } from './compare-row.ts';

const filedUnder = (channel: Uint8Array): string => `statement/${toHex(channel)}/`;

/** Statements of the first version are in no journal; nor are the grants of their channels. */
const isOfFirstVersion = async (reader: Reader, channel: Uint8Array): Promise<boolean> => {
  const [row] = await reader.rows([`grant/${toHex(channel)}`]);
  const event = row === undefined ? undefined : eventOfRow(row);
  return event?.ok === true && openAndGrant(event.value.proof).grant.length === 0;
};

export class StatementCheck {
  private count = 0;

  /** Of a page that ends with the row before `length`. Code: journal-corrupt. */
  async compare(reader: Reader, steps: readonly Step[], length: number): Promise<Result<null>> {
    const newest = new Map<string, StatementRow>();
    for (const { puts } of steps)
      for (const row of puts.statement ?? []) newest.set(keyText([row.channel]), row);
    const stored = await reader.get(
      'statement',
      [...newest.values()].map(({ channel }) => [channel]),
    );
    const byKey = new Map(stored.map((row) => [keyText([row.channel]), row]));
    for (const [key, row] of newest) {
      const compared = compareRow('statement', byKey.get(key), row);
      if (compared.ok) this.count++;
      else if (!(await isReplaced(reader, row, length))) return compared;
    }
    return ok(null);
  }

  /** After the last page: is any stored that the journal does not file? Code: journal-corrupt. */
  async end(reader: Reader): Promise<Result<null>> {
    let stored = 0;
    for await (const _ of allRows(reader, 'statement')) stored++;
    if (stored === this.count) return ok(null);
    for await (const row of allRows(reader, 'statement')) {
      const filed = await reader.rowsUnder(filedUnder(row.channel), 1);
      if (filed.length === 0 && !(await isOfFirstVersion(reader, row.channel)))
        return compareRow('statement', row, undefined);
    }
    return ok(null);
  }
}

const isReplaced = async (reader: Reader, { channel }: StatementRow, length: number): Promise<boolean> => {
  const filed = await reader.rowsUnder(filedUnder(channel), Number.MAX_SAFE_INTEGER);
  return filed.some(({ index }) => index >= length);
};
