/**
 * A clearing run on the ledger: obligations frozen at a journal index are cleared, and what disappears is booked in
 * one transaction. The search for circles takes seconds and holds no lock; meanwhile debts may grow, which changes
 * nothing, or be paid, and then the run begins anew.
 */

import { fromHex, toHex } from '../../../schemas/bytes.ts';
import { encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkFresh } from '../backup/stale.ts';
import { obligationsOf } from '../credit/obligations.ts';
import { openBook } from '../ledger/book.ts';
import { eventFor, lineAccount, owedAccount } from '../ledger/ledger.ts';
import { checkRunOccasion, oldClearingName, type RunOccasion, runName } from '../ledger/run-name.ts';
import { allRows, type Outcome, type Reader, type Store } from '../store/store.ts';
import type { ClearingRow } from '../store/tables.ts';
import { type Clearing, clear } from './clear.ts';
import type { Consent, Obligation } from './obligation.ts';
import type { Report } from './report.ts';

export type ClearingOrder = Required<RunOccasion>;

export type ClearingRun = {
  readonly row: ClearingRow;
  /** The run had been made before: nothing was booked now, and what it did is in the row's report. */
  readonly repeated: boolean;
  /** Not where it is repeated, nor where nothing runs in circles: the name stays free for a day on which something does. */
  readonly booked: boolean;
  readonly before: readonly Obligation[];
  readonly clearing: Clearing | null;
};

/** Times a run begins anew because debts were paid while it searched. */
const ATTEMPTS_MAX = 5;

type Frozen = {
  readonly known: ClearingRow | undefined;
  readonly index: number;
  readonly hash: Uint8Array;
  readonly obligations: readonly Obligation[];
  readonly consents: readonly Consent[];
};

const consentsOf = async (reader: Reader, currency: string, nowMs: number): Promise<readonly Consent[]> => {
  const consents: Consent[] = [];
  for await (const row of allRows(reader, 'consent')) {
    const isOver = row.expiryS !== 0 && row.expiryS * 1000 <= nowMs;
    if (row.currency !== currency || isOver || row.counterpartyNano === 0) continue;
    consents.push({ owner: toHex(row.owner), counterpartyNano: BigInt(row.counterpartyNano) });
  }
  return consents;
};

/** Made before, by whatever program. */
const knownRun = async (reader: Reader, order: ClearingOrder): Promise<ClearingRow | undefined> =>
  (await reader.get('clearing', [[runName('clearing', order)], [oldClearingName(order)]]))[0];

const freeze = async (reader: Reader, order: ClearingOrder, nowMs: number): Promise<Frozen> => {
  const { currency } = order;
  const known = await knownRun(reader, order);
  const head = await reader.head();
  return {
    known,
    index: head.length,
    hash: head.hash,
    obligations: await obligationsOf(reader, currency),
    consents: await consentsOf(reader, currency, nowMs),
  };
};

/** Of one pair: below 0 what disappears, above 0 what compression puts there. */
type Change = { readonly creditor: string; readonly debtor: string; readonly nano: bigint };

const pairOf = ({ creditor, debtor }: Obligation): string => `${creditor}/${debtor}`;

const changesOf = (before: readonly Obligation[], after: readonly Obligation[]): readonly Change[] => {
  const changes = new Map<string, Change>();
  const add = (obligation: Obligation, nano: bigint): void => {
    const known = changes.get(pairOf(obligation))?.nano ?? 0n;
    changes.set(pairOf(obligation), { ...obligation, nano: known + nano });
  };
  for (const obligation of before) add(obligation, -obligation.nano);
  for (const obligation of after) add(obligation, obligation.nano);
  return [...changes.values()]
    .filter(({ nano }) => nano !== 0n)
    .sort((a, b) => (pairOf(a) < pairOf(b) ? -1 : 1));
};

/** Is everything still owed, undisputed, that would disappear? */
const stillStand = (changes: readonly Change[], now: readonly Obligation[]): boolean => {
  const owed = new Map(now.map((obligation) => [pairOf(obligation), obligation.nano]));
  return changes.every((change) => (owed.get(pairOf(change)) ?? 0n) + change.nano >= 0n);
};

/** JSON has no integers beyond 2^53: amounts are decimal text. */
const reportText = (clearing: Clearing): string =>
  JSON.stringify(clearing.report, (_, value) => (typeof value === 'bigint' ? String(value) : value));

/** What a run that was made did. */
export const reportOf = (row: ClearingRow): Report =>
  JSON.parse(row.report, (key, value) =>
    typeof value === 'string' && /(?:Nano|Before|After)$/.test(key) ? BigInt(value) : value,
  );

const rowOf = (order: ClearingOrder, frozen: Frozen, clearing: Clearing, createdMs: number): ClearingRow => ({
  id: runName('clearing', order),
  currency: order.currency,
  frozenIndex: frozen.index,
  createdMs,
  report: reportText(clearing),
});

const keyOf = (hex: string): Uint8Array => fromHex(hex)!;

const book = async (
  reader: Reader,
  order: ClearingOrder,
  frozen: Frozen,
  clearing: Clearing,
  changes: readonly Change[],
  nowMs: number,
  sha256: Sha256,
): Promise<Outcome<Result<ClearingRow>>> => {
  const { currency } = order;
  const id = runName('clearing', order);
  const accounts = changes.flatMap(({ creditor, debtor }) => [
    owedAccount(keyOf(creditor), keyOf(debtor)),
    lineAccount(keyOf(creditor), keyOf(debtor)),
  ]);
  const wanted = { balance: accounts.map((account) => [account, currency]) };
  const given = await openBook(reader, wanted, nowMs, sha256);
  const post = (event: Parameters<typeof eventFor>[0]): void => {
    const booked = given.post(eventFor(event));
    if (!booked.ok) throw new RangeError(booked.detail);
  };
  const { index, hash } = frozen;
  const [settler] = await reader.get('meta', [['settler']]);
  post({
    kind: 'clearing',
    currency,
    nano: 0n,
    subject: id,
    owner: keyOf(settler!.value),
    proof: encodeCbor([index, hash]),
  });
  for (const { creditor, debtor, nano } of changes) {
    const [kind, size] = nano < 0n ? (['cleared', -nano] as const) : (['novated', nano] as const);
    const subject = `${id}/${creditor}/${debtor}`;
    post({ kind, currency, nano: size, subject, owner: keyOf(creditor), other: keyOf(debtor) });
  }
  const row = rowOf(order, frozen, clearing, given.timeMs);
  given.put('clearing', row);
  return { changes: given.changes(), value: ok(row) };
};

const AGAIN = 'again';

const attempt = async (
  store: Store,
  order: ClearingOrder,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<ClearingRun | typeof AGAIN>> => {
  const read = await store.read((reader) => freeze(reader, order, nowMs));
  if (!read.ok) return read;
  const frozen = read.value;
  const before = frozen.obligations;
  if (frozen.known !== undefined)
    return ok({ row: frozen.known, repeated: true, booked: false, before, clearing: null });
  const clearing = clear(before, frozen.consents);
  const changes = changesOf(before, clearing.left);
  const booked = await store.transact<Result<ClearingRow> | typeof AGAIN>(async (reader) => {
    const fresh = await checkFresh(reader);
    if (!fresh.ok) return { changes: {}, value: fresh };
    const known = await knownRun(reader, order);
    const stands = known === undefined && stillStand(changes, await obligationsOf(reader, order.currency));
    if (!stands) return { changes: {}, value: AGAIN };
    if (changes.length === 0) return { changes: {}, value: ok(rowOf(order, frozen, clearing, nowMs)) };
    return book(reader, order, frozen, clearing, changes, nowMs, sha256);
  });
  if (!booked.ok) return booked;
  if (booked.value === AGAIN) return ok(AGAIN);
  if (!booked.value.ok) return booked.value;
  return ok({ row: booked.value.value, repeated: false, booked: changes.length > 0, before, clearing });
};

/**
 * Clears what owners owe each other, once for each currency, period and sequence: a run that was made is found as it
 * was, and one that would change nothing is not made. Codes: value-out-of-range, journal-stale, busy (debts kept changing), those of the store.
 */
export const runClearing = async (
  store: Store,
  order: ClearingOrder,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<ClearingRun>> => {
  const checked = checkRunOccasion(order);
  if (!checked.ok) return checked;
  for (let i = 0; i < ATTEMPTS_MAX; i++) {
    const made = await attempt(store, order, nowMs, sha256);
    if (!made.ok) return made;
    if (made.value !== AGAIN) return ok(made.value);
  }
  return refuse('busy', `debts were paid while circles were sought, ${ATTEMPTS_MAX} times: try again`);
};
