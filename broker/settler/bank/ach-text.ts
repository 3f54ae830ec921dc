/** Characters that every bank in the ACH network prints: ASCII, here in upper case, letters without accents. */

const SPELLED: { readonly [letter: string]: string } = {
  ß: 'SS',
  Æ: 'AE',
  Ø: 'O',
  Œ: 'OE',
  Ł: 'L',
  Đ: 'D',
  Ð: 'D',
  Þ: 'TH',
};

const ACCENTS = /\p{M}/gu;
const FOREIGN = /[^\x20-\x7e]/gu;
const PLAIN = /^[\x20-\x7e]*$/;

/** What is plain already, as ids are, is not searched for letters to spell. */
const spelled = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .replace(/./gu, (letter) => SPELLED[letter] ?? letter)
        .normalize('NFKD')
        .replace(ACCENTS, '')
        .toUpperCase();

/** The text as a bank will show it: the unknown as a full stop, at most `lengthMax` characters, no blanks around. */
export const achText = (text: string, lengthMax: number): string =>
  spelled(text.toUpperCase()).replace(/\s+/gu, ' ').replace(FOREIGN, '.').trim().slice(0, lengthMax).trim();
