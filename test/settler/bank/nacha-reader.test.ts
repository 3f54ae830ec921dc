import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type NachaFile, readNacha } from '../../../broker/settler/bank/nacha-reader.ts';
import { NACHA_RULES, type NachaRule } from '../../../broker/settler/bank/nacha-record.ts';
import { readBankFile } from '../../../broker/settler/bank/reader.ts';
import { refusable } from '../../../broker/settler/bank/refusing.ts';
import { batchHeader, changeAddendum, returnAddendum, returnedEntry, sealed } from './ach-file.ts';
import { bytesOf, sure } from './reading.ts';

const VECTORS = resolve(import.meta.dirname, '../../../../shared/vectors/nacha');

/** Ten records: debits of companies with one entry, credits to people with two, one of them with an addendum. */
const FORWARD = [
  '101 03130001212345678902611200905A094101FEDERAL RESERVE BANK   TOLLBRIDGE                     ',
  '5225TOLLBRIDGE                          1234567890CCDREADINGS        261123   1121042880000003',
  '627231380104744-5678-99      0000000100C1             BEST CO                 0121042880000001',
  '822500000100231380100000000001000000000000001234567890                         121042880000003',
  '5220TOLLBRIDGE                          1234567890PPDPAYOUT          261123   1121042880000005',
  '622231380104744-5678-99      0000012345P1             WEATHER STATION         1121042880000002',
  '705EARNINGS                                                                        00010000002',
  '632091400606123              0000000001P2             RAIN GAUGE              0121042880000003',
  '822000000300322780700000000000000000000123461234567890                         121042880000005',
  '9000002000001000000040055416080000000000100000000012346                                       ',
];

const ORIGINAL = '121042880000002';
const RETURNS = sealed([
  {
    header: batchHeader('200', 'PPD'),
    records: [
      returnedEntry('21', 12_345n, 1),
      returnAddendum('R03', ORIGINAL, 'NO SUCH ACCOUNT', 1),
      returnedEntry('26', 100n, 2),
      returnAddendum('R01', '121042880000001', '', 2),
    ],
  },
  {
    header: batchHeader('220', 'COR', 2),
    records: [returnedEntry('21', 0n, 3), changeAddendum('C01', ORIGINAL, '1918171614', 3)],
  },
])
  .split('\n')
  .slice(0, -1);

const textOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
const read = (text: string): NachaFile => sure(refusable(() => readNacha(bytesOf(text))));
const refusalOf = (text: string): string => {
  const result = readBankFile(bytesOf(text));
  return result.ok ? 'read' : `${result.code} ${result.detail}`;
};

/** The lines with other characters from a column on, both counted from 1. */
const put = (lines: readonly string[], line: number, column: number, text: string): string[] =>
  lines.map((old, i) =>
    i + 1 === line ? old.slice(0, column - 1) + text + old.slice(column - 1 + text.length) : old,
  );
const without = (lines: readonly string[], line: number): string[] => lines.filter((_, i) => i + 1 !== line);
const twice = (lines: readonly string[], line: number): string[] =>
  lines.flatMap((old, i) => (i + 1 === line ? [old, old] : [old]));

type Defect = readonly [rule: NachaRule, line: number, text: string];

/** Another text in the file to a bank. */
const there = (rule: NachaRule, line: number, column: number, text: string): Defect => [
  rule,
  line,
  textOf(put(FORWARD, line, column, text)),
];
/** Another text in the file from a bank. */
const back = (rule: NachaRule, line: number, column: number, text: string): Defect => [
  rule,
  line,
  textOf(put(RETURNS, line, column, text)),
];

const NINES = '9'.repeat(94);

const DEFECTS: readonly Defect[] = [
  there('charset', 6, 60, 'é'),
  there('charset', 6, 60, '\t'),
  there('charset', 6, 60, '\x7f'),
  ['line-end', 2, `${FORWARD[0]}\r${textOf(FORWARD).slice(94)}${NINES}\r\n`],
  ['record-length', 3, textOf(FORWARD.map((line, i) => (i === 2 ? line.slice(1) : line)))],
  ['record-length', 3, textOf(FORWARD.map((line, i) => (i === 2 ? `${line} ` : line)))],
  ['record-length', 11, `${textOf(FORWARD)}\n`],
  ['padding', 11, textOf([...FORWARD, NINES])],
  ['padding', 20, textOf([...FORWARD, ...Array(10).fill(NINES)])],
  ['padding', 9, textOf([...FORWARD.slice(0, 8), NINES, FORWARD[9]!])],
  ['padding', 9, textOf(without(FORWARD, 4))],
  ['record-order', 2, textOf([FORWARD[0]!, ...FORWARD.slice(2), NINES])],
  ['record-order', 4, textOf([...without(FORWARD, 4), NINES])],
  ['record-order', 2, textOf(twice(FORWARD.slice(0, 9), 1))],
  ['record-order', 9, textOf([...FORWARD.slice(0, 9), NINES])],
  ['record-order', 11, textOf([...put(FORWARD, 10, 8, '000002'), ...FORWARD])],
  there('file-header', 1, 2, '02'),
  there('file-header', 1, 35, '093'),
  there('file-header', 1, 38, '20'),
  there('file-header', 1, 40, '2'),
  there('destination', 1, 4, '0'),
  there('destination', 1, 13, '3'),
  there('origin', 1, 14, '  '),
  there('origin', 1, 23, 'x'),
  there('file-date', 1, 24, '261301'),
  there('file-time', 1, 30, '2400'),
  there('file-id-modifier', 1, 34, 'a'),
  there('batch-number', 5, 88, '0000003'),
  there('batch-number', 9, 88, '0000006'),
  there('batch-number', 2, 94, ' '),
  there('service-class', 2, 2, '280'),
  there('service-class', 3, 2, '22'),
  there('service-class', 6, 2, '27'),
  there('service-class', 9, 2, '200'),
  there('company-name', 2, 5, ' '.repeat(16)),
  there('company-id', 2, 41, ' '.repeat(10)),
  there('company-id', 4, 45, '1234567891'),
  there('company-id', 4, 45, '2234567890'),
  there('sec-code', 2, 51, 'ppd'),
  there('sec-code', 2, 51, 'IAT'),
  there('description', 2, 54, ' '.repeat(10)),
  there('effective-date', 2, 70, '260229'),
  there('settlement-date', 2, 76, '367'),
  there('settlement-date', 2, 76, '1  '),
  there('settlement-date', 2, 76, '000'),
  there('originator-status', 2, 79, ' '),
  there('odfi', 2, 80, ' '),
  there('odfi', 4, 80, '12104289'),
  there('transaction-code', 3, 2, '20'),
  there('transaction-code', 3, 2, '57'),
  there('routing', 3, 12, '5'),
  there('account', 3, 13, ' '),
  there('account', 3, 14, '*'),
  there('amount', 3, 30, ' '),
  there('amount', 3, 30, '0000000000'),
  there('amount', 3, 2, '28'),
  back('amount', 9, 39, '1'),
  there('name', 3, 55, ' '.repeat(22)),
  there('name', 6, 55, ' '.repeat(22)),
  there('addenda-indicator', 6, 79, '0'),
  there('addenda-indicator', 3, 79, '1'),
  there('addenda-indicator', 3, 79, ' '),
  there('addenda-type', 7, 2, '06'),
  there('addenda-type', 6, 2, '21'),
  there('addenda-type', 3, 2, '26'),
  ['addenda-type', 6, textOf(put(FORWARD, 7, 2, '98'))],
  ['addenda-type', 9, textOf(put(RETURNS, 10, 2, '99'))],
  ['addenda-count', 8, textOf(twice(FORWARD, 7).slice(0, 10))],
  there('addenda-sequence', 7, 87, '2'),
  there('addenda-trace', 7, 94, '3'),
  there('trace', 3, 94, ' '),
  there('trace-odfi', 3, 80, '2'),
  there('trace-order', 8, 94, '2'),
  ['trace-order', 8, textOf(put(put(FORWARD, 6, 94, '4'), 7, 94, '4'))],
  there('entry-count', 9, 5, '000002'),
  there('entry-hash', 9, 20, '1'),
  there('debit-total', 4, 32, '1'),
  there('credit-total', 9, 44, '5'),
  there('reserved', 9, 74, 'X'),
  there('reserved', 10, 94, 'X'),
  // The number of the last batch where the number of batches belongs.
  there('batch-count', 10, 2, '000005'),
  there('block-count', 10, 8, '000002'),
  there('file-entry-count', 10, 14, '00000003'),
  there('file-entry-hash', 10, 31, '9'),
  there('file-debit-total', 10, 43, '1'),
  there('file-credit-total', 10, 55, '7'),
  ['answer', 3, textOf(FORWARD)],
  back('original-trace', 4, 7, ' '),
  back('return-code', 4, 4, 'R00'),
  back('return-code', 4, 4, 'R86'),
  back('change-code', 10, 4, 'C10'),
  back('corrected-data', 10, 36, ' '.repeat(29)),
  back('corrected-data', 10, 36, '*'),
];

const reader = suite('readNacha');

reader('takes files whose batches have other numbers than their count', () => {
  const { batches, origin, destination, createdDay, modifier } = read(textOf(FORWARD));
  assert.equal([origin, destination, createdDay, modifier], ['1234567890', '031300012', '2026-11-20', 'A']);
  assert.equal(
    batches.map(({ number, entries }) => [number, entries.length]),
    [
      [3n, 1],
      [5n, 2],
    ],
  );
});

reader('reads every field of its columns', () => {
  const number = '12345678901234567';
  const company = 'SIXTEEN LETTERS.';
  const name = 'A NAME OF 22 LETTERS..';
  const id = 'FIFTEEN-LETTERS';
  const lines = [
    [2, 5, company],
    [2, 54, 'TEN LETTER'],
    [2, 76, '366'],
    [3, 13, number],
    [3, 40, id],
    [3, 55, name],
  ] as const;
  const changed = lines.reduce((file, [line, column, text]) => put(file, line, column, text), FORWARD);
  assert.equal(read(textOf(changed)).batches[0], {
    serviceClass: '225',
    company,
    companyId: '1234567890',
    sec: 'CCD',
    description: 'TEN LETTER',
    effectiveDay: '2026-11-23',
    settlement: '366',
    odfi: '12104288',
    number: 3n,
    entries: [
      {
        line: 3,
        code: '27',
        routing: '231380104',
        number,
        cents: 100n,
        id,
        name,
        trace: '121042880000001',
        addenda: [],
      },
    ],
  });
});

reader('takes what is at the edge of a rule', () => {
  const fine = [
    put(FORWARD, 3, 55, '~'),
    put(FORWARD, 2, 76, '001'),
    put(FORWARD, 2, 70, '000000'),
    put(FORWARD, 1, 30, '2359'),
    put(FORWARD, 1, 30, '    '),
    put(FORWARD, 1, 34, '0'),
    put(FORWARD, 1, 14, ' 234567890'),
    put(put(FORWARD, 2, 41, '123456789 '), 4, 45, ' 123456789'),
    put(RETURNS, 3, 55, ' '.repeat(22)),
    put(RETURNS, 3, 13, 'XXXXXXXXXXXXX    '),
  ];
  for (const lines of fine) assert.ok(read(textOf(lines)).batches.length === 2);
});

reader('takes CR LF, a last line without an end, and records without lines', () => {
  const text = textOf(FORWARD);
  assert.equal(read(text.replaceAll('\n', '\r\n')), read(text));
  assert.equal(read(text.slice(0, -1)), read(text));
  assert.equal(read(text.replaceAll('\n', '')), read(text));
});

reader('takes public samples of other software', () => {
  if (!existsSync(VECTORS)) return console.log(`skip: ${VECTORS} is not there`);
  const names = readdirSync(VECTORS).filter((name) => name.endsWith('.ach'));
  assert.ok(names.length >= 6);
  for (const name of names) {
    const file = sure(refusable(() => readNacha(readFileSync(join(VECTORS, name)))));
    assert.ok(
      file.batches.every(({ entries }) => entries.length > 0),
      name,
    );
  }
});

for (const [rule, line, text] of DEFECTS) {
  reader(`finds a planted defect: ${rule}, line ${line}`, () => {
    assert.ok(refusalOf(text).startsWith(`object-malformed line ${line}: ${rule}: `), refusalOf(text));
  });
}

reader('has a planted defect for every rule', () => {
  const planted = new Set(DEFECTS.map(([rule]) => rule));
  assert.equal(
    NACHA_RULES.filter((rule) => !planted.has(rule)),
    [],
  );
});

reader('is refused with more lines than a file can have', () => {
  assert.match(refusalOf('1\n'.repeat(400_001)), /^message-too-long /);
});

reader('is refused when cut anywhere', () => {
  const text = textOf(RETURNS);
  assert.ok(readBankFile(bytesOf(text)).ok);
  for (let length = 0; length < text.length - 1; length++) {
    assert.not.ok(readBankFile(bytesOf(text.slice(0, length))).ok, `cut at ${length}`);
  }
});

/** Everything that is read, as one text. */
const readingOf = (text: string): string | undefined => {
  const result = refusable(() => readNacha(bytesOf(text)));
  return result.ok
    ? JSON.stringify(result.value, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    : undefined;
};

reader('never reads the same from a file with one digit changed', () => {
  const text = textOf(RETURNS);
  const whole = readingOf(text);
  let refused = 0;
  for (let i = 0; i < text.length; i++) {
    // The originator status, 0 to 2, says nothing that is kept.
    const isStatus = i % 95 === 78 && text[i - 78] === '5';
    if (!/\d/.test(text[i]!) || isStatus) continue;
    const changed = text.slice(0, i) + ((Number(text[i]) + 1) % 10) + text.slice(i + 1);
    const reading = readingOf(changed);
    assert.is.not(reading, whole, `line ${Math.floor(i / 95) + 1}, column ${(i % 95) + 1}`);
    if (reading === undefined) refused += 1;
  }
  assert.ok(refused > 300, String(refused));
});

reader.run();
