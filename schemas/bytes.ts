/** Byte strings: compare, join, hexadecimal, UTF-8, big-endian integers. Everything is a `Uint8Array`. */

const HEX = '0123456789abcdef';

export const isBytes = (value: unknown, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;

const mismatch = (name: string, value: unknown, length: number): string => {
  const got = value instanceof Uint8Array ? 'length ' + value.length : typeof value;
  return '"' + name + '" expected Uint8Array of length ' + length + ', got ' + got;
};

/** The one checker of byte arguments: throws, because a wrong length here is a programmer's error. */
export const expectBytes = (name: string, value: Uint8Array, length: number): Uint8Array => {
  if (!isBytes(value, length)) throw new TypeError(mismatch(name, value, length));
  return value;
};

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
};

/** Bytewise lexical order (RFC 8949 section 4.2.1): negative, zero or positive. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
};

export const concatBytes = (parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

export const toHex = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i]! >> 4]! + HEX[bytes[i]! & 15]!;
  return text;
};

/** undefined where the text is not an even number of hexadecimal digits. */
export const fromHex = (text: string): Uint8Array | undefined => {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  const lower = text.toLowerCase();
  for (let i = 0; i < bytes.length; i++) {
    const high = HEX.indexOf(lower.charAt(2 * i));
    const low = HEX.indexOf(lower.charAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
};

export const writeU16 = (into: Uint8Array, at: number, value: number): void => {
  into[at] = (value >>> 8) & 255;
  into[at + 1] = value & 255;
};

export const writeU32 = (into: Uint8Array, at: number, value: number): void => {
  into[at] = (value >>> 24) & 255;
  into[at + 1] = (value >>> 16) & 255;
  into[at + 2] = (value >>> 8) & 255;
  into[at + 3] = value & 255;
};

export const readU32 = (from: Uint8Array, at: number): number =>
  from[at]! * 0x1000000 + ((from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!);

const utf8EncodeWide = (text: string): Uint8Array => {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (point > 0xdbff || low < 0xdc00 || low > 0xdfff) throw new TypeError('text with a lone surrogate');
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      i++;
    }
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000)
      bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else {
      bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63));
      bytes.push(0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    }
  }
  return new Uint8Array(bytes);
};

/** A lone surrogate is a programmer's error here: what comes from outside went through `utf8Decode`. */
export const utf8Encode = (text: string): Uint8Array => {
  // Nearly all text is ASCII: accounts, references, reasons.
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return utf8EncodeWide(text);
    bytes[i] = unit;
  }
  return bytes;
};

/** Strict UTF-8 (RFC 3629): undefined for overlong forms, surrogates, stray or missing continuation bytes. */
export const utf8Decode = (bytes: Uint8Array): string | undefined => {
  let text = '';
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i]!;
    const more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + more >= bytes.length) return undefined;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let k = 1; k <= more; k++) {
      const next = bytes[i + k]!;
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 63);
    }
    if ((more === 2 && point < 0x800) || (more === 3 && (point < 0x10000 || point > 0x10ffff)))
      return undefined;
    if (point >= 0xd800 && point <= 0xdfff) return undefined;
    if (point < 0x10000) text += String.fromCharCode(point);
    else
      text += String.fromCharCode(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    i += more + 1;
  }
  return text;
};
