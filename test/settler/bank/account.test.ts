import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accountOfText, accountText } from '../../../broker/settler/bank/account.ts';
import { type AchKind, checkAchAccount, isRouting } from '../../../broker/settler/bank/ach-account.ts';
import { achText } from '../../../broker/settler/bank/ach-text.ts';
import {
  centsFloor,
  formatCents,
  nanoOfCents,
  parseCents,
  TRANSFER_CENTS_MAX,
} from '../../../broker/settler/bank/cents.ts';
import { checkCreditorId } from '../../../broker/settler/bank/creditor-id.ts';
import { dayOfShort, shortDay } from '../../../broker/settler/bank/day.ts';
import { checkAchParty, checkSepaParty } from '../../../broker/settler/bank/party.ts';
import { checkSepaAccount } from '../../../broker/settler/bank/sepa-account.ts';
import { sepaText } from '../../../broker/settler/bank/sepa-text.ts';
import { checkDate } from '../../../broker/settler/ledger/day.ts';
import type { Result } from '../../../schemas/result.ts';
import { achParties, days, sepaParties } from './arbitraries.ts';
import { sure } from './reading.ts';

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);

const sepa = suite('checkSepaAccount');

const checkSepa = (iban: string, bic: string | null = null) =>
  checkSepaAccount({ scheme: 'sepa', iban, bic });

sepa('brings IBAN and BIC into electronic form', () => {
  assert.equal(sure(checkSepa('de75 5121 0800 1245 1261 99', 'soge deff')), {
    scheme: 'sepa',
    iban: 'DE75512108001245126199',
    bic: 'SOGEDEFF',
  });
});

sepa('refuses a wrong digit, a wrong length, a country outside SEPA, a bad BIC', () => {
  assert.is(codeOf(checkSepa('FI1410093000123458')), 'ok');
  assert.is(codeOf(checkSepa('FI1410093000123459')), 'bank-details');
  assert.is(codeOf(checkSepa('FI14100930001234580')), 'bank-details');
  assert.is(codeOf(checkSepa('BR1500000000000010932840814P2')), 'bank-details');
  assert.is(codeOf(checkSepa('FI1410093000123458', 'NDEA')), 'bank-details');
});
sepa.run();

const ach = suite('checkAchAccount');

const checkAch = (routing: string, number: string, kind = 'checking') =>
  checkAchAccount({ scheme: 'ach', routing, number, kind: kind as AchKind });

ach('takes routing numbers whose last digit fits, and finds every wrong digit', () => {
  for (const routing of ['231380104', '031300012', '121042882', '091400606']) {
    assert.ok(isRouting(routing), routing);
    for (let i = 0; i < 9; i++) {
      const wrong = `${routing.slice(0, i)}${(Number(routing[i]) + 1) % 10}${routing.slice(i + 1)}`;
      assert.not.ok(isRouting(wrong), wrong);
    }
  }
  for (const wrong of ['000000000', '23138010', '2313801040', '23138010a', '']) {
    assert.not.ok(isRouting(wrong), wrong);
  }
});

ach('takes account numbers as on cheques: 17 places of letters, digits and hyphens', () => {
  assert.equal(sure(checkAch('231 380 104', ' 744 5678-99 ')), {
    scheme: 'ach',
    routing: '231380104',
    number: '7445678-99',
    kind: 'checking',
  });
  assert.is(codeOf(checkAch('231380104', 'x'.repeat(16) + '1')), 'ok');
  for (const number of ['', '1'.repeat(18), 'ABC', '-1', '12*3', '12é3', '1\n2\u00003']) {
    assert.is(codeOf(checkAch('231380104', number)), 'bank-details', number);
  }
  assert.is(codeOf(checkAch('231380105', '1')), 'bank-details');
  assert.is(codeOf(checkAch('231380104', '1', 'deposit')), 'bank-details');
});
ach.run();

const account = suite('accountText');

account('is read back as the account it was written of', () => {
  const accounts = fc.oneof(sepaParties, achParties).map((party) => party.account);
  fc.assert(
    fc.property(accounts, (any) => assert.equal(sure(accountOfText(accountText(any))), { ...any })),
    { seed: 3 },
  );
});

account('refuses what names no account', () => {
  const texts = [
    '',
    'sepa',
    'sepa:',
    'sepa:FI1410093000123459:',
    'sepa:FI1410093000123458::',
    'ach:231380104:1',
  ];
  for (const text of [...texts, 'ach:231380104:1:checking:', 'bank:1:2', 'ach:231380104:1:loan']) {
    assert.is(codeOf(accountOfText(text)), 'bank-details', text);
  }
});
account.run();

const party = suite('party');

party('has a name that the scheme prints', () => {
  const iban = { scheme: 'sepa' as const, iban: 'FI1410093000123458', bic: null };
  const routing = { scheme: 'ach' as const, routing: '231380104', number: '1', kind: 'savings' as const };
  assert.is(sure(checkSepaParty({ name: '  Zoë Straße & Co ', account: iban })).name, 'Zoe Strasse + Co');
  assert.is(sure(checkAchParty({ name: '  Zoë Straße & Co ', account: routing })).name, 'ZOE STRASSE & CO');
  for (const name of ['', '中文', '  ']) {
    assert.is(codeOf(checkSepaParty({ name, account: iban })), 'bank-details', name);
    assert.is(codeOf(checkAchParty({ name, account: routing })), 'bank-details', name);
  }
});
party.run();

const creditor = suite('checkCreditorId');

creditor('checks the two digits over all but the business code', () => {
  for (const id of ['DE98ZZZ09999999999', 'DE98ABC09999999999', 'AT61 ZZZ0 1234 567890', 'fr72zzz123456']) {
    assert.is(codeOf(checkCreditorId(id)), 'ok', id);
  }
  for (const id of [
    'DE98ZZZ09999999998',
    'DE99ZZZ09999999999',
    'DE98ZZZ',
    'US98ZZZ0999',
    '',
    'DE98ZZ-09999999999',
  ]) {
    assert.is(codeOf(checkCreditorId(id)), 'bank-details', id);
  }
});
creditor.run();

const text = suite('sepaText');

text('writes only characters every SEPA bank takes, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (any) => {
      const plain = sepaText(any, 70);
      assert.match(plain, /^[A-Za-z0-9/\-?:().,'+ ]{0,70}$/);
      assert.not.match(plain, /^\/|\/$|\/\//);
      assert.is(sepaText(plain, 70), plain);
    }),
  );
});
text.run();

const achTexts = suite('achText');

achTexts('writes upper-case ASCII without blanks around, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (any) => {
      const plain = achText(any, 22);
      assert.match(plain, /^[\x20-\x60\x7b-\x7e]{0,22}$/);
      assert.is(plain.trim(), plain);
      assert.is(achText(plain, 22), plain);
    }),
  );
});
achTexts.run();

const cents = suite('cents');

cents('are rounded down from nanos, to what one transfer can carry', () => {
  assert.is(centsFloor(12_345_678_901n), 1234n);
  assert.is(centsFloor(9_999_999n), 0n);
  assert.is(centsFloor(nanoOfCents(TRANSFER_CENTS_MAX) + 1n), TRANSFER_CENTS_MAX);
  assert.is(centsFloor(2n ** 63n - 1n), TRANSFER_CENTS_MAX);
});

cents('are written and read exactly, beyond what a float holds', () => {
  assert.is(formatCents(90_071_992_547_409_93n), '90071992547409.93');
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 18n - 1n), (any) => assert.is(sure(parseCents(formatCents(any))), any)),
  );
  const same: readonly (readonly [string, bigint])[] = [
    ['1', 100n],
    ['1.', 100n],
    ['1.5', 150n],
    ['1.50000', 150n],
    ['007', 700n],
  ];
  for (const [amount, value] of same) assert.is(sure(parseCents(amount)), value, amount);
});

cents('are not read from what is no amount of whole cents', () => {
  for (const bad of [
    '',
    '.',
    '.5',
    '-1',
    '+1',
    '1.005',
    '1.500000',
    '1,50',
    '1e3',
    ' 1',
    '0x1',
    '1'.repeat(17),
    '١',
  ]) {
    assert.is(codeOf(parseCents(bad)), 'value-out-of-range', bad);
  }
});
cents.run();

const date = suite('day');

date('is of the calendar and nothing else', () => {
  assert.is(checkDate('2028-02-29').ok, true);
  for (const bad of ['2026-02-29', '2026-13-01', '20261120', '2026-11-20T00:00', '']) {
    assert.is(codeOf(checkDate(bad)), 'value-out-of-range', bad);
  }
});

date('is read back from the six digits that NACHA writes', () => {
  fc.assert(fc.property(days, (day) => assert.is(sure(dayOfShort(shortDay(day))), day)));
  for (const bad of ['260229', '261301', '2611', '', '26112a']) {
    assert.is(codeOf(dayOfShort(bad)), 'value-out-of-range', bad);
  }
});
date.run();
