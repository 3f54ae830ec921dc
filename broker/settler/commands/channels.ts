/** `tollbridge settler channels`: every channel with its limit, what it has paid, what stands behind it. */

import { toHex } from '../../../schemas/bytes.ts';
import { didKey } from '../../../schemas/identity.ts';
import { ok } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { tableOf } from '../reports/table.ts';
import { allRows } from '../store/store.ts';
import type { ChannelRow } from '../store/tables.ts';
import { expiryText } from './moment.ts';
import { onStore } from './on-store.ts';

const HEAD = ['channel', 'state', 'limit', 'paid', '', 'backing', 'expires', 'payer', 'payee'];

export const run = onStore({}, async (store) => {
  const read = await store.read(async (reader) => {
    const all: ChannelRow[] = [];
    for await (const channel of allRows(reader, 'channel')) all.push(channel);
    return all;
  });
  if (!read.ok) return read;
  const rows = read.value.map((channel) => [
    toHex(channel.id).slice(0, 12),
    channel.closed ? 'closed' : 'open',
    formatAmount(BigInt(channel.limitNano)),
    formatAmount(BigInt(channel.paidNano)),
    channel.currency,
    channel.backing,
    expiryText(channel.expiryS),
    didKey(channel.payer),
    didKey(channel.payee),
  ]);
  const json = read.value.map((channel) => ({
    channel: toHex(channel.id),
    lease: toHex(channel.lease),
    payer: didKey(channel.payer),
    payee: didKey(channel.payee),
    payerOwner: didKey(channel.payerOwner),
    payeeOwner: didKey(channel.payeeOwner),
    currency: channel.currency,
    limitNano: channel.limitNano,
    paidNano: channel.paidNano,
    backing: channel.backing,
    expiryS: channel.expiryS,
    closed: channel.closed,
  }));
  return ok({ text: tableOf([HEAD, ...rows], [2, 3]), json: { channels: json } });
});
