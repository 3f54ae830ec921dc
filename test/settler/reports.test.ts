import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ownersOf } from '../../broker/settler/reports/owners.ts';
import {
  ALL_TIME,
  reconcile,
  reportCsv,
  reportTable,
  type Selection,
} from '../../broker/settler/reports/reconciliation.ts';
import { spendingUnder } from '../../broker/settler/reports/spending.ts';
import { csvOf, tableOf } from '../../broker/settler/reports/table.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { didKey } from '../../schemas/identity.ts';
import { must } from '../world/deal.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  houseOver,
  type OpenedChannel,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  partyOf,
  START_MS,
  START_S,
  statementRequest,
  UNIT,
} from './parties.ts';
import { disputeOf, disputeRequest, enrol, lineOf, lineRequest, OWNER, SELLER } from './words.ts';

const reports = suite('reconciliation');

/** Three leases: agreed and claimed alike, agreed higher than claimed, and without a statement. */
const threeLeases = async () => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  await house.deposit(100, 'BANK-1');
  const channels = [1, 2, 3].map((nonce) => openOf({ nonce, expiryS: START_MS / 1000 + 9 * 86_400 }));
  for (const channel of channels) await house.ask(openRequest(channel));
  const [even, short, silent] = channels as [
    (typeof channels)[0],
    (typeof channels)[0],
    (typeof channels)[0],
  ];
  await house.ask(claimRequest(even, evidenceFor(even, 1, UNIT)));
  await house.ask(claimRequest(short, evidenceFor(short, 1, UNIT, 5)));
  await house.ask(claimRequest(silent, evidenceFor(silent, 1, 7)));
  house.clock.nowMs += DAY_MS;
  await house.ask(claimRequest(even, evidenceFor(even, 2, 2 * UNIT, 3)));
  const agreed = agreedOf(even, 2 * UNIT + 3000, 20);
  await house.ask(statementRequest(agreed));
  await house.ask(statementRequest(agreedOf(short, UNIT + 9000, 10)));
  await house.ask(closeRequest(even, 2 * UNIT + 3000, PAYEE));
  return { store, house, even, short, silent, agreed };
};

reports('shows zero differences where parties and settler agree, and each one where not', async () => {
  const { store, even, short, silent, agreed } = await threeLeases();
  const report = await reconcile(store, ALL_TIME, crypto);
  assert.ok(report.ok);
  const lineOf = (channel: typeof even) =>
    report.value.leases.find((line) => line.channel === toHex(channel.id))!;
  const figures = (channel: typeof even) => {
    const { soldNano, delivered, paid, claimedNano, disputedNano } = lineOf(channel);
    return [soldNano, delivered, paid, claimedNano, disputedNano];
  };
  assert.equal(figures(even), [2 * UNIT + 3000, 20, 20, 2 * UNIT + 3000, 0]);
  assert.equal(figures(short), [UNIT + 9000, 10, 10, UNIT + 5000, 4000]);
  assert.equal(figures(silent), [null, 0, null, 7, null]);
  assert.equal(lineOf(even).evidence, {
    grantRow: 1,
    endRow: 10,
    voucherSeq: 2,
    tickIndex: 3,
    claims: { count: 2, firstRow: 4, lastRow: 7 },
    statementSha256: toHex(crypto.sha256(agreed)),
    statementRow: 8,
    deliveredBy: 'statement',
    dispute: null,
  });
  assert.is(lineOf(silent).evidence.deliveredBy, 'voucher');
  assert.is(lineOf(even).closed, true);
  assert.equal(report.value.totals, [
    {
      currency: 'EUR',
      soldNano: String(3 * UNIT + 12_000),
      claimedNano: String(3 * UNIT + 8007),
      disputedNano: '4000',
    },
  ]);
});

reports('counts in a period what its claims booked', async () => {
  const { store, even } = await threeLeases();
  const first = await reconcile(store, { fromMs: START_MS, toMs: START_MS + DAY_MS }, crypto);
  const second = await reconcile(store, { fromMs: START_MS + DAY_MS, toMs: START_MS + 2 * DAY_MS }, crypto);
  assert.ok(first.ok && second.ok);
  assert.is(first.value.leases.length, 3);
  assert.equal(
    second.value.leases.map((line) => [line.channel, line.claimedNano]),
    [[toHex(even.id), UNIT + 3000]],
  );
});

reports('proves the claims of a period by that period’s last claim', async () => {
  const { store } = await threeLeases();
  const first = must(await reconcile(store, { fromMs: START_MS, toMs: START_MS + DAY_MS }, crypto));
  const even = first.leases.find((lease) => lease.closed)!;
  const { voucherSeq, tickIndex, claims } = even.evidence;
  assert.equal([voucherSeq, tickIndex, claims], [1, 0, { count: 1, firstRow: 4, lastRow: 4 }]);
});

reports('prints a line a lease, a line a currency, a line an owner', async () => {
  const { store } = await threeLeases();
  const report = await reconcile(store, ALL_TIME, crypto);
  assert.ok(report.ok);
  const lines = reportTable(report.value).split('\n');
  assert.is(lines.length, 9);
  assert.match(lines[4]!, /^total +3\.000012 +3\.000008007 +0\.000004 +EUR$/);
  assert.match(lines.at(-1)!, /^did:key:\w+ +(?:0\.00 +3\.000008007|3\.000008007 +0\.00) +EUR$/);
});

/** OWNER's device buys of SELLER's on each backing; PAYEE's own channel with OTHER is nobody else's. */
const twoOwners = async () => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  await house.deposit(5, 'R', OWNER);
  await house.deposit(5, 'S', OTHER);
  await enrol(house, { device: PAYER });
  await enrol(house, { device: PAYEE, owner: SELLER });
  await house.ask(lineRequest(lineOf({ limit: 9 })));
  const channels = [
    openOf({ nonce: 1, limitNano: 5 * UNIT }),
    openOf({ nonce: 2, limitNano: 4 * UNIT }),
    openOf({ nonce: 3, limitNano: UNIT, payer: OTHER }),
  ] as const;
  for (const channel of channels) {
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  }
  return { store, house, channels };
};

reports('says what backs a lease and who bears default', async () => {
  const { store, channels } = await twoOwners();
  const report = must(await reconcile(store, ALL_TIME, crypto));
  const of = (channel: OpenedChannel) => {
    const { backing, bearsDefault } = report.leases.find((one) => one.channel === toHex(channel.id))!;
    return [backing, bearsDefault];
  };
  assert.equal(of(channels[0]), ['deposit', 'nobody']);
  assert.equal(of(channels[1]), ['bilateral', didKey(SELLER.key)]);
});

reports('sums what each owner spent and earned, its devices together', async () => {
  const { store } = await twoOwners();
  const { owners } = must(await reconcile(store, ALL_TIME, crypto));
  const of = (owner: Signer) => {
    const found = owners.find((one) => one.owner === didKey(owner.key));
    return found && [found.spentNano, found.earnedNano].map(Number);
  };
  assert.equal(
    [of(OWNER), of(OTHER), of(SELLER)],
    [
      [2 * UNIT, 0],
      [UNIT, 0],
      [0, 3 * UNIT],
    ],
  );
  assert.equal([of(PAYER), of(PAYEE)], [undefined, undefined]);
});

reports('picks the leases of an owner, of a device, or one lease', async () => {
  const { store, channels } = await twoOwners();
  const countOf = async (selection: Selection) =>
    must(await reconcile(store, ALL_TIME, crypto, selection)).leases.length;
  assert.is(await countOf({ owner: OWNER.key }), 2);
  assert.is(await countOf({ owner: PAYER.key }), 2);
  assert.is(await countOf({ owner: OTHER.key }), 1);
  assert.is(await countOf({ owner: SELLER.key }), 3);
  assert.is(await countOf({ owner: partyOf(99).key }), 0);
  const [row] = must(await store.read((reader) => reader.get('channel', [[channels[0].id]])));
  assert.is(await countOf({ lease: toHex(row!.lease).slice(0, 12) }), 3);
  assert.is(await countOf({ lease: toHex(channels[0].id) }), 0);
});

reports('counts as disputed what the sides’ totals part by, while it is open', async () => {
  const { store, house, channels } = await twoOwners();
  const [channel] = channels;
  const disputed = async () => {
    const report = must(await reconcile(store, ALL_TIME, crypto));
    const { disputedNano, evidence } = report.leases.find((one) => one.channel === toHex(channel.id))!;
    return [disputedNano, evidence.dispute?.open, evidence.dispute?.parts];
  };
  assert.equal(await disputed(), [null, undefined, undefined]);
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE, { totalNano: 4 * UNIT })));
  assert.equal(await disputed(), [3 * UNIT, true, ['delivered', 'totalNano', 'head']]);
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { totalNano: 2 * UNIT })));
  assert.equal(await disputed(), [2 * UNIT, true, ['totalNano']]);
  await house.ask(statementRequest(agreedOf(channel, UNIT, 300)));
  assert.equal(await disputed(), [0, false, ['totalNano']]);
});

reports('writes a row a lease for spreadsheets, every one as long as the head', async () => {
  const { store } = await threeLeases();
  const report = must(await reconcile(store, ALL_TIME, crypto));
  const rows = reportCsv(report)
    .split('\n')
    .map((row) => row.split(','));
  const [head, ...body] = rows;
  assert.is(body.length, 3);
  for (const row of body) assert.is(row.length, head!.length);
  const cell = (row: readonly string[], name: string) => row[head!.indexOf(name)];
  const even = body.find((row) => cell(row, 'state') === 'closed')!;
  assert.equal(
    ['sold', 'delivered', 'paid', 'claimed', 'disputed', 'voucher_seq', 'tick', 'end_row'].map((name) =>
      cell(even, name),
    ),
    ['2.000003', '20', '20', '2.000003', '0.00', '2', '3', '10'],
  );
});

reports.run();

const tables = suite('tables');

tables('quote what would end a cell', () => {
  assert.is(csvOf([['a', 'b,c', 'd"e', 'f\ng', '']]), 'a,"b,c","d""e","f\ng",');
});

tables('align figures to the right and leave no trailing space', () => {
  const rows = [
    ['name', 'n', ''],
    ['a', '12', 'EUR'],
    ['bcdefg', '3', ''],
  ];
  assert.is(tableOf(rows, [1]), 'name     n\na       12  EUR\nbcdefg   3');
});

tables('put the points of decimals below each other', () => {
  const rows = [['n'], ['1.508'], ['12.00'], ['-3.5'], ['7'], ['2.00 of 5.00']];
  const lines = tableOf(rows, [0]).split('\n');
  assert.equal(lines, [
    '           n',
    '       1.508',
    '      12.00',
    '      -3.5',
    '           7',
    '2.00 of 5.00',
  ]);
});

tables.run();

const owners = suite('owners and spending');

owners('show what each owner holds, earned, owes and is owed', async () => {
  const { store } = await twoOwners();
  const states = must(await store.read((reader) => ownersOf(reader, START_MS)));
  const of = (owner: Signer) => states.find((one) => toHex(one.owner) === toHex(owner.key))!;
  const figures = (owner: Signer) => {
    const { depositNano, reservedNano, earnedNano, owesNano, owedNano } = of(owner);
    return [depositNano, reservedNano, earnedNano, owesNano, owedNano].map((nano) => Number(nano) / UNIT);
  };
  assert.equal(figures(OWNER), [0, 4, 0, 1, 0]);
  assert.equal(figures(SELLER), [0, 0, 2, 0, 1]);
  assert.equal(figures(OTHER), [4, 0, 0, 0, 0]);
  assert.equal(
    of(OWNER).devices.map(({ budget }) => budget.device),
    [PAYER.key],
  );
});

owners('show each device with its caps, of a device or of all that an owner has', async () => {
  const { store, house } = await twoOwners();
  const under = async (key: Uint8Array, nowMs = START_MS) =>
    must(await store.read((reader) => spendingUnder(reader, key, nowMs)));
  const [one] = await under(OWNER.key);
  assert.equal(await under(PAYER.key), [one]);
  assert.equal(await under(OTHER.key), []);
  assert.equal(
    [one!.spentNano, one!.reservedNano],
    [2n, 7n].map((units) => units * BigInt(UNIT)),
  );
  assert.equal(one!.sellers, [
    {
      seller: toHex(SELLER.key),
      capNano: 1000n * BigInt(UNIT),
      usedNano: 9n * BigInt(UNIT),
      leftNano: 991n * BigInt(UNIT),
    },
  ]);
  assert.equal((await under(PAYER.key, START_MS + DAY_MS))[0]!.today.usedNano, 0n);
  await enrol(house, { device: PAYER, version: 2, total: 1, expiryS: START_S + 60 });
  const [after] = await under(PAYER.key, START_MS + 60_000);
  assert.equal([after!.expired, after!.total.leftNano], [true, 0n]);
});

owners.run();
