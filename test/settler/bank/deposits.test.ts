import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { giveReference } from '../../../broker/settler/bank/deposit-reference.ts';
import { bookDeposit } from '../../../broker/settler/bank/deposits.ts';
import { importBankFile } from '../../../broker/settler/bank/imports.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import { didKey } from '../../../schemas/identity.ts';
import { refuse } from '../../../schemas/result.ts';
import { crypto, OTHER, START_MS } from '../parties.ts';
import { paidIn } from './answers.ts';
import { accountStatement, notification } from './iso-documents.ts';
import { bytesOf, sure } from './reading.ts';
import {
  ANN,
  BEA,
  type Books,
  checkBooks,
  deposited,
  EUR,
  freshBooks,
  inside,
  outcomes,
  paidRun,
  statesOf,
} from './treasurer.ts';

const deposits = suite<Books>('imports of deposits');
deposits.before.each(freshBooks);
deposits.after.each(({ store }) => checkBooks(store));

const reference = async (store: Store, owner = ANN): Promise<string> =>
  sure(await giveReference(store, owner.key, crypto.sha256));

deposits('go to the owner whose reference the payer wrote, however it was typed', async ({ store }) => {
  const given = await reference(store);
  assert.match(given, /^TB(?:-[0-9A-HJKMNP-TV-Z]{4}){4}$/);
  assert.is(await reference(store), given);
  const typed = [
    given,
    given.toLowerCase(),
    given.replace(/-/g, ''),
    `Deposit, ${given.replace(/-/g, ' ')} thank you`,
    given.replace(/0/g, 'O').replace(/1/g, 'l'),
  ];
  for (const [i, text] of typed.entries()) {
    assert.equal(await outcomes(store, notification(paidIn('10.00', text, `IN-${i}`))), ['booked'], text);
  }
  assert.is(await deposited(store, ANN), EUR(1000) * BigInt(typed.length));
});

deposits('are booked once, told by a notification and by a statement', async ({ store }) => {
  const entry = paidIn('10.00', await reference(store));
  assert.equal(await outcomes(store, notification(entry)), ['booked']);
  assert.equal(await outcomes(store, accountStatement(entry)), ['known']);
  assert.equal(await outcomes(store, accountStatement(entry, 'camt.053.001.02'.replace('02', '04'))), [
    'known',
  ]);
  assert.is(await deposited(store, ANN), EUR(1000));
});

deposits('of one reference are two where day or amount differ', async ({ store }) => {
  const text = await reference(store);
  assert.equal(await outcomes(store, notification(paidIn('10.00', text))), ['booked']);
  assert.equal(await outcomes(store, notification(paidIn('10.01', text))), ['booked']);
  const other = notification(paidIn('10.00', text)).replace(
    /2026-11-20<\/Dt><\/BookgDt>/g,
    '2026-11-21</Dt></BookgDt>',
  );
  assert.equal(await outcomes(store, other), ['booked']);
  // In one file the second of a reference is numbered by the reader.
  const both = notification(paidIn('5.00', text, 'SAME') + paidIn('5.00', text, 'SAME'));
  assert.equal(await outcomes(store, both), ['booked', 'booked']);
  assert.equal(await outcomes(store, both), ['known', 'known']);
});

deposits('by did:key are those of owners who are known', async ({ store }) => {
  assert.equal(await outcomes(store, notification(paidIn('1.00', `for ${didKey(BEA.key)}`))), ['booked']);
  assert.equal(await outcomes(store, notification(paidIn('1.00', didKey(OTHER.key), 'IN-2'))), [
    'unknown status-unknown',
  ]);
  await reference(store, OTHER);
  assert.equal(await outcomes(store, notification(paidIn('1.00', didKey(OTHER.key), 'IN-2'))), ['booked']);
  assert.is(await deposited(store, OTHER), EUR(100));
});

deposits('are never guessed', async ({ store }) => {
  const [ann, bea] = [await reference(store, ANN), await reference(store, BEA)];
  const slip = ann.slice(0, -1) + (ann.endsWith('7') ? '8' : '7');
  const before = await inside(store);
  const codes = [
    [paidIn('1.00', 'rent'), 'unknown status-unknown'],
    [paidIn('1.00', slip), 'unknown status-unknown'],
    [paidIn('1.00', `${ann} ${bea}`), 'person'],
    [paidIn('1.00', ann, ''), 'person'],
  ] as const;
  for (const [entry, outcome] of codes) assert.equal(await outcomes(store, notification(entry)), [outcome]);
  const elsewhere = notification(paidIn('1.00', ann)).replace('DE75512108001245126199', 'FI1410093000123458');
  assert.equal(await outcomes(store, elsewhere), ['person']);
  assert.is(await inside(store), before);
});

deposits("are no payout's return because their payer chose its id", async ({ store }) => {
  const { ordered } = await paidRun(store);
  const file = notification(paidIn(ordered[0]!.amount, 'back to you', 'IN-1', ordered[0]!.id));
  assert.equal(await outcomes(store, file), ['unknown status-unknown']);
  assert.equal(await statesOf(store, [ordered[0]!.id]), ['pending']);
});
deposits('that a person booked under the reference of the bank are known', async ({ store }) => {
  const given = await reference(store);
  const book = async (nano: bigint, name: string) =>
    sure(
      await bookDeposit(
        store,
        { owner: ANN.key, currency: 'EUR', nano, reference: name },
        START_MS,
        crypto.sha256,
      ),
    );
  await book(EUR(500), 'IN-1');
  assert.equal(await outcomes(store, notification(paidIn('5.00', given))), ['known']);
  assert.equal(await outcomes(store, notification(paidIn('5.00', 'rent'))), ['known']);
  assert.equal(await outcomes(store, notification(paidIn('5.01', given))), ['booked']);
  assert.is(await deposited(store, ANN), EUR(1001));
});

deposits(
  'that were booked before the disk was full are told, and known when the file comes again',
  async ({ store }) => {
    const given = await reference(store);
    const before = await deposited(store, ANN);
    const entries = Array.from({ length: 250 }, (_, i) => paidIn('1.00', given, `MANY-${i}`));
    const file = bytesOf(notification(entries.join('')));
    let groups = 0;
    const filling: Store = {
      ...store,
      transact: async (work) =>
        ++groups > 1 ? refuse('storage-full', 'nothing was written') : store.transact(work),
    };
    const plain = { dryRun: false, apply: false };
    const refused = await importBankFile(filling, file, plain, START_MS, crypto.sha256);
    assert.match(
      refused.ok ? '' : refused.detail,
      /; the first 200 of the file's 250 facts are booked: import it/,
    );
    const { lines } = sure(await importBankFile(store, file, plain, START_MS, crypto.sha256));
    assert.is(lines.filter(({ outcome }) => outcome === 'known').length, 200);
    assert.is(await deposited(store, ANN), before + 250n * EUR(100));
  },
);
deposits.run();
