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

/** The text as a bank will show it: the unknown as a full stop, at most `lengthMax` characters, no blanks around. */
export const achText = (text: string, lengthMax: number): string =>
  text
    .toUpperCase()
    .replace(/./gu, (letter) => SPELLED[letter] ?? letter)
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .toUpperCase()
    .replace(/\s+/gu, ' ')
    .replace(FOREIGN, '.')
    .trim()
    .slice(0, lengthMax)
    .trim();
