import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NOTES, resumeStore } from '../../broker/settler/backup/resume.ts';
import { restoringMeta } from '../../broker/settler/backup/stale.ts';
import { auditStore } from '../../broker/settler/reports/audit.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { createSettler } from '../../broker/settler/settler.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { toHex } from '../../schemas/bytes.ts';
import { signReceipt } from '../../schemas/receipt.ts';
import { must } from '../world/deal.ts';
import {
  codeOf,
  type Forgetting,
  forgetful,
  forgetting,
  freshness,
  highWaterIn,
  lengthOf,
  pay,
  presentRequest,
  receiptIn,
} from './forgetful.ts';
import {
  claimRequest,
  closeRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  queryRequest,
  ROOT,
  START_MS,
  START_S,
  UNIT,
} from './parties.ts';

/** A day of which the second half is forgotten: two channels, one of them opened in it. */
const forgottenDay = async ({ store, house, folder }: Forgetting) => {
  const [kept, lost] = [openOf({ nonce: 1 }), openOf({ nonce: 2, payer: OTHER, expiryS: START_S + 3600 })];
  await house.ask(openRequest(kept));
  await house.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT)));
  const rows = await lengthOf(store);
  await house.deposit(10, 'BANK-2', OTHER);
  await house.ask(openRequest(lost));
  const receipts = [
    await house.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 20)), kept),
    await house.ask(claimRequest(lost, evidenceFor(lost, 1, 2 * UNIT)), lost),
  ].map(receiptIn);
  const copy = await forgetful(store, rows, folder);
  return { kept, lost, keptReceipt: receipts[0]!, lostReceipt: receipts[1]!, copy };
};

const present = forgetting(suite<Forgetting>('a receipt that is presented'));

present('and not reached by the journal stops payouts', async (context) => {
  const { kept, keptReceipt, copy } = await forgottenDay(context);
  const house = await houseOver(copy);
  assert.ok((await freshness(copy)).ok);
  assert.is((await house.ask(presentRequest(kept, keptReceipt))).code, 'journal-stale');
  const fresh = await freshness(copy);
  assert.match(
    fresh.ok ? '' : fresh.detail,
    /^a receipt of row \d+ was shown, .*; 1 channels wait for their parties/,
  );
  assert.is(codeOf(await pay(copy)), 'journal-stale');
  await house.settler.close();
});

present('and reached by the journal is answered with the newest', async (context) => {
  const { kept, keptReceipt } = await forgottenDay(context);
  await context.house.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 30)));
  const { receipt } = await context.house.ask(presentRequest(kept, keptReceipt), kept);
  assert.is(receipt?.paidNano, UNIT + 30_000);
  assert.ok((await freshness(context.store)).ok);
});

present('and not signed by this settler says nothing', async (context) => {
  const { kept, copy } = await forgottenDay(context);
  const house = await houseOver(copy);
  const said = { issuedS: START_S, paidNano: 3 * UNIT, limitNano: 5 * UNIT, final: false, journalIndex: 99 };
  const forged = signReceipt(kept.id, said, { signer: PAYEE, certificate: null });
  assert.is((await house.ask(presentRequest(kept, forged))).code, 'signature-invalid');
  const foreign = signReceipt(new Uint8Array(32), said, { signer: ROOT, certificate: null });
  assert.is((await house.ask(presentRequest(kept, foreign))).code, 'signature-invalid');
  assert.ok((await freshness(copy)).ok);
  await house.settler.close();
});

present('keeps every receipt of less from being signed', async (context) => {
  const { kept, keptReceipt, copy } = await forgottenDay(context);
  const house = await houseOver(copy);
  await house.ask(presentRequest(kept, keptReceipt));
  assert.is((await house.ask(queryRequest(kept))).code, 'journal-stale');
  assert.is((await house.ask(presentRequest(kept, keptReceipt))).code, 'journal-stale');
  assert.is((await house.ask(closeRequest(kept, UNIT, PAYEE))).code, 'journal-stale');
  assert.is((await house.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 5)))).code, 'journal-stale');
  const { receipt } = await house.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 20)), kept);
  assert.is(receipt?.paidNano, UNIT + 20_000);
  assert.is((await house.ask(queryRequest(kept), kept)).receipt?.paidNano, UNIT + 20_000);
  await house.settler.close();
});

present('in one batch with other requests counts for them', async (context) => {
  const { kept, keptReceipt, copy } = await forgottenDay(context);
  const house = await houseOver(copy);
  const replies = await Promise.all([
    house.ask(presentRequest(kept, keptReceipt)),
    house.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 5))),
    house.ask(queryRequest(kept)),
  ]);
  assert.equal(
    replies.map(({ code }) => code),
    ['journal-stale', 'journal-stale', 'journal-stale'],
  );
  assert.equal(house.logged, []);
  await house.settler.close();
});

present(
  'gives payees a whole grace again: nothing is released while the journal is stale',
  async (context) => {
    const { kept, keptReceipt, copy } = await forgottenDay(context);
    const house = await houseOver(copy, { intakeGapMs: 100 * DAY_MS });
    await house.ask(presentRequest(kept, keptReceipt));
    house.clock.nowMs = START_MS + 9 * DAY_MS;
    assert.is(must(await house.settler.sweep()), 0);
    const refused = await house.ask(closeRequest(kept, UNIT + 20_000, PAYER));
    assert.is(refused.code, 'journal-stale');
    await house.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 20)));
    must(await resumeStore(copy, [NOTES], context.highWater));
    house.clock.nowMs += DAY_MS / 2;
    assert.is(must(await house.settler.sweep()), 0);
    house.clock.nowMs += DAY_MS;
    assert.is(must(await house.settler.sweep()), 1);
    await house.settler.close();
  },
);

present(
  'keeps a payer from ending a channel by time alone, from the moment that the journal is stale',
  async (context) => {
    const { kept, keptReceipt, copy } = await forgottenDay(context);
    const house = await houseOver(copy, { intakeGapMs: 100 * DAY_MS });
    const other = openOf({ nonce: 7 });
    await house.ask(openRequest(other));
    house.clock.nowMs = START_MS + 9 * DAY_MS;
    await house.ask(presentRequest(kept, keptReceipt));
    assert.is((await house.ask(closeRequest(other, 0, PAYER))).code, 'not-authorised');
    await house.settler.close();
  },
);

/** A receipt of a late row, whose channel one claim brings back: the journal stays shorter than it was. */
const lateReceipt = async ({ store, house, folder }: Forgetting) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  const rows = await lengthOf(store);
  for (let i = 1; i < 9; i++) await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT, i)));
  const receipt = receiptIn(
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT, 9)), channel),
  );
  must(await house.settler.sweep());
  const copy = await forgetful(store, rows, folder);
  return { channel, receipt, copy, claim: claimRequest(channel, evidenceFor(channel, 1, UNIT, 9)) };
};

present(
  'of a row beyond the journal stops payouts, though its channel has been brought back',
  async (context) => {
    const { channel, receipt, copy, claim } = await lateReceipt(context);
    const house = await houseOver(copy);
    await house.ask(claim);
    assert.is((await house.ask(presentRequest(channel, receipt), channel)).receipt?.paidNano, UNIT + 9000);
    assert.is(codeOf(await freshness(copy)), 'journal-stale');
    must(await resumeStore(copy, [NOTES], highWaterIn()));
    await house.settler.close();
  },
);

present('after a repair says nothing new, by receipt or by mark', async (context) => {
  for (const highWater of [undefined, context.highWater]) {
    const fresh = { ...context, store: openMemoryStore(), highWater: context.highWater };
    context.highWater.noted.mark = null;
    fresh.house = await houseOver(fresh.store, {}, { highWater: context.highWater });
    await fresh.house.deposit(10, 'BANK-1');
    const { channel, receipt, copy, claim } = await lateReceipt(fresh);
    const house = await houseOver(copy, {}, { ...(highWater && { highWater }) });
    if (highWater === undefined) await house.ask(presentRequest(channel, receipt));
    await house.ask(claim);
    assert.is(codeOf(await freshness(copy)), 'journal-stale');
    assert.is(must(await resumeStore(copy, [NOTES], highWaterIn())).resumed, true);
    await house.ask(presentRequest(channel, receipt));
    assert.is(codeOf(await freshness(copy)), 'ok');
    await house.settler.close();
    await fresh.house.settler.close();
  }
});
present.run();

const repair = forgetting(suite<Forgetting>('repair'));

repair('by receipts, opens, evidence and bank statements brings everything back', async (context) => {
  const { kept, lost, keptReceipt, lostReceipt, copy } = await forgottenDay(context);
  const { highWater } = context;
  const restarted = await houseOver(copy, {}, { highWater });
  assert.is(must(await resumeStore(copy, [], highWater)).resumed, true, 'no gap is known yet');
  // The lost channel has expired meanwhile; its payee brings the payer's open.
  restarted.clock.nowMs = START_MS + DAY_MS / 2;
  await restarted.ask(presentRequest(kept, keptReceipt));
  await restarted.ask(presentRequest(lost, lostReceipt));
  const missing = must(await resumeStore(copy, [], highWater));
  assert.equal(
    missing.gaps.map((gap) => [toHex(gap.gap.channel), gap.missing]).sort(),
    [
      [toHex(kept.id), 'evidence of 0.00002 EUR more than is booked'],
      [toHex(lost.id), 'the open, then the best evidence'],
    ].sort(),
  );
  assert.is(missing.resumed, false);
  assert.is((await restarted.ask(openRequest(lost))).code, 'deposit-insufficient');
  await restarted.deposit(10, 'BANK-2', OTHER);
  assert.is((await restarted.ask(openRequest(lost))).kind, 'grant');
  await restarted.ask(claimRequest(lost, evidenceFor(lost, 1, 2 * UNIT)));
  assert.is(must(await resumeStore(copy, [], highWater)).resumed, false);
  await restarted.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 20)));
  const covered = must(await resumeStore(copy, [], highWater));
  assert.equal([covered.resumed, covered.gaps.every(({ missing }) => missing === undefined)], [true, true]);
  assert.ok((await freshness(copy)).ok);
  assert.is(highWater.noted.mark?.length, await lengthOf(copy));
  // Who shows its receipt late is answered, and stops nothing again.
  assert.is((await restarted.ask(presentRequest(lost, lostReceipt), lost)).receipt?.paidNano, 2 * UNIT);
  assert.ok((await freshness(copy)).ok);
  must(await verifyStore(copy, crypto.sha256));
  assert.is(must(await auditStore(copy, { crypto })).fault, null);
  await restarted.settler.close();
});

repair('brings in the close of a channel that was final', async (context) => {
  const { kept, copy, house } = { ...(await forgottenDay(context)), house: context.house };
  const final = receiptIn(await house.ask(closeRequest(kept, UNIT + 20_000, PAYEE), kept));
  const restarted = await houseOver(copy);
  await restarted.ask(presentRequest(kept, final));
  await restarted.ask(claimRequest(kept, evidenceFor(kept, 1, UNIT, 20)));
  const { gaps, resumed } = must(await resumeStore(copy, [], context.highWater));
  assert.equal([gaps[0]?.missing, resumed], ['the close', false]);
  const { receipt } = await restarted.ask(closeRequest(kept, UNIT + 20_000, PAYEE), kept);
  assert.equal([receipt?.final, receipt?.paidNano], [true, UNIT + 20_000]);
  assert.is(must(await resumeStore(copy, [NOTES], context.highWater)).resumed, true);
  await restarted.settler.close();
});

repair('goes on without what the operator gives up by name, and remembers that', async (context) => {
  const { kept, keptReceipt, copy } = await forgottenDay(context);
  const house = await houseOver(copy);
  await house.ask(presentRequest(kept, keptReceipt));
  const accept = (...names: string[]) => resumeStore(copy, [NOTES, ...names], context.highWater);
  assert.is(codeOf(await accept('ab'.repeat(32))), 'config-invalid');
  assert.is(codeOf(await accept(toHex(kept.id).slice(0, 11))), 'config-invalid');
  assert.is(must(await accept(toHex(kept.id).slice(0, 12))).resumed, true);
  assert.is((await house.ask(queryRequest(kept), kept)).receipt?.paidNano, UNIT);
  assert.is((await house.ask(presentRequest(kept, keptReceipt), kept)).receipt?.paidNano, UNIT);
  assert.ok((await freshness(copy)).ok);
  const [gap] = must(await copy.read((reader) => reader.get('gap', [[kept.id]])));
  assert.equal(gap?.bytes, keptReceipt);
  await house.settler.close();
});

repair('says that nothing has stopped where nothing has', async ({ store, highWater }) => {
  const { reason, gaps, runs } = must(await resumeStore(store, [], highWater));
  assert.equal([reason, gaps, runs], ['', [], []]);
});

repair('does not begin on a database whose restore was never finished', async () => {
  const half = openMemoryStore();
  const meta = [restoringMeta('restored to 5 rows')];
  must(await half.transact(async () => ({ changes: { put: { meta } }, value: null })));
  const created = await createSettler({
    store: half,
    root: ROOT.key,
    signer: { signer: ROOT, certificate: null },
    crypto,
    nowMs: () => START_MS,
    log: () => undefined,
    currencies: ['EUR'],
  });
  assert.match(
    created.ok ? '' : created.detail,
    /restored to 5 rows, which was never finished: run that settler restore/,
  );
});
repair.run();
