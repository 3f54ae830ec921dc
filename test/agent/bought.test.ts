import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BoughtFile } from '../../agent/bought.ts';

const AT_MS = Date.UTC(2026, 10, 20);
const folder = mkdtempSync(join(tmpdir(), 'bought-'));
process.once('exit', () => rmSync(folder, { recursive: true }));

const bought = suite('BoughtFile');

bought('appends one whole SenML pack a line, in order, after what is there', () => {
  const path = join(folder, 'temperature.jsonl');
  const refusals: string[] = [];
  for (const mantissa of [215, -4]) {
    const file = new BoughtFile(path, ({ code }) => refusals.push(code));
    file.append('outdoor-temperature', 'Cel', { mantissa, exponent: -1 }, AT_MS);
    file.append('outdoor-temperature', 'Cel', { mantissa: mantissa + 1, exponent: -1 }, AT_MS + 1500);
    file.flush();
  }
  const packs = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(
    packs.map(([record]) => [record.bn, record.bu, record.bt, record.v]),
    [
      ['outdoor-temperature', 'Cel', AT_MS / 1000, 21.5],
      ['outdoor-temperature', 'Cel', AT_MS / 1000 + 1.5, 21.6],
      ['outdoor-temperature', 'Cel', AT_MS / 1000, -0.4],
      ['outdoor-temperature', 'Cel', AT_MS / 1000 + 1.5, -0.3],
    ],
  );
  assert.equal(refusals, []);
});

bought('tells once of a file that cannot be written, and again after it could', () => {
  const refusals: string[] = [];
  const file = new BoughtFile(join(folder, 'missing', 'x.jsonl'), ({ code, detail }) =>
    refusals.push(`${code}: ${detail}`),
  );
  for (let i = 0; i < 3; i++) {
    file.append('t', 'Cel', { mantissa: i, exponent: 0 }, AT_MS);
    file.flush();
  }
  assert.is(refusals.length, 1);
  assert.match(refusals[0]!, /^storage-failed: cannot append to .*x\.jsonl \(ENOENT\): create its directory/);
});

bought.run();
