import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HighWater, makeUnderMark } from '../../broker/settler/backup/high-water.ts';
import { highWaterFile } from '../../broker/settler/backup/high-water-file.ts';
import { NOTES, resumeStore } from '../../broker/settler/backup/resume.ts';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { runClearing } from '../../broker/settler/clearing/run.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import { ok } from '../../schemas/result.ts';
import { must } from '../world/deal.ts';
import { codeOf, type Forgetting, forgetful, forgetting, freshness, lengthOf, pay } from './forgetful.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  ROOT,
  START_MS,
  UNIT,
} from './parties.ts';

const RUN = '2026-11-20-1';

const water = forgetting(suite<Forgetting>('high water'));

water(
  'is noted at each sweep, and finds nothing wrong with a journal that went on',
  async ({ store, house, highWater }) => {
    must(await house.settler.sweep());
    assert.is(highWater.noted.mark?.length, 1);
    await house.deposit(1, 'BANK-2');
    const again = await houseOver(store, {}, { highWater });
    assert.is(highWater.noted.mark?.length, 2);
    assert.ok((await freshness(store)).ok);
    await again.settler.close();
  },
);

water(
  'stops payouts and clearing where the journal is shorter, and is not lowered by it',
  async ({ store, house, highWater, folder }) => {
    for (const reference of ['BANK-2', 'BANK-3']) await house.deposit(1, reference);
    must(await house.settler.sweep());
    const copy = await forgetful(store, 2, folder);
    const restarted = await houseOver(copy, {}, { highWater });
    const fresh = await freshness(copy);
    assert.match(fresh.ok ? '' : fresh.detail, /^the journal has 2 rows, and once had 3: bring in/);
    assert.is(codeOf(await pay(copy)), 'journal-stale');
    const clearing = { currency: 'EUR', period: '2026-11-20', sequence: 1 };
    assert.is(codeOf(await runClearing(copy, clearing, START_MS, crypto.sha256)), 'journal-stale');
    for (let i = 0; i < 5; i++) await restarted.deposit(1, `NEW-${i}`);
    must(await restarted.settler.sweep());
    assert.is(highWater.noted.mark?.length, 3);
    await restarted.settler.close();
  },
);

water('finds another history of the same length', async ({ store, house, highWater, folder }) => {
  await house.deposit(1, 'BANK-2');
  must(await house.settler.sweep());
  const copy = await forgetful(store, 1, folder);
  const elsewhere = await houseOver(copy);
  await elsewhere.deposit(2, 'BANK-3');
  await elsewhere.settler.close();
  const restarted = await houseOver(copy, {}, { highWater });
  const fresh = await freshness(copy);
  assert.match(fresh.ok ? '' : fresh.detail, /^row 1 of the journal is another than it was/);
  await restarted.settler.close();
});

water(
  'keeps the name of a run for what was once paid with it',
  async ({ store, house, highWater, folder }) => {
    await setOwner(store, ROOT.key, { name: 'Settler', iban: 'DE75512108001245126199', bic: null });
    await setOwner(store, PAYEE.key, { name: 'Owner', iban: 'FI1410093000123458', bic: null });
    const channel = openOf();
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
    const rows = await lengthOf(store);
    const make = (place: Store, sequence = 1) =>
      makeUnderMark(place, highWater, `2026-11-20-${sequence}`, () => pay(place, sequence));
    assert.is(must(await make(store)).repeated, false);
    assert.is(must(await make(store)).repeated, true);
    const [noted, ...others] = highWater.noted.runs;
    assert.equal([noted?.name, others, noted?.content?.transfers.length], [RUN, [], 1]);
    assert.is(highWater.noted.mark?.length, await lengthOf(store));
    const copy = await forgetful(store, rows, folder);
    assert.is(codeOf(await make(copy)), 'journal-stale');
    const waiting = must(await resumeStore(copy, [], highWater));
    const here = { transfers: 0, nano: 0n };
    assert.equal([waiting.runs, waiting.resumed], [[{ name: RUN, here, missing: noted!.content }], false]);
    assert.is(codeOf(await resumeStore(copy, [NOTES], highWater)), 'config-invalid', 'they are there');
    assert.is(codeOf(await make(copy, 2)), 'journal-stale');
    assert.is(must(await resumeStore(copy, [RUN], highWater)).resumed, true);
    assert.is(codeOf(await make(copy)), 'journal-stale', 'the name stays used');
    assert.is(must(await make(copy, 2)).payouts.length, 1);
  },
);

water('writes no bank file for a run that it could not note', async ({ store, highWater }) => {
  const full: HighWater = { ...highWater, note: () => ({ ok: false, code: 'storage-full', detail: 'full' }) };
  const made = await makeUnderMark(store, full, RUN, async () => ok('a file'));
  assert.is(codeOf(made), 'storage-full');
});
water.run();

const files = suite<{ folder: string }>('high water in files');
files.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-water-'));
});
files.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const CONTENT = { totalNano: 600_000_000_000n, transfers: ['0a1b2c3d', 'ffffffff'] };

files('comes back as it was noted, also in another process', ({ folder }) => {
  const place = join(folder, 'settler.db');
  assert.equal([must(highWaterFile(place).mark()), must(highWaterFile(place).runs())], [null, []]);
  const hash = crypto.sha256(new Uint8Array([1]));
  must(highWaterFile(place).note({ length: 7, hash }));
  const first = { name: RUN, content: CONTENT };
  const second = { name: '2026-11-20-2', content: { totalNano: 1n, transfers: ['00000000'] } };
  for (const run of [first, second, first]) must(highWaterFile(place).reserve(run));
  assert.equal(must(highWaterFile(place).mark()), { length: 7, hash });
  assert.equal(must(highWaterFile(place).runs()), [first, second]);
  assert.is(readFileSync(`${place}.high-water`, 'utf8'), `7 ${toHex(hash)}\n`);
  const lines = `${RUN} 2 600000000000 0a1b2c3d ffffffff\n2026-11-20-2 1 1 00000000\n`;
  assert.is(readFileSync(`${place}.runs`, 'utf8'), lines);
});

files(
  'reads the names of older programs, and learns what was in a run that is written again',
  ({ folder }) => {
    const place = join(folder, 'settler.db');
    writeFileSync(`${place}.runs`, `2026-11-19-1\n${RUN}\n`);
    const names = ['2026-11-19-1', RUN].map((name) => ({ name, content: null }));
    assert.equal(must(highWaterFile(place).runs()), names);
    must(highWaterFile(place).reserve({ name: RUN, content: CONTENT }));
    assert.equal(must(highWaterFile(place).runs()), [names[0], { name: RUN, content: CONTENT }]);
  },
);

files('are not believed where they are damaged, and say where they cannot be written', ({ folder }) => {
  const place = join(folder, 'settler.db');
  writeFileSync(`${place}.high-water`, '7 what');
  assert.is(codeOf(highWaterFile(place).mark()), 'storage-failed');
  for (const line of [`${RUN} 2 5 0a1b2c3d`, `${RUN} 1 5 0a1b2c3`, `${RUN} 1`, `${RUN} 1 x 0a1b2c3d`]) {
    writeFileSync(`${place}.runs`, `${line}\n`);
    assert.is(codeOf(highWaterFile(place).runs()), 'storage-failed', line);
  }
  const nowhere = highWaterFile(join(folder, 'no', 'settler.db'));
  assert.is(codeOf(nowhere.note({ length: 1, hash: new Uint8Array(32) })), 'storage-failed');
  assert.is(codeOf(nowhere.reserve({ name: RUN, content: null })), 'storage-failed');
});
files.run();
