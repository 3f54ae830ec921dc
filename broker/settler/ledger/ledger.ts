/**
 * The ledger: integer double entry per currency, as pure functions from events to entries.
 *
 * An event is a fact with its proof; its entries move nanos between accounts. An entry has one debit, one
 * credit and one amount, so an unbalanced posting cannot be written down. Balances are credits less debits.
 *
 * | account                   | holds                                                                          |
 * |---------------------------|--------------------------------------------------------------------------------|
 * | bank/<currency>           | the outside world: minus all that is held inside                               |
 * | deposit/<owner>           | what an owner paid in and has not reserved                                     |
 * | coming/<owner>            | asked of the owner's bank, not there yet                                       |
 * | held/<owner>              | collected; backs nothing until the scheme's return period is over              |
 * | channel/<channel id>      | what a grant has reserved and no claim has moved                               |
 * | earned/<owner>            | what claims have moved to a payee                                              |
 * | payout/<payout id>        | on its way to a bank, posted or voided next                                    |
 * | collection/<id>           | minus what was asked of a bank                                                 |
 * | line/<creditor>/<debtor>  | minus what of a credit line is in use: reserved and owed together              |
 * | owed/<creditor>/<debtor>  | what a debtor owes whoever trusts it; clearing works on those between owners   |
 * | line/settler              | minus what the settler has stood in for: the other side of owed/settler/…      |
 * | loss/settler              | minus what the settler lost by defaults that it bore                           |
 *
 * Owners are keys in hexadecimal digits. A creditor is `settler`, who guarantees, or an owner, who does so itself.
 */

import { toHex } from '../../../schemas/bytes.ts';
import type { Cbor } from '../../../schemas/cbor.ts';
import { BACKINGS, type Backing } from '../../../schemas/grant.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { formatAmount, LEDGER_NANO_MAX } from './amount.ts';

export type Entry = {
  readonly debit: string;
  readonly credit: string;
  readonly currency: string;
  readonly nano: bigint;
};

export type LedgerEvent = {
  readonly kind: EventKind;
  readonly currency: string;
  /** What moves, 0 or more. A note moves nothing; a release may. */
  readonly nano: bigint;
  /** A reference, a channel id in hex, a payout id: with the kind it is unique, see `keyOf`. */
  readonly subject: string;
  /** Whose account the event touches: 32 bytes. */
  readonly owner: Uint8Array;
  /** The other side's, where there is one: 32 bytes or none. */
  readonly other: Uint8Array;
  /** What stands behind the channel or the debt. */
  readonly backing: Backing;
  /** What a channel has paid after this event; 0 where the subject is no channel. */
  readonly totalNano: bigint;
  /** The signed object that justifies the event, empty where there is none. */
  readonly proof: Uint8Array;
};

const NOTHING = new Uint8Array(0);

/** An event of which the rest is said by its defaults: no other side, a deposit behind it, no proof. */
export const eventFor = (
  event: Pick<LedgerEvent, 'kind' | 'currency' | 'nano' | 'subject' | 'owner'> & Partial<LedgerEvent>,
): LedgerEvent => ({ other: NOTHING, backing: 'deposit', totalNano: 0n, proof: NOTHING, ...event });

export const depositAccount = (owner: Uint8Array): string => `deposit/${toHex(owner)}`;
export const earnedAccount = (owner: Uint8Array): string => `earned/${toHex(owner)}`;
export const comingAccount = (owner: Uint8Array): string => `coming/${toHex(owner)}`;
export const heldAccount = (owner: Uint8Array): string => `held/${toHex(owner)}`;
export const channelAccount = (channelHex: string): string => `channel/${channelHex}`;
const bankAccount = (currency: string): string => `bank/${currency}`;
const payoutAccount = (id: string): string => `payout/${id}`;
const collectionAccount = (id: string): string => `collection/${id}`;
/** Who bears default; null is the settler, who guarantees. */
export type Creditor = Uint8Array | null;
export const creditorName = (creditor: Creditor): string => (creditor === null ? 'settler' : toHex(creditor));
export const lineAccount = (creditor: Creditor, debtor: Uint8Array): string =>
  `line/${creditorName(creditor)}/${toHex(debtor)}`;
export const owedAccount = (creditor: Creditor, debtor: Uint8Array): string =>
  `owed/${creditorName(creditor)}/${toHex(debtor)}`;
export const ADVANCED_ACCOUNT = 'line/settler';
export const LOSS_ACCOUNT = 'loss/settler';

/** What backs a payer's channel to a payee, both as owners. */
export const sourceAccount = (backing: Backing, payer: Uint8Array, payee: Uint8Array): string =>
  backing === 'deposit' ? depositAccount(payer) : lineAccount(backing === 'guaranteed' ? null : payee, payer);

/** Where claims move a channel's money. */
export const sinkAccount = (backing: Backing, payer: Uint8Array, payee: Uint8Array): string =>
  backing === 'bilateral' ? owedAccount(payee, payer) : earnedAccount(payee);

/** A kind's place is its number in the journal: append only. */
const KINDS = [
  'deposit',
  'grant',
  'claim',
  'release',
  'payout-pending',
  'payout-posted',
  'payout-voided',
  'payout-returned',
  'expiry',
  'withdrawal',
  'top-up',
  'repayment',
  'cleared',
  'novated',
  'default',
  'collection-pending',
  'collection-posted',
  'collection-voided',
  'collection-final',
  'collection-returned',
  'collection-owed',
  'enrolment',
  'line',
  'consent',
  'dispute',
  'statement',
  'clearing',
  'snapshot',
  'guarantee',
  'dispute-resolved',
] as const;
export type EventKind = (typeof KINDS)[number];

type Move = readonly [debit: string, credit: string];
type Moves = (event: LedgerEvent) => readonly Move[];

const NOTE: Moves = () => [];
/** What the settler has stood in for is owed to it; and no more, once it is paid or lost. */
const owing = (debtor: Uint8Array): Move => [ADVANCED_ACCOUNT, owedAccount(null, debtor)];
const settled = (debtor: Uint8Array): Move => [owedAccount(null, debtor), ADVANCED_ACCOUNT];
/** A grant's owner is the payer's, a claim's the payee's. */
const release: Moves = (e) => [[channelAccount(e.subject), sourceAccount(e.backing, e.owner, e.other)]];

/** Debits and credits of each kind, each of the event's amount. */
const MOVES: { readonly [K in EventKind]: Moves } = {
  deposit: (e) => [[bankAccount(e.currency), depositAccount(e.owner)]],
  grant: (e) => [[sourceAccount(e.backing, e.owner, e.other), channelAccount(e.subject)]],
  claim: (e) => [
    [channelAccount(e.subject), sinkAccount(e.backing, e.other, e.owner)],
    ...(e.backing === 'guaranteed' ? [owing(e.other)] : []),
  ],
  release,
  expiry: release,
  'payout-pending': (e) => [[earnedAccount(e.owner), payoutAccount(e.subject)]],
  'payout-posted': (e) => [[payoutAccount(e.subject), bankAccount(e.currency)]],
  'payout-voided': (e) => [[payoutAccount(e.subject), earnedAccount(e.owner)]],
  'payout-returned': (e) => [[bankAccount(e.currency), earnedAccount(e.owner)]],
  withdrawal: (e) => [[depositAccount(e.owner), earnedAccount(e.owner)]],
  'top-up': (e) => [[earnedAccount(e.owner), depositAccount(e.owner)]],
  // The owner is the debtor; the other is the creditor where it is not the settler.
  repayment: (e) =>
    e.backing === 'guaranteed'
      ? [[depositAccount(e.owner), lineAccount(null, e.owner)], settled(e.owner)]
      : [
          [depositAccount(e.owner), earnedAccount(e.other)],
          [owedAccount(e.other, e.owner), lineAccount(e.other, e.owner)],
        ],
  // The owner is the creditor, the other the debtor.
  cleared: (e) => [[owedAccount(e.owner, e.other), lineAccount(e.owner, e.other)]],
  novated: (e) => [[lineAccount(e.owner, e.other), owedAccount(e.owner, e.other)]],
  default: (e) =>
    e.backing === 'guaranteed'
      ? [[LOSS_ACCOUNT, lineAccount(null, e.owner)], settled(e.owner)]
      : [[owedAccount(e.other, e.owner), lineAccount(e.other, e.owner)]],
  'collection-pending': (e) => [[collectionAccount(e.subject), comingAccount(e.owner)]],
  'collection-posted': (e) => [
    [bankAccount(e.currency), collectionAccount(e.subject)],
    [comingAccount(e.owner), heldAccount(e.owner)],
  ],
  'collection-voided': (e) => [[comingAccount(e.owner), collectionAccount(e.subject)]],
  'collection-final': (e) => [[heldAccount(e.owner), depositAccount(e.owner)]],
  'collection-returned': (e) => [[heldAccount(e.owner), bankAccount(e.currency)]],
  // Returned after it was final: the owner owes it to the settler.
  'collection-owed': (e) => [[lineAccount(null, e.owner), bankAccount(e.currency)], owing(e.owner)],
  enrolment: NOTE,
  line: NOTE,
  consent: NOTE,
  dispute: NOTE,
  statement: NOTE,
  clearing: NOTE,
  snapshot: NOTE,
  guarantee: NOTE,
  'dispute-resolved': NOTE,
};

export const entriesOf = (event: LedgerEvent): readonly Entry[] =>
  event.nano === 0n
    ? []
    : MOVES[event.kind](event).map(([debit, credit]) => ({
        debit,
        credit,
        currency: event.currency,
        nano: event.nano,
      }));

/** 2^53 - 1 has 16 digits, so keys of a channel's claims sort by total. */
const TOTAL_DIGITS = 16;

/** The idempotency key: unique in the journal, so no event is ever posted twice. */
export const keyOf = (event: LedgerEvent): string => {
  const key = `${event.kind}/${event.subject}`;
  return event.kind === 'claim' ? `${key}/${String(event.totalNano).padStart(TOTAL_DIGITS, '0')}` : key;
};

/** Only the outside world, credit in use, losses and money asked for are below zero. */
export const mayOverdraw = (account: string): boolean => /^(?:bank|line|loss|collection)\//.test(account);

/** What an owner may be short of; anything else that is short would be our fault. */
const OWN = /^(?:deposit|earned)\//;

const shortfall = (entry: Entry, leftNano: bigint, event: LedgerEvent): Refusal => {
  if (!OWN.test(entry.debit))
    throw new RangeError(`${event.kind} would overdraw ${entry.debit} by ${-leftNano}`);
  const [what] = entry.debit.split('/');
  const held = formatAmount(leftNano + entry.nano);
  const wanted = `${formatAmount(entry.nano)} ${entry.currency} are wanted`;
  return refuse('deposit-insufficient', `the ${what} account holds ${held}, ${wanted}: pay in more`);
};

/**
 * The entries of an event on these balances: money is checked again right before it moves.
 * Codes: deposit-insufficient, value-out-of-range. Throws where the settler itself would be at fault.
 */
export const apply = (
  balanceNano: (account: string, currency: string) => bigint,
  event: LedgerEvent,
): Result<readonly Entry[]> => {
  const entries = entriesOf(event);
  for (const entry of entries) {
    const { debit, credit, currency, nano } = entry;
    const left = balanceNano(debit, currency) - nano;
    if (nano < 0n || -left > LEDGER_NANO_MAX || balanceNano(credit, currency) + nano > LEDGER_NANO_MAX) {
      return refuse('value-out-of-range', `${nano} nano from ${debit} to ${credit} passes 64 bits`);
    }
    if (left < 0n && !mayOverdraw(debit)) return shortfall(entry, left, event);
  }
  return ok(entries);
};

/** One view for all amounts: a replay writes several a row. */
const nanoScratch = new DataView(new ArrayBuffer(8));

/** 64-bit amounts are 8 bytes big-endian: the codec's integers end at 2^53. */
const nanoBytes = (nano: bigint): Uint8Array => {
  nanoScratch.setBigUint64(0, nano);
  return new Uint8Array(nanoScratch.buffer.slice(0));
};
const readNano = (value: Cbor | undefined): bigint | undefined => {
  if (!(value instanceof Uint8Array) || value.length !== 8) return undefined;
  const nano = new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0);
  return nano <= LEDGER_NANO_MAX ? nano : undefined;
};

/** `[kind, currency, nano, subject, owner, totalNano, proof]`, and `[…, other, backing]` where they say anything. */
export const eventItem = (event: LedgerEvent): Cbor => {
  const item: Cbor[] = [
    KINDS.indexOf(event.kind),
    event.currency,
    nanoBytes(event.nano),
    event.subject,
    event.owner,
    nanoBytes(event.totalNano),
    event.proof,
  ];
  const backing = BACKINGS.indexOf(event.backing);
  if (event.other.length > 0 || backing > 0) item.push(event.other, backing);
  return item;
};

const isKey = (value: Cbor | undefined): value is Uint8Array =>
  value instanceof Uint8Array && value.length === 32;

/** Code: journal-corrupt. */
export const eventOf = (item: Cbor | undefined): Result<LedgerEvent> => {
  const fields =
    Array.isArray(item) && (item.length === 7 || item.length === 9) ? (item as readonly Cbor[]) : [];
  const [number, currency, , subject, owner, , proof, other = NOTHING, backed = 0] = fields;
  const kind = typeof number === 'number' ? KINDS[number] : undefined;
  const backing = typeof backed === 'number' ? BACKINGS[backed] : undefined;
  const nano = readNano(fields[2]);
  const totalNano = readNano(fields[5]);
  if (
    kind === undefined ||
    backing === undefined ||
    nano === undefined ||
    totalNano === undefined ||
    typeof currency !== 'string' ||
    typeof subject !== 'string' ||
    !isKey(owner) ||
    !(isKey(other) || (other instanceof Uint8Array && other.length === 0)) ||
    !(proof instanceof Uint8Array)
  ) {
    return refuse('journal-corrupt', 'the event is not an array of its seven or nine fields');
  }
  return ok({ kind, currency, nano, subject, owner, other, backing, totalNano, proof });
};

/** The entries as the journal keeps them: a reader needs no table of kinds to replay it. */
export const entryItem = (entry: Entry): Cbor => [
  entry.debit,
  entry.credit,
  entry.currency,
  nanoBytes(entry.nano),
];
