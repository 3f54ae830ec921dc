/**
 * Transfers that this journal forgot. Their ids follow from the settler, an owner, a period and a sequence, so a
 * restored journal finds out whose a transfer was that its bank speaks of, and books it again.
 */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import { dayOf } from '../ledger/day.ts';
import { runName } from '../ledger/run-name.ts';
import { allRows, type Reader } from '../store/store.ts';
import type { MandateRow, OwnerRow, PayoutRow } from '../store/tables.ts';
import type { Amount } from './bank-fact.ts';
import { nanoOfCents } from './cents.ts';
import { useText } from './mandates.ts';
import { type Direction, RUN_CURRENCIES, schemeOf, transferIdOf } from './runs.ts';
import { directionOf, transferEvent } from './settling.ts';

/** Runs of a day that are tried; most days have one. */
const SEQUENCES = 9;
/** Days before the import that are tried: a backup is not older, and a bank speaks within days. */
const DAYS = 45;
const DAY_MS = 86_400_000;
/** Ids that are tried, at some 4 us each: four seconds. With more owners it is fewer days. */
const TRIES_MAX = 1_000_000;

/** Where a transfer came from. */
export type Origin = {
  readonly run: string;
  readonly details: OwnerRow;
  /** Null of a payout. */
  readonly mandate: MandateRow | null;
};

const FORM = /^[0-9a-f]{32}$/;
/** Ours, or of another settler on the same account. */
export const hasFormOfOurs = (id: string): boolean => FORM.test(id);

const daysBefore = (nowMs: number): readonly string[] =>
  Array.from({ length: DAYS }, (_, i) => new Date(nowMs + DAY_MS - i * DAY_MS).toISOString().slice(0, 10));

/** Who may have been paid, or collected from, in the currency of its account. */
type Candidate = {
  readonly direction: Direction;
  readonly currency: string;
  readonly details: OwnerRow;
  readonly mandate: MandateRow | null;
};

const ownerKey = (owner: Uint8Array): string => String(owner);

const currencyOf = (scheme: string): string | undefined =>
  RUN_CURRENCIES.find((currency) => {
    const own = schemeOf(currency);
    return own.ok && own.value === scheme;
  });

const candidatesIn = async (reader: Reader): Promise<readonly Candidate[]> => {
  const mandates = new Map<string, MandateRow>();
  for await (const mandate of allRows(reader, 'mandate')) mandates.set(ownerKey(mandate.owner), mandate);
  const candidates: Candidate[] = [];
  for await (const details of allRows(reader, 'owner')) {
    const currency = currencyOf(details.scheme);
    if (currency === undefined) continue;
    candidates.push({ direction: 'payout', currency, details, mandate: null });
    const mandate = mandates.get(ownerKey(details.key));
    if (mandate !== undefined) candidates.push({ direction: 'collection', currency, details, mandate });
  }
  return candidates;
};

/** First runs of days before others, newer days before older. */
const occasionsBefore = (nowMs: number): readonly { readonly period: string; readonly sequence: number }[] =>
  Array.from({ length: SEQUENCES }, (_, i) =>
    daysBefore(nowMs).map((period) => ({ period, sequence: i + 1 })),
  ).flat();

/** The origins of those ids that no row is known of. */
export const originsOf = async (
  reader: Reader,
  root: Uint8Array,
  ids: readonly string[],
  nowMs: number,
  sha256: Sha256,
): Promise<ReadonlyMap<string, Origin>> => {
  const wanted = new Set(ids.filter(hasFormOfOurs));
  const known = await reader.get(
    'payout',
    [...wanted].map((id) => [id]),
  );
  for (const { id } of known) wanted.delete(id);
  const origins = new Map<string, Origin>();
  if (wanted.size === 0) return origins;
  const candidates = await candidatesIn(reader);
  let tries = 0;
  for (const { period, sequence } of occasionsBefore(nowMs)) {
    tries += candidates.length;
    if (wanted.size === 0 || tries > TRIES_MAX) return origins;
    for (const { direction, currency, details, mandate } of candidates) {
      const occasion = { period, sequence, currency, executionDate: period };
      const id = transferIdOf(direction, root, details.key, occasion, sha256);
      if (!wanted.delete(id)) continue;
      origins.set(id, { run: runName(direction, occasion), details, mandate });
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
      executionDate: dayOf(book.timeMs),
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
