/**
 * Books of transfers: what became of each payout and each collection by the journal, held against what its bank did.
 * Each goes one way, comes back once at most, and what was collected backs nothing while its payer may ask for it back.
 */

import type { Bank, Currency, Payment } from './bank.ts';
import type { Invariant } from './invariants.ts';
import type { Movement } from './ledger-view.ts';
import { DAY_MS } from './options.ts';

export const NANO_PER_CENT = 10_000_000n;

/** What each kind of row follows on. */
const AFTER: { readonly [kind: string]: string | null } = {
  'payout-pending': null,
  'payout-posted': 'payout-pending',
  'payout-voided': 'payout-pending',
  'payout-returned': 'payout-posted',
  'collection-pending': null,
  'collection-posted': 'collection-pending',
  'collection-voided': 'collection-pending',
  'collection-final': 'collection-posted',
  'collection-returned': 'collection-posted',
  'collection-owed': 'collection-final',
};
/** What may be done with money that is asked for, or held. */
const HELD: ReadonlyMap<string, readonly string[]> = new Map([
  ['coming', ['collection-posted', 'collection-voided']],
  ['held', ['collection-final', 'collection-returned']],
]);
/** SEPA CORE: eight weeks (EPC016-06); ACH: a consumer has 60 days. */
const ASKED_BACK_MS: { readonly [C in Currency]: number } = { EUR: 56 * DAY_MS, USD: 60 * DAY_MS };
/** ACH is silent where all is well: two banking days, and a weekend. */
const ACH_SILENT_MS = 4 * DAY_MS;

type Known = { last: string; readonly nano: bigint; readonly currency: Currency };

export type Expect = (holds: boolean, invariant: Invariant, detail: () => string) => void;

const RULE = 'each transfer is the bank’s, and comes back once';

export class TransferBooks {
  private readonly bank: Bank;
  private readonly expect: Expect;
  private readonly known = new Map<string, Known>();

  constructor(bank: Bank, expect: Expect) {
    this.bank = bank;
    this.expect = expect;
  }

  reset(): void {
    this.known.clear();
  }

  /** Held money goes where its kind of row may bring it. */
  checkMove({ debit }: Movement, kind: string, key: string): void {
    const allowed = HELD.get(debit.slice(0, debit.indexOf('/')));
    this.expect(
      allowed === undefined || allowed.includes(kind),
      'held money backs nothing',
      () => `${key} takes from ${debit}`,
    );
  }

  /** A row that begins with payout- or collection-. */
  book(kind: string, id: string, movements: readonly Movement[], nowMs: number): void {
    const [{ nano, currency }] = movements as readonly [Movement & { readonly currency: Currency }];
    const known = this.known.get(id);
    const what = (): string => `${kind} of ${id}, which is ${known?.last ?? 'unknown'}`;
    this.expect(AFTER[kind] === (known?.last ?? null), RULE, what);
    if (known === undefined) this.known.set(id, { last: kind, nano, currency });
    else {
      this.expect(
        nano === known.nano && currency === known.currency,
        RULE,
        () => `${what()}: another amount`,
      );
      known.last = kind;
    }
    if (!kind.endsWith('-pending')) this.checkWord(kind, id, nano, nowMs);
    else
      this.expect(nano > 0n && nano % NANO_PER_CENT === 0n, RULE, () => `${id}: ${nano} nano are no cents`);
  }

  private checkWord(kind: string, id: string, nano: bigint, nowMs: number): void {
    const payment = this.bank.payments.get(id);
    const isSame = payment !== undefined && payment.cents * NANO_PER_CENT === nano;
    this.expect(
      isSame,
      RULE,
      () => `${kind} of ${id} over ${nano} nano, the bank had ${payment?.cents} cents`,
    );
    if (kind === 'collection-final') this.checkFinal(id, payment!, nowMs);
    else
      this.expect(
        isSo(kind, payment!, nowMs),
        RULE,
        () => `${kind} of ${id}: the bank says ${said(payment!)}`,
      );
  }

  private checkFinal(id: string, { executedMs, currency }: Payment, nowMs: number): void {
    const days = Math.floor((nowMs - executedMs) / DAY_MS);
    const isOver = nowMs - executedMs > ASKED_BACK_MS[currency];
    this.expect(isOver, 'held money backs nothing', () => `collection ${id} is final after ${days} days`);
  }

  /** What came in by collections less what went out by payouts, less what came back of both. */
  movedNano(wanted: Currency): bigint {
    let sum = 0n;
    for (const { last, nano, currency } of this.known.values()) {
      if (currency !== wanted) continue;
      if (last === 'payout-posted') sum -= nano;
      if (last === 'collection-posted' || last === 'collection-final') sum += nano;
    }
    return sum;
  }

  /** What the bank moved and the journal does not say, since ACH is silent: nothing in euro. */
  silentNano(wanted: Currency): bigint {
    let sum = 0n;
    for (const [id, { last, nano, currency }] of this.known) {
      const payment = this.bank.payments.get(id);
      if (currency !== wanted || payment === undefined || payment.isRejected) continue;
      if (last === 'payout-pending') sum -= nano;
      if (last === 'collection-pending') sum += nano;
    }
    return sum;
  }

  /** When the bank has told everything: what each transfer came to. */
  checkEnd(): void {
    for (const [id, payment] of this.bank.payments) {
      const last = this.known.get(id)?.last ?? 'unknown';
      const isRight = isOverAs(payment).includes(last.replace(/^(?:payout|collection)-/, ''));
      this.expect(isRight, RULE, () => `${id} ends as ${last}: the bank says ${said(payment)}`);
    }
  }
}

const isReturned = ({ returnedMs }: Payment): boolean => returnedMs < Number.POSITIVE_INFINITY;

/** Does the bank bear it out by now? */
const isSo = (kind: string, payment: Payment, nowMs: number): boolean => {
  const { isRejected, currency, executedMs, returnedMs } = payment;
  if (kind.endsWith('-voided')) return isRejected;
  if (/-(?:returned|owed)$/.test(kind)) return returnedMs <= nowMs;
  const isSilent = currency === 'USD' && !(returnedMs <= nowMs);
  return !isRejected && executedMs + (isSilent ? ACH_SILENT_MS : 0) <= nowMs;
};

const isOverAs = (payment: Payment): readonly string[] => {
  if (payment.isRejected) return ['voided'];
  if (isReturned(payment)) return ['returned', 'owed'];
  if (payment.isDebit) return ['final'];
  return ['posted'];
};

const said = (payment: Payment): string =>
  payment.isRejected ? 'rejected' : isReturned(payment) ? 'executed, and returned' : 'executed';
