/** Intel HEX, as avr-objcopy writes it, to the words of an ATmega328P's flash. */

import { ok, type Result, refuse } from '../../schemas/result.ts';

const FLASH_BYTES = 32768;
const RECORD_DATA = 0;
const RECORD_END = 1;

/** Codes: config-invalid (names the line). Unprogrammed flash reads as ff. */
export const parseHex = (text: string): Result<Uint16Array> => {
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  const lines = text.trim().split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const record = parseRecord(line);
    if (record === undefined)
      return refuse(
        'config-invalid',
        `HEX line ${index + 1} is not an intact record: copy or build the file anew`,
      );
    if (record.type === RECORD_END) return ok(new Uint16Array(flash.buffer));
    if (record.type !== RECORD_DATA || record.address + record.data.length > FLASH_BYTES) {
      return refuse('config-invalid', `HEX line ${index + 1} does not belong to an ATmega328P: build for it`);
    }
    flash.set(record.data, record.address);
  }
  return refuse('config-invalid', 'HEX file without its end record: copy it whole');
};

type HexRecord = { readonly type: number; readonly address: number; readonly data: Buffer };

/** `:LLAAAATT<data>CC`: length, address, type, data, and the byte that makes the sum zero. */
const parseRecord = (line: string): HexRecord | undefined => {
  if (!/^:([0-9A-Fa-f]{2}){5,}$/.test(line)) return undefined;
  const bytes = Buffer.from(line.slice(1), 'hex');
  const sum = bytes.reduce((total, byte) => (total + byte) & 255, 0);
  if (sum !== 0 || bytes.length !== bytes[0]! + 5) return undefined;
  return { type: bytes[3]!, address: bytes.readUInt16BE(1), data: bytes.subarray(4, -1) };
};
