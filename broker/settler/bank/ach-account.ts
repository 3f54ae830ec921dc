/** A bank account in the United States: the bank's routing number, the account's number there, and its kind. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';

export type AchKind = 'checking' | 'savings';
export type AchAccount = {
  readonly scheme: 'ach';
  readonly routing: string;
  readonly number: string;
  readonly kind: AchKind;
};

const ROUTING_WEIGHTS = [3, 7, 1, 3, 7, 1, 3, 7, 1];

/** Nine digits whose sum, weighted 3 7 1, divides by ten (ABA Routing Number Policy). */
export const isRouting = (text: string): boolean =>
  /^\d{9}$/.test(text) &&
  text !== '000000000' &&
  ROUTING_WEIGHTS.reduce((sum, weight, i) => sum + weight * Number(text[i]), 0) % 10 === 0;

/** NACHA's DFI account number: 17 places; letters, digits, hyphens and blanks. Banks mask it in what they send. */
export const isAccountNumber = (text: string): boolean =>
  /^[0-9A-Za-z](?:[0-9A-Za-z -]{0,15}[0-9A-Za-z-])?$/.test(text);

/** The account with the blanks taken out that people write. Code: bank-details. */
export const checkAchAccount = ({ routing, number, kind }: AchAccount): Result<AchAccount> => {
  const plainRouting = routing.replace(/\s/g, '');
  if (!isRouting(plainRouting)) {
    return refuse(
      'bank-details',
      `"${routing}" is no routing number (nine digits, the last checks the others): compare it with a cheque`,
    );
  }
  const plainNumber = number.replace(/\s/g, '');
  if (!isAccountNumber(plainNumber) || !/\d/.test(plainNumber)) {
    return refuse(
      'bank-details',
      `"${number}" is no account number: write 1 to 17 digits, letters and hyphens, as on the cheque`,
    );
  }
  if (kind !== 'checking' && kind !== 'savings') {
    return refuse('bank-details', `"${kind}" is no kind of account: checking or savings`);
  }
  return ok({ scheme: 'ach', routing: plainRouting, number: plainNumber, kind });
};
