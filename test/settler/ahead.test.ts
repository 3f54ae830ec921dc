import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createAhead } from '../../broker/settler/desk/ahead.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { parseEvidence } from '../../schemas/evidence.ts';
import { must } from '../world/deal.ts';
import { claimRequest, crypto, evidenceFor, houseOver, openOf, openRequest, UNIT } from './parties.ts';

/** Cryptography that counts where signatures are checked. */
const counting = () => {
  const checks = { here: 0, aside: 0 };
  const counted: Crypto = {
    ...crypto,
    verify: (key, message, signature) => {
      checks.here++;
      return crypto.verify(key, message, signature);
    },
    verifyAside: async (key, message, signature) => {
      checks.aside++;
      return crypto.verify(key, message, signature);
    },
  };
  return { checks, counted };
};

/** A channel after its first claim, as the settler knows it, and what remembers it. */
const known = async () => {
  const store = openMemoryStore();
  const { checks, counted } = counting();
  const house = await houseOver(store, {}, { crypto: counted });
  await house.deposit(10, 'BANK-1');
  const channel = openOf({ nonce: 1 });
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  const [row] = must(await store.read((reader) => reader.get('channel', [[channel.id]])));
  const ahead = createAhead(counted);
  ahead.note(row!);
  Object.assign(checks, { here: 0, aside: 0 });
  return { house, channel, row: row!, ahead, checks };
};

const ahead = suite('signatures checked ahead');

ahead('are checked aside where the channel is known, and not again in the transaction', async () => {
  const { house, channel, checks } = await known();
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 2, 2 * UNIT)), channel);
  assert.is(reply.receipt?.paidNano, 2 * UNIT);
  assert.equal(checks, { here: 0, aside: 1 });
});

ahead('that are wrong are refused as ever', async () => {
  const { house, channel, checks } = await known();
  const evidence = evidenceFor(channel, 2, 2 * UNIT);
  const voucher = new Uint8Array(evidence.voucher);
  voucher[voucher.length - 1]! ^= 1;
  const reply = await house.ask(claimRequest(channel, { ...evidence, voucher }));
  assert.is(reply.code, 'signature-invalid');
  assert.equal(checks, { here: 0, aside: 1 });
});

ahead('answer for exactly the bytes that were checked', async () => {
  const { channel, ahead, checks } = await known();
  const stated = must(parseEvidence(evidenceFor(channel, 2, 2 * UNIT)));
  const answering = await ahead.check(channel.id, stated, () => true)!;
  const other = crypto.random(64);
  assert.is(answering.verify(crypto.random(32), other, other), false);
  assert.equal(checks, { here: 1, aside: 1 });
});

ahead('are not for what is unknown, no more, too much, closed, known already or not allowed', async () => {
  const { channel, row, ahead, checks } = await known();
  const stated = (seq: number, nano: number) => must(parseEvidence(evidenceFor(channel, seq, nano)));
  const more = stated(2, 2 * UNIT);
  const yes = () => true;
  assert.is(ahead.check(crypto.random(32), more, yes), undefined);
  assert.is(ahead.check(channel.id, stated(2, UNIT), yes), undefined);
  assert.is(ahead.check(channel.id, stated(2, row.limitNano + 1), yes), undefined);
  assert.is(
    ahead.check(channel.id, must(parseEvidence({ voucher: row.voucher!, tick: null })), yes),
    undefined,
  );
  assert.is(
    ahead.check(channel.id, more, () => false),
    undefined,
  );
  ahead.note({ ...row, closed: true });
  assert.is(ahead.check(channel.id, more, yes), undefined);
  assert.equal(checks, { here: 0, aside: 0 });
});

ahead('are waited for by a settler that stops', async () => {
  const { house, channel } = await known();
  const asked = house.ask(claimRequest(channel, evidenceFor(channel, 2, 2 * UNIT)), channel);
  await house.settler.close();
  assert.is((await asked).receipt?.paidNano, 2 * UNIT);
});

ahead.run();
