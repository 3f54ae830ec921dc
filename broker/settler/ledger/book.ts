/**
 * The working set of one transaction: what a batch of requests reads and changes. Requests are applied to it
 * one after the other, in memory; then `changes` goes to the store whole.
 */

import { toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { intakeSince } from '../desk/grace.ts';
import type { Balance, Changes, ChannelRow, Reader, StatementRow } from '../store/store.ts';
import { formatAmount, LEDGER_NANO_MAX } from './amount.ts';
import { balanceKey, type Head, headAfter, type JournalRow, nextRow } from './journal.ts';
import {
  channelAccount,
  depositAccount,
  earnedAccount,
  entriesOf,
  type LedgerEvent,
  mayOverdraw,
} from './ledger.ts';

export type Book = {
  /** The journal's time: never before what is already written, whatever the clock says. */
  readonly timeMs: number;
  /** Since when requests have been taken without a gap (`grace.ts`). */
  readonly intakeSinceMs: number;
  readonly channel: (id: Uint8Array) => ChannelRow | undefined;
  readonly putChannel: (row: ChannelRow) => void;
  readonly putStatement: (row: StatementRow) => void;
  readonly balanceNano: (account: string, currency: string) => bigint;
  /** Books an event. Code: deposit-insufficient; nothing has changed then. */
  readonly post: (event: LedgerEvent) => Result<JournalRow>;
  readonly changes: () => Changes;
};

/** The channels a batch may touch, and other accounts than their own and their parties'. */
export type Wanted = { readonly channels: readonly Uint8Array[]; readonly accounts: readonly string[] };

const distinct = (keys: readonly Uint8Array[]): Uint8Array[] => [
  ...new Map(keys.map((key) => [toHex(key), key])).values(),
];

export const openBook = async (
  reader: Reader,
  wanted: Wanted,
  nowMs: number,
  intakeGapMs: number,
  sha256: Sha256,
): Promise<Book> => {
  const channels = await reader.channels(distinct(wanted.channels));
  const accounts = new Set([
    ...channels.flatMap((row) => [depositAccount(row.payer), earnedAccount(row.payee)]),
    ...wanted.channels.map((id) => channelAccount(toHex(id))),
    ...wanted.accounts,
  ]);
  const since = await reader.meta('intake-since');
  const last = await reader.meta('intake-last');
  const head = await reader.head();
  const timeMs = Math.max(nowMs, head.timeMs, Number(last ?? 0));
  const intakeSinceMs = intakeSince(since, last, timeMs, intakeGapMs);
  const loaded = { channels, accounts, balances: await reader.balances([...accounts]), head };
  return bookOf(loaded, timeMs, intakeSinceMs, sha256);
};

type Loaded = {
  readonly channels: readonly ChannelRow[];
  /** Every account whose balance is known here; those without a row hold nothing. */
  readonly accounts: ReadonlySet<string>;
  readonly balances: readonly Balance[];
  readonly head: Head;
};

const bookOf = (loaded: Loaded, timeMs: number, intakeSinceMs: number, sha256: Sha256): Book => {
  const channels = new Map(loaded.channels.map((row) => [toHex(row.id), row]));
  const balances = new Map(loaded.balances.map((row) => [balanceKey(row.account, row.currency), row]));
  const journal: JournalRow[] = [];
  const changedBalances = new Map<string, Balance>();
  const changedChannels = new Map<string, ChannelRow>();
  const statements: StatementRow[] = [];
  let head = loaded.head;

  const balanceNano = (account: string, currency: string): bigint => {
    if (!loaded.accounts.has(account)) throw new RangeError(`the balance of ${account} was not asked for`);
    return balances.get(balanceKey(account, currency))?.nano ?? 0n;
  };

  const move = (account: string, currency: string, nano: bigint): void => {
    const row = { account, currency, nano: balanceNano(account, currency) + nano };
    balances.set(balanceKey(account, currency), row);
    changedBalances.set(balanceKey(account, currency), row);
  };

  /** Money is checked again right before it moves. Only a deposit can be short; the rest would be our fault. */
  const shortfall = (event: LedgerEvent): Refusal | undefined => {
    for (const { debit, credit, currency, nano } of entriesOf(event)) {
      const left = balanceNano(debit, currency) - nano;
      if (nano < 0n || -left > LEDGER_NANO_MAX || balanceNano(credit, currency) + nano > LEDGER_NANO_MAX) {
        return refuse('value-out-of-range', `${nano} nano from ${debit} to ${credit} passes 64 bits`);
      }
      if (left >= 0n || mayOverdraw(debit)) continue;
      if (event.kind !== 'grant') throw new RangeError(`${event.kind} would overdraw ${debit} by ${-left}`);
      const held = formatAmount(balanceNano(debit, currency));
      const wanted = `${formatAmount(nano)} ${currency} are wanted`;
      return refuse('deposit-insufficient', `the deposit holds ${held}, ${wanted}: pay in more`);
    }
    return undefined;
  };

  return {
    timeMs,
    intakeSinceMs,
    channel: (id) => channels.get(toHex(id)),
    putChannel: (row) => {
      channels.set(toHex(row.id), row);
      changedChannels.set(toHex(row.id), row);
    },
    putStatement: (row) => void statements.push(row),
    balanceNano,
    post: (event) => {
      const refusal = shortfall(event);
      if (refusal !== undefined) return refusal;
      const row = nextRow(head, timeMs, event, sha256);
      for (const { debit, credit, currency, nano } of entriesOf(event)) {
        move(debit, currency, -nano);
        move(credit, currency, nano);
      }
      journal.push(row);
      head = headAfter(row);
      return ok(row);
    },
    changes: () => ({
      journal,
      balances: [...changedBalances.values()],
      channels: [...changedChannels.values()],
      statements,
    }),
  };
};
