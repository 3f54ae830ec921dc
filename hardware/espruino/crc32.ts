/** The interpreter's own CRC-32: the bundle takes it in the place of `schemas/crc32.ts`, which computes the same. */

declare const E: { CRC32: (bytes: Uint8Array) => number };

/** Of the first `length` bytes. */
export const crc32 = (bytes: Uint8Array, length: number): number => E.CRC32(bytes.subarray(0, length));
