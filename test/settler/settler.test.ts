import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openGrant } from '../../schemas/grant.ts';
import { idOf } from '../../schemas/identity.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { openTime } from '../../schemas/time.ts';
import { deposited, earned, type Housed, housed, nano } from './housed.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  partyOf,
  queryRequest,
  ROOT,
  START_MS,
  START_S,
  statementRequest,
  UNIT,
} from './parties.ts';

const settling = housed(suite<Housed>('settler'));

/** Of the hash input of one link (`schemas/tick.ts`). */
const CHAIN_BLOCK_BYTES = 55;

settling('grants a channel and reserves its limit', async ({ store, house }) => {
  const channel = openOf();
  const reply = await house.ask(openRequest(channel), channel, PAYER);
  const decoded = decodeRequest(reply.bytes);
  assert.ok(decoded.ok && decoded.value.kind === 'grant');
  const grant = openGrant(decoded.value.parts[0] as Uint8Array, channel.id, ROOT.key, crypto.verify);
  assert.equal(grant, {
    ok: true,
    value: {
      issuedS: START_S,
      version: 1,
      limitNano: 5 * UNIT,
      expiryS: START_S + 86_400,
      backing: 'deposit',
    },
  });
  assert.is(await deposited(store), nano(5));
});

settling(
  'answers a repeated open with the same grant and reserves nothing more',
  async ({ store, house }) => {
    const channel = openOf();
    const first = await house.ask(openRequest(channel));
    house.clock.nowMs += 5000;
    const again = await house.ask(openRequest(channel));
    assert.equal(first.bytes.slice(11), again.bytes.slice(11));
    assert.is(await deposited(store), nano(5));
  },
);

settling('answers a repeated open of a closed channel with the final receipt', async ({ store, house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(closeRequest(channel, 0, PAYEE));
  const again = await house.ask(openRequest(channel), channel);
  assert.is(again.receipt?.final, true);
  assert.is(await deposited(store), nano(10));
});

settling(
  'refuses opens of another settler, currency, past or far expiry, or too much',
  async ({ store, house }) => {
    const refused = async (wish: Parameters<typeof openOf>[0]) =>
      (await house.ask(openRequest(openOf(wish)))).code;
    assert.is(await refused({ settler: OTHER.key }), 'settler-unpinned');
    assert.is(await refused({ currency: 'XAU' }), 'currency-unknown');
    assert.is(await refused({ expiryS: START_S }), 'channel-expired');
    assert.is(await refused({ expiryS: START_S + 401 * 86_400 }), 'value-out-of-range');
    assert.is(await refused({ limitNano: 10 * UNIT + 1 }), 'deposit-insufficient');
    assert.is(await refused({ currency: 'USD' }), 'deposit-insufficient');
    assert.is(await refused({ payer: OTHER }), 'deposit-insufficient');
    assert.is(await deposited(store), nano(10));
  },
);

settling('never reserves a deposit twice, whatever comes in one batch', async ({ store, house }) => {
  const opens = [1, 2, 3].map((nonce) => openOf({ nonce, limitNano: 4 * UNIT }));
  const replies = await Promise.all(opens.map((channel) => house.ask(openRequest(channel))));
  assert.equal(
    replies.map((reply) => reply.code ?? reply.kind),
    ['grant', 'grant', 'deposit-insufficient'],
  );
  assert.is(await deposited(store), nano(2));
});

settling('books a claim, from the voucher and its tick, whoever presents it', async ({ store, house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT, 3)), channel, OTHER);
  assert.equal(reply.receipt, {
    issuedS: START_S,
    paidNano: UNIT + 3000,
    limitNano: 5 * UNIT,
    final: false,
    journalIndex: 2,
  });
  assert.is(await earned(store), nano(1) + 3000n);
});

settling('is idempotent by total: the same or less changes nothing', async ({ store, house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT, 9)));
  for (const evidence of [
    evidenceFor(channel, 1, UNIT, 9),
    evidenceFor(channel, 1, UNIT, 3),
    evidenceFor(channel, 7, 0),
  ]) {
    const reply = await house.ask(claimRequest(channel, evidence), channel);
    assert.is(reply.receipt?.paidNano, UNIT + 9000);
    assert.is(reply.receipt?.journalIndex, 2);
  }
  assert.is(await earned(store), nano(1) + 9000n);
});

settling('walks on from the last verified step and verifies no signature twice', async ({ store }) => {
  let verifications = 0;
  let hashes = 0;
  const counting = {
    ...crypto,
    verify: (...args: Parameters<typeof crypto.verify>) => {
      verifications++;
      return crypto.verify(...args);
    },
    sha256: (bytes: Uint8Array) => {
      if (bytes.length === CHAIN_BLOCK_BYTES) hashes++;
      return crypto.sha256(bytes);
    },
  };
  const house = await houseOver(store, {}, { crypto: counting });
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT, 10)));
  [verifications, hashes] = [0, 0];
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT, 14)));
  assert.equal([verifications, hashes], [0, 4]);
});

settling('refuses claims beyond the limit or the chain before any cryptography', async ({ store }) => {
  let used = 0;
  const counting = { ...crypto, verify: () => ++used > 0 };
  const house = await houseOver(store, {}, { crypto: counting });
  const channel = openOf();
  await house.ask(openRequest(channel));
  used = 0;
  const refused = async (...args: [number, number, number?, number?]) =>
    (await house.ask(claimRequest(channel, evidenceFor(channel, ...args)))).code;
  assert.is(await refused(1, 5 * UNIT + 1), 'voucher-over-limit');
  assert.is(await refused(1, 5 * UNIT, 1), 'voucher-over-limit');
  assert.is(await refused(1, 0, 3, 2 * UNIT), 'voucher-over-limit');
  const unknown = openOf({ nonce: 99 });
  const reply = await house.ask(claimRequest(unknown, evidenceFor(unknown, 1, 1)));
  assert.is(reply.code, 'channel-unknown');
  assert.is(used, 0);
});

settling('refuses forged, foreign and broken evidence and moves nothing', async ({ store, house }) => {
  const channel = openOf();
  const sibling = openOf({ nonce: 2 });
  await house.ask(openRequest(channel));
  await house.ask(openRequest(sibling));
  const claimed = async (evidence: ReturnType<typeof evidenceFor>) =>
    (await house.ask(claimRequest(channel, evidence))).code;
  assert.is(await claimed(evidenceFor({ ...channel, payer: PAYEE }, 1, UNIT)), 'signature-invalid');
  assert.is(await claimed(evidenceFor(sibling, 1, UNIT)), 'signature-invalid');
  const good = evidenceFor(channel, 1, UNIT, 5);
  const tick = good.tick!.slice();
  tick[tick.length - 1]! ^= 1;
  assert.is(await claimed({ ...good, tick }), 'tick-does-not-chain');
  assert.is(await claimed({ ...good, tick: evidenceFor(channel, 2, UNIT, 5).tick }), 'tick-unknown-voucher');
  const voucher = good.voucher.slice();
  voucher[20]! ^= 1;
  assert.ok((await house.ask(claimRequest(channel, { voucher, tick: null }))).code);
  assert.is(await earned(store), 0n);
});

settling(
  'serves one channel claimed many times in one batch in order of arrival',
  async ({ store, house }) => {
    const channel = openOf();
    await house.ask(openRequest(channel));
    const totals = await Promise.all(
      [4, 9, 2, 9, 12].map(async (index) => {
        const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT, index)), channel);
        return reply.receipt!.paidNano - UNIT;
      }),
    );
    assert.equal(totals, [4000, 9000, 9000, 9000, 12_000]);
    assert.is(await earned(store), nano(1) + 12_000n);
  },
);

settling('limits the claims that cost cryptography, per channel and sender', async ({ store }) => {
  const house = await houseOver(store, { claimsPerS: 2 });
  const channel = openOf();
  await house.ask(openRequest(channel));
  const codes: unknown[] = [];
  for (let seq = 1; seq <= 5; seq++) {
    const forged = evidenceFor({ ...channel, payer: OTHER }, seq, seq);
    codes.push((await house.ask(claimRequest(channel, forged), channel, OTHER)).code);
  }
  assert.equal(codes, [...Array(4).fill('signature-invalid'), 'claim-rate']);
  const honest = await house.ask(claimRequest(channel, evidenceFor(channel, 1, 7)), channel, PAYEE);
  assert.is(honest.receipt?.paidNano, 7);
});

settling('never lets the journal go back in time', async ({ store, house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  house.clock.nowMs -= 10 * DAY_MS;
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, 5)));
  const rows = await store.read((reader) => reader.journal(0, 10));
  assert.ok(rows.ok);
  assert.equal(
    rows.value.map((row) => row.timeMs),
    [START_MS, START_MS, START_MS],
  );
});

settling('signs the time for a nonce, never an earlier one', async ({ house }) => {
  const nonce = crypto.random(16);
  const ask = async () => {
    const reply = await house.ask(encodeRequest({ kind: 'time', id: crypto.random(8), parts: [nonce] }));
    const decoded = decodeRequest(reply.bytes);
    assert.ok(decoded.ok && decoded.value.kind === 'timed');
    return openTime(decoded.value.parts[0] as Uint8Array, nonce, ROOT.key, crypto.verify);
  };
  house.clock.nowMs = START_MS + 7000;
  assert.equal(await ask(), { ok: true, value: START_S + 7 });
  house.clock.nowMs = START_MS - DAY_MS;
  assert.equal(await ask(), { ok: true, value: START_S + 7 });
});

settling('files a both-signed statement and refuses a one-sided or foreign one', async ({ store, house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  const agreed = agreedOf(channel, UNIT, 3);
  const oneSided = agreedOf({ ...channel, payee: PAYER }, UNIT, 3);
  assert.is((await house.ask(statementRequest(oneSided))).code, 'signature-invalid');
  assert.is((await house.ask(statementRequest(agreed, channel.id))).code, 'channel-mismatch');
  assert.is((await house.ask(statementRequest(new Uint8Array([1])))).code, 'cose-malformed');
  assert.is((await house.ask(statementRequest(agreed), channel)).receipt?.paidNano, 0);
  const filed = await store.read((reader) => reader.get('statement', [[channel.id]]));
  assert.ok(filed.ok);
  assert.equal(filed.value[0]?.bytes, agreed);
});

settling('answers what it cannot read with a code, and answers with silence', async ({ house }) => {
  const from = idOf(OTHER.key, crypto.sha256);
  const handle = (bytes: Uint8Array) => house.settler.handle(from, bytes);
  assert.is(await handle(new Uint8Array([0xff])), undefined);
  assert.is(await handle(new Uint8Array(0)), undefined);
  const id = crypto.random(8);
  assert.is(await handle(encodeRequest({ kind: 'refusal', id, parts: [40, 'no'] })), undefined);
  assert.is((await house.ask(encodeRequest({ kind: 'offer', id, parts: [id] }))).code, 'object-malformed');
  assert.is((await house.ask(new Uint8Array([0x82, 0x05, 0x48, ...id]))).code, 'object-malformed');
});

settling('refuses more requests than its queue holds', async ({ store }) => {
  const house = await houseOver(store, { queueMax: 2, lingerMs: 50 });
  const channel = openOf();
  const replies = await Promise.all([1, 2, 3].map(() => house.ask(queryRequest(channel))));
  assert.equal(
    replies.map((reply) => reply.code),
    ['channel-unknown', 'channel-unknown', 'busy'],
  );
});

settling('answers what has come in before it stops, and nothing after', async ({ house }) => {
  const channel = openOf();
  const pending = house.ask(openRequest(channel));
  await house.settler.close();
  assert.is((await pending).kind, 'grant');
  assert.is((await house.ask(queryRequest(channel))).code, 'busy');
});

settling('signs receipts aside, and has sent them when it has stopped', async ({ store }) => {
  const signed: Uint8Array[] = [];
  const signAside = async (message: Uint8Array): Promise<Uint8Array> => {
    await new Promise((resolve) => setImmediate(resolve));
    signed.push(message);
    return ROOT.sign(message);
  };
  const signer = { signer: { key: ROOT.key, sign: ROOT.sign, signAside }, certificate: null };
  const house = await houseOver(store, {}, { signer });
  await house.deposit(10, 'BANK-1');
  const channel = openOf();
  await house.ask(openRequest(channel));
  let answered = false;
  const pending = house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel).then((reply) => {
    answered = true;
    return reply;
  });
  await house.settler.close();
  assert.is(signed.length, 1);
  await new Promise((resolve) => process.nextTick(resolve));
  assert.ok(answered);
  assert.is((await pending).receipt?.paidNano, UNIT);
});

settling("refuses a database that is another settler's", async ({ store }) => {
  try {
    await houseOver(store, {}, { root: partyOf(77).key });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /database is of settler/);
  }
});

settling('keeps a fault of one request from the others in its batch', async ({ store }) => {
  const channel = openOf();
  const poison = openOf({ nonce: 2 });
  const failing = {
    ...crypto,
    verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => {
      if (Buffer.from(message).includes(Buffer.from(poison.id))) throw new Error('poison');
      return crypto.verify(key, message, signature);
    },
  };
  const house = await houseOver(store, { lingerMs: 20 }, { crypto: failing });
  await Promise.all([house.ask(openRequest(channel)), house.ask(openRequest(poison))]);
  const [bad, good] = await Promise.all([
    house.ask(claimRequest(poison, evidenceFor(poison, 1, 3))),
    house.ask(claimRequest(channel, evidenceFor(channel, 1, 4)), channel),
  ]);
  assert.is(bad.code, 'storage-failed');
  assert.is(good.receipt?.paidNano, 4);
  assert.match(house.logged[0]!, /rolled back/);
});

settling.run();
