/** A settler's treasurer for tests: accounts, mandates, money that is earned, runs; and its books looked at. */

import * as assert from 'uvu/assert';
import { type CollectionOrder, makeCollections } from '../../../broker/settler/bank/collections.ts';
import { bookDeposit } from '../../../broker/settler/bank/deposits.ts';
import { type ImportOptions, importBankFile } from '../../../broker/settler/bank/imports.ts';
import { setMandate } from '../../../broker/settler/bank/mandates.ts';
import { setOwner } from '../../../broker/settler/bank/owners.ts';
import { makeRun, type RunOrder } from '../../../broker/settler/bank/payouts.ts';
import { filesOfRun } from '../../../broker/settler/bank/run-files.ts';
import { messageIdOf, type Run } from '../../../broker/settler/bank/runs.ts';
import { type AchSender, achSenderMeta, sepaSenderMeta } from '../../../broker/settler/bank/sender.ts';
import { bookTransfer } from '../../../broker/settler/credit/transfers.ts';
import { auditStore } from '../../../broker/settler/reports/audit.ts';
import { verifyStore } from '../../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import { allRows, type Store } from '../../../broker/settler/store/store.ts';
import type { Holder, MetaRow, PayoutRow } from '../../../broker/settler/store/tables.ts';
import { toHex } from '../../../schemas/bytes.ts';
import type { Signer } from '../../../schemas/crypto.ts';
import { balanceOf } from '../balance.ts';
import { crypto, houseOver, partyOf, ROOT, START_MS } from '../parties.ts';
import { type Ordered, orderedIn } from './answers.ts';
import { bytesOf, sure } from './reading.ts';

const SETTLER_IBAN = 'DE75512108001245126199';
const CREDITOR_ID = 'DE98ZZZ09999999999';
export const ACH_SENDER: AchSender = {
  companyId: '1234567890',
  destination: '121042882',
  bankName: 'First Bank',
  origin: '1234567890',
  balanced: false,
  crlf: false,
};

/** Owners with accounts in both currencies. */
export const ANN = partyOf(21);
export const BEA = partyOf(22);
export const CARL = partyOf(23);
const OWNERS: readonly Signer[] = [ANN, BEA, CARL];

export const CENT = 10_000_000n;
export const EUR = (cents: number): bigint => BigInt(cents) * CENT;

export const putMeta = (store: Store, meta: readonly MetaRow[]): Promise<unknown> =>
  store.transact(async () => ({ changes: { put: { meta } }, value: null })).then(sure);

/** The settler's accounts and what its banks ask for. */
export const setSettler = async (store: Store): Promise<void> => {
  await (await houseOver(store)).settler.close();
  sure(await setOwner(store, ROOT.key, { name: 'Tollbridge Settler', iban: SETTLER_IBAN, bic: null }));
  const ach = { routing: '121042882', number: '123456789', kind: 'checking', holder: 'company' } as const;
  sure(await setOwner(store, ROOT.key, { name: 'Tollbridge', ...ach }));
  await putMeta(store, [sure(sepaSenderMeta(CREDITOR_ID)), sure(achSenderMeta(ACH_SENDER))]);
};

export const setSepa = async (store: Store, owner: Signer): Promise<unknown> =>
  sure(await setOwner(store, owner.key, { name: 'Owner', iban: 'FI1410093000123458', bic: null }));

export const setAch = async (store: Store, owner: Signer, holder: Holder = 'person'): Promise<unknown> => {
  const account = { routing: '231380104', number: '744-5678-99', kind: 'checking' } as const;
  return sure(await setOwner(store, owner.key, { name: 'Owner', ...account, holder }));
};

/** A suite's context with such a store in memory. */
export type Books = { store: Store };

/** Before each test of a suite: the settler, and owners with accounts in both currencies and a mandate. */
export const freshBooks = async (context: Books): Promise<void> => {
  context.store = openMemoryStore();
  await openBooks(context.store);
};

export const openBooks = async (store: Store): Promise<void> => {
  await setSettler(store);
  for (const owner of OWNERS) {
    await setSepa(store, owner);
    await setAch(store, owner, owner === CARL ? 'company' : 'person');
    sure(
      await setMandate(
        store,
        owner.key,
        { id: `M-${toHex(owner.key.subarray(0, 4))}`, signedDate: '2026-11-01' },
        '2026-11-20',
      ),
    );
  }
};

let earnings = 0;
/** As if claims had moved so much to the owner: paid in by it, and withdrawn. */
export const earn = async (store: Store, owner: Signer, nano: bigint, currency = 'EUR'): Promise<void> => {
  const reference = `EARN-${++earnings}`;
  const money = { owner: owner.key, currency, nano, reference };
  sure(await bookDeposit(store, money, START_MS, crypto.sha256));
  sure(await bookTransfer(store, { kind: 'withdrawal', ...money }, START_MS, crypto.sha256));
};

export const ORDER: RunOrder = {
  period: '2026-11-20',
  sequence: 1,
  thresholdNano: CENT,
  executionDate: '2026-11-23',
};

export const payOut = async (store: Store, order: Partial<RunOrder> = {}, nowMs = START_MS): Promise<Run> =>
  sure(await makeRun(store, { ...ORDER, ...order }, nowMs, crypto.sha256));

export const collect = async (
  store: Store,
  from: CollectionOrder['from'],
  order: Partial<CollectionOrder> = {},
  nowMs = START_MS,
) => makeCollections(store, { ...ORDER, executionDate: '2026-11-24', from, ...order }, nowMs, crypto.sha256);

/** A run of 1, 2 and 3 euro, what its file orders, and what the file is called. */
export const paidRun = async (
  store: Store,
): Promise<{ run: Run; ordered: readonly Ordered[]; message: string }> => {
  for (const [i, owner] of OWNERS.entries()) await earn(store, owner, EUR(100 * (i + 1)));
  const run = await payOut(store);
  return { run, ordered: orderedIn(filesOf(run)[0]!), message: messageIdOf(ROOT.key, run.run.id) };
};

export const filesOf = (run: Run): readonly string[] => sure(filesOfRun(run, ROOT.key));

const PLAIN: ImportOptions = { dryRun: false, apply: false };

export const importText = async (
  store: Store,
  text: string,
  options: Partial<ImportOptions> = {},
  nowMs = START_MS,
) => sure(await importBankFile(store, bytesOf(text), { ...PLAIN, ...options }, nowMs, crypto.sha256));

/** What each line of a file came to. */
export const outcomes = async (
  store: Store,
  text: string,
  options: Partial<ImportOptions> = {},
): Promise<string[]> =>
  (await importText(store, text, options)).lines.map(({ outcome, code }) =>
    code === null ? outcome : `${outcome} ${code}`,
  );

export const earned = (store: Store, owner: Signer, currency = 'EUR'): Promise<bigint> =>
  balanceOf(store, `earned/${toHex(owner.key)}`, currency);
export const deposited = (store: Store, owner: Signer, currency = 'EUR'): Promise<bigint> =>
  balanceOf(store, `deposit/${toHex(owner.key)}`, currency);
export const held = (store: Store, owner: Signer, currency = 'EUR'): Promise<bigint> =>
  balanceOf(store, `held/${toHex(owner.key)}`, currency);
/** What is inside, as the outside world's account says it. */
export const inside = async (store: Store, currency = 'EUR'): Promise<bigint> =>
  -(await balanceOf(store, `bank/${currency}`, currency));

export const statesOf = async (store: Store, ids: readonly string[]): Promise<string[]> =>
  Promise.all(ids.map(async (id) => (await transfer(store, id)).state));

export const transfer = async (store: Store, id: string): Promise<PayoutRow> =>
  sure(await store.read((reader) => reader.get('payout', [[id]])))[0]!;

/** Every balance that holds anything, and every transfer's state: what must not depend on how it came about. */
export const endOf = async (store: Store) =>
  sure(
    await store.read(async (reader) => {
      const balances: string[] = [];
      for await (const { account, currency, nano } of allRows(reader, 'balance')) {
        if (nano !== 0n) balances.push(`${account} ${nano} ${currency}`);
      }
      const transfers: string[] = [];
      for await (const { id, state } of allRows(reader, 'payout')) transfers.push(`${id} ${state}`);
      return { balances, transfers };
    }),
  );

/** The journal bears out every table, and every rule of posting. */
export const checkBooks = async (store: Store): Promise<void> => {
  const verified = await verifyStore(store, crypto.sha256);
  assert.ok(verified.ok, verified.ok ? '' : verified.detail);
  const audited = sure(await auditStore(store, { crypto }));
  assert.is(audited.fault, null, JSON.stringify(audited.fault));
};
