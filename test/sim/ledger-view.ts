/** What the auditor reads of the settler's rows: by the bytes of the journal, not by the code that wrote them. */

import type { Changes } from '../../broker/settler/store/store.ts';
import { concatBytes, equalBytes } from '../../schemas/bytes.ts';
import { decodeCbor } from '../../schemas/cbor.ts';
import type { Sha256 } from '../../schemas/crypto.ts';

type Journal = NonNullable<Changes['journal']>;

export const journalOf = (changes: Changes): Journal => changes.journal ?? [];
export const balancesOf = (changes: Changes) => changes.put?.balance ?? [];
export const channelsOf = (changes: Changes) => changes.put?.channel ?? [];

export type Movement = {
  readonly debit: string;
  readonly credit: string;
  readonly currency: string;
  readonly nano: bigint;
};

/** The entries that a row carries, or what is wrong with the row. */
export const movementsOf = (
  row: Journal[number],
  index: number,
  before: Uint8Array,
  sha256: Sha256,
): readonly Movement[] | string => {
  const item = decodeCbor(row.bytes);
  if (!item.ok || !Array.isArray(item.value)) return `row ${row.index} is not CBOR`;
  const [stated, , , entries] = item.value as readonly unknown[];
  if (stated !== index || row.index !== index) return `row ${row.index} stands in place ${index}`;
  if (!equalBytes(sha256(concatBytes([before, row.bytes])), row.hash)) {
    return `row ${index} does not continue the chain of hashes`;
  }
  return (entries as readonly (readonly [string, string, string, Uint8Array])[]).map(
    ([debit, credit, currency, nano]) => ({
      debit,
      credit,
      currency,
      nano: new DataView(nano.buffer, nano.byteOffset, 8).getBigUint64(0),
    }),
  );
};
