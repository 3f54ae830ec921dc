/**
 * Every table of the settler as data: its row, its columns, its key. Memory, SQLite and PostgreSQL are generic
 * over this page; `schema.ts` makes the same tables in SQL.
 *
 * Byte strings are 32 bytes unless said otherwise. Everything but `owner`, `mandate`, `run`, `payout`, `trace`,
 * `reference`, `gap` and `meta` follows from the journal (`../ledger/projection.ts`).
 */

import type { Backing } from '../../../schemas/grant.ts';
import { type Table, tableOf } from './table.ts';

export type Balance = { readonly account: string; readonly currency: string; readonly nano: bigint };

/** A channel as the settler knows it. */
export type ChannelRow = {
  readonly id: Uint8Array;
  readonly payer: Uint8Array;
  readonly payee: Uint8Array;
  /** Whose deposit or credit pays, and whose earnings grow: the keys themselves where no budget says otherwise. */
  readonly payerOwner: Uint8Array;
  readonly payeeOwner: Uint8Array;
  readonly currency: string;
  /** The lease the money is for. */
  readonly lease: Uint8Array;
  readonly limitNano: number;
  readonly expiryS: number;
  readonly backing: Backing;
  readonly grantedMs: number;
  /** The grant as it was first signed. */
  readonly grant: Uint8Array;
  readonly paidNano: number;
  readonly closed: boolean;
  /** Journal row of the last booking. */
  readonly bookedIndex: number;
  /** The last verified step: the voucher's bytes, the tick's index (0 is none) and its link (16 bytes). */
  readonly voucher: Uint8Array | null;
  readonly index: number;
  readonly link: Uint8Array | null;
};

/** What a device may spend for its owner, and that it earns for it: the newest enrolment. */
export type BudgetRow = {
  readonly device: Uint8Array;
  readonly owner: Uint8Array;
  readonly currency: string;
  readonly version: number;
  readonly totalNano: number;
  readonly dayNano: number;
  readonly sellerNano: number;
  /** 0 is never. */
  readonly expiryS: number;
  /** The enrolment as received. */
  readonly bytes: Uint8Array;
  /** Journal row that took it. */
  readonly bookedIndex: number;
};

/**
 * What a device has spent or reserved in a currency: `scope` is EUR/total, EUR/day/<YYYY-MM-DD> or
 * EUR/seller/<owner hex>; what of it is spent, EUR/spent.
 */
export type SpendingRow = { readonly device: Uint8Array; readonly scope: string; readonly nano: bigint };

/** A creditor bears default of a debtor up to the limit: a payee's owner, or the settler's root. */
export type LineRow = {
  readonly creditor: Uint8Array;
  readonly debtor: Uint8Array;
  readonly currency: string;
  readonly version: number;
  readonly limitNano: number;
  readonly expiryS: number;
  /** The signed line; empty where the operator set it, as the settler's own. */
  readonly bytes: Uint8Array;
  /** Journal row that took it. */
  readonly bookedIndex: number;
};

/** An owner accepts new debts to other consenting owners, each up to a limit. */
export type ConsentRow = {
  readonly owner: Uint8Array;
  readonly currency: string;
  readonly version: number;
  readonly counterpartyNano: number;
  readonly expiryS: number;
  readonly bytes: Uint8Array;
  /** Journal row that took it. */
  readonly bookedIndex: number;
};

/** How a dispute ended: its party took it back, or evidence (`../ledger/resolution.ts`) speaks for itself. */
export type Resolution = 'withdrawn' | 'statement' | 'voucher' | 'close' | 'agreement';

/** What a party disputes about a channel: its newest word. */
export type DisputeRow = {
  readonly channel: Uint8Array;
  readonly party: Uint8Array;
  readonly version: number;
  readonly open: boolean;
  readonly sinceMs: number;
  /** The signed dispute. */
  readonly bytes: Uint8Array;
  /** null while it is open. */
  readonly resolution: Resolution | null;
  /** Journal row of the signed dispute. */
  readonly bookedIndex: number;
};

/** A both-signed summary of a lease, as one of its parties presented it. */
export type StatementRow = {
  readonly channel: Uint8Array;
  readonly presentedMs: number;
  readonly bytes: Uint8Array;
};

/** A page of all balances at a journal index; the digest of all pages is in the journal. */
export type SnapshotRow = { readonly index: number; readonly part: number; readonly bytes: Uint8Array };

/** What a clearing run did, as told to people. */
export type ClearingRow = {
  readonly id: string;
  readonly currency: string;
  /** The journal length that the obligations are of. */
  readonly frozenIndex: number;
  readonly createdMs: number;
  /** JSON. */
  readonly report: string;
};

/** American banks treat people's accounts and companies' otherwise; in SEPA it says nothing. */
export type Holder = 'person' | 'company';

/** Where an owner is paid, by scheme (sepa, ach). Kept out of the journal: a person may ask to be forgotten. */
export type OwnerRow = {
  readonly key: Uint8Array;
  readonly scheme: string;
  readonly name: string;
  /** `bank/account.ts` */
  readonly bank: string;
  readonly holder: Holder;
};

/** An owner lets the settler collect from its account. */
export type MandateRow = {
  readonly owner: Uint8Array;
  readonly id: string;
  /** YYYY-MM-DD */
  readonly signedDate: string;
  /** Collections made with it: the first is another kind to a bank. */
  readonly collections: number;
};

/** A run: what goes to a bank together, in files that are the same whenever they are written again. */
export type RunRow = {
  /** `ledger/run-name.ts`. */
  readonly id: string;
  /** `recovered`: the bank told of a run that this journal does not know; its files cannot be written. */
  readonly kind: 'payout' | 'collection' | 'recovered';
  readonly createdMs: number;
  readonly executionDate: string;
  readonly currency: string;
  readonly name: string;
  readonly bank: string;
  /** What else the files say about who sends them, as `bank/sender.ts` writes it; empty where nothing. */
  readonly sender: string;
  /** Nothing in it waits for a period to pass. */
  readonly over: boolean;
};

export type PayoutState = 'pending' | 'posted' | 'voided' | 'returned' | 'final';

/** One transfer of a run, with the bank details it was made with. A collection is one in the other direction. */
export type PayoutRow = {
  readonly id: string;
  readonly run: string;
  readonly owner: Uint8Array;
  readonly currency: string;
  readonly nano: bigint;
  readonly name: string;
  readonly bank: string;
  readonly holder: Holder;
  /** What a collection rests on, as `bank/mandates.ts` writes it; null for a payout. */
  readonly mandate: string | null;
  readonly state: PayoutState;
  /** The bank's reason where it voided or returned. */
  readonly reason: string | null;
  /** Of the last change of state, by the journal's time. */
  readonly changedMs: number;
};

/** The number of an ACH entry, which returns name. It may stand for a later entry after some years. */
export type TraceRow = { readonly trace: string; readonly payout: string };

/** What an owner writes on a transfer, so that its deposit is known by it: `bank/deposit-reference.ts`. */
export type ReferenceRow = { readonly reference: string; readonly owner: Uint8Array };

/** Evidence that this journal is older than what it once signed: a receipt that it does not reach. */
export type GapRow = {
  readonly channel: Uint8Array;
  readonly paidNano: number;
  readonly journalIndex: number;
  readonly bytes: Uint8Array;
};

/** Small facts of the database itself, by name. */
export type MetaRow = { readonly name: string; readonly value: string };

export type Tables = {
  readonly balance: Balance;
  readonly channel: ChannelRow;
  readonly budget: BudgetRow;
  readonly spending: SpendingRow;
  readonly line: LineRow;
  readonly consent: ConsentRow;
  readonly dispute: DisputeRow;
  readonly statement: StatementRow;
  readonly snapshot: SnapshotRow;
  readonly clearing: ClearingRow;
  readonly owner: OwnerRow;
  readonly mandate: MandateRow;
  readonly run: RunRow;
  readonly payout: PayoutRow;
  readonly trace: TraceRow;
  readonly reference: ReferenceRow;
  readonly gap: GapRow;
  readonly meta: MetaRow;
};
export type TableName = keyof Tables;

/** A value of a key column. */
export type KeyValue = string | number | Uint8Array;
/** The key columns of a row in order; leading ones alone where a page is asked for. */
export type Key = readonly KeyValue[];

export const TABLES: { readonly [T in TableName]: Table } = {
  balance: tableOf<Balance>('balance', 2, { account: 'text', currency: 'text', nano: 'nano' }),
  channel: tableOf<ChannelRow>(
    'channel',
    1,
    {
      id: 'bytes',
      payer: 'bytes',
      payee: 'bytes',
      payerOwner: 'bytes',
      payeeOwner: 'bytes',
      currency: 'text',
      lease: 'bytes',
      limitNano: 'count',
      expiryS: 'count',
      backing: 'text',
      grantedMs: 'count',
      grant: ['grant_bytes', 'bytes'],
      paidNano: 'count',
      closed: 'flag',
      bookedIndex: 'count',
      voucher: 'bytes',
      index: ['tick_index', 'count'],
      link: 'bytes',
    },
    'paidNano',
  ),
  budget: tableOf<BudgetRow>('budget', 1, {
    device: 'bytes',
    owner: 'bytes',
    currency: 'text',
    version: 'count',
    totalNano: 'count',
    dayNano: 'count',
    sellerNano: 'count',
    expiryS: 'count',
    bytes: 'bytes',
    bookedIndex: 'count',
  }),
  spending: tableOf<SpendingRow>('spending', 2, { device: 'bytes', scope: 'text', nano: 'nano' }),
  line: tableOf<LineRow>('line', 3, {
    creditor: 'bytes',
    debtor: 'bytes',
    currency: 'text',
    version: 'count',
    limitNano: 'count',
    expiryS: 'count',
    bytes: 'bytes',
    bookedIndex: 'count',
  }),
  consent: tableOf<ConsentRow>('consent', 2, {
    owner: 'bytes',
    currency: 'text',
    version: 'count',
    counterpartyNano: 'count',
    expiryS: 'count',
    bytes: 'bytes',
    bookedIndex: 'count',
  }),
  dispute: tableOf<DisputeRow>('dispute', 2, {
    channel: 'bytes',
    party: 'bytes',
    version: 'count',
    open: ['is_open', 'flag'],
    sinceMs: 'count',
    bytes: 'bytes',
    resolution: 'text',
    bookedIndex: 'count',
  }),
  statement: tableOf<StatementRow>('statement', 1, {
    channel: 'bytes',
    presentedMs: 'count',
    bytes: 'bytes',
  }),
  snapshot: tableOf<SnapshotRow>('snapshot', 2, { index: ['idx', 'count'], part: 'count', bytes: 'bytes' }),
  clearing: tableOf<ClearingRow>('clearing', 1, {
    id: 'text',
    currency: 'text',
    frozenIndex: 'count',
    createdMs: 'count',
    report: 'text',
  }),
  owner: tableOf<OwnerRow>('owner', 2, {
    key: 'bytes',
    scheme: 'text',
    name: 'text',
    bank: 'text',
    holder: 'text',
  }),
  mandate: tableOf<MandateRow>('mandate', 1, {
    owner: 'bytes',
    id: 'text',
    signedDate: 'text',
    collections: 'count',
  }),
  run: tableOf<RunRow>('run', 1, {
    id: 'text',
    kind: 'text',
    createdMs: 'count',
    executionDate: 'text',
    currency: 'text',
    name: 'text',
    bank: 'text',
    sender: 'text',
    over: ['is_over', 'flag'],
  }),
  payout: tableOf<PayoutRow>('payout', 1, {
    id: 'text',
    run: 'text',
    owner: 'bytes',
    currency: 'text',
    nano: 'nano',
    name: 'text',
    bank: 'text',
    holder: 'text',
    mandate: 'text',
    state: 'text',
    reason: 'text',
    changedMs: 'count',
  }),
  trace: tableOf<TraceRow>('trace', 1, { trace: 'text', payout: 'text' }),
  reference: tableOf<ReferenceRow>('reference', 1, { reference: 'text', owner: 'bytes' }),
  gap: tableOf<GapRow>('gap', 1, {
    channel: 'bytes',
    paidNano: 'count',
    journalIndex: 'count',
    bytes: 'bytes',
  }),
  meta: tableOf<MetaRow>('meta', 1, { name: 'text', value: 'text' }),
};

export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];

/** The key of a row, in the order of its columns. */
export const keyOfRow = <T extends TableName>(table: T, row: Tables[T]): Key =>
  TABLES[table].columns
    .slice(0, TABLES[table].keyColumns)
    .map(({ field }) => (row as unknown as Record<string, KeyValue>)[field]!);

const valueText = (value: KeyValue): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return String(value);
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex');
};

/** One text for each key; numbers with a sign of their own, so that no text is taken for one. */
export const keyText = (key: Key): string => {
  if (key.length === 1) return valueText(key[0]!);
  return key.map(valueText).join(' ');
};
