/**
 * Consistent Overhead Byte Stuffing (Cheshire and Baker 1999): any bytes without a zero byte, so that a
 * zero can end a frame. Costs one byte, and one more for each full 254.
 *
 *     each block: code 1..255, then code - 1 bytes that are not zero; a zero follows in the
 *     original unless the code is 255 or the block is the last
 */

/** The most bytes that `length` of them can become. */
export const cobsLengthMax = (length: number): number => length + 1 + Math.floor(length / 254);

export const cobsEncode = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(cobsLengthMax(bytes.length));
  let codeAt = 0;
  let at = 1;
  for (let i = 0; i < bytes.length; i++) {
    if (at - codeAt === 255) {
      out[codeAt] = 255;
      codeAt = at;
      at++;
    }
    const byte = bytes[i]!;
    if (byte === 0) {
      out[codeAt] = at - codeAt;
      codeAt = at;
    } else out[at] = byte;
    at++;
  }
  out[codeAt] = at - codeAt;
  return out.subarray(0, at);
};

/** undefined where a block promises more bytes than there are, or a zero stands inside. */
export const cobsDecode = (bytes: Uint8Array): Uint8Array | undefined => {
  const out = new Uint8Array(bytes.length);
  let at = 0;
  let i = 0;
  while (i < bytes.length) {
    const code = bytes[i]!;
    const end = i + code;
    if (code === 0 || end > bytes.length) return undefined;
    for (i++; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === 0) return undefined;
      out[at] = byte;
      at++;
    }
    if (code !== 255 && end < bytes.length) at++; // the zero is there already
  }
  return out.subarray(0, at);
};
