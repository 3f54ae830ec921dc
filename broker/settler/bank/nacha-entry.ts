/** Entries of a NACHA batch with their addenda, checked against the rules of their batch. */

import { isAccountNumber, isRouting } from './ach-account.ts';
import { breaks, digitsField, expectField, field, type NachaRecord } from './nacha-record.ts';
import { shown } from './refusing.ts';

export type NachaAddendum = { readonly record: NachaRecord; readonly type: '05' | '98' | '99' };

export type NachaEntry = {
  readonly line: number;
  /** Transaction code: account kind and direction; see `isCredit`. */
  readonly code: string;
  readonly routing: string;
  readonly number: string;
  readonly cents: bigint;
  readonly id: string;
  readonly name: string;
  readonly trace: string;
  readonly addenda: readonly NachaAddendum[];
};

/** What entries need to know of their batch. */
export type BatchRules = {
  /** 200 both, 220 credits only, 225 debits only. */
  readonly serviceClass: string;
  readonly sec: string;
  readonly odfi: string;
};

/** First digit: checking, savings, general ledger, loan. Second: returned, live, prenote, nothing but remittance. */
const CODES = /^(?:[234][1-46-9]|5[1-6])$/;
/** To the account holder; the others are from it. */
export const isCredit = (code: string): boolean => code[1]! < '5';
const isReturned = (code: string): boolean =>
  code === '56' || code[1] === '1' || (code[0] !== '5' && code[1] === '6');
const isLive = (code: string): boolean => code === '55' || code[1] === '2' || code[1] === '7';

const isAnswer = ({ type }: NachaAddendum): boolean => type !== '05';

const checkAmount = (
  record: NachaRecord,
  code: string,
  cents: bigint,
  addenda: readonly NachaAddendum[],
): void => {
  const changed = addenda.some(({ type }) => type === '98');
  const returned = addenda.some(({ type }) => type === '99');
  if (changed && cents !== 0n)
    breaks(record, 'amount', `a notification of change moves nothing, not ${cents}`);
  if (changed || returned) return;
  if (isReturned(code))
    breaks(record, 'addenda-type', `code ${code} is a return, and has no addendum 98 or 99`);
  if (isLive(code) && cents === 0n)
    breaks(record, 'amount', `code ${code} moves money, and the amount is zero`);
  if (!isLive(code) && cents !== 0n) breaks(record, 'amount', `code ${code} moves nothing, not ${cents}`);
};

const checkCode = (record: NachaRecord, code: string, { serviceClass }: BatchRules): void => {
  if (!CODES.test(code)) breaks(record, 'transaction-code', `${shown(code)} is no transaction code`);
  if (serviceClass === '220' && !isCredit(code))
    breaks(record, 'service-class', `debit ${code} in credits only`);
  if (serviceClass === '225' && isCredit(code))
    breaks(record, 'service-class', `credit ${code} in debits only`);
};

const checkAccount = (record: NachaRecord): void => {
  const routing = field(record, 4, 12);
  if (!isRouting(routing)) breaks(record, 'routing', `${shown(routing)} is no routing number`);
  const number = field(record, 13, 29);
  if (!isAccountNumber(number.trimEnd())) breaks(record, 'account', `${shown(number)} is no account number`);
};

/** Ascending within the batch, and beginning with who sends it. */
const checkTrace = (record: NachaRecord, rules: BatchRules, before: NachaEntry | undefined): string => {
  const trace = field(record, 80, 94);
  digitsField(record, 80, 94, 'trace');
  if (!trace.startsWith(rules.odfi))
    breaks(record, 'trace-odfi', `${trace} does not begin with ${rules.odfi}`);
  if (before !== undefined && trace <= before.trace) {
    breaks(record, 'trace-order', `${trace} does not come after ${before.trace}`);
  }
  return trace;
};

/** The addenda that follow an entry, as many as its indicator says: none or some. */
const checkAddenda = (
  entry: NachaRecord,
  records: readonly NachaRecord[],
  rules: BatchRules,
): readonly NachaAddendum[] => {
  const indicator = field(entry, 79, 79);
  if (indicator !== (records.length > 0 ? '1' : '0')) {
    breaks(entry, 'addenda-indicator', `${shown(indicator)} with ${records.length} addenda following`);
  }
  const addenda = records.map((record): NachaAddendum => {
    const type = field(record, 2, 3);
    if (type === '05' || type === '98' || type === '99') return { record, type };
    return breaks(record, 'addenda-type', `${shown(type)} is not read here: 05, 98 or 99`);
  });
  if (addenda.length > 1)
    breaks(records[1]!, 'addenda-count', `a ${rules.sec} entry has at most one addendum`);
  const [addendum] = addenda;
  if ((rules.sec === 'COR') !== (addendum?.type === '98')) {
    breaks(entry, 'addenda-type', 'addenda 98 and entries of COR belong together');
  }
  if (addendum?.type === '05') {
    expectField(addendum.record, 84, 87, '0001', 'addenda-sequence');
    expectField(addendum.record, 88, 94, field(entry, 88, 94), 'addenda-trace');
  }
  return addenda;
};

/** An entry and the addenda records that follow it. */
export const readEntry = (
  record: NachaRecord,
  addendaRecords: readonly NachaRecord[],
  rules: BatchRules,
  before: NachaEntry | undefined,
): NachaEntry => {
  const code = field(record, 2, 3);
  checkCode(record, code, rules);
  checkAccount(record);
  const cents = digitsField(record, 30, 39, 'amount');
  const addenda = checkAddenda(record, addendaRecords, rules);
  checkAmount(record, code, cents, addenda);
  const name = field(record, 55, 76).trimEnd();
  if (name === '' && !addenda.some(isAnswer)) breaks(record, 'name', 'the name is blank');
  return {
    line: record.line,
    code,
    routing: field(record, 4, 12),
    number: field(record, 13, 29).trimEnd(),
    cents,
    id: field(record, 40, 54).trimEnd(),
    name,
    trace: checkTrace(record, rules, before),
    addenda,
  };
};
