/**
 * Payouts: what owners have earned leaves for their banks, in two phases. A run makes its payouts pending
 * once and for all; writing its file again gives the same bytes. The bank's word then posts or voids each.
 */

import { toHex } from '../../../schemas/bytes.ts';
import { encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { openBook } from '../ledger/book.ts';
import { bankAccount, earnedAccount, eventFor, type LedgerEvent, payoutAccount } from '../ledger/ledger.ts';
import type { Reader, Store } from '../store/store.ts';
import type { Balance, OwnerRow, PayoutRow, RunRow } from '../store/tables.ts';
import { accountOfText } from './account.ts';
import { centsFloor, nanoOfCents } from './cents.ts';
import { checkDate } from './day.ts';
import { writePain001 } from './pain001.ts';
import type { Party } from './party.ts';
import type { SepaAccount } from './sepa-account.ts';

/** What is asked of a run. It is asked once: a run that exists is written again as it was. */
export type RunOrder = {
  /** The day paid for, YYYY-MM-DD; with `sequence` it names the run. */
  readonly period: string;
  /** From 1; a second run on one day is 2. */
  readonly sequence: number;
  readonly thresholdNano: bigint;
  readonly executionDate: string;
};

export type Run = {
  readonly run: RunRow;
  readonly payouts: readonly PayoutRow[];
  /** The run had been made before: nothing was booked now. */
  readonly repeated: boolean;
  /** Owners above the threshold without bank details, who wait. */
  readonly waiting: readonly string[];
};

/** SEPA pays in euro; other currencies wait for their own file. */
const CURRENCY = 'EUR';
const SCHEME = 'sepa';
/** One transfer each; more owners take the next sequence. Banks accept messages of this size. */
const RUN_PAYOUTS_MAX = 10_000;
const PAYOUT_ID_BYTES = 16;

/** 32 hexadecimal digits: an end-to-end id that the bank's status file brings back. */
const payoutIdOf = (root: Uint8Array, owner: Uint8Array, order: RunOrder, sha256: Sha256): string => {
  const named = encodeCbor(['tb1/payout', root, CURRENCY, owner, order.period, order.sequence]);
  return toHex(sha256(named).subarray(0, PAYOUT_ID_BYTES));
};

const payoutEvent = (kind: LedgerEvent['kind'], { currency, nano, id, owner }: PayoutRow): LedgerEvent =>
  eventFor({ kind, currency, nano, subject: id, owner });

const ownerKeyOf = (balance: Balance): Uint8Array =>
  Uint8Array.from(Buffer.from(balance.account.slice('earned/'.length), 'hex'));

/** Who has earned the threshold, and at least a cent; each with the cents that a transfer can carry. */
const dueBalances = async (reader: Reader, thresholdNano: bigint): Promise<readonly Balance[]> => {
  const due: Balance[] = [];
  let after: Balance | null = null;
  for (;;) {
    const page: readonly Balance[] = await reader.balancesUnder('earned/', after, 1000);
    due.push(
      ...page.filter(
        ({ currency, nano }) => currency === CURRENCY && nano >= thresholdNano && centsFloor(nano) > 0n,
      ),
    );
    if (page.length < 1000) return due;
    after = page.at(-1)!;
  }
};

const checkOrder = (order: RunOrder): Result<unknown> => {
  if (!Number.isSafeInteger(order.sequence) || order.sequence < 1 || order.sequence > 999) {
    return refuse('value-out-of-range', `the sequence ${order.sequence} must be 1 to 999`);
  }
  const period = checkDate(order.period);
  return period.ok ? checkDate(order.executionDate) : period;
};

const settlerParty = async (reader: Reader): Promise<Result<{ root: Uint8Array; party: OwnerRow }>> => {
  const [settler] = await reader.get('meta', [['settler']]);
  if (settler === undefined) {
    return refuse('config-invalid', 'the database is of no settler yet: start the broker on it once');
  }
  const root = Uint8Array.from(Buffer.from(settler.value, 'hex'));
  const [party] = await reader.get('owner', [[root, SCHEME]]);
  if (party !== undefined) return ok({ root, party });
  return refuse(
    'bank-details',
    "the settler's own account is not known: account set --account settler --name … --iban …",
  );
};

/**
 * Makes the payouts of a run pending, durably, or finds them as they were made.
 * Codes: value-out-of-range, config-invalid, bank-details, those of the store.
 */
export const makeRun = async (
  store: Store,
  order: RunOrder,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Run>> => {
  const checked = checkOrder(order);
  if (!checked.ok) return checked;
  const made = await store.transact<Result<Run>>(async (reader) => {
    const id = `${order.period}-${order.sequence}`;
    const [known] = await reader.get('run', [[id]]);
    if (known !== undefined) {
      const payouts = await reader.payoutsOf(id);
      return { changes: {}, value: ok({ run: known, payouts, repeated: true, waiting: [] }) };
    }
    const self = await settlerParty(reader);
    if (!self.ok) return { changes: {}, value: self };
    return newRun(reader, order, id, self.value, nowMs, sha256);
  });
  return made.ok ? made.value : made;
};

const newRun = async (
  reader: Reader,
  order: RunOrder,
  id: string,
  self: { readonly root: Uint8Array; readonly party: OwnerRow },
  nowMs: number,
  sha256: Sha256,
) => {
  const due = await dueBalances(reader, order.thresholdNano);
  const details = await reader.get(
    'owner',
    due.map((balance) => [ownerKeyOf(balance), SCHEME]),
  );
  const detailsOf = new Map(details.map((owner) => [earnedAccount(owner.key), owner]));
  const payouts = due
    .flatMap((balance): PayoutRow[] => {
      const owner = detailsOf.get(balance.account);
      if (owner === undefined) return [];
      const { name, bank } = owner;
      const nano = nanoOfCents(centsFloor(balance.nano));
      const payoutId = payoutIdOf(self.root, owner.key, order, sha256);
      const where = { name, bank, currency: CURRENCY, state: 'pending' as const, reason: null };
      return [{ id: payoutId, run: id, owner: owner.key, nano, ...where, changedMs: 0 }];
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, RUN_PAYOUTS_MAX);
  const waiting = due.filter((balance) => !detailsOf.has(balance.account)).map((balance) => balance.account);
  const accounts = payouts.flatMap((payout) => [earnedAccount(payout.owner), payoutAccount(payout.id)]);
  const wanted = { balance: accounts.map((account) => [account, CURRENCY]) };
  const book = await openBook(reader, wanted, nowMs, sha256);
  for (const payout of payouts) {
    const booked = book.post(payoutEvent('payout-pending', payout));
    if (!booked.ok) throw new RangeError(booked.detail);
  }
  const { name, bank } = self.party;
  const { executionDate } = order;
  const kind = 'payout' as const;
  const run: RunRow = { id, kind, createdMs: book.timeMs, executionDate, currency: CURRENCY, name, bank };
  const made = payouts.map((payout) => ({ ...payout, changedMs: book.timeMs }));
  for (const payout of made) book.put('payout', payout);
  book.put('run', run);
  const value = ok({ run, payouts: made, repeated: false, waiting });
  // A run without payouts is not made: what is earned later today still finds it.
  return { changes: payouts.length === 0 ? {} : book.changes(), value };
};

/** Details were checked when they were set. */
const partyOf = ({ name, bank }: RunRow | PayoutRow): Party<SepaAccount> => {
  const account = accountOfText(bank);
  if (!account.ok || account.value.scheme !== 'sepa') throw new RangeError(`${bank} is no account of SEPA`);
  return { name, account: account.value };
};

/** The bank file of a run. Codes: those of `writePain001`. */
export const fileOfRun = ({ run, payouts }: Run, root: Uint8Array): Result<string> =>
  writePain001({
    messageId: `TB-${toHex(root.subarray(0, 4))}-${run.id}`,
    createdMs: run.createdMs,
    executionDate: run.executionDate,
    debtor: partyOf(run),
    transfers: payouts.map((payout) => ({
      endToEndId: payout.id,
      cents: centsFloor(payout.nano),
      creditor: partyOf(payout),
      remittance: `Earnings paid out ${run.id}`,
    })),
  });

/**
 * Books the bank's word on a pending payout: posted leaves the house, voided returns to the owner. The same
 * word again changes nothing. Codes: payout-unknown (no such, or decided otherwise before), those of the store.
 */
export const settlePayout = async (
  store: Store,
  run: string,
  id: string,
  state: 'posted' | 'voided',
  nowMs: number,
  sha256: Sha256,
): Promise<Result<PayoutRow>> => {
  const settled = await store.transact<Result<PayoutRow>>(async (reader) => {
    const payout = (await reader.payoutsOf(run)).find((row) => row.id === id);
    if (payout === undefined) {
      return { changes: {}, value: refuse('payout-unknown', `run ${run} has no payout ${id}`) };
    }
    if (payout.state === state) return { changes: {}, value: ok(payout) };
    if (payout.state !== 'pending') {
      const value = refuse(
        'payout-unknown',
        `payout ${id} is ${payout.state} and cannot be ${state} as well`,
      );
      return { changes: {}, value };
    }
    const accounts = [earnedAccount(payout.owner), payoutAccount(id), bankAccount(payout.currency)];
    const wanted = { balance: accounts.map((account) => [account, payout.currency]) };
    const book = await openBook(reader, wanted, nowMs, sha256);
    const booked = book.post(payoutEvent(`payout-${state}`, payout));
    if (!booked.ok) throw new RangeError(booked.detail);
    const row = { ...payout, state, changedMs: book.timeMs };
    book.put('payout', row);
    return { changes: book.changes(), value: ok(row) };
  });
  return settled.ok ? settled.value : settled;
};
