/** The SEPA creditor identifier of one who collects: country, two check digits, business code, national id (EPC262-08). */

import { isSEPACountry } from 'ibantools';
import { ok, type Result, refuse } from '../../../schemas/result.ts';

const FORM = /^([A-Z]{2})(\d{2})[A-Z0-9]{3}([A-Z0-9]{1,28})$/;

/** ISO 7064 mod 97-10 over letters as 10 to 35, digit by digit, so that no number gets large. */
const mod97 = (text: string): number => {
  let rest = 0;
  for (const letter of text) {
    for (const digit of String(Number.parseInt(letter, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest;
};

/** The id without blanks. The business code, characters 5 to 7, is not part of what the digits check. Code: bank-details. */
export const checkCreditorId = (text: string): Result<string> => {
  const plain = text.replace(/\s/g, '').toUpperCase();
  const match = FORM.exec(plain);
  if (match !== null && isSEPACountry(match[1]!) && mod97(`${match[3]}${match[1]}${match[2]}`) === 1) {
    return ok(plain);
  }
  return refuse(
    'bank-details',
    `"${text}" is no SEPA creditor identifier: compare it with the letter of your bank or central bank`,
  );
};
