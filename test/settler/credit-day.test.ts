/** A day of owners who buy from each other on credit, and of a settler that dies at any of its writes. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runClearing } from '../../broker/settler/clearing/run.ts';
import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { bookTransfer } from '../../broker/settler/credit/transfers.ts';
import { takeSnapshot } from '../../broker/settler/reports/snapshot.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import { loadSqlite } from '../../broker/settler/store/sqlite-driver.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { signBudget, signEnrolment } from '../../schemas/budget.ts';
import { signConsent } from '../../schemas/consent.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { signDispute } from '../../schemas/dispute.ts';
import { signLine } from '../../schemas/line.ts';
import { encodeRequest, type Request } from '../../schemas/request.ts';
import { must } from '../world/deal.ts';
import { endOf } from './day.ts';
import { dyingAt } from './dying.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  partyOf,
  ROOT,
  START_MS,
  UNIT,
} from './parties.ts';

const openSqlite = must(await loadSqlite());

const DEVICE = partyOf(21);
const shared = { settler: ROOT.key, currency: 'EUR', version: 1, expiryS: 0 };
const CAPS = { totalNano: 9 * UNIT, dayNano: 9 * UNIT, sellerNano: 9 * UNIT };

const budget = signBudget({ ...shared, ...CAPS, owner: PAYER.key, device: DEVICE.key }, PAYER);
const lineOf = (creditor: Signer, debtor: Signer): Uint8Array =>
  signLine({ ...shared, creditor: creditor.key, debtor: debtor.key, limitNano: 9 * UNIT }, creditor);
const consent = signConsent({ ...shared, owner: PAYER.key, counterpartyNano: UNIT }, PAYER);

/** The device spends for PAYER: a circle PAYER to PAYEE to OTHER to PAYER, all on credit. */
const CIRCLE = [
  openOf({ nonce: 31, payer: DEVICE, payee: PAYEE, limitNano: 5 * UNIT }),
  openOf({ nonce: 32, payer: PAYEE, payee: OTHER, limitNano: 4 * UNIT }),
  openOf({ nonce: 33, payer: OTHER, payee: PAYER, limitNano: 3 * UNIT }),
];
/** Somebody for whom the settler stands in. */
const STRANGER = partyOf(22);
const GUARANTEED = openOf({ nonce: 34, payer: STRANGER, payee: PAYEE, limitNano: 2 * UNIT });

const disputed = signDispute(
  CIRCLE[0]!.id,
  {
    party: PAYEE.key,
    version: 1,
    open: true,
    delivered: 9,
    totalNano: UNIT,
    head: new Uint8Array(32).fill(7),
    reason: 'the head differs',
  },
  PAYEE,
);

let ids = 0;
const wordOf = (kind: 'enrol' | 'line' | 'consent', object: Uint8Array): Uint8Array => {
  const id = new Uint8Array(8);
  new DataView(id.buffer).setUint32(4, ++ids);
  return encodeRequest({ kind, id, parts: [object] } as Request);
};

const ask =
  (...requests: Uint8Array[]) =>
  async (store: Store): Promise<boolean> => {
    const house = await houseOver(store).catch(() => undefined);
    if (house === undefined) return false;
    const replies = await Promise.all(requests.map((bytes) => house.ask(bytes)));
    await house.settler.close();
    return replies.every((reply) => reply.code === undefined);
  };

/** Reached once in the day. */
const SNAPSHOT_ROWS = 10;

/** Each step as its sender would repeat it; true where it was acknowledged. */
const CREDIT_DAY: readonly ((store: Store) => Promise<boolean>)[] = [
  ask(
    wordOf('enrol', signEnrolment(budget, DEVICE)),
    wordOf('line', lineOf(PAYEE, PAYER)),
    wordOf('line', lineOf(OTHER, PAYEE)),
    wordOf('line', lineOf(PAYER, OTHER)),
    wordOf('consent', consent),
  ),
  async (store) => {
    const order = { debtor: STRANGER.key, currency: 'EUR', limitNano: 5n * BigInt(UNIT), expiryS: 0 };
    return (await setGuarantee(store, order, START_MS, crypto.sha256)).ok;
  },
  ask(...CIRCLE.map(openRequest), openRequest(GUARANTEED)),
  ask(
    ...CIRCLE.map((channel) => claimRequest(channel, evidenceFor(channel, 1, channel.limitNano - UNIT))),
    claimRequest(GUARANTEED, evidenceFor(GUARANTEED, 1, UNIT)),
  ),
  async (store) => (await takeSnapshot(store, SNAPSHOT_ROWS, START_MS, crypto.sha256)).ok,
  async (store) => {
    const order = { currency: 'EUR', period: '2026-11-20', sequence: 1 };
    return (await runClearing(store, order, START_MS, crypto.sha256)).ok;
  },
  ask(encodeRequest({ kind: 'dispute', id: new Uint8Array(8), parts: [CIRCLE[0]!.id, disputed] })),
  async (store) => {
    const transfer = { kind: 'top-up', owner: PAYEE.key, currency: 'EUR', reference: 'T-1' } as const;
    return (await bookTransfer(store, { ...transfer, nano: BigInt(UNIT) }, START_MS, crypto.sha256)).ok;
  },
];

const openStore = async (path: string): Promise<Store> => must(await openSqliteStore(path));
const live = async (store: Store): Promise<number> => {
  let acknowledged = 0;
  while (acknowledged < CREDIT_DAY.length && (await CREDIT_DAY[acknowledged]!(store))) acknowledged++;
  return acknowledged;
};

const credit = suite('a day on credit');

credit('loses and repeats nothing, whichever write the settler dies at', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tb-credit-'));
  const undisturbed = dyingAt(openSqlite, Number.POSITIVE_INFINITY);
  const calm = must(await openSqliteStore(join(folder, 'calm.db'), undisturbed.open));
  assert.is(await live(calm), CREDIT_DAY.length);
  const writes = undisturbed.writes();
  const expected = await endOf(calm);
  await calm.close();
  assert.ok(writes > 80, `only ${writes} writes`);
  for (let n = 1; n <= writes; n++) {
    const path = join(folder, `${n}.db`);
    const dying = await openSqliteStore(path, dyingAt(openSqlite, n).open);
    if (dying.ok) {
      assert.ok((await live(dying.value)) < CREDIT_DAY.length, `write ${n} was never reached`);
      await dying.value.close();
    }
    const again = await openStore(path);
    assert.is(await live(again), CREDIT_DAY.length, `after write ${n}`);
    assert.equal(await endOf(again), expected, `after write ${n}`);
    await again.close();
    rmSync(path);
  }
  rmSync(folder, { recursive: true });
});

credit.run();
