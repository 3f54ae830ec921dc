/**
 * What an event does to the tables: a pure fold, so that the journal alone rebuilds every channel, budget, credit
 * line, consent, dispute and statement. The settler's requests change those tables in no other way.
 *
 * Proofs were verified before they were booked; `verify` is asked again here, and answers what the caller wants
 * of it: yes in operation, the truth in an audit.
 */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { decodeCbor } from '../../../schemas/cbor.ts';
import type { Crypto, Sha256, Verify } from '../../../schemas/crypto.ts';
import { openChannel } from '../../../schemas/open.ts';
import { taken } from '../refused.ts';
import type { Puts } from '../store/store.ts';
import type { ChannelRow, Key, SpendingRow } from '../store/tables.ts';
import { dayOf } from './day.ts';
import type { JournalRow } from './journal.ts';
import type { LedgerEvent } from './ledger.ts';
import { channelIn, type Lookup, NOTES } from './notes.ts';
import { evidenceOfProof, openAndGrant } from './proofs.ts';

const believe: Verify = () => true;

/** Cryptography for what was verified before: hashes are real, every signature is believed. */
export const believingWith = (sha256: Sha256): Crypto => ({
  sha256,
  verify: believe,
  random: () => {
    throw new Error('a projection draws no randomness');
  },
});

/** Channels of a device that spends for an owner count against its budget. */
const isBudgeted = (channel: ChannelRow): boolean => !equalBytes(channel.payer, channel.payerOwner);

/** What a device spends is counted in each currency on its own: a budget of another one begins anew. */
export const totalScope = (currency: string): string => `${currency}/total`;
export const spentScope = (currency: string): string => `${currency}/spent`;
export const dayScope = (currency: string, timeMs: number): string => `${currency}/day/${dayOf(timeMs)}`;
export const sellerScope = (currency: string, seller: Uint8Array): string =>
  `${currency}/seller/${toHex(seller)}`;

/** The scopes that a reservation on the channel counts in. */
const reservedScopes = ({ currency, grantedMs, payeeOwner }: ChannelRow): readonly string[] => [
  totalScope(currency),
  dayScope(currency, grantedMs),
  sellerScope(currency, payeeOwner),
];

/** The keys of every `spending` row that an event on this channel may change. */
export const spendingKeys = (channel: ChannelRow): readonly Key[] =>
  isBudgeted(channel)
    ? [spentScope(channel.currency), ...reservedScopes(channel)].map((scope) => [channel.payer, scope])
    : [];

const spend = (
  lookup: Lookup,
  channel: ChannelRow,
  scopes: readonly string[],
  nano: bigint,
): { spending?: readonly SpendingRow[] } => {
  if (!isBudgeted(channel)) return {};
  const device = channel.payer;
  const spending = scopes.map((scope) => ({
    device,
    scope,
    nano: (lookup('spending', [device, scope])?.nano ?? 0n) + nano,
  }));
  return { spending };
};

const granted = (event: LedgerEvent, row: JournalRow, lookup: Lookup, crypto: Crypto): Puts => {
  const { open: openBytes, grant } = openAndGrant(event.proof);
  const { id, open } = taken(openChannel(openBytes, crypto));
  const channel: ChannelRow = {
    id,
    payer: open.payer,
    payee: open.payee,
    payerOwner: event.owner,
    payeeOwner: event.other.length === 0 ? open.payee : event.other,
    currency: event.currency,
    lease: open.terms,
    limitNano: Number(event.nano),
    expiryS: open.expiryS,
    backing: event.backing,
    grantedMs: row.timeMs,
    grant,
    paidNano: 0,
    closed: false,
    bookedIndex: row.index,
    voucher: null,
    index: 0,
    link: null,
  };
  return { channel: [channel], ...spend(lookup, channel, reservedScopes(channel), event.nano) };
};

const channelOf = (event: LedgerEvent, lookup: Lookup): ChannelRow => {
  const channel = lookup('channel', [channelIn(event.subject)]);
  if (channel === undefined)
    throw new RangeError(`${event.kind} of a channel without grant: ${event.subject}`);
  return channel;
};

const claimed = (event: LedgerEvent, row: JournalRow, lookup: Lookup): Puts => {
  const before = channelOf(event, lookup);
  const { voucher, tick } = evidenceOfProof(event.proof);
  const [, index, link] =
    tick === null ? [0, 0, null] : (taken(decodeCbor(tick)) as [number, number, Uint8Array]);
  const channel = {
    ...before,
    paidNano: Number(event.totalNano),
    voucher,
    index,
    link,
    bookedIndex: row.index,
  };
  return { channel: [channel], ...spend(lookup, channel, [spentScope(channel.currency)], event.nano) };
};

const released = (event: LedgerEvent, row: JournalRow, lookup: Lookup): Puts => {
  const channel = { ...channelOf(event, lookup), closed: true, bookedIndex: row.index };
  return { channel: [channel], ...spend(lookup, channel, reservedScopes(channel), -event.nano) };
};

/** The rows that an event puts in place. Throws where its proof does not fit, which no settler would have booked. */
export const project = (event: LedgerEvent, row: JournalRow, lookup: Lookup, crypto: Crypto): Puts => {
  switch (event.kind) {
    case 'grant':
      return granted(event, row, lookup, crypto);
    case 'claim':
      return claimed(event, row, lookup);
    case 'release':
    case 'expiry':
      return released(event, row, lookup);
    default:
      return NOTES[event.kind]?.(event, row, lookup, crypto) ?? {};
  }
};
