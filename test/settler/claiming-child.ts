/**
 * A settler in a process of its own, for tests that kill it: `claiming-child.ts DATABASE NUMBER CLAIMS` opens
 * four channels of its number, claims on them in turn, and prints `CHANNEL PAID` for each receipt.
 */

import { openStore } from '../../broker/settler/store/open.ts';
import { toHex } from '../../schemas/bytes.ts';
import {
  claimRequest,
  evidenceFor,
  type House,
  houseOver,
  type OpenedChannel,
  openOf,
  openRequest,
  type Reply,
} from './parties.ts';

const [place, number, claims] = process.argv.slice(2);
const opened = await openStore(place!);
if (!opened.ok) throw new Error(opened.detail);
const house = await houseOver(opened.value, { claimsPerS: 1_000_000 });

/** Another process may be writing, or the database be away: ask again, as an agent does. */
const insist = async (house: House, request: Uint8Array, channel: OpenedChannel): Promise<Reply> => {
  for (;;) {
    const reply = await house.ask(request, channel);
    if (reply.code !== 'busy' && reply.code !== 'storage-failed') return reply;
  }
};

const channels: OpenedChannel[] = [];
for (let i = 0; i < 4; i++) {
  const channel = openOf({ nonce: Number(number) * 100 + i });
  const reply = await insist(house, openRequest(channel), channel);
  if (reply.kind === 'grant') channels.push(channel);
}

const claimOn = async (channel: OpenedChannel, i: number): Promise<void> => {
  const reply = await insist(house, claimRequest(channel, evidenceFor(channel, i + 1, i + 1)), channel);
  if (reply.receipt === undefined) throw new Error(`no receipt but ${reply.code}`);
  process.stdout.write(`${toHex(channel.id)} ${reply.receipt.paidNano}\n`);
};

for (let i = 0; i < Number(claims) / 4; i++)
  await Promise.all(channels.map((channel) => claimOn(channel, i)));
await house.settler.close();
await opened.value.close();
