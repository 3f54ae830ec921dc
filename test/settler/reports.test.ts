import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ALL_TIME, reconcile, reportTable } from '../../broker/settler/reports/reconciliation.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { toHex } from '../../schemas/bytes.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  START_MS,
  statementRequest,
  UNIT,
} from './parties.ts';

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
  assert.equal(figures(silent), [null, null, null, 7, null]);
  assert.equal(lineOf(even).evidence, {
    voucherSeq: 2,
    tickIndex: 3,
    claims: { count: 2, firstRow: 4, lastRow: 7 },
    statementSha256: toHex(crypto.sha256(agreed)),
  });
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

reports('prints a line a lease and a line a currency', async () => {
  const { store } = await threeLeases();
  const report = await reconcile(store, ALL_TIME, crypto);
  assert.ok(report.ok);
  const lines = reportTable(report.value).split('\n');
  assert.is(lines.length, 5);
  assert.match(lines[4]!, /^total +3\.000012 +3\.000008007 +0\.000004 +EUR$/);
});
reports.run();
