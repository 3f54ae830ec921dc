import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BankFact, Correction } from '../../../broker/settler/bank/bank-fact.ts';
import { readBankFile } from '../../../broker/settler/bank/reader.ts';
import { batchHeader, changeAddendum, returnAddendum, returnedEntry, sealed } from './ach-file.ts';
import { bytesOf, sure } from './reading.ts';

const TRACE = '121042880000007';

const factOf = (serviceClass: string, sec: string, ...records: string[]): BankFact => {
  const file = sealed([{ header: batchHeader(serviceClass, sec), records }]);
  const { facts } = sure(readBankFile(bytesOf(file)));
  assert.is(facts.length, 1);
  return facts[0]!;
};
const returned = (code: string, reason: string, about = ''): BankFact =>
  factOf('200', 'PPD', returnedEntry(code, 500n, 1), returnAddendum(reason, TRACE, about, 1));
const changed = (code: string, corrected: string): BankFact =>
  factOf('220', 'COR', returnedEntry('21', 0n, 1), changeAddendum(code, TRACE, corrected, 1));
const told = ({ kind, direction, reason }: BankFact): string => `${kind} ${direction} ${reason}`;

const answers = suite('NACHA answers');

answers('are facts about the trace number that we gave', () => {
  assert.equal(returned('21', 'R03', 'NO SUCH ACCOUNT'), {
    kind: 'returned',
    about: { by: 'trace', trace: TRACE },
    amount: { cents: 500n, currency: 'USD' },
    direction: 'in',
    status: 'R03',
    reason: 'R03',
    text: 'NO SUCH ACCOUNT',
    bankReference: '091000010000001',
    day: '2026-11-23',
    account: null,
    payer: null,
    correction: null,
    line: 4,
  });
});

answers('tell which way the money went: credits come back, debits are taken back', () => {
  for (const code of ['21', '22', '31', '32'])
    assert.is(told(returned(code, 'R01')), 'returned in R01', code);
  for (const code of ['26', '27', '36', '37'])
    assert.is(told(returned(code, 'R01')), 'returned out R01', code);
});

answers('undo a return that was dishonoured, and do it again where that was contested', () => {
  const about = '   09100001000000132301UNTIMELY RETURN';
  assert.is(told(returned('21', 'R68', about)), 'posted out R68');
  assert.is(told(returned('26', 'R61', about)), 'posted in R61');
  assert.is(returned('21', 'R68', about).text, 'UNTIMELY RETURN');
  assert.is(told(returned('21', 'R73', about)), 'returned in R73');
  for (const reason of ['R71', 'R77']) assert.is(returned('21', reason, about).text, '', reason);
  assert.is(returned('21', 'R80', 'NOT READABLE').text, 'NOT READABLE');
});

answers('know R01 to R85', () => {
  for (let i = 1; i <= 85; i++) {
    const reason = `R${String(i).padStart(2, '0')}`;
    assert.is(returned('21', reason).reason, reason);
  }
});

answers('say what is to be corrected, C01 to C09', () => {
  const none: Correction = { routing: null, number: null, kind: null, name: null };
  const cases: readonly (readonly [code: string, corrected: string, Partial<Correction>])[] = [
    ['C01', '1918171614', { number: '1918171614' }],
    ['C02', '231380104', { routing: '231380104' }],
    ['C03', '231380104   744-5678-99', { routing: '231380104', number: '744-5678-99' }],
    ['C04', 'ADA READER', { name: 'ADA READER' }],
    ['C05', '37', { kind: 'savings' }],
    ['C06', '1918171614          22', { number: '1918171614', kind: 'checking' }],
    ['C07', '2313801041918171614       32', { routing: '231380104', number: '1918171614', kind: 'savings' }],
    ['C08', '', {}],
    ['C09', 'P-7', {}],
  ];
  for (const [code, corrected, correction] of cases) {
    const fact = changed(code, corrected);
    assert.equal(fact.correction, { ...none, ...correction }, code);
    assert.equal(
      [fact.kind, fact.amount, fact.direction, fact.text],
      ['changed', null, null, corrected],
      code,
    );
  }
});

answers('are refused where what is to be corrected is not what it should be', () => {
  const cases = [
    ['C01', ''],
    ['C01', 'AB*'],
    ['C02', '231380105'],
    ['C03', '231380104'],
    ['C04', ''],
    ['C05', '55'],
    ['C05', 'XX'],
    ['C06', '1918171614'],
    ['C07', '231380104                 32'],
    ['C13', ''],
    ['C61', ''],
  ];
  for (const [code, corrected] of cases) {
    const records = [returnedEntry('21', 0n, 1), changeAddendum(code!, TRACE, corrected!, 1)];
    const result = readBankFile(bytesOf(sealed([{ header: batchHeader('220', 'COR'), records }])));
    assert.is(result.ok ? 'read' : result.code, 'object-malformed', `${code} ${corrected}`);
  }
});

answers('may be none: a file without batches', () => {
  assert.equal(sure(readBankFile(bytesOf(sealed([])))).facts, []);
});

answers('are read from a public sample', () => {
  const path = join(import.meta.dirname, '../../../../shared/vectors/nacha/cor-read.ach');
  if (!existsSync(path)) return console.log(`skip: ${resolve(path)} is not there`);
  const [fact] = sure(readBankFile(readFileSync(path))).facts;
  assert.equal(fact!.about, { by: 'trace', trace: '121042880000001' });
  assert.equal([fact!.reason, fact!.correction?.number], ['C01', '1918171614']);
});
answers.run();
