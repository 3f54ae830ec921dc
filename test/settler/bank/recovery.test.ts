import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HighWater, makeUnderMark, type NotedRun } from '../../../broker/settler/backup/high-water.ts';
import { resumeStore } from '../../../broker/settler/backup/resume.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import { ok } from '../../../schemas/result.ts';
import { bookings, orderedIn, statusFile } from './answers.ts';
import { sure } from './reading.ts';
import {
  ANN,
  BEA,
  type Books,
  CARL,
  checkBooks,
  collect,
  EUR,
  earn,
  endOf,
  filesOf,
  freshBooks,
  held,
  importText,
  openBooks,
  outcomes,
  paidRun,
  payOut,
  putMeta,
} from './treasurer.ts';

const forgotten = suite<Books>('imports into a journal that forgot');
forgotten.before.each(freshBooks);

/** The same books without the run, as an older backup of them. */
const older = async (claims: boolean): Promise<Store> => {
  const store = openMemoryStore();
  await openBooks(store);
  if (claims)
    for (const [i, owner] of [ANN, BEA, CARL].entries()) await earn(store, owner, EUR(100 * (i + 1)));
  await putMeta(store, [{ name: 'stale', value: 'a receipt is newer' }]);
  return store;
};

const noting = (run: NotedRun): HighWater => ({
  mark: () => ok(null),
  runs: () => ok([run]),
  note: () => ok(null),
  reserve: () => ok(null),
});

/** What is noted of a run when its file is made. */
const contentOf = async (store: Store, name: string): Promise<NotedRun> => {
  const noted: NotedRun[] = [];
  const water = noting({ name: 'none', content: null });
  const keeping: HighWater = {
    ...water,
    reserve: (run) => {
      noted.push(run);
      return ok(null);
    },
  };
  sure(await makeUnderMark(store, keeping, name, async () => ok(null)));
  return noted[0]!;
};

const begun = (transfers: readonly { readonly id: string }[]): readonly string[] =>
  transfers.map(({ id }) => id.slice(0, 8)).sort();

forgotten('find out whose a transfer was, by its id, and book it again', async ({ store }) => {
  const { ordered, run } = await paidRun(store);
  const restored = await older(true);
  const file = bookings(
    { ...ordered[0]!, what: 'paid' },
    { ...ordered[1]!, what: 'paid' },
    { ...ordered[1]!, what: 'returned' },
  );
  assert.equal(await outcomes(restored, file), ['booked', 'booked', 'booked']);
  assert.equal(await outcomes(restored, file), ['known', 'known', 'known']);
  await importText(store, file);
  await importText(restored, statusFile('M', [{ ...ordered[2]!, status: 'ACSC' }]));
  await importText(store, statusFile('M', [{ ...ordered[2]!, status: 'ACSC' }]));
  assert.equal((await endOf(restored)).balances, (await endOf(store)).balances);
  await checkBooks(restored);
  // Its file is not written again, and its sequence is used up.
  await putMeta(restored, [{ name: 'stale', value: '' }]);
  const made = await payOut(restored).catch((error: Error) => error.message);
  assert.match(String(made), /journal-stale.*2026-11-20-1/);
  const next = await payOut(restored, { sequence: 2 });
  assert.equal(
    next.payouts.map(({ nano }) => nano),
    [run.payouts.find(({ id }) => id === ordered[1]!.id)!.nano],
  );
});

forgotten(
  'leave a run open until all of its transfers are there, and name those that are not',
  async (books) => {
    const { ordered, run } = await paidRun(books.store);
    const restored = await older(true);
    const water = noting(await contentOf(books.store, run.run.id));
    const waitsFor = async () => {
      const { resumed, runs } = sure(await resumeStore(restored, [], water));
      return resumed ? null : runs[0]!.missing;
    };
    const [first, ...rest] = ordered;
    const nanoOf = (of: typeof ordered): bigint =>
      run.payouts.reduce((sum, { id, nano }) => (of.some((one) => one.id === id) ? sum + nano : sum), 0n);
    assert.equal(await waitsFor(), { totalNano: nanoOf(ordered), transfers: begun(ordered) });
    await importText(restored, bookings({ ...first!, what: 'paid' }));
    assert.equal(await waitsFor(), { totalNano: nanoOf(rest), transfers: begun(rest) });
    await importText(restored, bookings({ ...rest[0]!, what: 'paid' }, { ...rest[1]!, what: 'returned' }));
    assert.is(await waitsFor(), null);
  },
);

forgotten('leave a run of which the name alone was noted to its operator', async ({ store }) => {
  const { ordered, run } = await paidRun(store);
  const restored = await older(true);
  const water = noting({ name: run.run.id, content: null });
  await importText(restored, bookings(...ordered.map((one) => ({ ...one, what: 'paid' as const }))));
  const waiting = sure(await resumeStore(restored, [], water));
  assert.equal([waiting.resumed, waiting.runs[0]?.missing], [false, null]);
  assert.is(waiting.runs[0]?.here.transfers, 3);
  assert.is(sure(await resumeStore(restored, [run.run.id], water)).resumed, true);
});

forgotten('wait for receipts where what was paid out is not there yet', async ({ store }) => {
  const { ordered } = await paidRun(store);
  const restored = await older(false);
  const file = bookings({ ...ordered[0]!, what: 'paid' });
  assert.equal(await outcomes(restored, file), ['person deposit-insufficient']);
  for (const [i, owner] of [ANN, BEA, CARL].entries()) await earn(restored, owner, EUR(100 * (i + 1)));
  assert.equal(await outcomes(restored, file), ['booked']);
  await checkBooks(restored);
});

forgotten('find collections as well', async ({ store }) => {
  const run = sure(await collect(store, { owner: ANN.key, nano: EUR(5000) }));
  const [one] = orderedIn(filesOf(run)[0]!);
  const restored = await older(false);
  assert.equal(await outcomes(restored, bookings({ ...one!, what: 'collected' })), ['booked']);
  assert.is(await held(restored, ANN), EUR(5000));
  await checkBooks(restored);
});
forgotten.run();
