/** Some days of a settler in which everything happens that a journal can tell of requests, step by step. */

import * as assert from 'uvu/assert';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun, settlePayout } from '../../broker/settler/bank/payouts.ts';
import { takeSnapshot } from '../../broker/settler/reports/snapshot.ts';
import type { SettlerLimits } from '../../broker/settler/settings.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { signBudget, signEnrolment } from '../../schemas/budget.ts';
import { signConsent } from '../../schemas/consent.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { type Dispute, signDispute } from '../../schemas/dispute.ts';
import { signLine } from '../../schemas/line.ts';
import { encodeRequest, type Request } from '../../schemas/request.ts';
import { must } from '../world/deal.ts';
import {
  agreedOf,
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
  partyOf,
  ROOT,
  START_MS,
  statementRequest,
  UNIT,
} from './parties.ts';

export const OWNER = partyOf(5);
export const DEVICE = partyOf(6);

/** By deposit; of a device within its owner's budget; on the payee's own word. */
export const PAID = openOf({ nonce: 11 });
export const BUDGETED = openOf({ nonce: 12, payer: DEVICE, limitNano: 2 * UNIT });
export const TRUSTED = openOf({ nonce: 13, payer: OTHER, limitNano: UNIT });

const shared = { settler: ROOT.key, currency: 'EUR', version: 1, expiryS: 0 };

export const enrolmentOf = (version: number, totalNano: number, settler = ROOT): Uint8Array =>
  signEnrolment(
    signBudget(
      {
        ...shared,
        settler: settler.key,
        owner: OWNER.key,
        device: DEVICE.key,
        version,
        totalNano,
        dayNano: totalNano,
        sellerNano: totalNano,
      },
      OWNER,
    ),
    DEVICE,
  );

const LINE = signLine({ ...shared, creditor: PAYEE.key, debtor: OTHER.key, limitNano: 3 * UNIT }, PAYEE);

const consentOf = (owner: Signer): Uint8Array =>
  signConsent({ ...shared, owner: owner.key, counterpartyNano: UNIT }, owner);

export const disputeOf = (party: Signer, more: Partial<Dispute> = {}): Uint8Array =>
  signDispute(
    BUDGETED.id,
    {
      party: party.key,
      version: 1,
      open: true,
      delivered: 5,
      totalNano: UNIT,
      head: new Uint8Array(32).fill(7),
      reason: 'readings are missing',
      ...more,
    },
    party,
  );

let ids = 0;
const request = <K extends Request['kind']>(
  kind: K,
  parts: Extract<Request, { kind: K }>['parts'],
): Uint8Array => {
  const id = new Uint8Array(8);
  new DataView(id.buffer).setUint32(4, ++ids);
  return encodeRequest({ kind, id, parts } as Request);
};

const asking =
  (requests: () => readonly Uint8Array[], atMs = START_MS, limits: Partial<SettlerLimits> = {}) =>
  async (store: Store): Promise<void> => {
    const house = await houseOver(store, limits, { nowMs: () => atMs });
    for (const bytes of requests()) {
      const reply = await house.ask(bytes);
      assert.is(reply.code, undefined);
    }
    await house.settler.close();
  };

const paying =
  (owner: Signer, reference: string) =>
  async (store: Store): Promise<void> => {
    const house = await houseOver(store);
    await house.deposit(10, reference, owner);
    await house.settler.close();
  };

export const ORDER = { period: '2026-11-20', sequence: 1, thresholdNano: 0n, executionDate: '2026-11-23' };
const BANK = { name: 'Owner', iban: 'FI1410093000123458', bic: null };
const LATER_MS = START_MS + 3 * DAY_MS;

export const LIFE: readonly ((store: Store) => Promise<unknown>)[] = [
  paying(PAYER, 'BANK-1'),
  paying(OWNER, 'BANK-2'),
  asking(() => [
    request('enrol', [enrolmentOf(1, 3 * UNIT)]),
    request('line', [LINE]),
    request('consent', [consentOf(PAYEE)]),
    request('consent', [consentOf(OTHER)]),
  ]),
  asking(() => [openRequest(PAID), openRequest(BUDGETED), openRequest(TRUSTED)]),
  asking(() => [
    claimRequest(PAID, evidenceFor(PAID, 1, UNIT, 5)),
    claimRequest(BUDGETED, evidenceFor(BUDGETED, 1, UNIT)),
    claimRequest(TRUSTED, evidenceFor(TRUSTED, 1, UNIT / 2, 7)),
  ]),
  async (store) => must(await takeSnapshot(store, 1, START_MS, crypto.sha256)),
  asking(() => [
    claimRequest(PAID, evidenceFor(PAID, 1, UNIT, 9)),
    claimRequest(PAID, evidenceFor(PAID, 2, 2 * UNIT, 3)),
    request('dispute', [BUDGETED.id, disputeOf(DEVICE)]),
    request('dispute', [BUDGETED.id, disputeOf(PAYEE, { totalNano: 2 * UNIT })]),
  ]),
  asking(() => [
    statementRequest(agreedOf(PAID, 2 * UNIT + 3000, 3)),
    closeRequest(PAID, 2 * UNIT + 3000, PAYEE),
  ]),
  asking(() => [request('dispute', [BUDGETED.id, disputeOf(DEVICE, { version: 2, open: false })])]),
  // Intake was continuous: expired channels are released.
  asking(() => [], LATER_MS, { intakeGapMs: 10 * DAY_MS }),
  asking(() => [statementRequest(agreedOf(PAID, 2 * UNIT + 3000, 4))], LATER_MS),
  async (store) => must(await setOwner(store, ROOT.key, { ...BANK, iban: 'DE75512108001245126199' })),
  async (store) => must(await setOwner(store, PAYEE.key, BANK)),
  async (store) => must(await makeRun(store, ORDER, LATER_MS, crypto.sha256)),
  async (store) => {
    const { run, payouts } = must(await makeRun(store, ORDER, LATER_MS, crypto.sha256));
    must(await settlePayout(store, run.id, payouts[0]!.id, 'posted', LATER_MS, crypto.sha256));
  },
];

export const liveAll = async (store: Store): Promise<void> => {
  for (const step of LIFE) await step(store);
};
