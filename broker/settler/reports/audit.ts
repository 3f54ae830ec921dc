/**
 * Audit: every signature, tick, posting rule and hash again, from the journal alone. It takes no word of the tables,
 * so it is the same for an operator, a party with a backup, and a court.
 */

import { fromHex, toHex } from '../../../schemas/bytes.ts';
import type { Crypto } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import { type Judge, Replay, replayJournal } from '../ledger/replay.ts';
import { DEFAULT_LIMITS } from '../settings.ts';
import type { Reader, Store } from '../store/store.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { ClearingAudit } from './audit-clearing.ts';
import { type Auditing, keysFor, RULES } from './audit-rules.ts';
import { snapshotJudge, snapshotsIn, type Taken } from './snapshot.ts';

/** The first entry that does not hold. */
export type Fault = {
  readonly row: number;
  readonly kind: string | null;
  readonly subject: string | null;
  readonly why: string;
};

export type Audited = {
  readonly rows: number;
  /** Of the last row that holds. */
  readonly hash: string;
  /** Rows that were checked, by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly signatures: number;
  readonly ticks: number;
  readonly fault: Fault | null;
};

export type AuditOptions = {
  readonly crypto: Crypto;
  readonly graceMs?: number;
  readonly watch?: Watch;
};

type Tally = { signatures: number; ticks: number; readonly kinds: Record<string, number> };

const counting = ({ sha256, verify, random }: Crypto, tally: Tally): Crypto => ({
  sha256,
  random,
  verify: (...signed) => {
    tally.signatures++;
    return verify(...signed);
  },
});

const byKeyOf = (rows: readonly JournalRow[]): ReadonlyMap<string, readonly JournalRow[]> => {
  const byKey = new Map<string, JournalRow[]>();
  for (const row of rows) byKey.set(row.key, [...(byKey.get(row.key) ?? []), row]);
  return byKey;
};

/** A proof that cannot be read throws: no settler would have booked it. */
const guarded =
  (judge: Judge): Judge =>
  (event, row, before) => {
    try {
      return judge(event, row, before);
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) return error.message;
      throw error;
    }
  };

const faultAt = (row: JournalRow | undefined, index: number, detail: string): Fault => {
  const event = row === undefined ? undefined : eventOfRow(row);
  const { kind, subject } = event?.ok === true ? event.value : { kind: null, subject: null };
  const why = detail.replace(`row ${index}: `, '').replace(`${kind} ${subject}: `, '');
  return { row: index, kind, subject, why };
};

const rootOf = async (reader: Reader): Promise<Result<Uint8Array>> => {
  const [settler] = await reader.get('meta', [['settler']]);
  const root = settler === undefined ? undefined : fromHex(settler.value);
  if (root !== undefined) return ok(root);
  return refuse('config-invalid', 'the database is of no settler yet: there is nothing to audit');
};

/** Judges each row by the rules; `fetch` gets what they ask of the journal about a page, before it. */
const createJudge = (auditing: Auditing, taken: readonly Taken[], tally: Tally) => {
  const ofSnapshots = snapshotJudge(taken, auditing.crypto.sha256);
  const clearing = new ClearingAudit();
  let byKey: ReadonlyMap<string, readonly JournalRow[]> = new Map();
  const judge: Judge = (event, row, before) => {
    const twin = byKey.get(row.key)?.find(({ index }) => index !== row.index);
    if (twin !== undefined) return `row ${twin.index} has the same key`;
    const earlier = (key: string) => byKey.get(key)?.find(({ index }) => index < row.index);
    const fault = RULES[event.kind]({ ...auditing, event, row, before, earlier });
    tally.kinds[event.kind] = (tally.kinds[event.kind] ?? 0) + 1;
    return fault ?? clearing.add(event, row, before) ?? ofSnapshots(event, row, before);
  };
  return {
    judge: guarded(judge),
    end: () => clearing.end(),
    fetch: async (reader: Reader, rows: readonly JournalRow[]): Promise<void> => {
      byKey = byKeyOf(await reader.rows([...new Set(rows.flatMap(({ key }) => keysFor(key)))]));
    },
  };
};

const auditJournal = async (
  reader: Reader,
  { crypto, graceMs = DEFAULT_LIMITS.graceMs, watch = UNWATCHED }: AuditOptions,
): Promise<Result<Audited>> => {
  const root = await rootOf(reader);
  if (!root.ok) return root;
  const taken = await snapshotsIn(reader);
  if (!taken.ok) return taken;
  const { length } = await reader.head();
  const tally: Tally = { signatures: 0, ticks: 0, kinds: {} };
  const counted = counting(crypto, tally);
  const walked = (ticks: number): void => {
    tally.ticks += ticks;
  };
  const { judge, fetch, end } = createJudge(
    { root: root.value, crypto: counted, graceMs, walked },
    taken.value,
    tally,
  );
  const replay = new Replay(crypto.sha256, { crypto: counted, judge });
  let page: readonly JournalRow[] = [];
  const replayed = await replayJournal(reader, replay, crypto.sha256, {
    before: async (rows) => {
      page = rows;
      await fetch(reader, rows);
      return ok(null);
    },
    after: async () => {
      await watch('rows audited', replay.head.length, length);
      return ok(null);
    },
  });
  const { head } = replay;
  const bad = page[head.length - (page[0]?.index ?? 0)];
  const unended = replayed.ok ? end() : undefined;
  const last = Math.max(0, head.length - 1);
  const fault = !replayed.ok
    ? faultAt(bad, head.length, replayed.detail)
    : unended === undefined
      ? null
      : faultAt(page.at(-1), last, unended);
  return ok({ rows: head.length, hash: toHex(head.hash), ...tally, fault });
};

/** Codes: config-invalid (a database of no settler), those of the store. What does not hold is the `fault`. */
export const auditStore = async (store: Store, options: AuditOptions): Promise<Result<Audited>> => {
  const audited = await store.read((reader) => auditJournal(reader, options));
  return audited.ok ? audited.value : audited;
};
