/**
 * The bytes of a journal, and what of them can be believed after a crash.
 *
 * A journal is a run of frames (`schemas/frame.ts`), nothing between them. The first byte of a message
 * says what it is:
 *
 *     'H' | CBOR ["tb1/journal", version, kind]    once, first
 *     'R' | record                                 what the owner appended
 *     'D' | CBOR offset                            bytes before offset were on the disk when this was written
 *
 * A process that is killed loses nothing that was written. A power cut may leave any damage, even whole
 * frames behind a hole, but only after the last offset known to be on the disk: there the journal is cut at
 * the first damage. Damage before that offset is no crash: the file was changed or the disk rots, and what
 * it said is money; it is refused.
 */

import { CBOR_BYTES_MAX, decodeCbor, encodeCbor } from '../schemas/cbor.ts';
import { encodeFrame, FrameDecoder } from '../schemas/frame.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import type { Files } from './host/storage.ts';

const VERSION = 1;
const MAGIC = 'tb1/journal';
const HEADER = 0x48;
const RECORD = 0x52;
const DURABLE = 0x44;

/** The largest record: one message of the largest size. */
export const RECORD_BYTES_MAX = CBOR_BYTES_MAX;

const TWO_ZEROS = new Uint8Array(2);

/** Bytes read at once while scanning. */
const CHUNK_BYTES = 262144;

const frameOf = (type: number, body: Uint8Array): Uint8Array => {
  const message = new Uint8Array(1 + body.length);
  message[0] = type;
  message.set(body, 1);
  return encodeFrame(message);
};

export const headerFrame = (kind: string): Uint8Array => frameOf(HEADER, encodeCbor([MAGIC, VERSION, kind]));
export const recordFrame = (record: Uint8Array): Uint8Array => frameOf(RECORD, record);
export const durableFrame = (offset: number): Uint8Array => frameOf(DURABLE, encodeCbor(offset));

export type Scan = {
  readonly records: number;
  /** Where the believed part ends and the next frame belongs. */
  readonly end: number;
  /** Bytes after it, of writes that a crash tore. */
  readonly tornBytes: number;
};

const readHeader = (message: Uint8Array | undefined, kind: string, path: string): Result<null> => {
  const body = message?.[0] === HEADER ? decodeCbor(message.subarray(1)) : undefined;
  const fields = body?.ok === true && Array.isArray(body.value) ? body.value : [];
  const version = fields[1];
  if (fields[0] !== MAGIC || typeof version !== 'number') {
    return refuse('storage-failed', `${path} is no journal, or its first bytes are damaged: restore a copy`);
  }
  if (version > VERSION) {
    const versions = `version ${version}, this program writes version ${VERSION}`;
    return refuse('storage-newer', `${path} is a journal of ${versions}: install the newer program again`);
  }
  if (fields[2] !== kind) {
    return refuse(
      'storage-failed',
      `${path} is a journal of kind "${fields[2]}", "${kind}" is expected here`,
    );
  }
  return ok(null);
};

/** Offset of the first zero in `bytes` that follows a zero (`last` came before them): no frame is empty. */
const holeIn = (bytes: Buffer, last: number): number => {
  if (last === 0 && bytes[0] === 0) return 0;
  const pair = bytes.indexOf(TWO_ZEROS);
  return pair < 0 ? Number.POSITIVE_INFINITY : pair + 1;
};

/**
 * Reads a journal from its start and hands over the records that can be believed, in order.
 * Codes: storage-failed, storage-newer. Raises what node:fs raises.
 */
export const scanJournal = (
  fd: number,
  path: string,
  kind: string,
  onRecord: (record: Uint8Array) => void,
  files: Files,
): Result<Scan> => {
  const decoder = new FrameDecoder(1 + RECORD_BYTES_MAX);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let header: Result<null> | undefined;
  let records = 0;
  let end = 0; // after the last frame before any damage
  let damage = Number.POSITIVE_INFINITY; // offset of the first
  let durable = 0; // the highest offset that a frame, even behind damage, says was on the disk
  const onMessage = (message: Uint8Array): void => {
    if (message[0] === DURABLE) {
      const offset = decodeCbor(message.subarray(1));
      if (offset.ok && typeof offset.value === 'number') durable = Math.max(durable, offset.value);
    }
    if (damage < decoder.goodEnd || header?.ok === false) return;
    end = decoder.goodEnd;
    if (header === undefined) header = readHeader(message, kind, path);
    else if (message[0] === RECORD) {
      records++;
      onRecord(message.subarray(1));
    }
  };
  let size = 0;
  let last = 0; // a journal does not begin with a zero either
  for (;;) {
    const length = files.readSync(fd, chunk, 0, CHUNK_BYTES, size);
    if (length === 0) break;
    const bytes = chunk.subarray(0, length);
    damage = Math.min(damage, size + holeIn(bytes, last));
    decoder.push(bytes, onMessage, (noise) => {
      damage = Math.min(damage, noise.offset);
    });
    last = bytes[length - 1]!;
    size += length;
  }
  header ??= readHeader(undefined, kind, path);
  if (!header.ok) return header;
  if (end < durable) {
    return refuse(
      'storage-failed',
      `${path} is damaged at byte ${end}, and bytes up to ${durable} were safe on the disk: restore a copy of ` +
        `it; to give up all that follows instead, run: truncate -s ${end} ${path}`,
    );
  }
  return ok({ records, end, tornBytes: size - end });
};
