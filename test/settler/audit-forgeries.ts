/** Journals that a malicious operator writes: an honest one with one event replaced, for each rule of an audit. */

import { eventOfRow } from '../../broker/settler/ledger/journal.ts';
import type { EventKind, LedgerEvent } from '../../broker/settler/ledger/ledger.ts';
import { claimProof, grantProof, openAndGrant } from '../../broker/settler/ledger/proofs.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { toHex } from '../../schemas/bytes.ts';
import { signClose } from '../../schemas/close.ts';
import { signGrant } from '../../schemas/grant.ts';
import { must } from '../world/deal.ts';
import { BUDGETED, DEVICE, disputeOf, enrolmentOf, liveAll, OWNER, PAID, TRUSTED } from './audit-life.ts';
import {
  agreedOf,
  DAY_MS,
  evidenceFor,
  OTHER,
  openOf,
  PAYEE,
  PAYER,
  ROOT,
  START_S,
  UNIT,
} from './parties.ts';

export type Entry = { readonly event: LedgerEvent; readonly timeMs: number };

/** The journal of a life, as its events. */
const entriesOf = async (): Promise<readonly Entry[]> => {
  const store = openMemoryStore();
  await liveAll(store);
  const rows = must(await store.read((reader) => reader.journal(0, 1000)));
  return rows.map((row) => ({ event: must(eventOfRow(row)), timeMs: row.timeMs }));
};
export const HONEST = await entriesOf();

/** The first event of a kind, of a subject where one is given. */
export const placeOf = (kind: EventKind, subject = ''): number =>
  HONEST.findIndex(({ event }) => event.kind === kind && event.subject.startsWith(subject));

type Forgery = {
  readonly kind: EventKind;
  readonly subject?: string;
  /** What the operator writes in its place. */
  readonly as: (event: LedgerEvent) => Partial<LedgerEvent>;
  readonly timeMs?: (timeMs: number) => number;
  /** The row where it is found, where that is another. */
  readonly at?: () => number;
  readonly why: RegExp;
};

export const paid = toHex(PAID.id);
const budgeted = toHex(BUDGETED.id);
const trusted = toHex(TRUSTED.id);

/** The grant of a channel under another key, or of other terms. */
const regranted =
  (
    channel: typeof PAID,
    terms: { limitNano?: number; expiryS?: number; backing?: 'deposit' | 'guaranteed' },
    signer = ROOT,
  ) =>
  (event: LedgerEvent): Partial<LedgerEvent> => {
    const { open } = openAndGrant(event.proof);
    const { limitNano = channel.limitNano, backing = event.backing as 'deposit' } = terms;
    const { expiryS = START_S + 86_400 } = terms;
    const grant = { issuedS: START_S, version: 1, limitNano, expiryS, backing };
    return { proof: grantProof(open, signGrant(channel.id, grant, { signer, certificate: null })) };
  };

export const FORGERIES: { readonly [claim: string]: Forgery } = {
  'a deposit of nothing': { kind: 'deposit', as: () => ({ nano: 0n }), why: /^it moves nothing/ },
  'a channel that its payer did not open': {
    kind: 'grant',
    subject: paid,
    as: ({ proof }) => {
      const { open, grant } = openAndGrant(proof);
      const forged = open.slice();
      forged[forged.length - 1]! ^= 1;
      return { proof: grantProof(forged, grant) };
    },
    why: /^the signature does not verify in context tb1\/open/,
  },
  'a channel under the id of another': {
    kind: 'grant',
    subject: paid,
    as: ({ proof }) => ({ subject: toHex(openOf({ nonce: 99 }).id), proof }),
    why: /^its open is of channel/,
  },
  'a grant for another settler': {
    kind: 'grant',
    subject: paid,
    as: () => {
      const foreign = openOf({ nonce: 98, settler: OTHER.key });
      return { subject: toHex(foreign.id), proof: grantProof(foreign.bytes, new Uint8Array(0)) };
    },
    why: /^its settler is/,
  },
  'a limit that the payer did not sign': {
    kind: 'grant',
    subject: paid,
    as: () => ({ nano: 6n * BigInt(UNIT) }),
    why: /^the payer signed a limit of 5000000000 nano/,
  },
  'a grant in another currency': {
    kind: 'grant',
    subject: paid,
    as: () => ({ currency: 'USD' }),
    why: /^(deposit\/.* would hold|the payer opened it in EUR)/,
  },
  "a grant on somebody else's deposit": {
    kind: 'grant',
    subject: paid,
    as: () => ({ owner: OWNER.key }),
    why: /^the payer's owner is/,
  },
  'a grant that pays somebody else': {
    kind: 'grant',
    subject: paid,
    as: () => ({ other: OTHER.key }),
    why: /^the payee's owner is/,
  },
  'a grant beyond a credit line': {
    kind: 'grant',
    subject: trusted,
    as: () => ({ backing: 'guaranteed' }),
    why: /^it stands on guaranteed, which does not cover it/,
  },
  'a grant that no settler signed': {
    kind: 'grant',
    subject: paid,
    as: regranted(PAID, {}, OTHER),
    why: /^signature-invalid: the grant is not signed/,
  },
  'a grant that was signed for another limit': {
    kind: 'grant',
    subject: paid,
    as: regranted(PAID, { limitNano: 4 * UNIT }),
    why: /^the grant was signed for 4000000000 nano/,
  },
  'a grant that was signed until another time': {
    kind: 'grant',
    subject: paid,
    as: regranted(PAID, { expiryS: START_S }),
    why: /^the grant was signed until/,
  },
  'a grant that was signed with another backing': {
    kind: 'grant',
    subject: paid,
    as: regranted(PAID, { backing: 'guaranteed' }),
    why: /^the grant was signed as guaranteed/,
  },
  'a grant beyond a budget': {
    kind: 'enrolment',
    as: () => ({ proof: enrolmentOf(1, UNIT) }),
    at: () => placeOf('grant', budgeted),
    why: /^budget-exhausted: 1\.00 of 1\.00 EUR in all/,
  },
  'a claim of nothing': {
    kind: 'claim',
    subject: paid,
    as: () => ({ proof: claimProof(evidenceFor(PAID, 1, 0)), totalNano: 0n, nano: 0n }),
    why: /^it claims nothing more than before/,
  },
  'a claim without evidence': {
    kind: 'claim',
    subject: paid,
    as: () => ({ proof: claimProof({ voucher: new Uint8Array([0xf6]), tick: null }) }),
    why: /^cose-malformed/,
  },
  'a claim that the payer did not sign': {
    kind: 'claim',
    subject: paid,
    as: () => ({ proof: claimProof(evidenceFor({ ...PAID, payer: OTHER }, 1, UNIT, 5)) }),
    why: /^signature-invalid/,
  },
  'a claim by a tick that does not chain': {
    kind: 'claim',
    subject: paid,
    as: () => {
      const { voucher } = evidenceFor(PAID, 1, UNIT);
      const { tick } = evidenceFor({ ...PAID, id: BUDGETED.id }, 1, UNIT, 5);
      return { proof: claimProof({ voucher, tick }) };
    },
    why: /^tick-does-not-chain/,
  },
  'a claim beyond its limit': {
    kind: 'claim',
    subject: trusted,
    as: ({ totalNano }) => ({
      nano: 2n * BigInt(UNIT),
      totalNano: totalNano + 1n,
      proof: claimProof(evidenceFor(TRUSTED, 1, 2 * UNIT)),
    }),
    why: /^(channel\/.* would hold|voucher-over-limit)/,
  },
  'a claim of more than the evidence': {
    kind: 'claim',
    subject: paid,
    as: ({ totalNano }) => ({ totalNano: totalNano + 1n }),
    why: /^the payer signed 1000005000 nano, 1000005001 are claimed/,
  },
  'a claim that moves more than is due': {
    kind: 'claim',
    subject: paid,
    as: ({ nano }) => ({ nano: nano + 1n }),
    why: /^1000005001 nano were moved, 1000005000 less 0 were due/,
  },
  "a claim to somebody else's earnings": {
    kind: 'claim',
    subject: paid,
    as: () => ({ owner: OTHER.key }),
    why: /^its owner is/,
  },
  'a claim on another backing': {
    kind: 'claim',
    subject: trusted,
    as: () => ({ backing: 'guaranteed' }),
    why: /^the channel stands on bilateral/,
  },
  'a claim on a channel that nobody opened': {
    kind: 'claim',
    subject: paid,
    as: () => ({ subject: 'ab'.repeat(32), nano: 0n }),
    why: /^no grant of its channel comes before it/,
  },
  'a release that nobody signed': {
    kind: 'release',
    as: () => ({ proof: signClose(PAID.id, 2 * UNIT + 3000, OTHER) }),
    why: /^signature-invalid/,
  },
  'a release at less than was paid': {
    kind: 'release',
    as: () => ({ proof: signClose(PAID.id, UNIT, PAYEE) }),
    why: /^the payee closed at 1000000000 nano, 2000003000 were paid/,
  },
  'a release for the payer alone, before the grace is over': {
    kind: 'release',
    as: () => ({ proof: signClose(PAID.id, 2 * UNIT + 3000, PAYER) }),
    why: /^nobody but the payee may end it before 2026-11-22/,
  },
  'a release of more than is left': {
    kind: 'release',
    as: ({ nano }) => ({ nano: nano - 1n }),
    why: /^\d+ nano were left/,
  },
  'a release at another total than was paid': {
    kind: 'release',
    as: ({ totalNano }) => ({ totalNano: totalNano - 1n }),
    why: /^2000003000 nano were paid, not 2000002999/,
  },
  'an expiry before its time': {
    kind: 'expiry',
    as: () => ({}),
    timeMs: (timeMs) => timeMs - 2 * DAY_MS,
    why: /^nobody but the payee may end it before/,
  },
  "an expiry into somebody else's deposit": {
    kind: 'expiry',
    subject: budgeted,
    as: () => ({ owner: DEVICE.key }),
    why: /^its owner is/,
  },
  'a budget that its owner did not sign': {
    kind: 'enrolment',
    as: ({ proof }) => {
      const forged = proof.slice();
      forged[forged.length - 1]! ^= 1;
      return { proof: forged };
    },
    why: /^the signature does not verify in context tb1\/enrolment/,
  },
  'a budget for another settler': {
    kind: 'enrolment',
    as: () => ({ proof: enrolmentOf(1, 3 * UNIT, OTHER) }),
    why: /^its settler is/,
  },
  'a credit line that its creditor did not sign': {
    kind: 'line',
    as: ({ proof }) => {
      const forged = proof.slice();
      forged[forged.length - 1]! ^= 1;
      return { proof: forged };
    },
    why: /^the signature does not verify in context tb1\/line/,
  },
  'a credit line of somebody else': {
    kind: 'line',
    as: () => ({ owner: OTHER.key }),
    why: /^its creditor is/,
  },
  'a word of another version than it says': {
    kind: 'consent',
    as: ({ subject }) => ({ subject: subject.replace(/\/1$/, '/2') }),
    why: /^it is version 1/,
  },
  'a dispute of no party': {
    kind: 'dispute',
    as: () => ({ owner: OTHER.key, proof: disputeOf(OTHER) }),
    why: /is no party of the channel/,
  },
  'a dispute that its party did not sign': {
    kind: 'dispute',
    as: ({ proof }) => {
      const forged = proof.slice();
      forged[forged.length - 1]! ^= 1;
      return { proof: forged };
    },
    why: /^the signature does not verify in context tb1\/dispute/,
  },
  'a statement that one side did not sign': {
    kind: 'statement',
    as: () => ({ proof: agreedOf({ ...PAID, payer: OTHER }, 2 * UNIT + 3000, 3) }),
    why: /^signature-invalid/,
  },
  'a statement of another channel': {
    kind: 'statement',
    as: () => ({ proof: agreedOf({ ...PAID, id: BUDGETED.id }, 2 * UNIT + 3000, 3) }),
    why: /^its channel is/,
  },
  'a note that moves money': { kind: 'consent', as: () => ({ nano: 1n }), why: /^a note moves no money/ },
  'a snapshot of other balances': {
    kind: 'snapshot',
    as: () => ({ proof: new Uint8Array(32) }),
    at: () => Number(HONEST[placeOf('snapshot')]!.event.subject),
    why: /^the snapshot of the \d+ rows before it is not of their balances/,
  },
  'a payout of more than was earned': {
    kind: 'payout-pending',
    as: () => ({ nano: 100n * BigInt(UNIT) }),
    why: /^earned\/.* would hold -/,
  },
  'a payout of less than cents': {
    kind: 'payout-pending',
    as: ({ nano }) => ({ nano: nano - 1n }),
    why: /^a bank moves whole cents/,
  },
  'a payout posted that was never pending': {
    kind: 'payout-posted',
    as: () => ({ subject: 'ab'.repeat(16), nano: 0n }),
    why: /^no payout-pending comes before it/,
  },
  'a payout posted for another owner': {
    kind: 'payout-posted',
    as: () => ({ owner: OTHER.key }),
    why: /^its owner is/,
  },
  'a payout posted as another amount': {
    kind: 'payout-posted',
    as: ({ nano }) => ({ nano: nano - 10_000_000n }),
    why: /nano EUR were payout-pending/,
  },
};
