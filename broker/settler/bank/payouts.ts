/**
 * Payouts: what owners have earned leaves for their banks, in two phases. A run makes its payouts pending
 * once and for all; writing its files again gives the same bytes. The bank's word then posts or voids each.
 */

import { fromHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkFresh } from '../backup/stale.ts';
import { openBook } from '../ledger/book.ts';
import { earnedAccount } from '../ledger/ledger.ts';
import { runName } from '../ledger/run-name.ts';
import { pages, type Reader, type Store } from '../store/store.ts';
import type { Balance, PayoutRow } from '../store/tables.ts';
import { newRun } from './run-making.ts';
import {
  checkOccasion,
  knownRun,
  type Occasion,
  type Run,
  type Scheme,
  selfOf,
  transferFloor,
} from './runs.ts';
import { balancesMoved, hear, type Word } from './settling.ts';

/** What is asked of a run. It is asked once: a run that exists is written again as it was. */
export type RunOrder = Occasion & { readonly thresholdNano: bigint };

const ownerKeyOf = ({ account }: Balance): Uint8Array => fromHex(account.slice('earned/'.length))!;

/** Who has earned the threshold, and at least a cent. */
const dueBalances = async (
  reader: Reader,
  { thresholdNano, currency = 'EUR' }: RunOrder,
  scheme: Scheme,
): Promise<readonly Balance[]> => {
  const due: Balance[] = [];
  const all = pages<Balance>((after, countMax) => reader.balancesUnder('earned/', after, countMax));
  for await (const balance of all) {
    const isDue = balance.nano >= thresholdNano && transferFloor(balance.nano, scheme) > 0n;
    if (balance.currency === currency && isDue) due.push(balance);
  }
  return due;
};

/** What is due to each whose bank details are known, and who waits for theirs. */
const duePayouts = async (reader: Reader, order: RunOrder, scheme: Scheme) => {
  const balances = await dueBalances(reader, order, scheme);
  const details = await reader.get(
    'owner',
    balances.map((balance) => [ownerKeyOf(balance), scheme]),
  );
  const detailsOf = new Map(details.map((owner) => [earnedAccount(owner.key), owner]));
  const due = balances.flatMap(({ account, nano }) => {
    const owner = detailsOf.get(account);
    return owner === undefined ? [] : [{ details: owner, nano: transferFloor(nano, scheme), mandate: null }];
  });
  return { due, waiting: balances.map(({ account }) => account).filter((one) => !detailsOf.has(one)) };
};

/**
 * Makes the payouts of a run pending, durably, or finds them as they were made.
 * Codes: value-out-of-range, currency-unknown, config-invalid, bank-details, journal-stale, those of the store.
 */
export const makeRun = async (
  store: Store,
  order: RunOrder,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Run>> => {
  const scheme = checkOccasion(order);
  if (!scheme.ok) return scheme;
  const made = await store.transact<Result<Run>>(async (reader) => {
    const [known] = await reader.get('run', [[runName('payout', order)]]);
    if (known !== undefined) return { changes: {}, value: await knownRun(reader, known) };
    const fresh = await checkFresh(reader);
    if (!fresh.ok) return { changes: {}, value: fresh };
    const self = await selfOf(reader, scheme.value);
    if (!self.ok) return { changes: {}, value: self };
    const due = await duePayouts(reader, order, scheme.value);
    const making = { direction: 'payout' as const, occasion: order, scheme: scheme.value, self: self.value };
    return newRun(reader, { ...making, ...due }, nowMs, sha256);
  });
  return made.ok ? made.value : made;
};

/**
 * Books a word on one transfer of a run. The same word again changes nothing.
 * Codes: payout-unknown (no such, or decided otherwise before), those of the store.
 */
export const settlePayout = async (
  store: Store,
  run: string,
  id: string,
  word: Word,
  nowMs: number,
  sha256: Sha256,
  reason: string | null = null,
): Promise<Result<PayoutRow>> => {
  const settled = await store.transact<Result<PayoutRow>>(async (reader) => {
    const [row] = await reader.get('payout', [[id]]);
    if (row === undefined || row.run !== run) {
      return { changes: {}, value: refuse('payout-unknown', `run ${run} has no payout ${id}`) };
    }
    const wanted = { balance: balancesMoved(row), payout: [[id]] };
    const book = await openBook(reader, wanted, nowMs, sha256);
    const heard = hear(book, row, word, reason, 'payout-unknown');
    if (!heard.ok) return { changes: {}, value: heard };
    return { changes: heard.value.booked ? book.changes() : {}, value: ok(heard.value.row) };
  });
  return settled.ok ? settled.value : settled;
};
