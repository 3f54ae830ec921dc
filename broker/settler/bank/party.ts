/** Who is paid, or pays: a name, an IBAN and perhaps a BIC, checked before money is sent there. */

import {
  electronicFormatIBAN,
  isSEPACountry,
  isValidBIC,
  ValidationErrorsIBAN,
  validateIBAN,
} from 'ibantools';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { sepaText } from './sepa-text.ts';

export type Party = { readonly name: string; readonly iban: string; readonly bic: string | null };

/** SEPA rulebooks allow 70 of ISO 20022's 140 characters in a name. */
const NAME_LENGTH_MAX = 70;

/**
 * The party with its IBAN and BIC in electronic form and a name of SEPA characters. Country tables of IBAN
 * structures change every year, so they are a library's. Code: bank-details.
 */
export const checkParty = (name: string, iban: string, bic: string | null): Result<Party> => {
  const plainName = sepaText(name, NAME_LENGTH_MAX);
  if (!/[A-Za-z0-9]/.test(plainName)) {
    return refuse(
      'bank-details',
      `the name "${name}" has no letter a SEPA bank can print: write it in Latin letters`,
    );
  }
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
  return ok({ name: plainName, iban: plainIban, bic: plainBic });
};
