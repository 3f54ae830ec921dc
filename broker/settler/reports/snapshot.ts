/**
 * Snapshots: all balances at a journal length, so that a check need not begin at the first row.
 *
 *     page   = [account, currency, nano, ...]     deterministic CBOR, by account and currency, none that holds nothing
 *     digest = SHA-256(SHA-256(page 0) | SHA-256(page 1) | ...)     in the journal, event `snapshot`
 *
 * It is read beside the running settler and written afterwards: the event comes some rows after the length it is of.
 */

import { concatBytes, equalBytes, fromHex } from '../../../schemas/bytes.ts';
import { type Cbor, decodeCbor, encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { openBook } from '../ledger/book.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import { eventFor, keyOf, type LedgerEvent } from '../ledger/ledger.ts';
import type { Judge } from '../ledger/replay.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import type { Balance, MetaRow, SnapshotRow } from '../store/tables.ts';

/** 256 * (134 account + 3 currency + 8 nano + 6 heads) = 38,656 bytes and 769 items: below the codec's maxima. */
const BALANCES_PER_PAGE = 256;
/** No currency: ISO 4217 has a code for that. */
const NO_CURRENCY = 'XXX';
const LENGTH_DIGITS = 16;
/** One every million rows of a journal of 10^11, read at once. */
const SNAPSHOTS_MAX = 100_000;

/** Two's complement, big-endian: what is outside is below zero here. */
const signedBytes = (nano: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, nano);
  return bytes;
};

/** `balances` are by account and currency. */
const pagesOf = (balances: readonly Balance[]): readonly Uint8Array[] => {
  const holding = balances.filter(({ nano }) => nano !== 0n);
  const pages: Uint8Array[] = [];
  for (let i = 0; i < holding.length; i += BALANCES_PER_PAGE) {
    const some = holding.slice(i, i + BALANCES_PER_PAGE);
    pages.push(
      encodeCbor(
        some.flatMap(({ account, currency, nano }): Cbor[] => [account, currency, signedBytes(nano)]),
      ),
    );
  }
  return pages;
};

const digestOf = (pages: readonly Uint8Array[], sha256: Sha256): Uint8Array =>
  sha256(concatBytes(pages.map(sha256)));

/** The balances of a page whose digest was checked. */
export const balancesOf = (page: Uint8Array): readonly Balance[] => {
  const item = decodeCbor(page);
  if (!item.ok) throw new RangeError(item.detail);
  const flat = item.value as readonly (string | Uint8Array)[];
  const balances: Balance[] = [];
  for (let i = 0; i < flat.length; i += 3) {
    const [account, currency, nano] = flat.slice(i, i + 3) as [string, string, Uint8Array];
    balances.push({
      account,
      currency,
      nano: new DataView(nano.buffer, nano.byteOffset).getBigInt64(0),
    });
  }
  return balances;
};

/** A snapshot as the journal tells of it. */
export type Taken = { readonly length: number; readonly digest: Uint8Array };

const subjectOf = (length: number): string => String(length).padStart(LENGTH_DIGITS, '0');

const takenOf = (row: JournalRow): Result<Taken> => {
  const event = eventOfRow(row);
  return event.ok ? ok({ length: Number(event.value.subject), digest: event.value.proof }) : event;
};

/** Every snapshot that the journal tells of, the oldest first. Code: journal-corrupt. */
export const snapshotsIn = async (reader: Reader): Promise<Result<readonly Taken[]>> => {
  const all: Taken[] = [];
  for (const row of await reader.rowsUnder('snapshot/', SNAPSHOTS_MAX)) {
    const taken = takenOf(row);
    if (!taken.ok) return taken;
    all.push(taken.value);
  }
  return ok(all);
};

/** The stored pages of a snapshot. Code: journal-corrupt, where they are not what its digest says. */
export const storedPages = async (
  reader: Reader,
  { length, digest }: Taken,
  sha256: Sha256,
): Promise<Result<readonly Uint8Array[]>> => {
  const pages: Uint8Array[] = [];
  for await (const { bytes } of allRows(reader, 'snapshot', [length])) pages.push(bytes);
  if (equalBytes(digestOf(pages, sha256), digest)) return ok(pages);
  return refuse(
    'journal-corrupt',
    `the ${pages.length} pages of snapshot ${length} are not what its digest says`,
  );
};

/** Asks, where a snapshot is of the rows before, whether it is of their balances. */
export const snapshotJudge = (taken: readonly Taken[], sha256: Sha256): Judge => {
  const digests = new Map(taken.map(({ length, digest }) => [length, digest]));
  return (_event, row, before) => {
    const digest = digests.get(row.index);
    if (digest === undefined || equalBytes(digestOf(pagesOf(before.balances()), sha256), digest))
      return undefined;
    return `the snapshot of the ${row.index} rows before it is not of their balances`;
  };
};

/** `meta` row: the length of the newest snapshot. */
const NEWEST = 'snapshot';

export const newestMeta = (length: number): MetaRow => ({ name: NEWEST, value: String(length) });

const newestIn = async (reader: Reader): Promise<number> => {
  const [newest] = await reader.get('meta', [[NEWEST]]);
  return newest === undefined ? 0 : Number(newest.value);
};

const eventOf = (owner: Uint8Array, { length, digest }: Taken): LedgerEvent =>
  eventFor({
    kind: 'snapshot',
    currency: NO_CURRENCY,
    nano: 0n,
    subject: subjectOf(length),
    owner,
    proof: digest,
  });

const settlerOf = async (reader: Reader): Promise<Uint8Array | undefined> => {
  const [settler] = await reader.get('meta', [['settler']]);
  return settler === undefined ? undefined : fromHex(settler.value);
};

/** Where `leastRows` rows have come since the newest; undefined else. */
const readDue = async (reader: Reader, leastRows: number) => {
  const { length } = await reader.head();
  const owner = await settlerOf(reader);
  if (owner === undefined || length - (await newestIn(reader)) < Math.max(1, leastRows)) return undefined;
  const balances: Balance[] = [];
  for await (const balance of allRows(reader, 'balance')) if (balance.nano !== 0n) balances.push(balance);
  return { length, owner, pages: pagesOf(balances) };
};

/**
 * Takes a snapshot where that many rows have come since the newest; its journal length, or null where it is too
 * early. Codes: those of the store.
 */
export const takeSnapshot = async (
  store: Store,
  leastRows: number,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<number | null>> => {
  const read = await store.read((reader) => readDue(reader, leastRows));
  if (!read.ok) return read;
  if (read.value === undefined) return ok(null);
  const { length, owner, pages } = read.value;
  const event = eventOf(owner, { length, digest: digestOf(pages, sha256) });
  return store.transact(async (reader) => {
    const [taken] = await reader.rows([keyOf(event)]);
    if (taken !== undefined) return { changes: {}, value: null };
    const book = await openBook(reader, {}, nowMs, sha256);
    const booked = book.post(event);
    if (!booked.ok) throw new RangeError(booked.detail);
    const { journal } = book.changes();
    const snapshot: SnapshotRow[] = pages.map((bytes, part) => ({ index: length, part, bytes }));
    const newest = Math.max(length, await newestIn(reader));
    const put = { snapshot, meta: [newestMeta(newest)] };
    return { changes: { ...(journal && { journal }), put }, value: length };
  });
};
