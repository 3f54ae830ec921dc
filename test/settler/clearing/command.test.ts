import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../broker/settler/command.ts';
import { crypto, START_MS } from '../parties.ts';

type Context = { folder: string };
const command = suite<Context>('settler clear');

command.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-clear-'));
});
command.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const clearFile = async (file: string, ...options: string[]) => {
  const printed: string[] = [];
  const host = { print: (text: string) => void printed.push(text), nowMs: () => START_MS, crypto };
  const ended = await run(['clear', file, ...options], host);
  return { text: printed.join(''), refusal: ended.ok ? '' : `${ended.code}: ${ended.detail}` };
};

const given = (folder: string, content: string | Uint8Array, name = 'given.csv'): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const CIRCLE = 'a,b,10.00\nb,c,7.5\nc,a,9\n';

command('prints what would be cleared and writes what is left', async ({ folder }) => {
  const out = join(folder, 'left.csv');
  const { text, refusal } = await clearFile(given(folder, CIRCLE), '--out', out);
  assert.is(refusal, '');
  assert.match(text, /circles of debt +22\.50 +4\.00 +2\n/);
  assert.is(readFileSync(out, 'utf8'), 'debtor,creditor,amount\na,b,2.50\nc,a,1.50\n');
  assert.is(statSync(out).mode & 0o777, 0o600);
});

command('prints no name that would move the cursor or begin a row', async ({ folder }) => {
  const file = given(folder, '"\x1b[2Jx\ny\u009b1m\u202e",b,5\n');
  const { text } = await clearFile(file);
  assert.match(text, /\?\[2Jx\?y\?1m\? +5/);
  assert.not.match(text, /(?!\n)\p{C}/u);
});

command('tells programs the same, in the amounts of the file', async ({ folder }) => {
  const { text } = await clearFile(given(folder, CIRCLE), '--json');
  const { ms, rss_mb, ...said } = JSON.parse(text);
  assert.is(ms, 0);
  assert.ok(rss_mb > 10);
  assert.equal(said, {
    obligations: 3,
    gross: '26.50',
    cleared: '22.50',
    left: '4.00',
    net: '2.50',
    transfers: 2,
    transfersSaved: 1,
    steps: [
      { step: 'netting', cleared: '0.00', left: '26.50', transfers: 3 },
      { step: 'circles', cleared: '22.50', left: '4.00', transfers: 2 },
    ],
    owners: [
      { owner: 'a', owedBefore: '10.00', dueBefore: '9.00', owedAfter: '2.50', dueAfter: '1.50' },
      { owner: 'b', owedBefore: '7.50', dueBefore: '10.00', owedAfter: '0.00', dueAfter: '2.50' },
      { owner: 'c', owedBefore: '9.00', dueBefore: '7.50', owedAfter: '1.50', dueAfter: '0.00' },
    ],
  });
});

command(
  'reads headers, quotes, line breaks in names, CRLF, a byte order mark, and whole numbers',
  async ({ folder }) => {
    const out = join(folder, 'left.csv');
    const csv =
      '\ufeffAmount,note,Creditor,Debtor\r\n16000000000,x,"Sons, ""B"" & Co",Ä \r\n\r\n1,,Ä,"Two\r\nlines"\r\n5, ,Ä,"Sons, ""B"" & Co"';
    assert.is((await clearFile(given(folder, csv), '--out', out)).refusal, '');
    const left = readFileSync(out, 'utf8');
    assert.is(left, 'debtor,creditor,amount\n"Two\r\nlines",Ä,1\nÄ,"Sons, ""B"" & Co",15999999995\n');
    const again = join(folder, 'again.csv');
    assert.is((await clearFile(out, '--out', again)).refusal, '');
    assert.is(readFileSync(again, 'utf8'), left);
  },
);

command('compresses among those whom a second file names', async ({ folder }) => {
  const consents = given(folder, 'owner,limit\na,100\nb,100\nc,100\n', 'consents.csv');
  const out = join(folder, 'left.csv');
  const { text } = await clearFile(given(folder, 'a,b,7\nb,c,7\n'), '--consents', consents, '--out', out);
  assert.match(text, /compression by consent +7 +7 +1\n/);
  assert.is(readFileSync(out, 'utf8'), 'debtor,creditor,amount\na,c,7\n');
});

command('draws a picture that is XML, whatever owners are called', async ({ folder }) => {
  const picture = join(folder, 'picture.svg');
  const names = Array.from({ length: 60 }, (_, i) => `<${i}> & "\u0007"`.replaceAll('"', '""'));
  for (const owners of [3, 60]) {
    const lines = names.slice(0, owners).map((name, i) => `"${name}","${names[(i + 1) % owners]}",${i + 1}`);
    assert.is((await clearFile(given(folder, lines.join('\n')), '--picture', picture)).refusal, '');
    const svg = readFileSync(picture, 'utf8');
    assert.is(svg.match(/<circle class/g)?.length, 2 * owners);
    assert.is(svg.match(/<path/g)?.length, owners + (owners - 1));
    const linted = spawnSync('xmllint', ['--noout', picture], { encoding: 'utf8' });
    if (linted.error !== undefined) console.log('skip: xmllint is not installed (libxml2-utils)');
    else assert.is(linted.stderr, '');
  }
});

const BAD: readonly (readonly [csv: string | Uint8Array, says: RegExp])[] = [
  [
    'a,b,1\na,a,2\n',
    /config-invalid: line 2, column 3 \(creditor\): "a" cannot owe itself: take the line out/,
  ],
  ['a,b,-1\n', /value-out-of-range: line 1, column 5 \(amount\): "-1" is negative: swap debtor and creditor/],
  ['a,b,1\na,b,ten\n', /line 2, column 5 \(amount\): "ten" is not a number: write digits/],
  ['a,b,1e5\n', /"1e5" is not a number/],
  ['a,b,0.1234567891\n', /"0\.1234567891" has 10 decimal places: write at most 9/],
  ['a,b,"1,50"\n', /"1,50" has a comma: write a point before decimals/],
  ['a,b,\n', /line 1, column 5 \(amount\): "" is no amount/],
  ['a,b,9223372036854775808\n', /"9223372036854775808" passes 2\^63 - 1 units: split it/],
  ['debtor,creditor,amount\na,b\n', /line 2: the column amount is missing: write debtor,creditor,amount/],
  ['a;b;1\n', /line 1: the column creditor is missing/],
  [',b,1\n', /line 1, column 1 \(debtor\): is empty: write who/],
  ['a,b,1\n"a"x,b,1\n', /line 2, column 1: a quote is out of place/],
  [`a,b,1\n"${'x'.repeat(70_000)}`, /line 2: a record of more than 65536 characters: close the quotes/],
  [new Uint8Array([97, 44, 0xff, 44, 49]), /is not UTF-8 text: save it as UTF-8/],
];

command('says of bad files the line, the column, the value and the remedy', async ({ folder }) => {
  for (const [csv, says] of BAD) assert.match((await clearFile(given(folder, csv))).refusal, says);
  const twice = given(folder, 'a,1\na,2\n', 'consents.csv');
  const { refusal } = await clearFile(given(folder, CIRCLE), '--consents', twice);
  assert.match(refusal, /line 2, column 1 \(owner\): "a" consented before: keep one line of it/);
  const less = given(folder, 'a,-1\n', 'less.csv');
  assert.match(
    (await clearFile(given(folder, CIRCLE), '--consents', less)).refusal,
    /value-out-of-range: line 1, column 3 \(limit\): "-1" is negative: 0 allows no new counterparty/,
  );
});

command('says what cannot be read or written, and leaves no half of a file', async ({ folder }) => {
  assert.match((await clearFile(join(folder, 'none.csv'))).refusal, /storage-failed: .*none\.csv: .*ENOENT/);
  assert.match((await clearFile(folder)).refusal, /storage-failed: .*: it is a directory/);
  const out = join(folder, 'none', 'left.csv');
  assert.match(
    (await clearFile(given(folder, CIRCLE), '--out', out)).refusal,
    /storage-failed: .*: there is no such file or folder/,
  );
  assert.is(existsSync(`${out}.part`), false);
  assert.match(
    (await clearFile(given(folder, CIRCLE), '--picture', out)).refusal,
    /storage-failed: .*: there is no such file or folder/,
  );
  assert.match(
    (await clearFile(given(folder, CIRCLE), 'another.csv')).refusal,
    /config-invalid: clear takes one file/,
  );
});

command('clears an empty file to nothing', async ({ folder }) => {
  const { text, refusal } = await clearFile(given(folder, 'debtor,creditor,amount\n'), '--json');
  assert.is(refusal, '');
  assert.is(JSON.parse(text).transfers, 0);
});

command.run();
