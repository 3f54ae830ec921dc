/** What the auditor reads of the settler's rows: by the bytes of the journal, not by the code that wrote them. */

import type { Changes } from '../../broker/settler/store/store.ts';
import { concatBytes, equalBytes } from '../../schemas/bytes.ts';
import { decodeCbor } from '../../schemas/cbor.ts';
import type { Sha256 } from '../../schemas/crypto.ts';

/** Place of the proof in an event. */
const PROOF = 6;

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

export const disputesOf = (changes: Changes) => changes.put?.dispute ?? [];

/** What a row moves, and the signed object that it rests on. */
export type Booked = { readonly movements: readonly Movement[]; readonly proof: Uint8Array };

/** What a row carries, or what is wrong with it. */
export const bookedOf = (
  row: Journal[number],
  index: number,
  before: Uint8Array,
  sha256: Sha256,
): Booked | string => {
  const item = decodeCbor(row.bytes);
  if (!item.ok || !Array.isArray(item.value)) return `row ${row.index} is not CBOR`;
  const [stated, , event, entries] = item.value as unknown as readonly [
    unknown,
    unknown,
    readonly unknown[],
    unknown,
  ];
  if (stated !== index || row.index !== index) return `row ${row.index} stands in place ${index}`;
  if (!equalBytes(sha256(concatBytes([before, row.bytes])), row.hash)) {
    return `row ${index} does not continue the chain of hashes`;
  }
  const movements = (entries as readonly (readonly [string, string, string, Uint8Array])[]).map(
    ([debit, credit, currency, nano]) => ({
      debit,
      credit,
      currency,
      nano: new DataView(nano.buffer, nano.byteOffset, 8).getBigUint64(0),
    }),
  );
  return { movements, proof: event[PROOF] as Uint8Array };
};
