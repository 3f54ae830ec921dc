import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openCounterFile } from '../../broker/counter-file.ts';
import { highWaterFile } from '../../broker/settler/backup/high-water-file.ts';
import { idOf } from '../../schemas/identity.ts';
import { must } from '../world/deal.ts';
import { crypto, PAYEE } from './parties.ts';

/** Of `ulimit -f`, which counts blocks of 512. */
const BLOCKS = 8;
const BYTES_MAX = 512 * BLOCKS;
const USER = idOf(PAYEE.key, crypto.sha256);
const RUN = '2026-11-20-1';

type Context = { folder: string };
const files = suite<Context>('writeWhole');

files.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-whole-'));
});
files.after.each(({ folder }) => rmSync(folder, { recursive: true }));

files(
  'says so where the disk is full in the middle of a file, and leaves no half of it',
  async ({ folder }) => {
    // Twelve bytes of the next name fit in.
    const earlier = `${RUN}2\n`.repeat(290) + `${'x'.repeat(BYTES_MAX - 290 * 14 - 12 - 1)}\n`;
    writeFileSync(join(folder, 'settler.runs'), earlier);
    const child = `exec "$0" --import tsx ${join(import.meta.dirname, 'disk-child.ts')} ${folder} ${BYTES_MAX}`;
    const ran = spawnSync('sh', ['-c', `ulimit -f ${BLOCKS}; ${child}`, process.execPath], {
      encoding: 'utf8',
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    });
    const { bank, cleared, run, counted } = JSON.parse(ran.stdout || `"${ran.stderr}"`);
    assert.equal([bank, cleared, run], ['storage-failed', 'storage-failed', 'storage-failed']);
    assert.equal(readdirSync(folder).sort(), ['counters', 'settler.runs']);

    const counters = must(await openCounterFile(join(folder, 'counters'), 1000));
    assert.ok(counted > 10 && counters.last(USER) === counted, `${counters.last(USER)} of ${counted}`);
    await counters.close();

    const water = highWaterFile(join(folder, 'settler'));
    const names = must(water.runs()).map(({ name }) => name);
    assert.not(names.includes(RUN.slice(0, 12)), 'half a name is none');
    must(water.reserve({ name: RUN, content: null }));
    assert.is(readFileSync(join(folder, 'settler.runs'), 'utf8'), `${earlier}${RUN}\n`);
  },
);

/** Notes a mark again and again. */
const NOTING = `
  import { highWaterFile } from ${JSON.stringify(join(import.meta.dirname, '../../broker/settler/backup/high-water-file.ts'))};
  const water = highWaterFile(process.argv[1]);
  for (let length = 1; length <= 300; length++) {
    const noted = water.note({ length, hash: new Uint8Array(32) });
    const read = water.mark();
    const fault = [noted, read].find((one) => !one.ok);
    if (fault !== undefined || read.value === null) throw new Error(fault?.detail ?? 'the mark is gone');
  }
`;

files('may be of the same file in two processes at once', async ({ folder }) => {
  const place = join(folder, 'settler');
  const args = ['--import', 'tsx', '--input-type=module', '-e', NOTING, place];
  const children = [1, 2, 3].map(() => spawn(process.execPath, args, { stdio: 'inherit' }));
  const exits = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
  assert.equal(exits, [0, 0, 0]);
  assert.equal(readdirSync(folder), ['settler.high-water']);
});

files.run();
