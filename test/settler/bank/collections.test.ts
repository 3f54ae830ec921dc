import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bookDeposit } from '../../../broker/settler/bank/deposits.ts';
import { finalise, finaliseDaily } from '../../../broker/settler/bank/finality.ts';
import { setMandate } from '../../../broker/settler/bank/mandates.ts';
import { readNacha } from '../../../broker/settler/bank/nacha-reader.ts';
import { messageIdOf } from '../../../broker/settler/bank/runs.ts';
import { setGuarantee } from '../../../broker/settler/credit/guarantees.ts';
import { DEFAULT_LIMITS, RETURN_PERIODS } from '../../../broker/settler/settings.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import { toHex } from '../../../schemas/bytes.ts';
import { balanceOf } from '../balance.ts';
import {
  claimRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  ROOT,
  START_MS,
  UNIT,
} from '../parties.ts';
import { achEntries, achReturns, bookings, type Ordered, orderedIn, statusFile } from './answers.ts';
import { blockStatus, statusReport } from './iso-documents.ts';
import { invalidities, lintMissing } from './lint.ts';
import { bytesOf, leaves, sure } from './reading.ts';
import {
  ANN,
  BEA,
  CARL,
  checkBooks,
  collect,
  deposited,
  EUR,
  earned,
  endOf,
  filesOf,
  held,
  importText,
  openBooks,
  outcomes,
  putMeta,
  setSepa,
  transfer,
} from './treasurer.ts';

const MESSAGE = 'pain.008.001.08';
const reason = lintMissing(MESSAGE);
if (reason !== undefined) console.log(`skip: ${reason}`);

/** The settler has been there since a day and a bit, or since `sinceMs`. */
const served = (store: Store, atMs: number, sinceMs = atMs - DAY_MS - 1): Promise<unknown> =>
  putMeta(store, [{ name: 'intake', value: `00-ff ${sinceMs} ${atMs}` }]);

const collections = suite<{ store: Store }>('collections');
collections.before.each(async (context) => {
  context.store = openMemoryStore();
  await openBooks(context.store);
});
collections.after.each(({ store }) => checkBooks(store));

const NINE_WEEKS_MS = 63 * DAY_MS;

/** 50 euro from Ann, and what its file orders. */
const fifty = async (store: Store, sequence = 1): Promise<{ file: string; one: Ordered }> => {
  const run = sure(await collect(store, { owner: ANN.key, nano: EUR(5000) }, { sequence }));
  const [file] = filesOf(run);
  return { file: file!, one: orderedIn(file!)[0]! };
};

const codeOf = async (asked: ReturnType<typeof collect>): Promise<string> => {
  const made = await asked;
  return made.ok ? 'made' : made.code;
};

collections(
  'are pain.008, the first of a mandate and then others, and the same file again',
  async ({ store }) => {
    const { file } = await fifty(store);
    const again = await fifty(store);
    assert.is(again.file, file);
    const { file: second } = await fifty(store, 2);
    assert.equal([leaves(file, 'SeqTp'), leaves(second, 'SeqTp')], [['FRST'], ['RCUR']]);
    assert.equal(leaves(file, 'MndtId'), [`M-${toHex(ANN.key.subarray(0, 4))}`]);
    assert.equal(leaves(file, 'CtrlSum'), ['50.00', '50.00']);
    assert.equal(leaves(file, 'MsgId'), [messageIdOf(ROOT.key, 'C-2026-11-20-1')]);
    if (reason === undefined) assert.is(invalidities(MESSAGE, [file, second]), '');
    assert.is(await codeOf(collect(store, { owner: ANN.key, nano: EUR(1) })), 'reference-reused');
    assert.is(await codeOf(collect(store, { owner: BEA.key, nano: EUR(5000) })), 'reference-reused');
  },
);

collections(
  'are held when the bank has them, and a deposit when nobody can take them back',
  async ({ store }) => {
    const { one } = await fifty(store);
    assert.equal([await held(store, ANN), await deposited(store, ANN)], [0n, 0n]);
    assert.equal(await outcomes(store, bookings({ ...one, what: 'collected' })), ['booked']);
    assert.equal([await held(store, ANN), await deposited(store, ANN)], [EUR(5000), 0n]);
    const early = START_MS + RETURN_PERIODS.sepaMs - 1;
    assert.is(sure(await finalise(store, early, crypto.sha256)), 0);
    assert.is(sure(await finalise(store, early + 1, crypto.sha256)), 1);
    assert.equal([await held(store, ANN), await deposited(store, ANN)], [0n, EUR(5000)]);
    assert.is(sure(await finalise(store, early + 2, crypto.sha256)), 0);
    assert.is((await transfer(store, one.id)).state, 'final');
    assert.equal(await outcomes(store, bookings({ ...one, what: 'collected' })), ['known']);
  },
);

collections('back no grant while they are held', async ({ store }) => {
  const { one } = await fifty(store);
  await importText(store, bookings({ ...one, what: 'collected' }));
  const open = openOf({ payer: ANN, limitNano: UNIT, expiryS: START_MS / 1000 + 100 * 86_400 });
  const before = await houseOver(store);
  assert.is((await before.ask(openRequest(open), undefined, ANN)).code, 'deposit-insufficient');
  await before.settler.close();
  await served(store, START_MS + NINE_WEEKS_MS);
  const later = await houseOver(store, {}, { nowMs: () => START_MS + NINE_WEEKS_MS });
  assert.is((await later.ask(openRequest(open), undefined, ANN)).code, undefined);
  await later.settler.close();
});

collections('are taken back while held, or voided, and nothing is left of them', async ({ store }) => {
  const { one } = await fifty(store);
  await importText(store, bookings({ ...one, what: 'collected' }));
  assert.equal(await outcomes(store, bookings({ ...one, what: 'taken back', reason: 'MD06' })), ['booked']);
  assert.is((await transfer(store, one.id)).reason, 'MD06');
  const { one: second } = await fifty(store, 2);
  assert.equal(await outcomes(store, statusFile('M', [{ ...second, status: 'RJCT', reason: 'AC04' }])), [
    'booked',
  ]);
  const { balances, transfers } = await endOf(store);
  assert.equal(balances, []);
  assert.equal(transfers.map((text) => text.split(' ')[1]).sort(), ['returned', 'voided']);
  assert.is(sure(await finalise(store, START_MS + NINE_WEEKS_MS, crypto.sha256)), 0);
});

collections('that are taken back after they were final are owed', async ({ store }) => {
  const { one } = await fifty(store);
  await importText(store, bookings({ ...one, what: 'collected' }));
  sure(await finalise(store, START_MS + NINE_WEEKS_MS, crypto.sha256));
  const late = bookings({ ...one, what: 'taken back', reason: 'MD01' });
  assert.equal(await outcomes(store, late), ['booked']);
  assert.equal(await outcomes(store, late), ['known']);
  assert.is(await deposited(store, ANN), EUR(5000));
  assert.is(await balanceOf(store, `owed/settler/${toHex(ANN.key)}`), EUR(5000));
});

collections('come to the same where the return comes before the booking', async ({ store }) => {
  const { one } = await fifty(store);
  const [booked, back] = [bookings({ ...one, what: 'collected' }), bookings({ ...one, what: 'taken back' })];
  assert.equal(await outcomes(store, back), ['booked']);
  assert.equal(await outcomes(store, booked), ['known']);
  assert.equal((await endOf(store)).balances, []);
});

collections('need a mandate, an account, whole cents and a fresh journal', async ({ store }) => {
  assert.is(await codeOf(collect(store, { owner: OTHER.key, nano: EUR(1) })), 'bank-details');
  sure(await setMandate(store, OTHER.key, { id: 'M-9', signedDate: '2026-11-19' }, '2026-11-20'));
  assert.is(await codeOf(collect(store, { owner: OTHER.key, nano: EUR(1) })), 'bank-details');
  await setSepa(store, OTHER);
  for (const nano of [0n, -1n, EUR(1) + 1n]) {
    assert.is(await codeOf(collect(store, { owner: OTHER.key, nano })), 'value-out-of-range');
  }
  const early = { period: '2026-11-18', executionDate: '2026-11-18' };
  assert.is(await codeOf(collect(store, { owner: OTHER.key, nano: EUR(1) }, early)), 'value-out-of-range');
  assert.equal((await endOf(store)).balances, []);
  await putMeta(store, [{ name: 'stale', value: 'a receipt is newer' }]);
  assert.is(await codeOf(collect(store, { owner: OTHER.key, nano: EUR(1) })), 'journal-stale');
  await putMeta(store, [{ name: 'stale', value: '' }]);
  assert.is(await codeOf(collect(store, { owner: OTHER.key, nano: EUR(1) })), 'made');
});

collections('rest on a mandate of the past, and begin anew with another', async ({ store }) => {
  const set = async (id: string, signedDate: string): Promise<string | number> => {
    const done = await setMandate(store, ANN.key, { id, signedDate }, '2026-11-20');
    return done.ok ? done.value.collections : done.code;
  };
  await fifty(store);
  assert.is(await set(`M-${toHex(ANN.key.subarray(0, 4))}`, '2026-11-01'), 1);
  assert.is(await set('M-2', '2026-11-02'), 0);
  assert.equal(leaves((await fifty(store, 2)).file, 'SeqTp'), ['FRST']);
  assert.is(await set('M 3', '2026-11-02'), 'value-out-of-range');
  assert.is(await set('M-3', '2026-11-21'), 'value-out-of-range');
  assert.is(await set('M-3', '20.11.2026'), 'value-out-of-range');
});

/** Owes so many units that the settler stood in for. */
const owe = async (store: Store, units: number, debtor = ANN, nonce = 1): Promise<void> => {
  const line = { debtor: debtor.key, currency: 'EUR', limitNano: BigInt(100 * UNIT), expiryS: 0 };
  sure(await setGuarantee(store, line, START_MS, crypto.sha256));
  const house = await houseOver(store);
  const channel = openOf({ payer: debtor, payee: CARL, limitNano: units * UNIT, nonce });
  assert.is((await house.ask(openRequest(channel), undefined, debtor)).code, undefined);
  assert.is((await house.ask(claimRequest(channel, evidenceFor(channel, 1, units * UNIT)))).code, undefined);
  await house.settler.close();
};

collections('of debts ask each for what it owes beyond what it has or has coming', async ({ store }) => {
  await owe(store, 7);
  await owe(store, 3, OTHER, 2);
  const deposit = { owner: ANN.key, currency: 'EUR', nano: EUR(150), reference: 'D-1' };
  sure(await bookDeposit(store, deposit, START_MS, crypto.sha256));
  const run = sure(await collect(store, 'debtors'));
  assert.equal(
    run.payouts.map(({ owner, nano }) => [toHex(owner), nano]),
    [[toHex(ANN.key), EUR(550)]],
  );
  assert.equal(run.waiting, [`coming/${toHex(OTHER.key)}`]);
  // What is coming is not asked for again, nor what is held.
  assert.equal(sure(await collect(store, 'debtors', { sequence: 2 })).payouts, []);
  await importText(store, bookings({ ...orderedIn(filesOf(run)[0]!)[0]!, what: 'collected' }));
  assert.equal(sure(await collect(store, 'debtors', { sequence: 2 })).payouts, []);
  assert.is(await earned(store, CARL), EUR(1000));
});

collections('are voided by the block of their file, first ones apart from others', async ({ store }) => {
  await fifty(store);
  await owe(store, 70, ANN);
  await owe(store, 7, BEA, 2);
  const run = sure(await collect(store, 'debtors', { sequence: 2 }));
  const [file] = filesOf(run);
  const [first, other] = leaves(file!, 'PmtInfId');
  assert.equal(leaves(file!, 'SeqTp'), ['FRST', 'RCUR']);
  const idOf = (owner: typeof ANN): string =>
    run.payouts.find((row) => toHex(row.owner) === toHex(owner.key))!.id;
  assert.equal(await outcomes(store, statusReport(null, blockStatus(first!, 'RJCT'))), ['booked']);
  assert.equal(
    [(await transfer(store, idOf(BEA))).state, (await transfer(store, idOf(ANN))).state],
    ['voided', 'pending'],
  );
  assert.equal(await outcomes(store, statusReport(null, blockStatus(other!, 'ACSC'))), ['booked']);
  assert.equal(
    [(await transfer(store, idOf(BEA))).state, (await transfer(store, idOf(ANN))).state],
    ['voided', 'posted'],
  );
  assert.equal(await outcomes(store, statusReport(null, blockStatus(`${other}9`, 'ACSC'))), [
    'unknown status-unknown',
  ]);
});

collections('in dollars are NACHA debits that stand when nothing comes back', async ({ store }) => {
  const dollars = { currency: 'USD' };
  const run = sure(await collect(store, { owner: ANN.key, nano: EUR(5000) }, dollars));
  assert.is(run.run.id, 'C-2026-11-20-1-USD');
  const [file] = filesOf(run);
  const [batch] = readNacha(bytesOf(file!)).batches;
  assert.equal([batch!.sec, batch!.serviceClass, batch!.description], ['PPD', '225', 'COLLECTION']);
  const dueMs = Date.parse(run.run.executionDate) + RETURN_PERIODS.achSettledMs;
  assert.is(sure(await finalise(store, dueMs - 1, crypto.sha256)), 0);
  assert.is(sure(await finalise(store, dueMs, crypto.sha256)), 1);
  assert.is(await held(store, ANN, 'USD'), EUR(5000));
  assert.is(sure(await finalise(store, dueMs + RETURN_PERIODS.achMs, crypto.sha256)), 1);
  assert.is(await deposited(store, ANN, 'USD'), EUR(5000));
});

collections('in dollars come back by the numbers of their entries', async ({ store }) => {
  const run = sure(await collect(store, { owner: CARL.key, nano: EUR(5000) }, { currency: 'USD' }));
  const [{ trace } = { trace: '' }] = achEntries(filesOf(run)[0]!);
  const back = achReturns({ trace, cents: 5000n, reason: 'R01', debit: true });
  assert.equal(await outcomes(store, back), ['booked']);
  assert.is((await transfer(store, run.payouts[0]!.id)).state, 'returned');
  assert.equal((await endOf(store)).balances, []);
});
collections.run();

const finality = suite('finality');

const sweptAt = async (store: Store, atMs: number): Promise<void> => {
  const house = await houseOver(store, {}, { nowMs: () => atMs });
  await house.settler.close();
};

finality('passes once a day, by the sweep of whoever comes first, and not over a stale journal', async () => {
  const store = openMemoryStore();
  await openBooks(store);
  const run = sure(await collect(store, { owner: ANN.key, nano: EUR(100) }, { currency: 'USD' }));
  const later = START_MS + 100 * DAY_MS;
  await putMeta(store, [{ name: 'stale', value: 'a receipt is newer' }]);
  const refused = await finalise(store, later, crypto.sha256);
  assert.is(refused.ok ? 'ok' : refused.code, 'journal-stale');
  const daily = async (atMs: number): Promise<number> =>
    sure(await finaliseDaily(store, atMs, DEFAULT_LIMITS.intakeGapMs, crypto.sha256));
  await served(store, later);
  assert.is(await daily(later), 0);
  await putMeta(store, [{ name: 'stale', value: '' }]);
  await sweptAt(store, later);
  assert.is((await transfer(store, run.payouts[0]!.id)).state, 'posted');
  await served(store, later + 70 * DAY_MS);
  assert.is(await daily(later + 70 * DAY_MS), 1);
  const [row] = sure(await store.read((reader) => reader.get('run', [[run.run.id]])));
  assert.is(row!.over, true);
  await served(store, later + 71 * DAY_MS);
  assert.is(await daily(later + 71 * DAY_MS), 0);
  await checkBooks(store);
});

finality(
  'is not brought about by a clock that leaps ahead, nor by the first hours after downtime',
  async () => {
    const store = openMemoryStore();
    await openBooks(store);
    const run = sure(await collect(store, { owner: ANN.key, nano: EUR(100) }, { currency: 'USD' }));
    const stateAt = async (atMs: number): Promise<string> => {
      await sweptAt(store, atMs);
      return (await transfer(store, run.payouts[0]!.id)).state;
    };
    const later = START_MS + 100 * DAY_MS;
    assert.is(await stateAt(later), 'pending');
    await served(store, later + DAY_MS - 1000, later);
    assert.is(await stateAt(later + DAY_MS - 1000), 'pending', 'not yet a day since the leap');
    await served(store, later + 3 * DAY_MS);
    assert.is(await stateAt(later + 3 * DAY_MS), 'posted');
    await checkBooks(store);
  },
);
finality.run();
