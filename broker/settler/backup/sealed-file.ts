/**
 * A sealed file: lines of text in gzip, and a seal that tells whether every byte is as it was written.
 *
 *     file = gzip member of the lines | seal
 *     seal = gzip member of nothing, with the comment "sha256:<hex of all bytes before>"
 *
 * `zcat` reads it, in thirty years too. CRC-32 leaves bits of a gzip header alone; the seal leaves none.
 */

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { equalBytes } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { fileRefusal, syncFolder } from '../whole-file.ts';

/** RFC 1952: magic, deflate, FCOMMENT, no time, no extra flags, system unknown. */
const SEAL_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff);
/** The end of the comment, an empty block, the CRC and the length of nothing. */
const SEAL_TAIL = Uint8Array.of(0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const SEAL_BYTES = SEAL_HEAD.length + 'sha256:'.length + 64 + SEAL_TAIL.length;

/** Read at once: some hundred rows. */
const CHUNK_BYTES = 131_072;

const sealOf = (digest: Buffer): Buffer =>
  Buffer.concat([SEAL_HEAD, Buffer.from(`sha256:${digest.toString('hex')}`), SEAL_TAIL]);

const damaged = (path: string, why: string) =>
  refuse('journal-corrupt', `${path} ${why}: take another copy of it, or another backup`);

/** A system's error as a refusal; a programmer's is thrown. */
const refusalOf = (error: unknown, path: string) => {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST')
    return refuse('config-invalid', `${path} exists already: name another file`);
  return fileRefusal(error, (message) => `${path}: ${message}`);
};

const writeAll = async (file: FileHandle, lines: AsyncIterable<string>): Promise<void> => {
  const hash = createHash('sha256');
  const packed = createGzip();
  const feeding = pipeline(Readable.from(lines), packed);
  // Where the disk fails, or the lines do, the loop says why; a pipeline to its end would say that it was aborted.
  feeding.catch(() => undefined);
  for await (const chunk of packed as AsyncIterable<Buffer>) {
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  await feeding;
  await file.writeFile(sealOf(hash.digest()));
  await file.sync();
};

/** Where a disk has no hard links, as on most USB sticks: two writers at the same moment could meet there. */
const isWithoutLinks = (error: unknown): boolean =>
  ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The part under its name, never over another file. Throws EEXIST. */
const name = (part: string, path: string): void => {
  try {
    linkSync(part, path);
    rmSync(part);
  } catch (error) {
    if (!isWithoutLinks(error)) throw error;
    refuseExisting(path);
    renameSync(part, path);
  }
};

const refuseExisting = (path: string): void => {
  if (existsSync(path)) throw Object.assign(new Error('it exists'), { code: 'EEXIST' });
};

/**
 * Writes a file that its owner alone can read; whole, or not there, also where the writing was interrupted. Never over
 * another one. Codes: config-invalid, storage-full, storage-failed. What `lines` throws is thrown.
 */
export const writeSealed = async (path: string, lines: AsyncIterable<string>): Promise<Result<null>> => {
  // A name of this process's own: another one may be writing the same file.
  const part = `${path}.${process.pid}.part`;
  try {
    refuseExisting(path);
    const file = await open(part, 'w', 0o600);
    try {
      await writeAll(file, lines);
    } finally {
      await file.close();
    }
    name(part, path);
    syncFolder(path);
    return ok(null);
  } catch (error) {
    rmSync(part, { force: true });
    return refusalOf(error, path);
  }
};

/** The bytes before the seal, where it is unbroken. Codes: journal-corrupt, storage-failed. */
export const checkSeal = async (path: string): Promise<Result<number>> => {
  try {
    const file = await open(path, 'r');
    try {
      const length = (await file.stat()).size - SEAL_BYTES;
      if (length < 0) return damaged(path, 'is no backup, or the end of one is missing');
      const seal = Buffer.alloc(SEAL_BYTES);
      await file.read(seal, 0, SEAL_BYTES, length);
      const hash = createHash('sha256');
      if (length > 0)
        for await (const chunk of createReadStream(path, { end: length - 1, highWaterMark: CHUNK_BYTES }))
          hash.update(chunk);
      if (equalBytes(seal, sealOf(hash.digest()))) return ok(length);
      return damaged(path, 'is damaged or cut short: its seal is not that of its bytes');
    } finally {
      await file.close();
    }
  } catch (error) {
    return refusalOf(error, path);
  }
};

/** The lines of a file whose seal was checked; `length` is what `checkSeal` said. Throws where the disk fails. */
export const readSealed = async function* (path: string, length: number): AsyncGenerator<string> {
  const packed = createReadStream(path, { end: length - 1, highWaterMark: CHUNK_BYTES });
  const unpacked = packed.pipe(createGunzip({ chunkSize: CHUNK_BYTES })).setEncoding('utf8');
  packed.on('error', (error) => unpacked.destroy(error));
  let rest = '';
  for await (const text of unpacked) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
};
