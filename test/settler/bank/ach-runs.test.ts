import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ENTRY_CENTS_MAX } from '../../../broker/settler/bank/nacha-order.ts';
import { readNacha } from '../../../broker/settler/bank/nacha-reader.ts';
import { makeRun } from '../../../broker/settler/bank/payouts.ts';
import { achSenderMeta } from '../../../broker/settler/bank/sender.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import { toHex } from '../../../schemas/bytes.ts';
import { crypto, DAY_MS, OTHER, START_MS } from '../parties.ts';
import { achEntries } from './answers.ts';
import { bytesOf, sure } from './reading.ts';
import {
  ACH_SENDER,
  ANN,
  BEA,
  CARL,
  CENT,
  checkBooks,
  EUR,
  earn,
  earned,
  filesOf,
  ORDER,
  openBooks,
  payOut,
  putMeta,
} from './treasurer.ts';

const USD = { currency: 'USD' };

const runs = suite<{ store: Store }>('payouts in dollars');
runs.before.each(async (context) => {
  context.store = openMemoryStore();
  await openBooks(context.store);
});
runs.after.each(({ store }) => checkBooks(store));

runs(
  'are NACHA credits, PPD to people and CCD to companies, with the dust left behind',
  async ({ store }) => {
    await earn(store, ANN, EUR(1234) + 5n, 'USD');
    await earn(store, CARL, EUR(99), 'USD');
    await earn(store, ANN, EUR(7));
    const run = await payOut(store, USD);
    assert.is(run.run.id, '2026-11-20-1-USD');
    const [file, ...more] = filesOf(run);
    assert.equal(more, []);
    const { batches } = readNacha(bytesOf(file!));
    assert.equal(
      batches.map(({ sec, serviceClass, description, entries }) => [
        sec,
        serviceClass,
        description,
        entries.map((e) => e.cents),
      ]),
      [
        ['CCD', '220', 'PAYOUT', [99n]],
        ['PPD', '220', 'PAYOUT', [1234n]],
      ],
    );
    assert.is(await earned(store, ANN, 'USD'), 5n);
    assert.is(await earned(store, ANN), EUR(7));
  },
);

runs('are the same bytes again, whatever has happened since', async ({ store }) => {
  await earn(store, ANN, EUR(100), 'USD');
  const first = filesOf(await payOut(store, USD));
  await putMeta(store, [sure(achSenderMeta({ ...ACH_SENDER, bankName: 'Other', balanced: true }))]);
  await earn(store, BEA, EUR(100), 'USD');
  const again = await payOut(store, USD, START_MS + DAY_MS);
  assert.is(again.repeated, true);
  assert.equal(filesOf(again), first);
});

runs('number every entry once, and every file of a day with another letter', async ({ store }) => {
  const traces: string[] = [];
  const letters: string[] = [];
  for (const sequence of [1, 2, 3]) {
    for (const owner of [ANN, BEA]) await earn(store, owner, EUR(sequence), 'USD');
    const run = await payOut(store, { ...USD, sequence });
    const [file] = filesOf(run);
    letters.push(readNacha(bytesOf(file!)).modifier);
    for (const { trace, addenda } of achEntries(file!)) {
      traces.push(trace);
      const [row] = sure(await store.read((reader) => reader.get('trace', [[trace]])));
      assert.ok(run.payouts.some(({ id }) => id === row?.payout));
      assert.is(addenda.length, 1);
    }
  }
  assert.equal(letters, ['A', 'B', 'C']);
  assert.is(new Set(traces).size, 6);
  await earn(store, ANN, EUR(9), 'USD');
  const tomorrow = filesOf(await payOut(store, { ...USD, period: '2026-11-21' }, START_MS + DAY_MS));
  assert.is(readNacha(bytesOf(tomorrow[0]!)).modifier, 'A');
  // Numbers of another day are others even where the database has forgotten those before.
  const [number] = achEntries(tomorrow[0]!).map(({ trace }) => Number(trace.slice(8)));
  assert.ok(number! - Number(traces[0]!.slice(8)) >= 10_000);
});

runs('number the entries that balance a batch as well', async ({ store }) => {
  await putMeta(store, [sure(achSenderMeta({ ...ACH_SENDER, balanced: true, crlf: true }))]);
  await earn(store, ANN, EUR(1), 'USD');
  const [first] = filesOf(await payOut(store, USD));
  await earn(store, ANN, EUR(2), 'USD');
  const [second] = filesOf(await payOut(store, { ...USD, sequence: 2 }));
  assert.ok(first!.includes('\r\n'));
  const traces = [...achEntries(first!), ...achEntries(second!)].map(({ trace }) => trace);
  assert.is(traces.length, 4);
  assert.is(new Set(traces).size, 4);
});

runs('take what an entry has columns for, and leave the rest for the next run', async ({ store }) => {
  const nano = (ENTRY_CENTS_MAX + 5n) * CENT;
  await earn(store, ANN, nano, 'USD');
  const { payouts } = await payOut(store, USD);
  assert.is(payouts[0]!.nano, ENTRY_CENTS_MAX * CENT);
  assert.is(await earned(store, ANN, 'USD'), 5n * CENT);
});

runs('balance as many batches as the columns of one balancing entry ask for', async ({ store }) => {
  await putMeta(store, [sure(achSenderMeta({ ...ACH_SENDER, balanced: true }))]);
  for (const owner of [ANN, BEA, CARL]) await earn(store, owner, ENTRY_CENTS_MAX * CENT, 'USD');
  const [file] = filesOf(await payOut(store, USD));
  assert.is(readNacha(bytesOf(file!)).batches.length, 3);
});

runs('name who waits for bank details of their own scheme', async ({ store }) => {
  await earn(store, OTHER, EUR(100), 'USD');
  const { payouts, waiting, left } = await payOut(store, USD);
  assert.equal([payouts, waiting, left], [[], [`earned/${toHex(OTHER.key)}`], 0]);
});

runs('need to know the company, and a currency that has files', async ({ store }) => {
  await earn(store, ANN, EUR(100), 'USD');
  const codeOf = async (currency: string): Promise<string> => {
    const made = await makeRun(store, { ...ORDER, currency }, START_MS, crypto.sha256);
    return made.ok ? 'made' : made.code;
  };
  assert.is(await codeOf('GBP'), 'currency-unknown');
  await putMeta(store, [{ name: 'stale', value: 'a receipt is newer' }]);
  assert.is(await codeOf('USD'), 'journal-stale');
  assert.is(await earned(store, ANN, 'USD'), EUR(100));
  await putMeta(store, [{ name: 'stale', value: '' }]);
  assert.is(await codeOf('USD'), 'made');
});

runs('take up to 36 files a day', async ({ store }) => {
  for (let sequence = 1; sequence <= 36; sequence++) {
    await earn(store, ANN, EUR(1), 'USD');
    await payOut(store, { ...USD, sequence });
  }
  await earn(store, ANN, EUR(1), 'USD');
  const made = await makeRun(store, { ...ORDER, ...USD, sequence: 37 }, START_MS, crypto.sha256);
  assert.is(made.ok ? 'made' : made.code, 'value-out-of-range');
  assert.is(await earned(store, ANN, 'USD'), EUR(1));
});
runs.run();
