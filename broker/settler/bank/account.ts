/** Where money is paid: an account of one of the schemes that the settler writes files for. */

import { type Result, refuse } from '../../../schemas/result.ts';
import { type AchAccount, type AchKind, checkAchAccount } from './ach-account.ts';
import { checkSepaAccount, type SepaAccount } from './sepa-account.ts';

export type BankAccount = SepaAccount | AchAccount;

/** As one text, the way it is stored: `sepa:<iban>:<bic or nothing>`, `ach:<routing>:<number>:<kind>`. */
export const accountText = (account: BankAccount): string =>
  account.scheme === 'sepa'
    ? `sepa:${account.iban}:${account.bic ?? ''}`
    : `ach:${account.routing}:${account.number}:${account.kind}`;

/** The account of such a text, checked again. Code: bank-details. */
export const accountOfText = (text: string): Result<BankAccount> => {
  const [scheme, first = '', second = '', kind, ...more] = text.split(':');
  if (scheme === 'sepa' && kind === undefined) {
    return checkSepaAccount({ scheme, iban: first, bic: second === '' ? null : second });
  }
  if (scheme === 'ach' && kind !== undefined && more.length === 0) {
    return checkAchAccount({ scheme, routing: first, number: second, kind: kind as AchKind });
  }
  return refuse(
    'bank-details',
    `"${text}" is no account: write sepa:IBAN:BIC or ach:ROUTING:NUMBER:checking`,
  );
};
