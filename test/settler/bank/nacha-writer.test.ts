import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AchKind } from '../../../broker/settler/bank/ach-account.ts';
import type { NachaOrder, NachaPayment } from '../../../broker/settler/bank/nacha-order.ts';
import { readNacha } from '../../../broker/settler/bank/nacha-reader.ts';
import { type WrittenNacha, writeNacha } from '../../../broker/settler/bank/nacha-writer.ts';
import { achParties, routingOf } from './arbitraries.ts';
import { bytesOf, sure } from './reading.ts';

const account = (routing: string, number: string, kind: AchKind = 'checking') => ({
  scheme: 'ach' as const,
  routing,
  number,
  kind,
});
const STATION = { name: 'Weather Station', account: account('231380104', '744-5678-99') };
const ENTRY_MAX = 9_999_999_999n;

const payment = (id: string, more: Partial<NachaPayment> = {}): NachaPayment => ({
  id,
  cents: 12_345n,
  party: STATION,
  sec: 'PPD',
  direction: 'credit',
  description: 'PAYOUT',
  effectiveDate: '2026-11-23',
  remittance: '',
  ...more,
});

const orderOf = (payments: readonly NachaPayment[], more: Partial<NachaOrder> = {}): NachaOrder => ({
  destination: { routing: '031300012', name: 'Federal Reserve Bank' },
  origin: { id: '1234567890', name: 'Tollbridge' },
  odfiRouting: '121042882',
  company: { name: 'Tollbridge Settler', id: '1234567890' },
  createdMs: Date.UTC(2026, 10, 20, 9, 5),
  modifier: 'A',
  firstTrace: 1,
  offset: null,
  lineEnd: '\n',
  payments,
  ...more,
});

const written = (payments: readonly NachaPayment[], more: Partial<NachaOrder> = {}): WrittenNacha =>
  sure(writeNacha(orderOf(payments, more)));
const linesOf = (payments: readonly NachaPayment[], more: Partial<NachaOrder> = {}): string[] =>
  written(payments, more).files[0]!.split('\n').slice(0, -1);
const codeOf = (payments: readonly NachaPayment[], more: Partial<NachaOrder> = {}): string => {
  const result = writeNacha(orderOf(payments, more));
  return result.ok ? 'written' : result.code;
};
/** Payments of the largest amount. */
const large = (count: number): NachaPayment[] =>
  Array.from({ length: count }, (_, i) => payment(`L${i}`, { cents: ENTRY_MAX }));

const nacha = suite('writeNacha');

nacha('writes what the rules say, column by column', () => {
  const remittance = 'Earnings paid out 2026-11-20-1';
  assert.equal(linesOf([payment('P1', { remittance }), payment('P2', { cents: 1n })]), [
    '101 03130001212345678902611200905A094101FEDERAL RESERVE BANK   TOLLBRIDGE                     ',
    '5220TOLLBRIDGE SETTL                    1234567890PPDPAYOUT          261123   1121042880000001',
    '622231380104744-5678-99      0000012345P1             WEATHER STATION         1121042880000001',
    '705EARNINGS PAID OUT 2026-11-20-1                                                  00010000001',
    '622231380104744-5678-99      0000000001P2             WEATHER STATION         0121042880000002',
    '822000000300462760200000000000000000000123461234567890                         121042880000001',
    '9000001000001000000030046276020000000000000000000012346                                       ',
    ...Array(3).fill('9'.repeat(94)),
  ]);
});

nacha('writes debits as class 225 and savings as their own codes', () => {
  const savings = { ...STATION, account: account('231380104', '1', 'savings') };
  const entries = [
    payment('A', { direction: 'debit', sec: 'CCD' }),
    payment('B', { direction: 'debit', sec: 'CCD', party: savings }),
    payment('C', { party: savings }),
  ];
  const lines = linesOf(entries);
  assert.equal(
    lines.filter((line) => line[0] === '6').map((line) => line.slice(0, 3)),
    ['627', '637', '632'],
  );
  assert.equal(
    lines.filter((line) => line[0] === '5').map((line) => line.slice(0, 4) + line.slice(50, 53)),
    ['5225CCD', '5220PPD'],
  );
  assert.is(lines.find((line) => line[0] === '9')!.slice(1, 7), '000002');
});

nacha('ends lines in CR LF where a bank wants it', () => {
  const [file] = written([payment('A')], { lineEnd: '\r\n' }).files;
  assert.is(file!.length, 10 * 96);
  assert.match(file!, /^(?:[^\r\n]{94}\r\n){10}$/);
});

nacha('has one batch for each class, direction, description and day, the earliest day first', () => {
  const file = readNacha(
    bytesOf(
      written([
        payment('A', { effectiveDate: '2026-11-24' }),
        payment('B', { direction: 'debit' }),
        payment('C', { sec: 'CCD' }),
        payment('D', { description: 'REFUND' }),
        payment('E'),
        payment('F', { effectiveDate: '2026-11-24' }),
      ]).files[0]!,
    ),
  );
  assert.equal(
    file.batches.map(({ effectiveDay, sec, serviceClass, description, number, settlement, entries }) =>
      [
        effectiveDay,
        sec,
        serviceClass,
        description,
        number,
        settlement,
        entries.map(({ id }) => id).join(''),
      ].join(' '),
    ),
    [
      '2026-11-23 CCD 220 PAYOUT 1     C',
      '2026-11-23 PPD 220 PAYOUT 2     E',
      '2026-11-23 PPD 220 REFUND 3     D',
      '2026-11-23 PPD 225 PAYOUT 4     B',
      '2026-11-24 PPD 220 PAYOUT 5     AF',
    ],
  );
});

nacha('balances each batch with one entry of the settler where a bank wants it', () => {
  const offset = account('121042882', '99');
  const payments = [payment('A', { cents: 7n }), payment('B'), payment('C', { direction: 'debit' })];
  const { files, traces, nextTrace } = written(payments, { offset, firstTrace: 10 });
  const file = readNacha(bytesOf(files[0]!));
  assert.equal(
    file.batches.map(({ serviceClass, entries }) => [
      serviceClass,
      ...entries.map(({ code, cents, number }) => `${code} ${cents} ${number}`),
    ]),
    [
      ['200', '22 7 744-5678-99', '22 12345 744-5678-99', '27 12352 99'],
      ['200', '27 12345 744-5678-99', '22 12345 99'],
    ],
  );
  assert.equal(
    [...traces.values()].map((trace) => trace.slice(8)),
    ['0000010', '0000011', '0000013'],
  );
  assert.is(nextTrace, 15);
});

nacha('splits what outgrows twelve digits of a total into files with the next modifiers', () => {
  const { files, traces } = written(large(101), { modifier: 'Z' });
  const read = files.map((file) => readNacha(bytesOf(file)));
  assert.equal(
    read.map(({ modifier, batches }) => [modifier, ...batches.map(({ entries }) => entries.length)]),
    [
      ['Z', 100],
      ['0', 1],
    ],
  );
  assert.is(new Set(traces.values()).size, 101, 'traces go on from file to file');
});

nacha('fills a file to the last cent of its twelve digits', () => {
  const filesWith = (cents: bigint) => written([...large(100), payment('REST', { cents })]).files.length;
  assert.is(filesWith(99n), 1);
  assert.is(filesWith(100n), 2);
  const apart = written([...large(100), payment('REST', { cents: 100n, direction: 'debit' })]);
  assert.is(apart.files.length, 1, 'debits have their own twelve digits');
});

nacha('splits batches at ten digits where one entry must balance them', () => {
  const offset = account('121042882', '99');
  const [file] = written(large(3), { offset }).files;
  assert.equal(
    readNacha(bytesOf(file!)).batches.map(({ entries }) => entries.map(({ cents }) => cents)),
    Array(3).fill([ENTRY_MAX, ENTRY_MAX]),
  );
});

nacha('keeps ten digits of the entry hash, and its block counts, over many entries', () => {
  const party = { ...STATION, account: account(routingOf('99999999'), '1') };
  const lines = linesOf(Array.from({ length: 201 }, (_, i) => payment(`P${i}`, { party, cents: 1n })));
  const hash = String((99_999_999n * 201n) % 10_000_000_000n).padStart(10, '0');
  assert.is(lines.at(-6)!.slice(0, 31), `9000001000021000002010099999799`.slice(0, 21) + hash);
  assert.is(lines.length, 210);
});

const payments = fc
  .array(
    fc.record({
      cents: fc.oneof(fc.bigInt(1n, 100_000n), fc.bigInt(1n, ENTRY_MAX)),
      party: achParties,
      sec: fc.constantFrom('PPD' as const, 'CCD' as const),
      direction: fc.constantFrom('credit' as const, 'debit' as const),
      description: fc.constantFrom('PAYOUT', 'READINGS'),
      effectiveDate: fc.constantFrom('2026-11-23', '2026-11-24'),
      remittance: fc.string({ unit: 'grapheme', maxLength: 100 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((list) => list.map((one, i): NachaPayment => ({ ...one, id: `P${i}` })));

nacha('is read back as the payments it was written of, with the same bytes each time', () => {
  fc.assert(
    fc.property(payments, fc.constantFrom('\n' as const, '\r\n' as const), (list, lineEnd) => {
      const once = written(list, { lineEnd });
      assert.equal(written(list, { lineEnd }).files, once.files);
      const byId = new Map(list.map((one) => [one.id, one]));
      const entries = once.files
        .flatMap((file) => readNacha(bytesOf(file)).batches)
        .flatMap(({ entries, sec, effectiveDay }) =>
          entries.map((entry) => ({ ...entry, sec, effectiveDay })),
        );
      assert.is(entries.length, list.length);
      for (const { id, cents, routing, number, code, trace, sec, effectiveDay } of entries) {
        const { party, direction, ...rest } = byId.get(id)!;
        const expected = [
          rest.cents,
          party.account.routing,
          party.account.number,
          rest.sec,
          rest.effectiveDate,
        ];
        assert.equal([cents, routing, number, sec, effectiveDay], expected);
        assert.is(code[0] === '2', party.account.kind === 'checking');
        assert.is(code[1] === '2', direction === 'credit');
        assert.is(once.traces.get(id), trace);
      }
    }),
    { numRuns: 100, seed: 11 },
  );
});

nacha('refuses payments that a bank would', () => {
  assert.is(codeOf([]), 'value-out-of-range');
  assert.is(codeOf([payment('A'), payment('A')]), 'value-out-of-range');
  const bad: readonly Partial<NachaPayment>[] = [
    { cents: 0n },
    { cents: ENTRY_MAX + 1n },
    { id: '' },
    { id: 'lower' },
    { id: 'X'.repeat(16) },
    { sec: 'WEB' as 'PPD' },
    { direction: 'both' as 'debit' },
    { description: '' },
    { description: 'ELEVEN LONG' },
    { effectiveDate: '2026-02-29' },
  ];
  for (const more of bad) assert.is(codeOf([payment('A', more)]), 'value-out-of-range', Object.keys(more)[0]);
  assert.is(codeOf([payment('A', { cents: ENTRY_MAX })]), 'written');
  const party = { ...STATION, account: account('231380105', '1') };
  assert.is(codeOf([payment('A', { party })]), 'bank-details');
  assert.is(codeOf(Array(100_001).fill(payment('A'))), 'value-out-of-range');
});

nacha('refuses a sender that a bank has not named so', () => {
  const bad: readonly Partial<NachaOrder>[] = [
    { destination: { routing: '031300013', name: 'BANK' } },
    { destination: { routing: '031300012', name: '' } },
    { origin: { id: '12345678', name: 'TOLLBRIDGE' } },
    { origin: { id: '1234567890', name: '中' } },
    { odfiRouting: '12104288' },
    { company: { name: '', id: '1234567890' } },
    { company: { name: 'TOLLBRIDGE', id: '' } },
    { company: { name: 'TOLLBRIDGE', id: '12345678901' } },
    { offset: account('121042883', '1') },
  ];
  for (const more of bad) assert.is(codeOf([payment('A')], more), 'bank-details', JSON.stringify(more));
  assert.is(codeOf([payment('A')], { origin: { id: '121042882', name: 'TOLLBRIDGE' } }), 'written');
});

nacha('refuses what does not fit a day: modifiers, trace numbers, times', () => {
  for (const modifier of ['', 'a', 'AB', '-']) {
    assert.is(codeOf([payment('A')], { modifier }), 'value-out-of-range', modifier);
  }
  assert.is(codeOf(large(101), { modifier: '9' }), 'value-out-of-range');
  assert.is(codeOf(large(100), { modifier: '9' }), 'written');
  const two = [payment('A'), payment('B')];
  assert.is(codeOf(two, { firstTrace: 9_999_998 }), 'written');
  assert.is(codeOf(two, { firstTrace: 9_999_999 }), 'value-out-of-range');
  const offset = account('121042882', '9');
  assert.is(codeOf(two, { firstTrace: 9_999_996, offset }), 'written');
  assert.is(codeOf(two, { firstTrace: 9_999_997, offset }), 'value-out-of-range');
  for (const firstTrace of [0, -1, 1.5, Number.NaN]) {
    assert.is(codeOf(two, { firstTrace }), 'value-out-of-range');
  }
  for (const createdMs of [-1, Number.NaN, 1.5]) {
    assert.is(codeOf(two, { createdMs }), 'value-out-of-range');
  }
});

nacha.run();
