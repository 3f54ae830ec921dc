/**
 * A device's secret: the 32-byte Ed25519 seed in PKCS#8 PEM (RFC 8410), as `openssl genpkey -algorithm
 * ed25519` writes it and `openssl pkey` reads it, in a file that only its owner can read.
 */

import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { equalBytes, expectBytes, fromHex, toHex } from '../../schemas/bytes.ts';
import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { nodeFiles, syncDirectory, systemError, writeAll } from './storage.ts';

/** DER up to the seed: version 0, algorithm 1.3.101.112, an octet string of 32 bytes in another. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const BEGIN = '-----BEGIN PRIVATE KEY-----';
const END = '-----END PRIVATE KEY-----';

/** What is larger than this is another kind of file. */
const FILE_BYTES_MAX = 8192;
/** What an Ed25519 key takes, and the 64 digits of a symmetric one with their line end. */
const PEM_BYTES = 119;
const HEX_BYTES = 65;

const MAKE_ONE = 'tollbridge key create';
const MAKE_SHARED = 'tollbridge devices provision --path PORT --meter-key';

const refuseKey = (path: string, problem: string): Refusal =>
  refuse('key-file', `key file ${path} ${problem}`);

/** Modes and owners where the system has them: Windows has neither. */
const checkOwner = (path: string, stats: Stats): Refusal | undefined => {
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const octal = mode.toString(8).padStart(4, '0');
    return refuseKey(path, `has mode ${octal}, so that others can use it; run: chmod 600 ${path}`);
  }
  if (stats.uid !== user && stats.uid !== 0) {
    return refuseKey(path, `belongs to user ${stats.uid}, not to ${user}; run: sudo chown ${user} ${path}`);
  }
  return undefined;
};

const readBounded = (path: string, bytesExpected: number): Result<string> => {
  const fd = openSync(path, 'r');
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return refuseKey(path, 'is not a regular file');
    const refusal = checkOwner(path, stats);
    if (refusal !== undefined) return refusal;
    if (stats.size > FILE_BYTES_MAX)
      return refuseKey(path, `has ${stats.size} bytes, a key has ${bytesExpected}: name the key's file`);
    const bytes = Buffer.alloc(FILE_BYTES_MAX);
    return ok(bytes.toString('latin1', 0, readSync(fd, bytes, 0, FILE_BYTES_MAX, 0)));
  } finally {
    closeSync(fd);
  }
};

const parsePem = (path: string, text: string): Result<Uint8Array> => {
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (text.trim() === '')
    return refuseKey(path, 'is empty: restore it, or delete it to begin as someone else');
  if (label === undefined) return refuseKey(path, `is not PEM; ${MAKE_ONE} FILE makes one`);
  if (label === 'ENCRYPTED PRIVATE KEY')
    return refuseKey(path, `is encrypted; decrypt it: openssl pkey -in ${path} -out device.key`);
  if (label !== 'PRIVATE KEY')
    return refuseKey(path, `holds "${label}", a "PRIVATE KEY" is expected; ${MAKE_ONE} FILE makes one`);
  const start = text.indexOf(BEGIN) + BEGIN.length;
  const end = text.indexOf(END);
  const base64 = end < 0 ? '' : text.slice(start, end).replace(/\s/g, '');
  const der = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : Buffer.alloc(0);
  if (der.toString('base64') !== base64 || der.length === 0)
    return refuseKey(path, 'is damaged between its BEGIN and END lines: restore a copy');
  if (
    der.length !== PKCS8_PREFIX.length + 32 ||
    !equalBytes(der.subarray(0, PKCS8_PREFIX.length), PKCS8_PREFIX)
  )
    return refuseKey(path, `is no Ed25519 key (an RSA or EC key?); ${MAKE_ONE} FILE makes one`);
  return ok(new Uint8Array(der.subarray(PKCS8_PREFIX.length)));
};

const unusable = (raised: unknown, path: string, make: string): Refusal => {
  const { code } = systemError(raised);
  if (code === 'ENOENT') return refuseKey(path, `does not exist; make one: ${make} ${path}`);
  if (code === 'EEXIST') return refuseKey(path, 'exists already, and no key is ever written over');
  if (code === 'EACCES')
    return refuseKey(path, `cannot be opened (${code}); run: sudo chown $(id -u) ${path}`);
  return refuseKey(path, `cannot be used (${code}): check the disk`);
};

/** The 32-byte seed. Code: key-file. */
export const loadKey = (path: string): Result<Uint8Array> => {
  try {
    const text = readBounded(path, PEM_BYTES);
    return text.ok ? parsePem(path, text.value) : text;
  } catch (raised) {
    return unusable(raised, path, MAKE_ONE);
  }
};

/** 32 bytes that two sides share, as 64 hexadecimal digits. Code: key-file. */
export const loadSharedKey = (path: string): Result<Uint8Array> => {
  try {
    const text = readBounded(path, HEX_BYTES);
    if (!text.ok) return text;
    const key = fromHex(text.value.trim());
    if (key?.length === 32) return ok(key);
    return refuseKey(path, 'does not hold 64 hexadecimal digits: restore a copy');
  } catch (raised) {
    return unusable(raised, path, MAKE_SHARED);
  }
};

/** The same to a new file. Code: key-file (also: it exists). */
export const createSharedKey = (path: string, key: Uint8Array, token: Uint8Array): Result<null> =>
  createFile(path, Buffer.from(`${toHex(expectBytes('key', key, 32))}\n`), token);

/** Writes a seed to a new file. Code: key-file (also: it exists). */
export const createKey = (path: string, seed: Uint8Array, token: Uint8Array): Result<null> => {
  const der = Buffer.concat([PKCS8_PREFIX, expectBytes('seed', seed, 32)]);
  return createFile(path, Buffer.from(`${BEGIN}\n${der.toString('base64')}\n${END}\n`), token);
};

/**
 * A new file, mode 0600, on the disk when it returns; a crash leaves the whole file or none. `token` makes the name of
 * the file beside it unlike any other's.
 */
const createFile = (path: string, bytes: Buffer, token: Uint8Array): Result<null> => {
  const beside = `${path}.${toHex(token)}`;
  try {
    const fd = openSync(beside, 'wx', 0o600);
    try {
      writeAll(fd, bytes, 0, bytes.length, 0, nodeFiles);
      fsyncSync(fd);
      linkSync(beside, path); // unlike a rename it never replaces
      syncDirectory(path, nodeFiles);
    } finally {
      closeSync(fd);
      unlinkSync(beside);
    }
    return ok(null);
  } catch (raised) {
    return unusable(raised, path, MAKE_ONE);
  }
};
