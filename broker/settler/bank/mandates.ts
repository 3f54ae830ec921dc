/** Mandates: an owner's signed permission to collect from its account, one for each owner. */

import { type Result, refuse } from '../../../schemas/result.ts';
import { checkDate } from '../ledger/day.ts';
import type { Store } from '../store/store.ts';
import type { MandateRow } from '../store/tables.ts';
import type { Mandate, SequenceType } from './pain008.ts';

/** EPC130-08: what a mandate may be called, without blanks. */
const ID = /^[A-Za-z0-9+?/\-:().,']{1,35}$/;

/** A mandate as a collection uses it. */
export type Use = { readonly mandate: Mandate; readonly sequence: SequenceType };

/** As one text, the way a collection keeps it: `FRST 2026-11-20 M-1`. */
export const useText = ({ sequence, mandate }: Use): string =>
  `${sequence} ${mandate.signedDate} ${mandate.id}`;

/** Of a text that `useText` wrote. */
export const useOfText = (text: string): Use => {
  const [sequence, signedDate, id] = text.split(' ') as [SequenceType, string, string];
  return { sequence, mandate: { id, signedDate } };
};

/** The next use of a mandate: the first collection is another kind to a bank than those after it. */
export const nextUse = ({ id, signedDate, collections }: MandateRow): Use => ({
  mandate: { id, signedDate },
  sequence: collections === 0 ? 'FRST' : 'RCUR',
});

/**
 * Sets an owner's mandate durably; another one than before begins with its first collection.
 * Codes: value-out-of-range, those of the store.
 */
export const setMandate = async (
  store: Store,
  owner: Uint8Array,
  { id, signedDate }: Mandate,
  today: string,
): Promise<Result<MandateRow>> => {
  if (!ID.test(id)) {
    return refuse('value-out-of-range', `the mandate id "${id}" must be 1 to 35 SEPA characters, no blanks`);
  }
  const signed = checkDate(signedDate);
  if (!signed.ok) return signed;
  if (signedDate > today) {
    return refuse(
      'value-out-of-range',
      `a mandate signed on ${signedDate} is of the future: today is ${today}`,
    );
  }
  return store.transact(async (reader) => {
    const [held] = await reader.get('mandate', [[owner]]);
    const isSame = held?.id === id && held.signedDate === signedDate;
    const row = { owner, id, signedDate, collections: isSame ? held.collections : 0 };
    return { changes: isSame ? {} : { put: { mandate: [row] } }, value: row };
  });
};
