/** Amounts, days, codes and references in the documents of ISO 20022. */

import { checkDate } from '../ledger/day.ts';
import type { Amount } from './bank-fact.ts';
import { parseCents } from './cents.ts';
import { childAt, type Element, idAt, placeOf, stopAt, textAt, textOf } from './element.ts';
import { need, shown } from './refusing.ts';

export const amountOf = (element: Element): Amount => {
  const currency = element.attributes?.Ccy ?? '';
  if (!/^[A-Z]{3}$/.test(currency))
    stopAt(element, `${shown(currency)} is no currency: Ccy="EUR" is expected`);
  const text = textOf(element);
  return { cents: need(parseCents(text), `${placeOf(element)}: ${shown(text)}`), currency };
};

/** A date, or the date of a time; null where there is none. */
export const dayAt = (element: Element, ...path: readonly string[]): string | null => {
  const date = childAt(element, ...path);
  const text = date === null ? null : (textAt(date, 'Dt') ?? textAt(date, 'DtTm'));
  return date === null || text === null ? null : need(checkDate(text.slice(0, 10)), placeOf(date));
};

/** A code of ISO's lists or one of the bank's own. */
export const codeAt = (element: Element, ...path: readonly string[]): string | null => {
  const choice = childAt(element, ...path);
  return choice === null ? null : (textAt(choice, 'Cd') ?? textAt(choice, 'Prtry'));
};

/** Written where there is no id, or no reference. */
const NOTHING = new Set(['NOTPROVIDED', 'NONREF', 'NOREF', 'NOTAVAILABLE']);

/** An id that names something; null where there is none, or words that say so. */
export const referenceAt = (element: Element, ...path: readonly string[]): string | null => {
  const id = idAt(element, ...path);
  return id === null || NOTHING.has(id.toUpperCase().replace(/ /g, '')) ? null : id;
};
