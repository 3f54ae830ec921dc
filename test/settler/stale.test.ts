import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backupStore } from '../../broker/settler/backup/backup.ts';
import { type HighWater, type Mark, makeUnderMark } from '../../broker/settler/backup/high-water.ts';
import { restoreStore } from '../../broker/settler/backup/restore.ts';
import { resumeStore } from '../../broker/settler/backup/resume.ts';
import { checkFresh, restoringMeta, staleMeta } from '../../broker/settler/backup/stale.ts';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun } from '../../broker/settler/bank/payouts.ts';
import { runClearing } from '../../broker/settler/clearing/run.ts';
import { auditStore } from '../../broker/settler/reports/audit.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { createSettler } from '../../broker/settler/settler.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import { signReceipt } from '../../schemas/receipt.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { must } from '../world/deal.ts';
import {
  claimRequest,
  closeRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  type House,
  houseOver,
  type OpenedChannel,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  queryRequest,
  type Reply,
  ROOT,
  START_MS,
  START_S,
  UNIT,
} from './parties.ts';

/** High water in memory. */
const highWaterIn = (): HighWater & { mark: Mark | null; readonly runs: string[] } => {
  const kept = {
    mark: null as Mark | null,
    runs: [] as string[],
    read: () => ok({ mark: kept.mark, runs: kept.runs }),
    note: (mark: Mark) => {
      kept.mark = mark;
      return ok(null);
    },
    reserve: (run: string) => {
      if (!kept.runs.includes(run)) kept.runs.push(run);
      return ok(null);
    },
  };
  return kept;
};

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);
const freshness = async (store: Store): Promise<Result<null>> => must(await store.read(checkFresh));
const lengthOf = async (store: Store): Promise<number> => must(await store.read((r) => r.head())).length;

const presentRequest = ({ id }: OpenedChannel, receipt: Uint8Array): Uint8Array =>
  encodeRequest({ kind: 'present', id: new Uint8Array(8), parts: [id, receipt] });

const receiptIn = (reply: Reply): Uint8Array => {
  const request = must(decodeRequest(reply.bytes));
  if (request.kind !== 'receipt') throw new Error(request.kind);
  return request.parts[0];
};

/** A store that has forgotten everything after some rows, as a copy of its files would have. */
const forgetful = async (store: Store, rows: number, folder: string): Promise<Store> => {
  const file = join(folder, `backup-${Math.random()}`);
  must(await backupStore(store, file, START_MS, crypto.sha256));
  const copy = openMemoryStore();
  must(await restoreStore(copy, file, { row: rows - 1 }, crypto.sha256));
  must(await copy.transact(async () => ({ changes: { put: { meta: [staleMeta('')] } }, value: null })));
  return copy;
};

type Context = { folder: string; store: Store; house: House; highWater: ReturnType<typeof highWaterIn> };
const before = async (context: Context): Promise<void> => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-stale-'));
  context.store = openMemoryStore();
  context.highWater = highWaterIn();
  context.house = await houseOver(context.store, {}, { highWater: context.highWater });
  await context.house.deposit(10, 'BANK-1');
};
const after = async ({ folder, house }: Context): Promise<void> => {
  await house.settler.close();
  rmSync(folder, { recursive: true });
};

const ORDER = { period: '2026-11-20', sequence: 1, thresholdNano: 0n, executionDate: '2026-11-23' };
const RUN = '2026-11-20-1';
const pay = (store: Store, sequence = 1) => makeRun(store, { ...ORDER, sequence }, START_MS, crypto.sha256);

const water = suite<Context>('high water');
water.before.each(before);
water.after.each(after);

water(
  'is noted at each sweep, and finds nothing wrong with a journal that went on',
  async ({ store, house, highWater }) => {
    must(await house.settler.sweep());
    assert.is(highWater.mark?.length, 1);
    await house.deposit(1, 'BANK-2');
    const again = await houseOver(store, {}, { highWater });
    assert.is(highWater.mark?.length, 2);
    assert.ok((await freshness(store)).ok);
    await again.settler.close();
  },
);

water(
  'stops payouts and clearing where the journal is shorter, and is not lowered by it',
  async ({ store, house, highWater, folder }) => {
    for (const reference of ['BANK-2', 'BANK-3']) await house.deposit(1, reference);
    must(await house.settler.sweep());
    const copy = await forgetful(store, 2, folder);
    const restarted = await houseOver(copy, {}, { highWater });
    const fresh = await freshness(copy);
    assert.match(fresh.ok ? '' : fresh.detail, /^the journal has 2 rows, and once had 3: bring in/);
    assert.is(codeOf(await pay(copy)), 'journal-stale');
    const clearing = { currency: 'EUR', period: '2026-11-20', sequence: 1 };
    assert.is(codeOf(await runClearing(copy, clearing, START_MS, crypto.sha256)), 'journal-stale');
    for (let i = 0; i < 5; i++) await restarted.deposit(1, `NEW-${i}`);
    must(await restarted.settler.sweep());
    assert.is(highWater.mark?.length, 3);
    await restarted.settler.close();
  },
);

water('finds another history of the same length', async ({ store, house, highWater, folder }) => {
  await house.deposit(1, 'BANK-2');
  must(await house.settler.sweep());
  const copy = await forgetful(store, 1, folder);
  const elsewhere = await houseOver(copy);
  await elsewhere.deposit(2, 'BANK-3');
  await elsewhere.settler.close();
  const restarted = await houseOver(copy, {}, { highWater });
  const fresh = await freshness(copy);
  assert.match(fresh.ok ? '' : fresh.detail, /^row 1 of the journal is another than it was/);
  await restarted.settler.close();
});

water(
  'keeps the name of a run for what was once paid with it',
  async ({ store, house, highWater, folder }) => {
    await setOwner(store, ROOT.key, { name: 'Settler', iban: 'DE75512108001245126199', bic: null });
    await setOwner(store, PAYEE.key, { name: 'Owner', iban: 'FI1410093000123458', bic: null });
    const channel = openOf();
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
    const rows = await lengthOf(store);
    const make = (place: Store, sequence = 1) =>
      makeUnderMark(place, highWater, `2026-11-20-${sequence}`, () => pay(place, sequence));
    assert.is(must(await make(store)).repeated, false);
    assert.is(must(await make(store)).repeated, true);
    assert.equal([highWater.runs, highWater.mark?.length], [[RUN], await lengthOf(store)]);
    const copy = await forgetful(store, rows, folder);
    assert.is(codeOf(await make(copy)), 'journal-stale');
    const waiting = must(await resumeStore(copy, [], highWater));
    assert.equal([waiting.runs, waiting.resumed], [[RUN], false]);
    assert.is(codeOf(await make(copy, 2)), 'journal-stale');
    assert.is(must(await resumeStore(copy, [RUN], highWater)).resumed, true);
    assert.is(codeOf(await make(copy)), 'journal-stale', 'the name stays used');
    assert.is(must(await make(copy, 2)).payouts.length, 1);
  },
);

water('writes no bank file for a run that it could not note', async ({ store, highWater }) => {
  const full: HighWater = { ...highWater, note: () => ({ ok: false, code: 'storage-full', detail: 'full' }) };
  const made = await makeUnderMark(store, full, RUN, async () => ok('a file'));
  assert.is(codeOf(made), 'storage-full');
});
water.run();

/** A day of which the second half is forgotten: two channels, one of them opened in it. */
const forgottenDay = async ({ store, house, folder }: Context) => {
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

const present = suite<Context>('a receipt that is presented');
present.before.each(before);
present.after.each(after);

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
    must(await resumeStore(copy, [], context.highWater));
    house.clock.nowMs += DAY_MS / 2;
    assert.is(must(await house.settler.sweep()), 0);
    house.clock.nowMs += DAY_MS;
    assert.is(must(await house.settler.sweep()), 1);
    await house.settler.close();
  },
);
present.run();

const repair = suite<Context>('repair');
repair.before.each(before);
repair.after.each(after);

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
  assert.is(highWater.mark?.length, await lengthOf(copy));
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
  assert.is(must(await resumeStore(copy, [], context.highWater)).resumed, true);
  await restarted.settler.close();
});

repair('goes on without what the operator gives up by name, and remembers that', async (context) => {
  const { kept, keptReceipt, copy } = await forgottenDay(context);
  const house = await houseOver(copy);
  await house.ask(presentRequest(kept, keptReceipt));
  const accept = (...names: string[]) => resumeStore(copy, names, context.highWater);
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
  assert.match(created.ok ? '' : created.detail, /restored to 5 rows, which was never finished: remove it/);
});
repair.run();
