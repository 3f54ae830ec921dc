/** SHA-256 (FIPS 180-4) for engines that have none; on a board it is the interpreter's own. */

const rotate = (value: number, by: number): number => (value >>> by) | (value << (32 - by));

/** The first 32 bits of the fractional parts of the n-th roots of the first primes. */
const fractions = (count: number, power: number): number[] => {
  const parts: number[] = [];
  for (let candidate = 2; parts.length < count; candidate++) {
    let isPrime = true;
    for (let i = 2; i * i <= candidate; i++) if (candidate % i === 0) isPrime = false;
    const root = candidate ** power;
    if (isPrime) parts.push(Math.floor((root - Math.floor(root)) * 4294967296) | 0);
  }
  return parts;
};

const INITIAL = fractions(8, 1 / 2);
const ROUND = fractions(64, 1 / 3);

const compress = (state: number[], words: number[]): void => {
  for (let i = 16; i < 64; i++) {
    const a = words[i - 15]!;
    const b = words[i - 2]!;
    const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    words[i] = (words[i - 16]! + s0 + words[i - 7]! + s1) | 0;
  }
  const v = state.slice(0);
  for (let i = 0; i < 64; i++) {
    const e = v[4]!;
    const a = v[0]!;
    const choice = (e & v[5]!) ^ (~e & v[6]!);
    const majority = (a & v[1]!) ^ (a & v[2]!) ^ (v[1]! & v[2]!);
    const t1 = v[7]! + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + ROUND[i]! + words[i]!;
    const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
    v.unshift((t1 + t2) | 0);
    v[4] = (v[4]! + t1) | 0;
    v.pop();
  }
  for (let i = 0; i < 8; i++) state[i] = (state[i]! + v[i]!) | 0;
};

export const sha256 = (bytes: Uint8Array): Uint8Array => {
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  for (let i = 0; i < 4; i++) padded[padded.length - 1 - i] = (bytes.length * 8) >>> (8 * i);
  const state = INITIAL.slice(0);
  for (let at = 0; at < padded.length; at += 64) {
    const words: number[] = [];
    for (let i = at; i < at + 64; i += 4) {
      words.push((padded[i]! << 24) | (padded[i + 1]! << 16) | (padded[i + 2]! << 8) | padded[i + 3]!);
    }
    compress(state, words);
  }
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = state[i >> 2]! >>> (24 - 8 * (i & 3));
  return digest;
};
