/** A bank account in the Single Euro Payments Area: its IBAN, and its BIC where it is known. */

import {
  electronicFormatIBAN,
  isSEPACountry,
  isValidBIC,
  ValidationErrorsIBAN,
  validateIBAN,
} from 'ibantools';
import { ok, type Result, refuse } from '../../../schemas/result.ts';

export type SepaAccount = { readonly scheme: 'sepa'; readonly iban: string; readonly bic: string | null };

/**
 * The account with IBAN and BIC in electronic form. Country tables of IBAN structures change every year, so they
 * are a library's. Code: bank-details.
 */
export const checkSepaAccount = ({ iban, bic }: SepaAccount): Result<SepaAccount> => {
  const plainIban = (electronicFormatIBAN(iban) ?? '').toUpperCase();
  const { valid, errorCodes } = validateIBAN(plainIban);
  if (!valid) {
    const why = errorCodes.map((code) => ValidationErrorsIBAN[code]).join(', ');
    return refuse('bank-details', `"${iban}" is no IBAN (${why}): compare it with the bank card`);
  }
  const country = plainIban.slice(0, 2);
  if (!isSEPACountry(country)) return refuse('bank-details', `${plainIban} is in ${country}, outside SEPA`);
  const plainBic = bic === null ? null : bic.replace(/\s/g, '').toUpperCase();
  if (plainBic !== null && !isValidBIC(plainBic)) {
    return refuse('bank-details', `"${bic}" is no BIC of 8 or 11 characters: leave it out, IBAN is enough`);
  }
  return ok({ scheme: 'sepa', iban: plainIban, bic: plainBic });
};
