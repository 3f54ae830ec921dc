import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TRANSFER_CENTS_MAX } from '../../../broker/settler/bank/cents.ts';
import { childrenOf, idAt, needChild, textAt } from '../../../broker/settler/bank/element.ts';
import { amountOf } from '../../../broker/settler/bank/iso-parts.ts';
import { type CreditTransfers, writePain001 } from '../../../broker/settler/bank/pain001.ts';
import { sepaText } from '../../../broker/settler/bank/sepa-text.ts';
import { readXml } from '../../../broker/settler/bank/xml-reader.ts';
import { amounts, days, moments, sepaParties, texts } from './arbitraries.ts';
import { invalidities, lintMissing } from './lint.ts';
import { bytesOf, leaves, sure } from './reading.ts';

const MESSAGE = 'pain.001.001.09';
const reason = lintMissing(MESSAGE);

const sepa = (iban: string, bic: string | null = null) => ({ scheme: 'sepa' as const, iban, bic });
const DEBTOR = { name: 'Tollbridge Settler', account: sepa('DE75512108001245126199', 'SOGEDEFF') };
const CREDITOR = { name: 'Weather Station', account: sepa('FI1410093000123458') };

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

const written = (file: CreditTransfers): string => sure(writePain001(file));
const refusal = (file: CreditTransfers): string => {
  const result = writePain001(file);
  return result.ok ? 'written' : result.code;
};

/** Cents of a decimal text, exactly. */
const centsOf = (text: string): bigint => BigInt(text.replace('.', ''));

const files = fc.record({
  messageId: fc.constant('M 1'),
  createdMs: moments,
  executionDate: days,
  debtor: sepaParties,
  transfers: fc
    .array(fc.record({ cents: amounts, creditor: sepaParties, remittance: texts }), {
      minLength: 1,
      maxLength: 12,
    })
    .map((transfers) => transfers.map((transfer, i) => ({ ...transfer, endToEndId: `e/${i}` }))),
});

const pain001 = suite('pain.001');

pain001('is valid against the schema of ISO 20022, whatever it is about', () => {
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  const seed = 20261120;
  const documents = fc.sample(files, { numRuns: 150, seed }).map(written);
  assert.is(invalidities(MESSAGE, documents), '', `seed ${seed}`);
});

pain001('is valid at the edges: least and largest amount, letters of many languages, nothing to say', () => {
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  const creditors = [
    CREDITOR,
    { name: 'Łódź & Söhne <Ærø>', account: sepa('FI1410093000123458', 'NDEAFIHH') },
  ];
  const transfers = creditors.map((creditor, i) => ({
    endToEndId: `e${i}`,
    cents: [1n, TRANSFER_CENTS_MAX][i]!,
    creditor,
    remittance: ['//Zahlung <für> "März" & mehr//', ''][i]!,
  }));
  const debtor = { ...DEBTOR, account: sepa('DE75512108001245126199') };
  const documents = [written(fileOf([], { transfers })), written(fileOf([5n], { debtor }))];
  assert.is(invalidities(MESSAGE, documents), '');
  assert.is(leaves(documents[0]!, 'Ustrd').length, 1, 'no empty remittance');
});

pain001('is refused by the schema where it is not what it should be, so the check can fail', () => {
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  const wrong = written(fileOf([1n])).replace('<PmtMtd>TRF', '<PmtMtd>XXX');
  assert.match(invalidities(MESSAGE, [written(fileOf([1n])), wrong]), /1\.xml.*PmtMtd/);
});

pain001('counts and sums exactly, beyond what a float holds', () => {
  fc.assert(
    fc.property(fc.array(amounts, { minLength: 1, maxLength: 40 }), (cents) => {
      const xml = written(fileOf(cents));
      const sum = cents.reduce((total, amount) => total + amount, 0n);
      assert.equal(leaves(xml, 'CtrlSum').map(centsOf), [sum, sum]);
      assert.equal(leaves(xml, 'NbOfTxs'), [String(cents.length), String(cents.length)]);
      assert.equal(leaves(xml, 'InstdAmt').map(centsOf), cents);
    }),
    { numRuns: 50 },
  );
});

pain001('is read back as the payments it was written of', () => {
  fc.assert(
    fc.property(files, (file) => {
      const { root, namespace } = readXml(bytesOf(written(file)));
      assert.is(namespace, `urn:iso:std:iso:20022:tech:xsd:${MESSAGE}`);
      const block = needChild(root, 'CstmrCdtTrfInitn', 'PmtInf');
      const payments = childrenOf(block, 'CdtTrfTxInf').map((transfer) => ({
        endToEndId: idAt(transfer, 'PmtId', 'EndToEndId'),
        amount: amountOf(needChild(transfer, 'Amt', 'InstdAmt')),
        iban: textAt(transfer, 'CdtrAcct', 'Id', 'IBAN'),
        bic: textAt(transfer, 'CdtrAgt', 'FinInstnId', 'BICFI'),
        name: textAt(transfer, 'Cdtr', 'Nm'),
      }));
      assert.equal(
        payments,
        file.transfers.map(({ endToEndId, cents, creditor }) => ({
          endToEndId,
          amount: { cents, currency: 'EUR' },
          iban: creditor.account.iban,
          bic: creditor.account.bic,
          name: sepaText(creditor.name, 70),
        })),
      );
    }),
    { numRuns: 50, seed: 4 },
  );
});

pain001('writes accounts and names as banks want them', () => {
  const creditor = { name: '  Zoë Straße & Co ', account: sepa('fi14 1009 3000 1234 58', 'ndea fihh') };
  const transfer = { endToEndId: 'e', cents: 1n, creditor, remittance: '' };
  const xml = written(fileOf([], { transfers: [transfer] }));
  assert.equal(leaves(xml, 'Nm').at(-1), 'Zoe Strasse + Co');
  assert.equal(leaves(xml, 'IBAN').at(-1), 'FI1410093000123458');
  assert.equal(leaves(xml, 'BICFI'), ['SOGEDEFF', 'NDEAFIHH']);
});

pain001('is the same bytes for the same arguments', () => {
  assert.is(written(fileOf([1n, 2n])), written(fileOf([1n, 2n])));
});

pain001('refuses amounts, ids, dates and parties that a bank would', () => {
  assert.is(refusal(fileOf([])), 'value-out-of-range');
  assert.is(refusal(fileOf([0n])), 'value-out-of-range');
  assert.is(refusal(fileOf([TRANSFER_CENTS_MAX + 1n])), 'value-out-of-range');
  assert.is(refusal(fileOf([1n], { messageId: 'x'.repeat(36) })), 'value-out-of-range');
  assert.is(refusal(fileOf([1n], { messageId: 'ü' })), 'value-out-of-range');
  assert.is(refusal(fileOf([1n], { executionDate: '2026-02-30' })), 'value-out-of-range');
  const debtor = { ...DEBTOR, account: sepa('DE75512108001245126198') };
  assert.is(refusal(fileOf([1n], { debtor })), 'bank-details');
  const [transfer] = fileOf([1n]).transfers;
  assert.is(refusal(fileOf([], { transfers: [transfer!, transfer!] })), 'value-out-of-range');
  assert.is(refusal(fileOf([], { transfers: Array(100_001).fill(transfer) })), 'value-out-of-range');
  const creditor = { name: '中文', account: CREDITOR.account };
  assert.is(refusal(fileOf([], { transfers: [{ ...transfer!, creditor }] })), 'bank-details');
});
pain001.run();
