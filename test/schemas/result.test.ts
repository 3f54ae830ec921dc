import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CODES, type Code, codeOf } from '../../schemas/result.ts';

const codes = suite('CODES');

codes('are each in spec/codes.md under their number, and nothing else is', () => {
  const text = readFileSync(new URL('../../schemas/spec/codes.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| (\d+) +\| `([a-z-]+)` +\| \S/gm)];
  assert.equal(
    rows.map((row) => [row[2], Number(row[1])]),
    Object.entries(CODES),
  );
});

codes('have one number each, which leads back to them', () => {
  const numbers = Object.values(CODES);
  assert.is(new Set(numbers).size, numbers.length);
  for (const code of Object.keys(CODES) as Code[]) assert.is(codeOf(CODES[code]), code);
  assert.is(codeOf(65535), undefined);
});

codes.run();
