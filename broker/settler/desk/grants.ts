/** Grants: a payer's open reserves its limit on what stands behind it. An id seen once exists forever. */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { BACKINGS, type Backing, signGrant } from '../../../schemas/grant.ts';
import type { Channel, Open } from '../../../schemas/open.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import type { Book, Wanted } from '../ledger/book.ts';
import { type Creditor, depositAccount, eventFor, lineAccount } from '../ledger/ledger.ts';
import { dayScope, sellerScope, totalScope } from '../ledger/projection.ts';
import { grantProof } from '../ledger/proofs.ts';
import type { BudgetRow, Key, LineRow } from '../store/tables.ts';
import type { Answer } from './answer.ts';
import type { Desk } from './desk.ts';
import { isForgotten } from './present.ts';
import { accountsOf, gapWanted } from './reach.ts';

/** A grant that was forgotten is granted again, late as it may be: its payee has earned on it. */
const checkOpen = (open: Open, timeMs: number, isLost: boolean, desk: Desk): Result<Open> => {
  if (toHex(open.settler) !== toHex(desk.root)) {
    return refuse('settler-unpinned', 'the open names another settler: send it there');
  }
  if (!desk.currencies.includes(open.currency)) {
    const known = desk.currencies.join(', ');
    return refuse('currency-unknown', `${open.currency} is not settled here, only ${known}`);
  }
  const nowS = Math.floor(timeMs / 1000);
  if (open.expiryS <= nowS && !isLost) {
    return refuse('channel-expired', `expiry ${open.expiryS} is not after ${nowS}: open with a later one`);
  }
  if (open.expiryS > nowS + desk.limits.expiryMaxS) {
    const latest = nowS + desk.limits.expiryMaxS;
    return refuse('value-out-of-range', `expiry ${open.expiryS} is too far, the latest is ${latest}`);
  }
  return ok(open);
};

/** As much of a book as decides about a grant. An audit has it for every row. */
export type View = Pick<Book, 'get' | 'balanceNano' | 'timeMs'>;

/** Whom a key spends and earns for: the owner of its enrolment, or itself. */
const ownerOf = (book: View, device: Uint8Array): Uint8Array => book.get('budget', [device])?.owner ?? device;

type Owners = { readonly payerOwner: Uint8Array; readonly payeeOwner: Uint8Array };

const ownersOf = (book: View, open: Open): Owners => ({
  payerOwner: ownerOf(book, open.payer),
  payeeOwner: ownerOf(book, open.payee),
});

const lineKeys = (open: Open, { payerOwner, payeeOwner }: Owners, root: Uint8Array): readonly Key[] => [
  [root, payerOwner, open.currency],
  [payeeOwner, payerOwner, open.currency],
];

/** What an open reaches at first, and then, once its owners are known. */
export const openWants = ({ id, open }: Channel): Wanted => ({
  channel: [[id]],
  budget: [[open.payer], [open.payee]],
});
export const openReach = (book: Book, { id, open }: Channel, desk: Desk): Wanted => {
  const owners = ownersOf(book, open);
  const { payerOwner, payeeOwner } = owners;
  const { currency } = open;
  const scopes = [totalScope(currency), dayScope(currency, book.timeMs), sellerScope(currency, payeeOwner)];
  return {
    ...gapWanted(book, id),
    balance: accountsOf(id, BACKINGS, payerOwner, payeeOwner, currency),
    line: lineKeys(open, owners, desk.root),
    spending: scopes.map((scope) => [open.payer, scope]),
  };
};

const exhausted = (what: string, capNano: number, leftNano: bigint, currency: string) =>
  refuse(
    'budget-exhausted',
    `${formatAmount(leftNano)} of ${formatAmount(BigInt(capNano))} ${currency} ${what} is left: ask the owner for more`,
  );

/** An owner's caps, before a nano of its deposit is reserved. */
const checkBudget = (book: View, budget: BudgetRow, open: Open, payeeOwner: Uint8Array): Result<null> => {
  const { device, currency, expiryS } = budget;
  if (currency !== open.currency) {
    return refuse('budget-exhausted', `the budget is in ${currency}: it holds no ${open.currency}`);
  }
  if (expiryS !== 0 && expiryS * 1000 <= book.timeMs) {
    return refuse('budget-exhausted', `the budget ended at ${expiryS}: ask the owner for a new one`);
  }
  const caps: readonly [string, string, number][] = [
    ['in all', totalScope(currency), budget.totalNano],
    ['for today', dayScope(currency, book.timeMs), budget.dayNano],
    ['for this seller', sellerScope(currency, payeeOwner), budget.sellerNano],
  ];
  for (const [what, scope, capNano] of caps) {
    const usedNano = book.get('spending', [device, scope])?.nano ?? 0n;
    const leftNano = BigInt(capNano) - usedNano;
    if (BigInt(open.limitNano) > leftNano)
      return exhausted(what, capNano, leftNano < 0n ? 0n : leftNano, currency);
  }
  return ok(null);
};

/** Does a line of the creditor, null the settler, still hold, and is enough of it free? */
const lineCovers = (book: View, line: LineRow | undefined, creditor: Creditor, open: Open): boolean => {
  if (line === undefined || (line.expiryS !== 0 && line.expiryS * 1000 <= book.timeMs)) return false;
  const usedNano = -book.balanceNano(lineAccount(creditor, line.debtor), open.currency);
  return BigInt(line.limitNano) - usedNano >= BigInt(open.limitNano);
};

/**
 * The first that covers the limit: money, the settler's word, the payee's own. A deposit that does not says why.
 * Nobody is lent money to pay itself with.
 */
const backingFor = (book: View, open: Open, owners: Owners, root: Uint8Array): Backing => {
  const { payerOwner, payeeOwner } = owners;
  const heldNano = book.balanceNano(depositAccount(payerOwner), open.currency);
  if (heldNano >= BigInt(open.limitNano) || equalBytes(payerOwner, payeeOwner)) return 'deposit';
  const [settlers, payees] = lineKeys(open, owners, root).map((key) => book.get('line', key));
  if (lineCovers(book, settlers, null, open)) return 'guaranteed';
  // The settler's own line, to itself as a payee, is the guaranteed one.
  const isSettlers = equalBytes(payeeOwner, root);
  return !isSettlers && lineCovers(book, payees, payeeOwner, open) ? 'bilateral' : 'deposit';
};

type Terms = Owners & { readonly backing: Backing };

/** Who pays whom, and what stands behind it. Code: budget-exhausted. */
export const termsOf = (book: View, open: Open, root: Uint8Array): Result<Terms> => {
  const owners = ownersOf(book, open);
  const budget = book.get('budget', [open.payer]);
  const within = budget === undefined ? ok(null) : checkBudget(book, budget, open, owners.payeeOwner);
  return within.ok ? ok({ ...owners, backing: backingFor(book, open, owners, root) }) : within;
};

/**
 * Reserves the limit of a channel whose open is verified; `proof` is the open as received. Codes:
 * settler-unpinned, currency-unknown, channel-expired, value-out-of-range, budget-exhausted, deposit-insufficient.
 */
export const grantChannel = (book: Book, channel: Channel, proof: Uint8Array, desk: Desk): Result<Answer> => {
  const known = book.get('channel', [channel.id]);
  if (known !== undefined) {
    return ok(known.closed ? { kind: 'receipt', channel: known } : { kind: 'grant', grant: known.grant });
  }
  const { open } = channel;
  const checked = checkOpen(open, book.timeMs, isForgotten(book, channel.id), desk);
  if (!checked.ok) return checked;
  const terms = termsOf(book, open, desk.root);
  if (!terms.ok) return terms;
  const { payerOwner, payeeOwner, backing } = terms.value;
  const { limitNano, expiryS } = open;
  const issuedS = Math.floor(book.timeMs / 1000);
  const grant = signGrant(channel.id, { issuedS, version: 1, limitNano, expiryS, backing }, desk.signer);
  const booked = book.post(
    eventFor({
      kind: 'grant',
      currency: open.currency,
      nano: BigInt(limitNano),
      subject: toHex(channel.id),
      owner: payerOwner,
      other: payeeOwner,
      backing,
      proof: grantProof(proof, grant),
    }),
  );
  return booked.ok ? ok({ kind: 'grant', grant }) : booked;
};
