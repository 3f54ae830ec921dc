/**
 * The characters that every SEPA bank must accept (EPC217-08): Latin letters without accents, digits and
 * `/ - ? : ( ) . , ' +` and space; no slash at either end and no double slash.
 */

/** Letters that do not fall apart into a letter and an accent (EPC217-08 section 6.2). */
const SPELLED: { readonly [letter: string]: string } = {
  ß: 'ss',
  Æ: 'AE',
  æ: 'ae',
  Ø: 'O',
  ø: 'o',
  Œ: 'OE',
  œ: 'oe',
  Ł: 'L',
  ł: 'l',
  Đ: 'D',
  đ: 'd',
  Ð: 'D',
  ð: 'd',
  Þ: 'T',
  þ: 't',
  ı: 'i',
  '&': '+',
  _: '-',
};

const ACCENTS = /\p{M}/gu;
const FOREIGN = /[^A-Za-z0-9/\-?:().,'+ ]/gu;
const PLAIN = /^[A-Za-z0-9/\-?:().,'+ ]*$/;

/** What is plain already, as ids are, is not searched for letters to spell. */
const spelled = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .replace(/./gu, (letter) => SPELLED[letter] ?? letter)
        .normalize('NFKD')
        .replace(ACCENTS, '');

/** The text as a bank will show it: letters spelled out, the unknown as a dot, at most `lengthMax` characters. */
export const sepaText = (text: string, lengthMax: number): string =>
  spelled(text)
    .replace(/\s+/gu, ' ')
    .replace(FOREIGN, '.')
    .replace(/\/{2,}/g, '/')
    .slice(0, lengthMax)
    .replace(/^[/ ]+|[/ ]+$/g, '');
