/** Base58btc, as did:key writes keys for people (draft-msporny-base58): no 0, O, I or l. */

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The work is quadratic and a did:key has 47 digits: longer text is refused unread. */
export const BASE58_TEXT_MAX = 64;

/** Digits of `from` (base `fromBase`, most significant first) rewritten in base `toBase`, without leading zeros. */
const rebase = (from: readonly number[], fromBase: number, toBase: number): number[] => {
  const digits: number[] = []; // least significant first
  for (const digit of from) {
    let carry = digit;
    for (let i = 0; i < digits.length; i++) {
      carry += digits[i]! * fromBase;
      digits[i] = carry % toBase;
      carry = Math.floor(carry / toBase);
    }
    while (carry > 0) {
      digits.push(carry % toBase);
      carry = Math.floor(carry / toBase);
    }
  }
  return digits.reverse();
};

export const toBase58 = (bytes: Uint8Array): string => {
  const from: number[] = [];
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0 && from.length === 0) text += '1';
    else from.push(bytes[i]!);
  }
  for (const digit of rebase(from, 256, 58)) text += ALPHABET.charAt(digit);
  return text;
};

/** undefined for a letter outside the alphabet or more than BASE58_TEXT_MAX of them. */
export const fromBase58 = (text: string): Uint8Array | undefined => {
  if (text.length > BASE58_TEXT_MAX) return undefined;
  const from: number[] = [];
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const digit = ALPHABET.indexOf(text.charAt(i));
    if (digit < 0) return undefined;
    if (digit === 0 && from.length === 0) bytes.push(0);
    else from.push(digit);
  }
  for (const digit of rebase(from, 58, 256)) bytes.push(digit);
  return new Uint8Array(bytes);
};
