import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CreditTransfers,
  centsFloor,
  checkDate,
  formatCents,
  nanoOfCents,
  TRANSFER_CENTS_MAX,
  writePain001,
} from '../../broker/settler/bank/pain001.ts';
import { checkParty } from '../../broker/settler/bank/party.ts';
import { sepaText } from '../../broker/settler/bank/sepa-text.ts';

const XSD = resolve(import.meta.dirname, '../../../shared/vectors/iso20022/pain.001.001.09.xsd');
const reason = !existsSync(XSD)
  ? `${XSD} is not there`
  : spawnSync('xmllint', ['--version']).error !== undefined
    ? 'xmllint is not installed (libxml2-utils)'
    : undefined;

/** What xmllint says against the schema of ISO 20022; '' where the document is valid. */
const invalidities = (xml: string): string => {
  const linted = spawnSync('xmllint', ['--noout', '--schema', XSD, '-'], { input: xml, encoding: 'utf8' });
  return linted.status === 0 ? '' : linted.stderr;
};

const DEBTOR = { name: 'Tollbridge Settler', iban: 'DE75512108001245126199', bic: 'SOGEDEFF' };
const CREDITOR = { name: 'Weather Station', iban: 'FI1410093000123458', bic: null };

const fileOf = (cents: readonly bigint[], more: Partial<CreditTransfers> = {}): CreditTransfers => ({
  messageId: 'TB-01020304-2026-11-20-1',
  createdMs: Date.UTC(2026, 10, 20, 12, 30),
  executionDate: '2026-11-23',
  debtor: DEBTOR,
  transfers: cents.map((amount, i) => ({
    endToEndId: `payout-${i}`,
    cents: amount,
    creditor: CREDITOR,
    remittance: 'Earnings',
  })),
  ...more,
});

const written = (file: CreditTransfers): string => {
  const result = writePain001(file);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};
const refusal = (file: CreditTransfers): string => {
  const result = writePain001(file);
  return result.ok ? 'written' : result.code;
};

const all = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}[^>]*>([^<]*)</${element}>`, 'g'))].map((match) => match[1]!);

/** Cents of a decimal text, exactly. */
const centsOf = (text: string): bigint => BigInt(text.replace('.', ''));

const pain001 = suite('pain.001');

pain001('is valid against the schema of ISO 20022', () => {
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  const creditors = [CREDITOR, { ...CREDITOR, name: 'Łódź & Söhne <Ærø>', bic: 'NDEAFIHH' }];
  const transfers = creditors.map((creditor, i) => ({
    endToEndId: `e${i}`,
    cents: [1n, TRANSFER_CENTS_MAX][i]!,
    creditor,
    remittance: '//Zahlung <für> "März" & mehr//',
  }));
  assert.is(invalidities(written(fileOf([], { transfers }))), '');
  assert.is(invalidities(written(fileOf([5n], { debtor: { ...DEBTOR, bic: null } }))), '');
});

pain001('is refused by the schema where it is not what it should be, so the check can fail', () => {
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  assert.match(invalidities(written(fileOf([1n])).replace('<PmtMtd>TRF', '<PmtMtd>XXX')), /PmtMtd/);
});

pain001('counts and sums exactly, beyond what a float holds', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(1n, TRANSFER_CENTS_MAX), { minLength: 1, maxLength: 40 }), (cents) => {
      const xml = written(fileOf(cents));
      const sum = cents.reduce((total, amount) => total + amount, 0n);
      assert.equal(all(xml, 'CtrlSum').map(centsOf), [sum, sum]);
      assert.equal(all(xml, 'NbOfTxs'), [String(cents.length), String(cents.length)]);
      assert.equal(all(xml, 'InstdAmt').map(centsOf), cents);
    }),
    { numRuns: 50 },
  );
  assert.is(formatCents(90_071_992_547_409_93n), '90071992547409.93');
});

pain001('is the same bytes for the same arguments', () => {
  assert.is(written(fileOf([1n, 2n])), written(fileOf([1n, 2n])));
});

pain001('rounds down to cents and says what one transfer can carry', () => {
  assert.is(centsFloor(12_345_678_901n), 1234n);
  assert.is(centsFloor(9_999_999n), 0n);
  assert.is(centsFloor(nanoOfCents(TRANSFER_CENTS_MAX) + 1n), TRANSFER_CENTS_MAX);
  assert.is(centsFloor(2n ** 63n - 1n), TRANSFER_CENTS_MAX);
});

pain001('refuses amounts, ids, dates and parties that a bank would', () => {
  assert.is(refusal(fileOf([])), 'value-out-of-range');
  assert.is(refusal(fileOf([0n])), 'value-out-of-range');
  assert.is(refusal(fileOf([TRANSFER_CENTS_MAX + 1n])), 'value-out-of-range');
  assert.is(refusal(fileOf([1n], { messageId: 'x'.repeat(36) })), 'value-out-of-range');
  assert.is(refusal(fileOf([1n], { messageId: 'ü' })), 'value-out-of-range');
  assert.is(refusal(fileOf([1n], { executionDate: '2026-02-30' })), 'value-out-of-range');
  assert.is(refusal(fileOf([1n], { debtor: { ...DEBTOR, iban: 'DE75512108001245126198' } })), 'bank-details');
  const [transfer] = fileOf([1n]).transfers;
  assert.is(refusal(fileOf([], { transfers: [transfer!, transfer!] })), 'value-out-of-range');
});
pain001.run();

const party = suite('party');

party('brings IBAN, BIC and name into the form a bank takes', () => {
  assert.equal(checkParty('  Zoë Straße & Co ', 'de75 5121 0800 1245 1261 99', 'soge deff'), {
    ok: true,
    value: { name: 'Zoe Strasse + Co', iban: 'DE75512108001245126199', bic: 'SOGEDEFF' },
  });
});

party('refuses a wrong digit, a wrong length, a country outside SEPA, a bad BIC, a nameless owner', () => {
  const code = (name: string, iban: string, bic: string | null = null) => {
    const checked = checkParty(name, iban, bic);
    return checked.ok ? 'accepted' : checked.code;
  };
  assert.is(code('A', 'FI1410093000123458'), 'accepted');
  assert.is(code('A', 'FI1410093000123459'), 'bank-details');
  assert.is(code('A', 'FI14100930001234580'), 'bank-details');
  assert.is(code('A', 'BR1500000000000010932840814P2'), 'bank-details');
  assert.is(code('A', 'FI1410093000123458', 'NDEA'), 'bank-details');
  assert.is(code('中文', 'FI1410093000123458'), 'bank-details');
  assert.is(code('', 'FI1410093000123458'), 'bank-details');
});
party.run();

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

const date = suite('checkDate');
date('takes days of the calendar and nothing else', () => {
  assert.is(checkDate('2028-02-29').ok, true);
  for (const bad of ['2026-02-29', '2026-13-01', '20261120', '2026-11-20T00:00', '']) {
    assert.is(checkDate(bad).ok, false, bad);
  }
});
date.run();
