/**
 * CRC-32 of IEEE 802.3 (reflected 0xEDB88320, as zip, PNG and Ethernet use it).
 *
 * Four bits at a time: 64 bytes of table instead of 1,024, because the same code runs on a chip.
 */

const TABLE = new Uint32Array(16);
for (let i = 0; i < 16; i++) {
  let value = i;
  for (let bit = 0; bit < 4; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  TABLE[i] = value;
}

/** Of the first `length` bytes: an integer of 32 bits, not negative. */
export const crc32 = (bytes: Uint8Array, length: number): number => {
  let crc = -1;
  for (let i = 0; i < length; i++) {
    crc ^= bytes[i]!;
    crc = (crc >>> 4) ^ TABLE[crc & 15]!;
    crc = (crc >>> 4) ^ TABLE[crc & 15]!;
  }
  return (crc ^ -1) >>> 0;
};
