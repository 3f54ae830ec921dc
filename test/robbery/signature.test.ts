/** Robberies by a good signature in the wrong place: of another kind, channel, settler or currency. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { openClose, signClose } from '../../schemas/close.ts';
import { type Context, parseObject, signObject } from '../../schemas/cose.ts';
import { openCredential, signCredential } from '../../schemas/credential.ts';
import { openDemand, signDemand } from '../../schemas/demand.ts';
import { openGrant } from '../../schemas/grant.ts';
import { idOf } from '../../schemas/identity.ts';
import { openChannel } from '../../schemas/open.ts';
import { openProfile, signProfile } from '../../schemas/profile.ts';
import { openReceipt, signReceipt } from '../../schemas/receipt.ts';
import { encodeRequest } from '../../schemas/request.ts';
import { type Result, refuse } from '../../schemas/result.ts';
import { openFromSettler, signCertificate } from '../../schemas/settler.ts';
import { agreeStatement, openAgreed, openStatement, signStatement } from '../../schemas/statement.ts';
import { openLease, openOffer, signLease } from '../../schemas/terms.ts';
import { openTime, signTime } from '../../schemas/time.ts';
import { verifyVoucher } from '../../schemas/voucher.ts';
import {
  claimRequest,
  closeRequest,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  PAYER,
  UNIT,
} from '../settler/parties.ts';
import { dealOf, grantFor, must, openFor } from '../world/deal.ts';
import { LonePurchase } from '../world/lone-purchase.ts';
import { LoneSale } from '../world/lone-sale.ts';
import { PRICE_NANO as P } from '../world/options.ts';
import { Payer } from '../world/payer.ts';

const deal = dealOf();
const { channel, lease, crypto, terms } = deal;
const { verify } = crypto;
const nonce = new Uint8Array(16).fill(7);
const { signer } = deal.buyer;
const { key } = signer;
const asSettler = { signer, certificate: null };
const client = idOf(key, crypto.sha256);
const receipt = { issuedS: 1, paidNano: P, limitNano: P, final: true, journalIndex: 1 };
const statement = {
  channel: channel.id,
  delivered: 1,
  paid: 1,
  totalNano: P,
  head: lease.id,
  reason: 'buyer',
};
const stated = signStatement(lease.id, statement, signer);
const demand = {
  settlers: [key],
  kind: 'temperature',
  unit: 'Cel',
  currency: 'EUR',
  priceNanoMax: P,
  readings: 9,
};

type Kind = {
  readonly context: Context;
  readonly bytes: Uint8Array;
  readonly open: (bytes: Uint8Array) => Result<unknown>;
};

/** Every kind of signed object, all by one key and opened under it: only the kind can tell them apart. */
const KINDS: Readonly<Record<string, Kind>> = {
  voucher: {
    context: ['tb1/voucher', channel.id],
    bytes: new Payer(deal).voucher({ seq: 1 }),
    open: (bytes) => verifyVoucher(bytes, channel.id, key, verify),
  },
  close: {
    context: ['tb1/close', channel.id],
    bytes: signClose(channel.id, P, signer),
    open: (bytes) => openClose(bytes, channel.id, key, verify),
  },
  receipt: {
    context: ['tb1/receipt', channel.id],
    bytes: signReceipt(channel.id, receipt, asSettler),
    open: (bytes) => openReceipt(bytes, channel.id, key, verify),
  },
  grant: {
    context: ['tb1/grant', channel.id],
    bytes: grantFor(deal, {}, asSettler),
    open: (bytes) => openGrant(bytes, channel.id, key, verify),
  },
  statement: {
    context: ['tb1/statement', lease.id],
    bytes: stated,
    open: (bytes) => openStatement(bytes, lease.id, key, verify),
  },
  agreed: {
    context: ['tb1/statement-agreed', lease.id],
    bytes: agreeStatement(lease.id, stated, signer),
    open: (bytes) => openAgreed(bytes, lease.id, key, key, verify),
  },
  open: { context: ['tb1/open'], bytes: deal.openBytes, open: (bytes) => openChannel(bytes, crypto) },
  offer: {
    context: ['tb1/offer'],
    bytes: must(parseObject(lease.bytes)).payload,
    open: (bytes) => openOffer(bytes, crypto),
  },
  lease: {
    context: ['tb1/lease'],
    bytes: signLease(must(parseObject(lease.bytes)).payload, deal.seller.signer),
    open: (bytes) => openLease(bytes, crypto),
  },
  time: {
    context: ['tb1/time', nonce],
    bytes: signTime(nonce, 1, asSettler),
    open: (bytes) => openTime(bytes, nonce, key, verify),
  },
  certificate: {
    context: ['tb1/settler-key'],
    bytes: signCertificate(key, 0, 9, signer),
    open: (certificate) => {
      if (certificate.length > 256) return refuse('value-out-of-range', 'no settler could send it');
      const by = { signer, certificate };
      return openTime(signTime(nonce, 1, by), nonce, key, verify);
    },
  },
  credential: {
    context: ['tb1/connect'],
    bytes: signCredential(terms.settler, client, 1, signer),
    open: (bytes) => openCredential(bytes, { broker: terms.settler, client, user: client }, crypto),
  },
  profile: {
    context: ['tb1/profile'],
    bytes: signProfile(1, 1, [key], [], signer),
    open: (bytes) => openProfile(bytes, verify),
  },
  demand: {
    context: ['tb1/demand'],
    bytes: signDemand(1, 1, demand, signer),
    open: (bytes) => openDemand(bytes, verify),
  },
};

const kinds = suite('signatures of another kind');

for (const [name, kind] of Object.entries(KINDS)) {
  kinds(`no other signature passes for that of a ${name}, whatever it signs`, () => {
    assert.ok(must(kind.open(kind.bytes)));
    const { payload } = must(parseObject(kind.bytes));
    const by = name === 'lease' ? deal.seller.signer : signer;
    for (const [other, { context }] of Object.entries(KINDS)) {
      if (other === name) continue;
      const refused = kind.open(signObject(context, payload, by));
      assert.is(refused.ok ? 'accepted' : refused.code, 'signature-invalid', `a ${other}'s`);
    }
  });
}

kinds('an object passes for no other kind as it is', () => {
  for (const [name, { bytes }] of Object.entries(KINDS)) {
    for (const [other, { open }] of Object.entries(KINDS)) {
      if (other !== name) assert.not.ok(open(bytes).ok, `a ${name} as a ${other}`);
    }
  }
});

kinds('what a settler signed for one channel or nonce says nothing of another', () => {
  const other = dealOf({ seed: 2 }).channel.id;
  const wrong = openGrant(deal.grantBytes, other, terms.settler, verify);
  assert.is(wrong.ok ? '' : wrong.code, 'signature-invalid');
  const time = openTime(signTime(nonce, 1, asSettler), new Uint8Array(16), key, verify);
  assert.is(time.ok ? '' : time.code, 'signature-invalid');
  const fields = openFromSettler('grant', deal.grantBytes, ['tb1/receipt', channel.id], [], key, verify);
  assert.not.ok(fields.ok);
});

kinds.run();

const elsewhere = suite('signatures from elsewhere');

elsewhere('a voucher for another channel pays nothing to seller or settler', async () => {
  const lone = LoneSale.selling(deal, 2);
  lone.clear();
  lone.hear(lone.payer.voucher({ seq: 2, cumulativeNano: P, channel: new Uint8Array(32).fill(3) }));
  assert.equal(lone.refusals, ['signature-invalid']);
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const [mine, other] = [openOf({ nonce: 1 }), openOf({ nonce: 2 })];
  for (const each of [mine, other]) await house.ask(openRequest(each));
  const claim = claimRequest(mine, evidenceFor(other, 1, UNIT));
  assert.is((await house.ask(claim, mine)).code, 'signature-invalid');
});

elsewhere('the same open at another settler or in another currency is another channel', () => {
  const nowhere = LoneSale.selling(deal, 2);
  for (const other of [{ settler: deal.stranger.signer.key }, { currency: 'USD' }]) {
    const foreign = must(openChannel(openFor(deal, other), crypto));
    nowhere.clear();
    nowhere.hear(nowhere.payer.voucher({ seq: 2, cumulativeNano: P, channel: foreign.id }));
    assert.equal(nowhere.refusals, ['signature-invalid']);
  }
});

elsewhere('a voucher that the seller or a stranger signed itself is no claim', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const mine = openOf();
  await house.ask(openRequest(mine));
  for (const payer of [mine.payee, deal.stranger.signer]) {
    const evidence = evidenceFor({ ...mine, payer }, 1, UNIT);
    assert.is((await house.ask(claimRequest(mine, evidence), mine)).code, 'signature-invalid');
  }
});

elsewhere('a payer cannot close with its own signature twice, nor with a voucher as consent', async () => {
  const house = await houseOver(openMemoryStore());
  await house.deposit(10, 'BANK-1');
  const mine = openOf();
  await house.ask(openRequest(mine));
  assert.is((await house.ask(closeRequest(mine, 0, PAYER, PAYER), mine)).code, 'not-authorised');
  const { voucher } = evidenceFor({ ...mine, payer: mine.payee }, 1, 0);
  const id = new Uint8Array(8);
  const request = encodeRequest({
    kind: 'close',
    id,
    parts: [mine.id, signClose(mine.id, 0, PAYER), voucher],
  });
  assert.is((await house.ask(request, mine)).code, 'not-authorised');
});

elsewhere('a statement of another lease or channel is not agreed to', () => {
  const lone = LoneSale.selling(deal, 2);
  lone.hear(lone.payer.tick(1, 1));
  const other = dealOf({ seed: 2 });
  const head = lone.headAfter(1);
  lone.clear();
  const total = { delivered: 1, paid: 1, totalNano: P, head, reason: 'buyer' };
  const foreign = signStatement(other.lease.id, { ...total, channel: channel.id }, signer);
  lone.control({ kind: 'statement', parts: [foreign] });
  const stranger = signStatement(lease.id, { ...total, channel: other.channel.id }, signer);
  lone.control({ kind: 'statement', parts: [stranger] });
  assert.equal(lone.refusals, ['signature-invalid', 'statement-differs']);
  assert.is(lone.sale.agreedBytes, null);
});

elsewhere('a buyer takes no lease but the seller’s signature under its own offer', () => {
  const lone = new LonePurchase();
  const [offer] = lone.asked('offer');
  const forged = signLease(offer!.parts[0], lone.deal.stranger.signer);
  lone.reply({ kind: 'lease', id: offer!.id, parts: [forged] });
  assert.is(lone.purchase.lease, null);
  lone.wait(250);
  const again = lone.asked('offer').at(-1)!;
  const foreign = dealOf({ seed: 1, readingsMax: 999_999 }).lease.bytes;
  lone.reply({ kind: 'lease', id: again.id, parts: [foreign] });
  assert.is(lone.purchase.lease, null);
  assert.equal(lone.notices, ['signature-invalid', 'terms-unacceptable']);
  lone.wait(250);
  lone.lease();
  assert.is(lone.purchase.phase, 'opening', 'and still asks for it');
});

elsewhere.run();
