/**
 * Transfers that this journal forgot. Their ids follow from the settler, an owner, a period and a sequence, so a
 * restored journal finds out whose a transfer was that its bank speaks of, and books it again.
 */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import { allRows, type Reader } from '../store/store.ts';
import type { MandateRow, OwnerRow, PayoutRow } from '../store/tables.ts';
import type { Amount } from './bank-fact.ts';
import { nanoOfCents } from './cents.ts';
import { useText } from './mandates.ts';
import { type Direction, RUN_CURRENCIES, runIdOf, schemeOf, transferIdOf } from './runs.ts';
import { directionOf, transferEvent } from './settling.ts';

/** Runs of a day that are tried. */
const SEQUENCES = 9;
/** Days before the import that are tried: a backup is not older, and a bank speaks within days. */
const DAYS = 45;
const DAY_MS = 86_400_000;
/** Ids that are tried, at some 4 us each: ten seconds. */
const TRIES_MAX = 2_500_000;

/** Where a transfer came from. */
export type Origin = {
  readonly direction: Direction;
  readonly run: string;
  readonly details: OwnerRow;
  /** Null of a payout. */
  readonly mandate: MandateRow | null;
};

const FORM = /^[0-9a-f]{32}$/;

const daysBefore = (nowMs: number): readonly string[] =>
  Array.from({ length: DAYS }, (_, i) => new Date(nowMs + DAY_MS - i * DAY_MS).toISOString().slice(0, 10));

type Search = { readonly root: Uint8Array; readonly wanted: Set<string>; readonly sha256: Sha256 };

const search = (
  { root, wanted, sha256 }: Search,
  details: OwnerRow,
  mandate: MandateRow | null,
  currency: string,
  days: readonly string[],
): readonly (readonly [string, Origin])[] => {
  const found: (readonly [string, Origin])[] = [];
  const directions: readonly Direction[] = mandate === null ? ['payout'] : ['payout', 'collection'];
  for (const direction of directions) {
    for (const period of days) {
      for (let sequence = 1; sequence <= SEQUENCES; sequence++) {
        const occasion = { period, sequence, currency, executionDate: period };
        const id = transferIdOf(direction, root, details.key, occasion, sha256);
        if (!wanted.delete(id)) continue;
        const rests = direction === 'collection' ? mandate : null;
        found.push([id, { direction, run: runIdOf(direction, occasion), details, mandate: rests }]);
      }
    }
  }
  return found;
};

const ownerKey = (owner: Uint8Array): string => String(owner);

/** The origins of those ids that no row is known of, the newest days first. */
export const originsOf = async (
  reader: Reader,
  root: Uint8Array,
  ids: readonly string[],
  nowMs: number,
  sha256: Sha256,
): Promise<ReadonlyMap<string, Origin>> => {
  const wanted = new Set(ids.filter((id) => FORM.test(id)));
  const known = await reader.get(
    'payout',
    [...wanted].map((id) => [id]),
  );
  for (const { id } of known) wanted.delete(id);
  const origins = new Map<string, Origin>();
  if (wanted.size === 0) return origins;
  const mandates = new Map<string, MandateRow>();
  for await (const mandate of allRows(reader, 'mandate')) mandates.set(ownerKey(mandate.owner), mandate);
  const days = daysBefore(nowMs);
  let tries = 0;
  for await (const details of allRows(reader, 'owner')) {
    const currency = RUN_CURRENCIES.find((one) => {
      const scheme = schemeOf(one);
      return scheme.ok && scheme.value === details.scheme;
    });
    tries += 2 * days.length * SEQUENCES;
    if (currency === undefined || wanted.size === 0 || tries > TRIES_MAX) continue;
    const mandate = mandates.get(ownerKey(details.key)) ?? null;
    for (const [id, origin] of search({ root, wanted, sha256 }, details, mandate, currency, days)) {
      origins.set(id, origin);
    }
  }
  return origins;
};

/** The transfer as it must have been. The bank details are today's: nothing is sent there. */
export const forgottenRow = (id: string, { run, details, mandate }: Origin, amount: Amount): PayoutRow => ({
  id,
  run,
  owner: details.key,
  currency: amount.currency,
  nano: nanoOfCents(amount.cents),
  name: details.name,
  bank: details.bank,
  holder: details.holder,
  mandate:
    mandate === null
      ? null
      : useText({ mandate: { id: mandate.id, signedDate: mandate.signedDate }, sequence: 'RCUR' }),
  state: 'pending',
  reason: null,
  changedMs: 0,
});

/**
 * Makes a transfer pending that no run of this journal made; its own run has no file, and is not made anew.
 * Codes: deposit-insufficient (what it paid out is not there), value-out-of-range.
 */
export const bringBack = (book: Book, row: PayoutRow): Result<PayoutRow> => {
  const booked = book.post(transferEvent(`${directionOf(row)}-pending`, row));
  if (!booked.ok) return missing(booked, row);
  const made = { ...row, changedMs: book.timeMs };
  book.put('payout', made);
  if (book.get('run', [row.run]) === undefined) {
    book.put('run', {
      id: row.run,
      kind: 'recovered',
      createdMs: book.timeMs,
      executionDate: new Date(book.timeMs).toISOString().slice(0, 10),
      currency: row.currency,
      name: row.name,
      bank: '',
      sender: '',
      over: false,
    });
  }
  return ok(made);
};

const missing = ({ code, detail }: Refusal, { id, run }: PayoutRow): Refusal =>
  code === 'deposit-insufficient'
    ? refuse(
        code,
        `${id} of run ${run}: its owner has not what it paid out; bring in receipts, then import again`,
      )
    : refuse(code, detail);
