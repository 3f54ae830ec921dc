/**
 * The ledger: integer double entry per currency, as pure functions from events to entries.
 *
 * An event is a fact with its proof; its entries move nanos between accounts. An entry has one debit, one
 * credit and one amount, so an unbalanced posting cannot be written down. Balances are credits less debits.
 *
 * | account                  | holds                                               |
 * |--------------------------|-----------------------------------------------------|
 * | bank/<currency>          | the outside world: minus all that is held inside    |
 * | deposit/<owner key hex>  | what an owner paid in and has not reserved          |
 * | channel/<channel id hex> | what a grant has reserved and no claim has moved    |
 * | earned/<owner key hex>   | what claims have moved to a payee                   |
 * | payout/<payout id>       | what is on its way to a bank, posted or voided next |
 */

import { toHex } from '../../../schemas/bytes.ts';
import type { Cbor } from '../../../schemas/cbor.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { LEDGER_NANO_MAX } from './amount.ts';

export type Entry = {
  readonly debit: string;
  readonly credit: string;
  readonly currency: string;
  readonly nano: bigint;
};

export type LedgerEvent = {
  readonly kind: EventKind;
  readonly currency: string;
  /** What moves, 0 or more. A release may move nothing. */
  readonly nano: bigint;
  /** A deposit's bank reference, a channel id in hex, or a payout id. */
  readonly subject: string;
  /** The owner whose deposit or earnings the event touches: 32 bytes. */
  readonly owner: Uint8Array;
  /** What a channel has paid after this event; 0 where the subject is no channel. */
  readonly totalNano: bigint;
  /** The signed object that justifies the event, empty where there is none. */
  readonly proof: Uint8Array;
};

export const depositAccount = (owner: Uint8Array): string => `deposit/${toHex(owner)}`;
export const earnedAccount = (owner: Uint8Array): string => `earned/${toHex(owner)}`;
export const channelAccount = (channelHex: string): string => `channel/${channelHex}`;
export const bankAccount = (currency: string): string => `bank/${currency}`;
export const payoutAccount = (id: string): string => `payout/${id}`;

/** A kind's place is its number in the journal: append only. */
const KINDS = [
  'deposit',
  'grant',
  'claim',
  'release',
  'payout-pending',
  'payout-posted',
  'payout-voided',
] as const;
export type EventKind = (typeof KINDS)[number];

/** Debit and credit of each kind. */
const MOVES: { readonly [K in EventKind]: (event: LedgerEvent) => readonly [string, string] } = {
  deposit: (e) => [bankAccount(e.currency), depositAccount(e.owner)],
  grant: (e) => [depositAccount(e.owner), channelAccount(e.subject)],
  claim: (e) => [channelAccount(e.subject), earnedAccount(e.owner)],
  release: (e) => [channelAccount(e.subject), depositAccount(e.owner)],
  'payout-pending': (e) => [earnedAccount(e.owner), payoutAccount(e.subject)],
  'payout-posted': (e) => [payoutAccount(e.subject), bankAccount(e.currency)],
  'payout-voided': (e) => [payoutAccount(e.subject), earnedAccount(e.owner)],
};

export const entriesOf = (event: LedgerEvent): readonly Entry[] => {
  if (event.nano === 0n) return [];
  const [debit, credit] = MOVES[event.kind](event);
  return [{ debit, credit, currency: event.currency, nano: event.nano }];
};

/** 2^53 - 1 has 16 digits, so keys of a channel's claims sort by total. */
const TOTAL_DIGITS = 16;

/** The idempotency key: unique in the journal, so no event is ever posted twice. */
export const keyOf = (event: LedgerEvent): string => {
  const key = `${event.kind}/${event.subject}`;
  return event.kind === 'claim' ? `${key}/${String(event.totalNano).padStart(TOTAL_DIGITS, '0')}` : key;
};

/** Only the outside world may be overdrawn. */
export const mayOverdraw = (account: string): boolean => account.startsWith('bank/');

/** 64-bit amounts are 8 bytes big-endian: the codec's integers end at 2^53. */
const nanoBytes = (nano: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, nano);
  return bytes;
};
const readNano = (value: Cbor | undefined): bigint | undefined => {
  if (!(value instanceof Uint8Array) || value.length !== 8) return undefined;
  const nano = new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0);
  return nano <= LEDGER_NANO_MAX ? nano : undefined;
};

/** `[kind, currency, nano, subject, owner, totalNano, proof]` */
export const eventItem = (event: LedgerEvent): Cbor => [
  KINDS.indexOf(event.kind),
  event.currency,
  nanoBytes(event.nano),
  event.subject,
  event.owner,
  nanoBytes(event.totalNano),
  event.proof,
];

/** Code: journal-corrupt. */
export const eventOf = (item: Cbor | undefined): Result<LedgerEvent> => {
  const fields = Array.isArray(item) && item.length === 7 ? (item as readonly Cbor[]) : [];
  const [number, currency, , subject, owner, , proof] = fields;
  const kind = typeof number === 'number' ? KINDS[number] : undefined;
  const nano = readNano(fields[2]);
  const totalNano = readNano(fields[5]);
  if (
    kind === undefined ||
    nano === undefined ||
    totalNano === undefined ||
    typeof currency !== 'string' ||
    typeof subject !== 'string' ||
    !(owner instanceof Uint8Array && owner.length === 32) ||
    !(proof instanceof Uint8Array)
  ) {
    return refuse('journal-corrupt', 'the event is not an array of its seven fields');
  }
  return ok({ kind, currency, nano, subject, owner, totalNano, proof });
};

/** The entries as the journal keeps them: a reader needs no table of kinds to replay it. */
export const entryItem = (entry: Entry): Cbor => [
  entry.debit,
  entry.credit,
  entry.currency,
  nanoBytes(entry.nano),
];
