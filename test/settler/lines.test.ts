import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { repay } from '../../broker/settler/credit/repayments.ts';
import { eventFor } from '../../broker/settler/ledger/ledger.ts';
import { bookOnce } from '../../broker/settler/ledger/once.ts';
import { linesOf } from '../../broker/settler/reports/lines.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { must } from '../world/deal.ts';
import { type Housed, housed, nano } from './housed.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  partyOf,
  START_MS,
  START_S,
  UNIT,
} from './parties.ts';
import {
  consentOf,
  consentRequest,
  disputeOf,
  disputeRequest,
  enrol,
  lineOf,
  lineRequest,
  notedIn,
  OWNER,
  SELLER,
} from './words.ts';

const words = housed(suite<Housed>('words that are noted'));

words('are noted with the journal row that holds them, the same whenever they come', async ({ house }) => {
  for (const [bytes, request] of [
    [lineOf(), lineRequest(lineOf())],
    [consentOf(), consentRequest(consentOf())],
  ] as const) {
    const first = notedIn(await house.ask(request));
    assert.equal(first.hash, crypto.sha256(bytes));
    house.clock.nowMs += 60_000;
    const again = notedIn(await house.ask(request));
    assert.is(again.journalIndex, first.journalIndex);
    assert.is(again.issuedS, first.issuedS + 60);
  }
});

words('of a lower version, or the same with another content, are stale', async ({ house }) => {
  const codeOf = async (bytes: Uint8Array) => (await house.ask(bytes)).code;
  assert.is(await codeOf(lineRequest(lineOf({ version: 3 }))), undefined);
  assert.is(await codeOf(lineRequest(lineOf({ version: 2 }))), 'version-stale');
  assert.is(await codeOf(lineRequest(lineOf({ version: 3, limit: 99 }))), 'version-stale');
  assert.is(await codeOf(lineRequest(lineOf({ version: 4, limit: 99 }))), undefined);
  // A word that was noted before is stale once a higher one is.
  assert.is(await codeOf(lineRequest(lineOf({ version: 3 }))), 'version-stale');
  assert.is(await codeOf(consentRequest(consentOf(2))), undefined);
  assert.is(await codeOf(consentRequest(consentOf(1))), 'version-stale');
  assert.is(await codeOf(consentRequest(consentOf(2, 7))), 'version-stale');
});

words('count versions for each debtor, each creditor and each currency', async ({ house }) => {
  const codeOf = async (wish: Parameters<typeof lineOf>[0]) =>
    (await house.ask(lineRequest(lineOf(wish)))).code;
  assert.is(await codeOf({ version: 9 }), undefined);
  assert.is(await codeOf({ version: 1, debtor: OTHER }), undefined);
  assert.is(await codeOf({ version: 1, creditor: OTHER }), undefined);
  assert.is(await codeOf({ version: 1, currency: 'USD' }), undefined);
  assert.is(await codeOf({ version: 1 }), 'version-stale');
});

words(
  'for another settler, in a currency that is not kept, or forged are refused',
  async ({ store, house }) => {
    const codeOf = async (bytes: Uint8Array) => (await house.ask(bytes)).code;
    assert.is(await codeOf(lineRequest(lineOf({ settler: OTHER.key }))), 'settler-unpinned');
    assert.is(await codeOf(lineRequest(lineOf({ currency: 'XAU' }))), 'currency-unknown');
    assert.is(await codeOf(consentRequest(consentOf(1, 20, OTHER.key))), 'settler-unpinned');
    const forged = lineOf();
    forged[forged.length - 1]! ^= 1;
    assert.is(await codeOf(lineRequest(forged)), 'signature-invalid');
    assert.is(await codeOf(consentRequest(lineOf())), 'object-malformed');
    const kept = must(await store.read((reader) => reader.page('line', [], null, 9)));
    assert.equal(kept, []);
  },
);

words('that come twice in one batch are booked once', async ({ store, house }) => {
  const replies = await Promise.all([1, 2, 3].map(() => house.ask(lineRequest(lineOf()))));
  assert.is(new Set(replies.map((reply) => notedIn(reply).journalIndex)).size, 1);
  assert.is(must(await store.read((reader) => reader.head())).length, 2);
});

words('are limited by their sender, disputes by channel and sender as claims are', async ({ store }) => {
  const house = await houseOver(store, { opensPerS: 1, claimsPerS: 1 });
  const channel = openOf();
  await house.ask(openRequest(channel), undefined, PAYER);
  const codes: unknown[] = [];
  for (let version = 1; version <= 3; version++) {
    codes.push((await house.ask(consentRequest(consentOf(version)), undefined, OTHER)).code);
    const dispute = disputeRequest(channel, disputeOf(channel, PAYER, { version }));
    codes.push((await house.ask(dispute, undefined, OTHER)).code);
  }
  assert.equal(codes, [undefined, undefined, undefined, undefined, 'rate-exceeded', 'claim-rate']);
});

words.run();

const lines = housed(suite<Housed>('lines'));

/** OWNER's device has a guaranteed and a bilateral channel, each half claimed. */
const indebted = async ({ store, house }: Housed) => {
  const order = { debtor: OWNER.key, currency: 'EUR', limitNano: nano(10), expiryS: START_S + 600 };
  must(await setGuarantee(store, order, START_MS, crypto.sha256));
  await enrol(house, { device: PAYER });
  await enrol(house, { device: PAYEE, owner: SELLER });
  await house.ask(lineRequest(lineOf({ limit: 7 })));
  const [guaranteed, bilateral] = [
    openOf({ nonce: 1, limitNano: 8 * UNIT }),
    openOf({ nonce: 2, limitNano: 4 * UNIT }),
  ];
  for (const channel of [guaranteed, bilateral]) {
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, channel.limitNano / 2)));
  }
};

lines('show limit, reserved, owed and free, the settler’s first', async (context) => {
  await indebted(context);
  const { store } = context;
  const states = must(await store.read((reader) => linesOf(reader, START_MS)));
  assert.equal(states, [
    {
      creditor: null,
      debtor: OWNER.key,
      currency: 'EUR',
      limitNano: nano(10),
      expiryS: START_S + 600,
      reservedNano: nano(4),
      owedNano: nano(4),
      freeNano: nano(2),
    },
    {
      creditor: SELLER.key,
      debtor: OWNER.key,
      currency: 'EUR',
      limitNano: nano(7),
      expiryS: 0,
      reservedNano: nano(2),
      owedNano: nano(2),
      freeNano: nano(3),
    },
  ]);
  const later = must(await store.read((reader) => linesOf(reader, START_MS + 600_000)));
  assert.equal(
    later.map(({ freeNano }) => freeNano),
    [0n, nano(3)],
  );
});

lines('are free again by what is repaid', async (context) => {
  await indebted(context);
  const { store, house } = context;
  await house.deposit(6, 'R', OWNER);
  const all = { debtor: OWNER.key, currency: 'EUR', nano: nano(6), reference: 'P' };
  must(await repay(store, all, START_MS, crypto.sha256));
  const states = must(await store.read((reader) => linesOf(reader, START_MS)));
  assert.equal(
    states.map(({ reservedNano, owedNano, freeNano }) => [reservedNano, owedNano, freeNano]),
    [
      [nano(4), 0n, nano(6)],
      [nano(2), 0n, nano(5)],
    ],
  );
});

lines(
  'that nobody gave are shown where they are in use: a debit that came back, a debt by novation',
  async () => {
    // Of its own: no debit and no clearing came before, which an audit would miss.
    const store = openMemoryStore();
    const owing = (kind: 'collection-owed' | 'novated', owner: Signer, other?: Signer) =>
      bookOnce(
        store,
        eventFor({
          kind,
          currency: 'EUR',
          nano: nano(2),
          subject: kind,
          owner: owner.key,
          ...(other && { other: other.key }),
        }),
        START_MS,
        crypto.sha256,
      ).then(must);
    await owing('collection-owed', OWNER);
    await owing('novated', SELLER, OTHER);
    const states = must(await store.read((reader) => linesOf(reader, START_MS)));
    const common = {
      currency: 'EUR',
      limitNano: 0n,
      expiryS: 0,
      reservedNano: 0n,
      owedNano: nano(2),
      freeNano: 0n,
    };
    assert.equal(states, [
      { creditor: null, debtor: OWNER.key, ...common },
      { creditor: SELLER.key, debtor: OTHER.key, ...common },
    ]);
  },
);

lines('of several versions show the newest, with less left than is owed as nothing', async (context) => {
  await indebted(context);
  const { store, house } = context;
  await house.ask(lineRequest(lineOf({ version: 2, limit: 1 })));
  await house.ask(lineRequest(lineOf({ creditor: partyOf(14), limit: 3 })));
  const states = must(await store.read((reader) => linesOf(reader, START_MS)));
  assert.equal(
    states.map(({ limitNano, freeNano }) => [limitNano, freeNano]).sort(),
    [
      [nano(10), nano(2)],
      [nano(1), 0n],
      [nano(3), nano(3)],
    ].sort(),
  );
});

lines.run();
