import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TRANSFER_CENTS_MAX } from '../../../broker/settler/bank/cents.ts';
import {
  type Collection,
  type DirectDebits,
  type SequenceType,
  writePain008,
} from '../../../broker/settler/bank/pain008.ts';
import { amounts, days, moments, sepaParties, texts } from './arbitraries.ts';
import { invalidities, lintMissing } from './lint.ts';
import { leaves, sure } from './reading.ts';

const MESSAGE = 'pain.008.001.08';
const reason = lintMissing(MESSAGE);

const sepa = (iban: string, bic: string | null = null) => ({ scheme: 'sepa' as const, iban, bic });
const CREDITOR = { name: 'Tollbridge Settler', account: sepa('DE75512108001245126199', 'SOGEDEFF') };
const DEBTOR = { name: 'Reader of Weather', account: sepa('FI1410093000123458') };

const collection = (id: string, more: Partial<Collection> = {}): Collection => ({
  endToEndId: id,
  cents: 100n,
  debtor: DEBTOR,
  mandate: { id: `M-${id}`, signedDate: '2026-11-01' },
  sequence: 'RCUR',
  collectionDate: '2026-11-25',
  remittance: 'Readings',
  ...more,
});

const fileOf = (collections: readonly Collection[], more: Partial<DirectDebits> = {}): DirectDebits => ({
  messageId: 'TB-01020304-2026-11-20-1',
  createdMs: Date.UTC(2026, 10, 20, 12, 30),
  creditor: CREDITOR,
  creditorId: 'DE98ZZZ09999999999',
  collections,
  ...more,
});

const written = (file: DirectDebits): string => sure(writePain008(file));
const refusal = (...collections: readonly Collection[]): string => {
  const result = writePain008(fileOf(collections));
  return result.ok ? 'written' : result.code;
};
const centsOf = (text: string): bigint => BigInt(text.replace('.', ''));

const SEQUENCES: readonly SequenceType[] = ['FRST', 'RCUR', 'OOFF', 'FNAL'];
const files = fc.record({
  messageId: fc.constant('C 1'),
  createdMs: moments,
  creditor: sepaParties,
  creditorId: fc.constantFrom('DE98ZZZ09999999999', 'at61 zzz0 1234 567890'),
  collections: fc
    .array(
      fc.record({
        cents: amounts,
        debtor: sepaParties,
        remittance: texts,
        sequence: fc.constantFrom(...SEQUENCES),
        collectionDate: fc.constantFrom('2076-01-01', '2076-01-02'),
        signedDate: days,
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((list) =>
      list.map(({ signedDate, ...rest }, i) => ({
        ...rest,
        endToEndId: `e/${i}`,
        mandate: { id: `m:${i}`, signedDate },
      })),
    ),
});

const pain008 = suite('pain.008');

pain008('is valid against the schema of ISO 20022, whatever it is about', () => {
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  const seed = 20261120;
  const documents = fc.sample(files, { numRuns: 150, seed }).map(written);
  assert.is(invalidities(MESSAGE, documents), '', `seed ${seed}`);
});

pain008('is refused by the schema where it is not what it should be, so the check can fail', () => {
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  const wrong = written(fileOf([collection('a')])).replace('<SeqTp>RCUR', '<SeqTp>ONCE');
  assert.match(invalidities(MESSAGE, [wrong]), /SeqTp/);
});

pain008('has a block for each date and sequence type, the earliest first, each with its own sums', () => {
  const xml = written(
    fileOf([
      collection('a', { collectionDate: '2026-11-26', cents: 1n }),
      collection('b', { sequence: 'FRST', cents: 2n }),
      collection('c', { cents: 3n }),
      collection('d', { sequence: 'FNAL', cents: 4n }),
      collection('e', { cents: 5n }),
    ]),
  );
  assert.equal(leaves(xml, 'EndToEndId'), ['b', 'c', 'e', 'd', 'a']);
  assert.equal(leaves(xml, 'SeqTp'), ['FRST', 'RCUR', 'FNAL', 'RCUR']);
  assert.equal(leaves(xml, 'CtrlSum'), ['0.15', '0.02', '0.08', '0.04', '0.01']);
  assert.equal(leaves(xml, 'NbOfTxs'), ['5', '1', '2', '1', '1']);
  assert.equal(
    leaves(xml, 'PmtInfId'),
    [1, 2, 3, 4].map((number) => `TB-01020304-2026-11-20-1-${number}`),
  );
});

pain008('sums exactly, in the header what the blocks sum to', () => {
  fc.assert(
    fc.property(files, (file) => {
      const xml = written(file);
      const [whole, ...blocks] = leaves(xml, 'CtrlSum').map(centsOf);
      const sum = file.collections.reduce((total, { cents }) => total + cents, 0n);
      assert.is(whole, sum);
      assert.is(
        blocks.reduce((total, cents) => total + cents, 0n),
        sum,
      );
      assert.is(written(file), xml);
    }),
    { numRuns: 40, seed: 7 },
  );
});

pain008('refuses what a bank would', () => {
  assert.is(refusal(), 'value-out-of-range');
  assert.is(refusal(collection('a', { cents: 0n })), 'value-out-of-range');
  assert.is(refusal(collection('a', { cents: TRANSFER_CENTS_MAX + 1n })), 'value-out-of-range');
  for (const id of ['', 'a b', 'x'.repeat(36), 'ä']) {
    const mandate = { id, signedDate: '2026-11-01' };
    assert.is(refusal(collection('a', { mandate })), 'value-out-of-range', id);
  }
  assert.is(
    refusal(collection('a', { mandate: { id: 'm', signedDate: '2026-13-01' } })),
    'value-out-of-range',
  );
  assert.is(refusal(collection('a', { collectionDate: '2026-11-31' })), 'value-out-of-range');
  assert.is(refusal(collection('a', { sequence: 'ONCE' as SequenceType })), 'value-out-of-range');
  assert.is(
    refusal(collection('a', { debtor: { ...DEBTOR, account: sepa('FI1410093000123459') } })),
    'bank-details',
  );
});

pain008('refuses to collect before it was permitted', () => {
  assert.is(refusal(collection('a', { collectionDate: '2026-11-01' })), 'written');
  assert.is(refusal(collection('a', { collectionDate: '2026-10-31' })), 'value-out-of-range');
});

pain008(
  'refuses one mandate of two debtors or signatures, and a second first, last or only collection',
  () => {
    const mandate = { id: 'M', signedDate: '2026-11-01' };
    const first = collection('a', { mandate });
    assert.is(refusal(first, collection('b', { mandate })), 'written');
    const other = { ...DEBTOR, account: sepa('DE75512108001245126199') };
    assert.is(refusal(first, collection('b', { mandate, debtor: other })), 'value-out-of-range');
    const later = { id: 'M', signedDate: '2026-11-02' };
    assert.is(refusal(first, collection('b', { mandate: later })), 'value-out-of-range');
    for (const sequence of ['FRST', 'FNAL', 'OOFF'] as const) {
      const twice = ['a', 'b'].map((id) => collection(id, { mandate, sequence }));
      assert.is(refusal(...twice), 'value-out-of-range', sequence);
    }
    assert.is(
      refusal(collection('a', { mandate, sequence: 'FRST' }), collection('b', { mandate })),
      'written',
    );
  },
);

pain008(
  'refuses a wrong creditor, and a message id that leaves no room for the numbers of its blocks',
  () => {
    const code = (more: Partial<DirectDebits>) => {
      const result = writePain008(fileOf([collection('a')], more));
      return result.ok ? 'written' : result.code;
    };
    assert.is(code({ creditorId: 'DE98ZZZ09999999998' }), 'bank-details');
    assert.is(code({ creditor: { ...CREDITOR, name: '' } }), 'bank-details');
    assert.is(code({ messageId: 'x'.repeat(33) }), 'written');
    assert.is(code({ messageId: 'x'.repeat(34) }), 'value-out-of-range');
    assert.is(code({ messageId: '' }), 'value-out-of-range');
  },
);
pain008.run();
