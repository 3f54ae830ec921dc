/** What a NACHA file is written of: who sends, through which bank, and the payments, all checked before a byte is written. */

import { type Result, refuse } from '../../../schemas/result.ts';
import { checkDate } from '../ledger/day.ts';
import { type AchAccount, checkAchAccount, isRouting } from './ach-account.ts';
import { achText } from './ach-text.ts';
import { checkAchParty, type Party } from './party.ts';
import { need, refusable, stop } from './refusing.ts';

export type NachaPayment = {
  /** Comes back in returns: 1 to 15 upper-case ASCII characters. The bank's key is the trace number. */
  readonly id: string;
  readonly cents: bigint;
  readonly party: Party<AchAccount>;
  /** Consumers' accounts, or companies'. */
  readonly sec: 'PPD' | 'CCD';
  /** Credits pay out, debits collect. */
  readonly direction: 'credit' | 'debit';
  /** What the statement of the other side says: 1 to 10 characters. */
  readonly description: string;
  /** YYYY-MM-DD, when it is to be booked. */
  readonly effectiveDate: string;
  /** At most 80 characters, in an addendum; none where it is empty. */
  readonly remittance: string;
};

export type NachaOrder = {
  /** The bank, or the operator, that the file goes to. */
  readonly destination: { readonly routing: string; readonly name: string };
  /** As the bank has assigned it: nine digits, or ten characters. */
  readonly origin: { readonly id: string; readonly name: string };
  /** The originating bank, whose first eight digits begin every trace number. */
  readonly odfiRouting: string;
  /** The id is ten characters that the bank has assigned. */
  readonly company: { readonly name: string; readonly id: string };
  readonly createdMs: number;
  /** Of the first file, A to Z then 0 to 9: tells files of one day apart. */
  readonly modifier: string;
  /** 1 to 9,999,999. Numbers are taken upwards from it; no number may be used again before its entry is final. */
  readonly firstTrace: number;
  /** Where a bank wants balanced files: the settler's own account, which gets one opposite entry for each batch. */
  readonly offset: AchAccount | null;
  readonly lineEnd: '\n' | '\r\n';
  readonly payments: readonly NachaPayment[];
};

/** Ten digits of an entry. */
export const ENTRY_CENTS_MAX = 9_999_999_999n;
const TRACE_MAX = 9_999_999;
export const MODIFIERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** A run of payouts has 10,000; what is more is another order. */
const PAYMENTS_MAX = 100_000;

/** A text that is already as banks print it, so that nothing is lost of it in silence. */
const needText = (what: string, text: string, lengthMax: number): string => {
  if (text !== '' && achText(text, lengthMax) === text) return text;
  const rule = `must be 1 to ${lengthMax} upper-case ASCII characters`;
  return stop('value-out-of-range', `${what} "${text}" ${rule}`);
};

/** A text for people: letters that banks cannot print are replaced, what is too long is cut. */
const needName = (what: string, text: string, lengthMax: number): string => {
  const plain = achText(text, lengthMax);
  return /[A-Z0-9]/.test(plain)
    ? plain
    : stop('bank-details', `${what} "${text}" has no letter that banks print`);
};

const needRouting = (what: string, routing: string): string =>
  isRouting(routing)
    ? routing
    : stop('bank-details', `${what} "${routing}" is no routing number of nine digits`);

const checkPayment = (payment: NachaPayment): NachaPayment => {
  const id = needText('the id', payment.id, 15);
  if (payment.cents < 1n || payment.cents > ENTRY_CENTS_MAX) {
    stop('value-out-of-range', `${id}: ${payment.cents} cents are not between 1 and ${ENTRY_CENTS_MAX}`);
  }
  if (payment.sec !== 'PPD' && payment.sec !== 'CCD') {
    stop('value-out-of-range', `${id}: "${payment.sec}" is neither PPD nor CCD`);
  }
  if (payment.direction !== 'credit' && payment.direction !== 'debit') {
    stop('value-out-of-range', `${id}: "${payment.direction}" is neither credit nor debit`);
  }
  need(checkDate(payment.effectiveDate), `${id}: effective date`);
  return {
    ...payment,
    description: needText(`${id}: the description`, payment.description, 10),
    party: need(checkAchParty(payment.party), id),
    remittance: achText(payment.remittance, 80),
  };
};

const checkPayments = (payments: readonly NachaPayment[]): readonly NachaPayment[] => {
  if (payments.length === 0) stop('value-out-of-range', 'a file carries at least one payment');
  if (payments.length > PAYMENTS_MAX) {
    stop('value-out-of-range', `${payments.length} payments: at most ${PAYMENTS_MAX} in one order`);
  }
  const ids = new Set<string>();
  for (const { id } of payments) {
    if (ids.has(id)) stop('value-out-of-range', `the id "${id}" occurs twice: give each payment its own`);
    ids.add(id);
  }
  return payments.map(checkPayment);
};

const check = (order: NachaOrder): NachaOrder => {
  const { destination, origin, company, offset } = order;
  if (!/^(?:\d{9}|[0-9A-Z]{10})$/.test(origin.id)) {
    stop('bank-details', `the origin "${origin.id}" must be the nine digits or ten characters of the bank`);
  }
  if (!/^[0-9A-Z ]{0,9}[0-9A-Z]$/.test(company.id)) {
    stop('bank-details', `the company id "${company.id}" must be at most ten characters A to Z, 0 to 9`);
  }
  if (order.modifier.length !== 1 || !MODIFIERS.includes(order.modifier)) {
    stop('value-out-of-range', `the modifier "${order.modifier}" must be A to Z or 0 to 9`);
  }
  const entriesMax = order.payments.length * (offset === null ? 1 : 2);
  if (
    !Number.isSafeInteger(order.firstTrace) ||
    order.firstTrace < 1 ||
    order.firstTrace + entriesMax - 1 > TRACE_MAX
  ) {
    const room = `leaves no room for ${entriesMax} entries up to ${TRACE_MAX}: begin again at 1`;
    stop('value-out-of-range', `the first trace number ${order.firstTrace} ${room}`);
  }
  return {
    ...order,
    destination: {
      routing: needRouting('the destination', destination.routing),
      name: needName('the destination', destination.name, 23),
    },
    origin: { id: origin.id, name: needName('the origin', origin.name, 23) },
    odfiRouting: needRouting('the originating bank', order.odfiRouting),
    company: { id: company.id, name: needName('the company', company.name, 16) },
    offset: offset === null ? null : need(checkAchAccount(offset), 'offset account'),
    payments: checkPayments(order.payments),
  };
};

/** The order as the file shows it. Codes: value-out-of-range, bank-details. */
export const checkOrder = (order: NachaOrder): Result<NachaOrder> =>
  Number.isSafeInteger(order.createdMs) && order.createdMs >= 0
    ? refusable(() => check(order))
    : refuse('value-out-of-range', `the time ${order.createdMs} must be milliseconds since 1970`);
