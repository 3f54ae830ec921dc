import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importBankFile } from '../../../broker/settler/bank/imports.ts';
import { settlePayout } from '../../../broker/settler/bank/payouts.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import { crypto, START_MS } from '../parties.ts';
import {
  achChange,
  achEntries,
  achReturns,
  type Booking,
  bookings,
  type Ordered,
  statusFile,
} from './answers.ts';
import { notification } from './iso-documents.ts';
import { bytesOf, sure } from './reading.ts';
import {
  ANN,
  type Books,
  checkBooks,
  EUR,
  earn,
  earned,
  endOf,
  filesOf,
  freshBooks,
  importText,
  inside,
  openBooks,
  outcomes,
  paidRun,
  payOut,
  setAch,
  statesOf,
  transfer,
} from './treasurer.ts';

const payouts = suite<Books>('imports of words on payouts');
payouts.before.each(freshBooks);
payouts.after.each(({ store }) => checkBooks(store));

payouts('post, void and return what the file orders, once', async ({ store }) => {
  const { ordered, message } = await paidRun(store);
  const [a, b, c] = ordered as [Ordered, Ordered, Ordered];
  const status = statusFile(message, [
    { ...a, status: 'ACSC' },
    { ...b, status: 'RJCT', reason: 'AC04' },
    { ...c, status: 'ACSP' },
  ]);
  assert.equal(await outcomes(store, status), ['booked', 'booked', 'noted']);
  assert.equal(await statesOf(store, [a.id, b.id, c.id]), ['posted', 'voided', 'pending']);
  assert.is((await transfer(store, b.id)).reason, 'AC04');
  assert.equal(await outcomes(store, status), ['known', 'known', 'noted']);
  const booked = bookings({ ...a, what: 'paid' }, { ...c, what: 'paid' }, { ...c, what: 'returned' });
  assert.equal(await outcomes(store, booked), ['known', 'booked', 'booked']);
  assert.equal(await outcomes(store, booked), ['known', 'known', 'known']);
  assert.equal(await statesOf(store, [a.id, b.id, c.id]), ['posted', 'voided', 'returned']);
});

payouts('pay an owner again after a return, under another id', async ({ store }) => {
  const { ordered, run } = await paidRun(store);
  await importText(store, bookings({ ...ordered[0]!, what: 'returned' }));
  const again = await payOut(store, { sequence: 2 });
  assert.is(again.payouts.length, 1);
  assert.is(again.payouts[0]!.nano, run.payouts[0]!.nano);
  assert.is.not(again.payouts[0]!.id, ordered[0]!.id);
});

payouts('take the narrow word before the wide one, in one file', async ({ store }) => {
  const { ordered, message } = await paidRun(store);
  const [a, b, c] = ordered as [Ordered, Ordered, Ordered];
  const file = statusFile(
    message,
    [
      { ...a, status: 'ACSP' },
      { ...b, status: 'ACSC' },
    ],
    'RJCT',
  );
  assert.equal(await outcomes(store, file), ['noted', 'booked', 'booked']);
  assert.equal(await statesOf(store, [a.id, b.id, c.id]), ['pending', 'posted', 'voided']);
});

payouts('keep a run that was sent twice', async ({ store }) => {
  const { ordered, message } = await paidRun(store);
  const twice = statusFile(
    message,
    ordered.map((one) => ({ ...one, status: 'RJCT', reason: 'DU01' })),
  );
  assert.equal(await outcomes(store, twice), ['noted', 'noted', 'noted']);
  assert.equal(
    await statesOf(
      store,
      ordered.map(({ id }) => id),
    ),
    ['pending', 'pending', 'pending'],
  );
});

payouts('post a whole message that is booked as one, if it adds up', async ({ store }) => {
  const { ordered, message } = await paidRun(store);
  const batch = (amount: string): string =>
    notification(`<Ntry><Amt Ccy="EUR">${amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
      <BookgDt><Dt>2026-11-23</Dt></BookgDt><NtryDtls><Btch><MsgId>${message}</MsgId><PmtInfId>${message}</PmtInfId>
      <NbOfTxs>3</NbOfTxs></Btch></NtryDtls></Ntry>`);
  assert.equal(await outcomes(store, batch('6.01')), ['person value-out-of-range']);
  assert.equal(await outcomes(store, statusFile(message, [{ ...ordered[0]!, status: 'RJCT' }])), ['booked']);
  const left = (600n - BigInt(ordered[0]!.amount.replace('.', ''))).toString();
  assert.equal(await outcomes(store, batch(`${left.slice(0, -2)}.${left.slice(-2)}`)), [
    'person value-out-of-range',
  ]);
  assert.equal(
    (
      await statesOf(
        store,
        ordered.map(({ id }) => id),
      )
    ).sort(),
    ['posted', 'posted', 'voided'],
  );
});

payouts('refuse what they do not know, and book the rest of the file', async ({ store }) => {
  const { ordered, message } = await paidRun(store);
  const stranger = { id: 'f'.repeat(32), amount: '1.00' };
  const file = statusFile(message, [
    { ...stranger, status: 'ACSC' },
    { ...ordered[0]!, status: 'ACSC' },
  ]);
  assert.equal(await outcomes(store, file), ['unknown status-unknown', 'booked']);
  assert.equal(await outcomes(store, statusFile('TB-00000000-2026-11-20-1', [], 'ACSC')), [
    'unknown status-unknown',
  ]);
  assert.equal(await outcomes(store, achReturns({ trace: '121042880000007', cents: 100n })), [
    'unknown status-unknown',
  ]);
});

payouts('leave contradictions, and other amounts, to a person', async ({ store }) => {
  const { ordered } = await paidRun(store);
  const [a, b] = ordered as [Ordered, Ordered];
  const before = await endOf(store);
  assert.equal(await outcomes(store, bookings({ ...a, what: 'paid', amount: '9.99' })), [
    'person value-out-of-range',
  ]);
  assert.equal(await outcomes(store, bookings({ ...a, what: 'collected' })), ['person value-out-of-range']);
  assert.equal(await endOf(store), before);
  await importText(store, bookings({ ...b, what: 'paid' }));
  const posted = await endOf(store);
  assert.equal(await outcomes(store, statusFile('M', [{ ...b, status: 'RJCT' }])), [
    'person value-out-of-range',
  ]);
  assert.equal(await endOf(store), posted);
});

payouts('say what they would do, and do nothing, on a dry run', async ({ store }) => {
  const { ordered } = await paidRun(store);
  const file = bookings(...ordered.map((one): Booking => ({ ...one, what: 'paid' })));
  const before = await endOf(store);
  assert.equal(await outcomes(store, file, { dryRun: true }), ['booked', 'booked', 'booked']);
  assert.equal(await endOf(store), before);
  assert.equal(await outcomes(store, file), ['booked', 'booked', 'booked']);
});

payouts('read a file whole or not at all', async ({ store }) => {
  const { ordered } = await paidRun(store);
  const before = await endOf(store);
  const file = bookings({ ...ordered[0]!, what: 'paid' });
  const options = { dryRun: false, apply: false };
  const torn = await importBankFile(store, bytesOf(file.slice(0, -30)), options, START_MS, crypto.sha256);
  assert.is(torn.ok ? 'read' : torn.code, 'object-malformed');
  assert.equal(await endOf(store), before);
});

payouts('void or return ACH entries by their numbers, and correct details where asked', async ({ store }) => {
  await earn(store, ANN, EUR(500), 'USD');
  const run = await payOut(store, { currency: 'USD' });
  const [{ trace } = { trace: '' }] = achEntries(filesOf(run)[0]!);
  const id = run.payouts[0]!.id;
  const change = achChange(trace, 'C01', '9876543210');
  const bank = async (): Promise<string | undefined> =>
    sure(await store.read((reader) => reader.get('owner', [[ANN.key, 'ach']])))[0]?.bank;
  assert.equal(await outcomes(store, change), ['noted']);
  assert.is(await bank(), 'ach:231380104:744-5678-99:checking');
  assert.equal(await outcomes(store, change, { apply: true }), ['booked']);
  assert.is(await bank(), 'ach:231380104:9876543210:checking');
  assert.equal(await outcomes(store, change, { apply: true }), ['known']);
  await setAch(store, ANN, 'company');
  assert.equal(await outcomes(store, achReturns({ trace, cents: 501n })), ['person value-out-of-range']);
  assert.equal(await outcomes(store, achReturns({ trace, cents: 500n })), ['booked']);
  assert.is((await transfer(store, id)).state, 'returned');
  assert.is(await earned(store, ANN, 'USD'), EUR(500));
  assert.equal(await outcomes(store, achReturns({ trace, cents: 500n })), ['known']);
});

payouts(
  'undo an ACH return that was turned away, and do it again where the other bank insists',
  async ({ store }) => {
    await earn(store, ANN, EUR(500), 'USD');
    const run = await payOut(store, { currency: 'USD' });
    const [{ trace } = { trace: '' }] = achEntries(filesOf(run)[0]!);
    const before = await inside(store, 'USD');
    const back = achReturns({ trace, cents: 500n });
    const turnedAway = achReturns({ trace, cents: 500n, reason: 'R61' });
    const insisted = achReturns({ trace, cents: 500n, reason: 'R74' });
    assert.equal(await outcomes(store, turnedAway), ['person']);
    for (const file of [back, turnedAway]) assert.equal(await outcomes(store, file), ['booked']);
    assert.equal([await inside(store, 'USD'), await earned(store, ANN, 'USD')], [before - EUR(500), 0n]);
    for (const file of [back, turnedAway]) assert.equal(await outcomes(store, file), ['known']);
    assert.equal([await inside(store, 'USD'), await earned(store, ANN, 'USD')], [before - EUR(500), 0n]);
    assert.equal(await outcomes(store, insisted), ['booked']);
    for (const file of [back, turnedAway, insisted]) assert.equal(await outcomes(store, file), ['known']);
    assert.is(await earned(store, ANN, 'USD'), EUR(500));
    // Paid again meanwhile, it cannot be taken back from its owner.
    const next = await payOut(store, { currency: 'USD', sequence: 2 });
    const [{ trace: second } = { trace: '' }] = achEntries(filesOf(next)[0]!);
    await importText(store, achReturns({ trace: second, cents: 500n }));
    await payOut(store, { currency: 'USD', sequence: 3 });
    assert.equal(await outcomes(store, achReturns({ trace: second, cents: 500n, reason: 'R61' })), [
      'person deposit-insufficient',
    ]);
  },
);

payouts('leave a correction alone that something newer was set since', async ({ store }) => {
  await earn(store, ANN, EUR(500), 'USD');
  const run = await payOut(store, { currency: 'USD' });
  const [{ trace } = { trace: '' }] = achEntries(filesOf(run)[0]!);
  const row = {
    key: ANN.key,
    scheme: 'ach',
    name: 'OWNER',
    bank: 'ach:231380104:1:checking',
    holder: 'person' as const,
  };
  await store.transact(async () => ({ changes: { put: { owner: [row] } }, value: null }));
  assert.equal(await outcomes(store, achChange(trace, 'C01', '9876543210'), { apply: true }), ['person']);
  assert.is(run.payouts.length, 1);
});

const SEED = 20261120;
console.log(`imports: seed ${SEED}`);

/** What a bank may say of one payment that it moved, and of one that it refused; the last alone decides. */
const STORIES: readonly (readonly Booking['what'][])[] = [[], ['paid'], ['paid', 'returned'], ['returned']];

payouts('come to the same books in any order, however often; money is conserved', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(...STORIES, 'RJCT' as const))),
      fc.infiniteStream(fc.nat()),
      async (stories, random) => {
        const ends: unknown[] = [];
        for (let round = 0; round < 2; round++) {
          const store = openMemoryStore();
          await openBooks(store);
          const { run, ordered, message } = await paidRun(store);
          const before = await inside(store);
          const files = ordered.flatMap((one, i) => {
            const story = stories[i]!;
            return story === 'RJCT'
              ? [statusFile(message, [{ ...one, status: 'RJCT' }])]
              : [
                  statusFile(message, [{ ...one, status: 'ACSP' }]),
                  ...story.map((what) => bookings({ ...one, what })),
                ];
          });
          // Once in the order of the bank; then in any order, some of them again.
          const order =
            round === 0
              ? files
              : [...files, ...files.filter(() => random.next().value % 2 === 0)]
                  .map((file) => ({ file, at: random.next().value }))
                  .sort((a, b) => a.at - b.at)
                  .map(({ file }) => file);
          for (const file of order) await importText(store, file);
          const rows = await Promise.all(run.payouts.map(({ id }) => transfer(store, id)));
          const posted = rows.filter(({ state }) => state === 'posted');
          assert.is(await inside(store), before - posted.reduce((sum, { nano }) => sum + nano, 0n));
          await checkBooks(store);
          ends.push(await endOf(store));
        }
        assert.equal(ends[0], ends[1]);
      },
    ),
    { seed: SEED, numRuns: 40 },
  );
});
payouts.run();

const settled = suite<Books>('settle');
settled.before.each(freshBooks);
settled.after.each(({ store }) => checkBooks(store));

settled('says what a bank without files said, with its reason', async ({ store }) => {
  const { run, ordered } = await paidRun(store);
  const id = ordered[0]!.id;
  const settle = async (word: 'posted' | 'voided' | 'returned', reason: string | null = null) => {
    const done = await settlePayout(store, run.run.id, id, word, START_MS, crypto.sha256, reason);
    return done.ok ? `${done.value.state} ${done.value.reason}` : done.code;
  };
  assert.is(await settle('posted'), 'posted null');
  assert.is(await settle('returned', 'AC04 closed'), 'returned AC04 closed');
  assert.is(await settle('returned', 'again'), 'returned AC04 closed');
  assert.is(await settle('posted'), 'returned AC04 closed');
  const other = await settlePayout(store, '2026-11-20-9', id, 'posted', START_MS, crypto.sha256);
  assert.is(other.ok ? 'ok' : other.code, 'payout-unknown');
});
settled.run();
