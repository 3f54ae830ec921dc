/**
 * What the settler asks of a database. Everything a batch of requests changes is one `Changes`, committed
 * whole or not at all; so there is nothing between two writes that a crash could leave behind.
 */

import type { Result } from '../../../schemas/result.ts';
import type { Head, JournalRow } from '../ledger/journal.ts';

export type Balance = { readonly account: string; readonly currency: string; readonly nano: bigint };

/** A channel as the settler knows it. Byte strings are 32 bytes unless said otherwise. */
export type ChannelRow = {
  readonly id: Uint8Array;
  readonly payer: Uint8Array;
  readonly payee: Uint8Array;
  readonly currency: string;
  /** The lease the money is for. */
  readonly lease: Uint8Array;
  readonly limitNano: number;
  readonly expiryS: number;
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

/** Where an owner is paid. Kept out of the journal: a person may ask to be forgotten. */
export type OwnerRow = {
  readonly key: Uint8Array;
  readonly name: string;
  readonly iban: string;
  readonly bic: string | null;
};

export type PayoutState = 'pending' | 'posted' | 'voided';

/** One transfer of a run, with the bank details it was made with. */
export type PayoutRow = {
  readonly id: string;
  readonly run: string;
  readonly owner: Uint8Array;
  readonly currency: string;
  readonly nano: bigint;
  readonly name: string;
  readonly iban: string;
  readonly bic: string | null;
  readonly state: PayoutState;
};

/** A payout run: one bank file, the same whenever it is written again. */
export type RunRow = {
  /** `<period>-<sequence>`, such as 2026-11-20-1. */
  readonly id: string;
  readonly createdMs: number;
  readonly executionDate: string;
  readonly currency: string;
  readonly name: string;
  readonly iban: string;
  readonly bic: string | null;
};

/** A both-signed summary of a lease, as one of its parties presented it. */
export type StatementRow = {
  readonly channel: Uint8Array;
  readonly presentedMs: number;
  readonly bytes: Uint8Array;
};

/** Small facts of the database itself: `settler` (root key in hex), `intake-since`, `intake-last` (ms). */
export type MetaRow = { readonly name: string; readonly value: string };

/** Written in one transaction. Rows replace rows with the same key; the journal only grows. */
export type Changes = {
  readonly journal?: readonly JournalRow[];
  readonly balances?: readonly Balance[];
  readonly channels?: readonly ChannelRow[];
  readonly owners?: readonly OwnerRow[];
  readonly runs?: readonly RunRow[];
  readonly payouts?: readonly PayoutRow[];
  readonly statements?: readonly StatementRow[];
  readonly meta?: readonly MetaRow[];
};

/** One consistent view. Asking for many at once keeps a batch at few round trips on a database far away. */
export type Reader = {
  readonly head: () => Promise<Head>;
  readonly channels: (ids: readonly Uint8Array[]) => Promise<readonly ChannelRow[]>;
  readonly balances: (accounts: readonly string[]) => Promise<readonly Balance[]>;
  readonly owners: (keys: readonly Uint8Array[]) => Promise<readonly OwnerRow[]>;
  readonly statements: (channels: readonly Uint8Array[]) => Promise<readonly StatementRow[]>;
  readonly runs: (ids: readonly string[]) => Promise<readonly RunRow[]>;
  readonly meta: (name: string) => Promise<string | undefined>;
  /** Journal rows with these idempotency keys. */
  readonly rows: (keys: readonly string[]) => Promise<readonly JournalRow[]>;
  /** Journal rows in order, `from` the first index. */
  readonly journal: (from: number, countMax: number) => Promise<readonly JournalRow[]>;
  /** Journal rows whose key starts so, by key: the claims of a channel by rising total. */
  readonly rowsUnder: (keyPrefix: string, countMax: number) => Promise<readonly JournalRow[]>;
  /** Open channels with an expiry at or before `expiryS`, the earliest first. */
  readonly expired: (expiryS: number, countMax: number) => Promise<readonly ChannelRow[]>;
  /** All channels by id, those after `after` (null: from the first). */
  readonly allChannels: (after: Uint8Array | null, countMax: number) => Promise<readonly ChannelRow[]>;
  /** Balances by account and currency whose account starts so, those after `after` (null: from the first). */
  readonly balancesUnder: (
    prefix: string,
    after: Balance | null,
    countMax: number,
  ) => Promise<readonly Balance[]>;
  readonly payouts: (run: string) => Promise<readonly PayoutRow[]>;
};

export type Outcome<T> = { readonly changes: Changes; readonly value: T };

/**
 * A store. `transact` runs `work` on the newest state while nobody else writes, commits its changes durably,
 * then answers; where it refuses (storage-full, storage-failed, busy) nothing was written. A `work` that
 * throws writes nothing either, and `transact` throws the same. `read` never waits for writers.
 */
export type Store = {
  readonly transact: <T>(work: (reader: Reader) => Promise<Outcome<T>>) => Promise<Result<T>>;
  readonly read: <T>(work: (reader: Reader) => Promise<T>) => Promise<Result<T>>;
  /** Is the database itself sound (not what it says: `Replay` decides that)? Code: storage-failed. */
  readonly check: () => Promise<Result<null>>;
  readonly close: () => Promise<void>;
};
