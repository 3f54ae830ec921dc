/** What owners, creditors and parties in dispute sign and send to the settler, and what it answers. */

import { depositAccount, earnedAccount } from '../../broker/settler/ledger/ledger.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { signBudget, signEnrolment } from '../../schemas/budget.ts';
import { signConsent } from '../../schemas/consent.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { type Dispute, signDispute } from '../../schemas/dispute.ts';
import { openGrant } from '../../schemas/grant.ts';
import { signLine } from '../../schemas/line.ts';
import { type Noted, openNoted } from '../../schemas/noted.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { openSpending, type Spending } from '../../schemas/spending.ts';
import { must } from '../world/deal.ts';
import { balanceOf } from './balance.ts';
import {
  crypto,
  type House,
  type OpenedChannel,
  type OpenWish,
  openOf,
  openRequest,
  partyOf,
  type Reply,
  ROOT,
  START_S,
  UNIT,
} from './parties.ts';

/** Owns PAYER and OTHER in these tests, where they are enrolled. */
export const OWNER = partyOf(10);
/** Owns PAYEE, where it is enrolled. */
export const SELLER = partyOf(11);

export type BudgetWish = {
  readonly owner?: Signer;
  readonly device: Signer;
  readonly settler?: Uint8Array;
  readonly currency?: string;
  readonly version?: number;
  /** In units; 1000 each where it is left out. */
  readonly total?: number;
  readonly day?: number;
  readonly seller?: number;
  readonly expiryS?: number;
};

export const enrolmentOf = (wish: BudgetWish): Uint8Array => {
  const owner = wish.owner ?? OWNER;
  const budget = {
    owner: owner.key,
    device: wish.device.key,
    settler: wish.settler ?? ROOT.key,
    currency: wish.currency ?? 'EUR',
    version: wish.version ?? 1,
    totalNano: (wish.total ?? 1000) * UNIT,
    dayNano: (wish.day ?? 1000) * UNIT,
    sellerNano: (wish.seller ?? 1000) * UNIT,
    expiryS: wish.expiryS ?? 0,
  };
  return signEnrolment(signBudget(budget, owner), wish.device);
};

const nextId = (): Uint8Array => crypto.random(8);

export const enrolRequest = (enrolment: Uint8Array): Uint8Array =>
  encodeRequest({ kind: 'enrol', id: nextId(), parts: [enrolment] });

export type LineWish = {
  readonly creditor?: Signer;
  readonly debtor?: Signer;
  readonly settler?: Uint8Array;
  readonly currency?: string;
  readonly version?: number;
  readonly limit?: number;
  readonly expiryS?: number;
};

export const lineOf = (wish: LineWish = {}): Uint8Array => {
  const creditor = wish.creditor ?? SELLER;
  return signLine(
    {
      creditor: creditor.key,
      debtor: (wish.debtor ?? OWNER).key,
      settler: wish.settler ?? ROOT.key,
      currency: wish.currency ?? 'EUR',
      version: wish.version ?? 1,
      limitNano: (wish.limit ?? 10) * UNIT,
      expiryS: wish.expiryS ?? 0,
    },
    creditor,
  );
};

export const lineRequest = (line: Uint8Array): Uint8Array =>
  encodeRequest({ kind: 'line', id: nextId(), parts: [line] });

export const consentOf = (version = 1, counterparty = 20, settler = ROOT.key): Uint8Array =>
  signConsent(
    {
      owner: OWNER.key,
      settler,
      currency: 'EUR',
      version,
      counterpartyNano: counterparty * UNIT,
      expiryS: 0,
    },
    OWNER,
  );

export const consentRequest = (consent: Uint8Array): Uint8Array =>
  encodeRequest({ kind: 'consent', id: nextId(), parts: [consent] });

export const HEAD_A = new Uint8Array(32).fill(0xaa);
export const HEAD_B = new Uint8Array(32).fill(0xbb);

export const disputeOf = (
  channel: OpenedChannel,
  party: Signer,
  says: Partial<Dispute> = {},
  as: Signer = party,
): Uint8Array =>
  signDispute(
    channel.id,
    {
      party: as.key,
      version: 1,
      open: true,
      delivered: 300,
      totalNano: UNIT,
      head: HEAD_A,
      reason: 'the head of voucher 7 differs',
      ...says,
    },
    party,
  );

export const disputeRequest = (channel: OpenedChannel, dispute: Uint8Array): Uint8Array =>
  encodeRequest({ kind: 'dispute', id: nextId(), parts: [channel.id, dispute] });

/** The signed spending in an answer to an enrolment. */
export const spendingIn = (reply: Reply, device: Signer): Spending => {
  const request = must(decodeRequest(reply.bytes));
  if (request.kind !== 'spending') throw new Error(`${request.kind} ${reply.code ?? ''}`);
  return must(openSpending(request.parts[0], device.key, ROOT.key, crypto.verify));
};

/** The signed note in an answer to a line, a consent or a dispute. */
export const notedIn = (reply: Reply): Noted => {
  const request = must(decodeRequest(reply.bytes));
  if (request.kind !== 'noted') throw new Error(`${request.kind} ${reply.code ?? ''}`);
  return must(openNoted(request.parts[0], ROOT.key, crypto.verify));
};

/** Enrols and answers what the settler says is spent. */
export const enrol = async (house: House, wish: BudgetWish): Promise<Spending> =>
  spendingIn(await house.ask(enrolRequest(enrolmentOf(wish))), wish.device);

export const depositedBy = (store: Store, owner: Signer): Promise<bigint> =>
  balanceOf(store, depositAccount(owner.key));
export const earnedBy = (store: Store, owner: Signer): Promise<bigint> =>
  balanceOf(store, earnedAccount(owner.key));

/** Later than any test goes. */
const LATE_S = START_S + 30 * 86_400;

/** A channel of that many units, which outlives the test. */
export const unitsOf = (nonce: number, units: number, more: OpenWish = {}) =>
  openOf({ nonce, limitNano: units * UNIT, expiryS: LATE_S, ...more });

/** The backing that was granted, or the code of the refusal. */
export const granted = async (
  house: House,
  nonce: number,
  units: number,
  more: OpenWish = {},
): Promise<string> => {
  const channel = unitsOf(nonce, units, more);
  const reply = await house.ask(openRequest(channel));
  if (reply.code !== undefined) return reply.code;
  const request = must(decodeRequest(reply.bytes));
  if (request.kind !== 'grant') return request.kind;
  return must(openGrant(request.parts[0], channel.id, ROOT.key, crypto.verify)).backing;
};
