/** Robberies by the backing: forged grants, grants for others, one grant for two leases, one deposit twice. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { BACKINGS_MAX } from '../../schemas/grant.ts';
import { signCertificate } from '../../schemas/settler.ts';
import {
  agreedOf,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  partyOf,
  statementRequest,
  UNIT,
} from '../settler/parties.ts';
import { type Deal, dealOf, grantFor, openFor, START_S } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P } from '../world/options.ts';

const deal = dealOf();

/** What the seller says to an open and a grant; it must not have sold anything for a refused one. */
const shown = (openBytes: Uint8Array, grantBytes: Uint8Array, to: Deal = deal): string => {
  const lone = new LoneSale(to);
  lone.control({ kind: 'grant', parts: [openBytes, grantBytes] });
  const refusal = lone.refusals[0];
  lone.hear(lone.payer.voucher({ seq: 1 }));
  lone.produce(4);
  assert.is(lone.delivered.length > 0, refusal === undefined);
  assert.is(lone.sale.phase === 'leased', refusal !== undefined);
  return refusal ?? 'accepted';
};

const grants = suite('forged grants');

grants('the settler’s own grant is accepted, so what is refused below is refused for its fault', () => {
  assert.is(shown(deal.openBytes, deal.grantBytes), 'accepted');
});

grants('a grant that the buyer signed itself is refused', () => {
  const by = { signer: deal.buyer.signer, certificate: null };
  assert.is(shown(deal.openBytes, grantFor(deal, {}, by)), 'signature-invalid');
});

grants('a grant of a settler that the lease does not name is refused', () => {
  const settler = deal.stranger;
  const open = openFor(deal, { settler: settler.signer.key });
  assert.is(
    shown(open, grantFor(deal, {}, { signer: settler.signer, certificate: null })),
    'settler-unpinned',
  );
});

grants('a grant for another channel is refused', () => {
  const other = dealOf({ limitNano: 999 * P });
  assert.is(shown(deal.openBytes, other.grantBytes), 'signature-invalid');
});

grants('a grant of a channel to another payee, or of another payer, is refused', () => {
  const { stranger } = deal;
  assert.is(shown(openFor(deal, { payee: stranger.signer.key }), deal.grantBytes), 'channel-mismatch');
  const foreign = { ...deal, buyer: stranger };
  assert.is(shown(openFor(foreign, { payer: stranger.signer.key }), deal.grantBytes), 'channel-mismatch');
});

grants('a grant for another lease or currency is refused: one deposit does not back two leases', () => {
  const other = dealOf({ seed: 1, readingsMax: 500 });
  assert.is(shown(other.openBytes, other.grantBytes), 'channel-mismatch');
  assert.is(shown(openFor(deal, { currency: 'USD' }), deal.grantBytes), 'channel-mismatch');
});

grants('a second channel under one lease is refused while the first one stands', () => {
  const lone = LoneSale.selling(deal);
  const other = dealOf({ limitNano: 999 * P });
  lone.clear();
  lone.control({ kind: 'grant', parts: [other.openBytes, other.grantBytes] });
  assert.equal(lone.refusals, ['channel-mismatch']);
  assert.equal(lone.sale.channel!.id, deal.channel.id);
});

grants('a grant that leaves default to a seller who never agreed to bear it is refused', () => {
  assert.is(shown(deal.openBytes, grantFor(deal, { backing: 'bilateral' })), 'backing-unacceptable');
  const trusting = new LoneSale(deal, { backings: BACKINGS_MAX });
  trusting.control({ kind: 'grant', parts: [deal.openBytes, grantFor(deal, { backing: 'bilateral' })] });
  assert.equal([trusting.refusals, trusting.sale.backing], [[], 'bilateral']);
});

grants('a grant that has expired, or ends within the margin, is refused and leaves nothing on disk', () => {
  for (const expiryS of [START_S - 1, START_S, START_S + 60]) {
    assert.is(shown(deal.openBytes, grantFor(deal, { expiryS })), 'channel-expired');
  }
  const lone = new LoneSale(deal);
  const grant = grantFor(deal, { expiryS: START_S + 60 });
  lone.control({ kind: 'grant', parts: [deal.openBytes, grant] });
  lone.hear(lone.payer.voucher({ seq: 1, cumulativeNano: P }));
  lone.restart();
  assert.is(lone.sale.phase, 'leased');
});

grants(
  'a certificate counts at the time of the grant: outside its dates, or of another root, it does not',
  () => {
    const { settler, stranger } = deal;
    const signing = stranger.signer;
    const by = (from: number, to: number, root = settler.signer) => ({
      signer: signing,
      certificate: signCertificate(signing.key, from, to, root),
    });
    const under = (from: number, to: number, root = settler.signer) =>
      shown(deal.openBytes, grantFor(deal, {}, by(from, to, root)));
    assert.is(under(START_S - 9, START_S), 'accepted');
    assert.is(under(START_S - 9, START_S - 1), 'signature-invalid');
    assert.is(under(START_S + 1, START_S + 9), 'signature-invalid');
    assert.is(under(START_S - 9, START_S + 9, stranger.signer), 'signature-invalid');
  },
);

grants('a buyer pays nothing on a grant that is not its settler’s', () => {
  const lone = new LonePurchase();
  lone.lease();
  const [open] = lone.asked('open');
  const by = { signer: lone.deal.stranger.signer, certificate: null };
  lone.reply({ kind: 'grant', id: open!.id, parts: [grantFor(lone.deal, {}, by)] });
  assert.is(lone.purchase.phase, 'opening');
  lone.sync();
  lone.readings(1, 3);
  assert.is(lone.sent.length, 0);
  lone.wait(250);
  lone.grant();
  assert.is(lone.purchase.phase, 'buying', 'and still asks for the real one');
});

grants('a seller delivers no further than it may be owed under one settler', () => {
  const lone = LoneSale.selling(deal, 0, { exposureNanoMax: 5 * P });
  for (let i = 1; i <= 12; i++) {
    lone.produce(1);
    lone.hear(lone.payer.tick(1, i));
    lone.sync();
  }
  assert.is(lone.delivered.at(-1), 5);
});

grants.run();

const backing = suite('one deposit twice');

backing('a deposit backs no more than it holds, however the opens come', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const opens = [1, 2, 3, 4, 5].map((nonce) => openOf({ nonce, limitNano: 3 * UNIT }));
  const replies = await Promise.all(opens.map((channel) => house.ask(openRequest(channel), channel)));
  assert.is(replies.filter((reply) => reply.kind === 'grant').length, 3);
  assert.equal([...new Set(replies.map((reply) => reply.code))], [undefined, 'deposit-insufficient']);
});

backing('the payer’s deposit backs no open that it did not sign', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const { bytes } = openOf();
  const forged = bytes.slice();
  forged[forged.length - 1]! ^= 1;
  assert.is((await house.ask(openRequest({ ...openOf(), bytes: forged }))).code, 'signature-invalid');
  assert.is((await house.ask(openRequest(openOf({ payer: partyOf(9) })))).code, 'deposit-insufficient');
});

backing('a statement files only under the lease its channel was opened for', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  await house.ask(openRequest(channel));
  const agreed = agreedOf(channel, 0, 0);
  assert.is((await house.ask(statementRequest(agreed, PAYEE.key), channel)).code, 'channel-mismatch');
  assert.is((await house.ask(statementRequest(agreed), channel)).kind, 'receipt');
});

backing.run();
