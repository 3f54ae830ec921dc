import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { highWaterFile } from '../../broker/settler/backup/high-water-file.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Result } from '../../schemas/result.ts';
import { must } from '../world/deal.ts';
import { crypto } from './parties.ts';

const RUN = '2026-11-20-1';
const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);

const files = suite<{ folder: string }>('high water in files');
files.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-water-'));
});
files.after.each(({ folder }) => rmSync(folder, { recursive: true }));

files('comes back as it was noted, also in another process', ({ folder }) => {
  const place = join(folder, 'settler.db');
  assert.equal(must(highWaterFile(place).read()), { mark: null, runs: [] });
  const hash = crypto.sha256(new Uint8Array([1]));
  must(highWaterFile(place).note({ length: 7, hash }));
  must(highWaterFile(place).reserve('2026-11-20-1'));
  must(highWaterFile(place).reserve('2026-11-20-2'));
  must(highWaterFile(place).reserve('2026-11-20-1'));
  const { mark, runs } = must(highWaterFile(place).read());
  assert.equal([mark, runs], [{ length: 7, hash }, ['2026-11-20-1', '2026-11-20-2']]);
  assert.is(readFileSync(`${place}.high-water`, 'utf8'), `7 ${toHex(hash)}\n`);
});

files('are not believed where they are damaged, and say where they cannot be written', ({ folder }) => {
  const place = join(folder, 'settler.db');
  writeFileSync(`${place}.high-water`, '7 what');
  assert.is(codeOf(highWaterFile(place).read()), 'storage-failed');
  const nowhere = highWaterFile(join(folder, 'no', 'settler.db'));
  assert.is(codeOf(nowhere.note({ length: 1, hash: new Uint8Array(32) })), 'storage-failed');
  assert.is(codeOf(nowhere.reserve(RUN)), 'storage-failed');
});
files.run();
