/** What an emulated board begins with: its HEX file, and the emulator itself. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Result, refuse } from '../../schemas/result.ts';
import { parseHex } from './hex.ts';

/** What the boards of this project say of themselves where nobody says another number: 16 hexadecimal digits. */
export const SERIALS = {
  station: '7462000000000001',
  valve: '7462000000000002',
  firmata: 'ffffffffffffffff',
} as const;
export type BoardName = keyof typeof SERIALS;

/** hardware/avr/<board>.hex, seen from this file as a source and as compiled into dist/. */
export const committedHex = (board: BoardName): string => {
  const candidates = ['../avr/', '../../../hardware/avr/'].map((folder) =>
    fileURLToPath(new URL(`${folder}${board}.hex`, import.meta.url)),
  );
  return candidates.find((path) => existsSync(path)) ?? candidates[0]!;
};

/** `remedy` is for a person whose file is not there. Codes: config-invalid, those of `parseHex`. */
export const readFirmware = (path: string, remedy: string): Result<Uint16Array> => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse('config-invalid', `no firmware at ${path} (${code}): ${remedy}`);
  }
  const program = parseHex(text);
  return program.ok ? program : refuse(program.code, `${path}: ${program.detail}`);
};

/** avr8js is a development dependency: whoever installs the package for its agent does without. */
export const loadBoards = async (): Promise<typeof import('./boards.ts') | undefined> => {
  try {
    return await import('./boards.ts');
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
};
