/**
 * An append-only file of records: the memory of money and of messages not yet delivered.
 *
 * Three promises, each at its own time:
 * - `append` numbers a record and keeps it in memory;
 * - `flush` hands everything appended to the operating system in one write: once per turn of the event loop,
 *   before anything that the records allow is done. kill -9 after it loses nothing;
 * - `onDurable(n)` says that records 1 to n are on the disk: a power cut after it loses none of them.
 *
 * A failing disk refuses and loses nothing: the file is cut back to whole records, the records stay here
 * (UNSYNCED_BYTES_MAX of them) and the next `flush` writes them again, also those that a failed fdatasync
 * may have dropped from the system's cache behind our back.
 */

import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import {
  type Files,
  nodeFiles,
  replaceFile,
  storageRefusal,
  syncDirectory,
  systemError,
  writeAll,
} from './host/storage.ts';
import {
  durableFrame,
  headerFrame,
  RECORD_BYTES_MAX,
  recordFrame,
  type Scan,
  scanJournal,
} from './journal-scan.ts';

/** At 3 MB/s, some 50,000 records, a disk may stall for more than a second. */
const UNSYNCED_BYTES_MAX = 4 * 1024 * 1024;
const HELD_BYTES_MIN = 64 * 1024;

/** One fdatasync carries what 2 ms bring: 500 a second at most, and well within the 10 ms that durability may lag. */
const SYNC_INTERVAL_MS = 2;

/** A disk that failed is asked again, and the owner told again, once a second. */
const RETRY_INTERVAL_MS = 1000;

export type JournalOptions = {
  /** Stands in the header, so that no journal is taken for another. */
  readonly kind: string;
  /** Each record on disk, in order, before `openJournal` returns. */
  readonly onRecord: (record: Uint8Array) => void;
  /** Records 1 to `recordCount` are on the disk. */
  readonly onDurable?: (recordCount: number) => void;
  /** The disk did not take records in the background; they are tried again every second. */
  readonly onFault?: (refusal: Refusal) => void;
  readonly syncIntervalMs?: number;
  readonly files?: Files;
};

/** Offsets are in bytes: `base` in the file, the others in `held`; 0 <= accepted, written <= length. */
export class Journal {
  /** Bytes that a crash had torn and that were cut off when the journal was opened. */
  readonly tornBytes: number;
  private readonly path: string;
  private readonly options: JournalOptions;
  private readonly files: Files;
  private fd: number;
  /** Everything that is not known to be on the disk yet. */
  private held: Buffer;
  private length: number;
  private written: number;
  private accepted: number; // what a successful flush has promised
  private base: number; // file offset of held[0]
  private recordCount: number;
  private writtenCount: number;
  private durableCount: number;
  private syncing: boolean;
  private syncedAtMs: number;
  private timer: NodeJS.Timeout | undefined;
  private closed: boolean;
  private onSynced: () => void;
  private broken: Refusal | undefined; // for good: only a start from the files helps

  constructor(path: string, fd: number, scan: Scan, options: JournalOptions) {
    this.path = path;
    this.options = options;
    this.files = options.files ?? nodeFiles;
    this.fd = fd;
    this.tornBytes = scan.tornBytes;
    this.held = Buffer.allocUnsafe(HELD_BYTES_MIN);
    this.length = 0;
    this.written = 0;
    this.accepted = 0;
    this.base = scan.end;
    this.recordCount = scan.records;
    this.writtenCount = scan.records;
    this.durableCount = scan.records;
    this.syncing = false;
    this.syncedAtMs = 0;
    this.timer = undefined;
    this.closed = false;
    this.onSynced = () => {};
    this.broken = undefined;
  }

  /**
   * Numbers a record of at most RECORD_BYTES_MAX bytes; nothing is written yet. Codes, nothing appended:
   * busy (the disk lags by UNSYNCED_BYTES_MAX), storage-full, storage-failed.
   */
  append(record: Uint8Array): Result<number> {
    if (this.closed) throw new Error(`append to the closed journal ${this.path}`);
    if (record.length > RECORD_BYTES_MAX) throw new RangeError(`record of ${record.length} bytes`);
    const frame = recordFrame(record);
    if (this.length + frame.length > UNSYNCED_BYTES_MAX) {
      const room = this.makeRoom();
      if (!room.ok) return room;
    }
    this.hold(frame);
    this.recordCount++;
    return ok(this.recordCount);
  }

  /**
   * Hands all appended records to the operating system; the disk follows in the background. The value is the
   * number of the last one. Codes: storage-full, storage-failed (none counts as written; flush again later).
   */
  flush(): Result<number> {
    if (this.closed) throw new Error(`flush of the closed journal ${this.path}`);
    const written = this.write();
    if (written.ok && this.writtenCount > this.durableCount) this.scheduleSync();
    return written;
  }

  /**
   * Begins the file anew with these records, which must say all that is still needed of the old ones,
   * appended ones included. A crash leaves the old file or the new one. Codes: storage-full, storage-failed.
   */
  rewrite(records: Iterable<Uint8Array>): Result<number> {
    const old = this.fd;
    const size = { bytes: 0 };
    try {
      this.fd = replaceFile(this.path, framesOf(this.options.kind, records, size), this.files);
    } catch (raised) {
      return storageRefusal(raised, 'rewrite', this.path);
    }
    try {
      syncDirectory(this.path, this.files);
    } catch (raised) {
      // A power cut could bring the old file back, without what follows: nothing may follow.
      this.broken = storageRefusal(raised, 'rewrite', this.path);
    }
    if (!this.syncing) this.files.closeSync(old);
    this.syncing = false;
    this.length = this.written = this.accepted = 0;
    this.base = size.bytes;
    this.writtenCount = this.recordCount;
    if (this.broken !== undefined) return this.broken;
    this.settle(this.base, this.recordCount);
    return ok(this.recordCount);
  }

  /** All is on the disk when it answers ok; the file is closed in any case. Codes: storage-full, storage-failed. */
  async close(): Promise<Result<number>> {
    this.closed = true;
    clearTimeout(this.timer);
    if (this.syncing) await new Promise<void>((resolve) => (this.onSynced = resolve));
    const synced = this.syncNow();
    const marked = synced.ok ? this.syncNow() : synced; // the mark that the first one left
    this.files.closeSync(this.fd);
    return marked;
  }

  /** Many records in one turn wait for the disk here; where it is busy already, the owner has to wait. */
  private makeRoom(): Result<number> {
    if (!this.syncing) return this.syncNow();
    return refuse(
      'busy',
      `${this.path}: the disk lags by ${this.length} bytes; append again once it has caught up`,
    );
  }

  private hold(frame: Uint8Array): void {
    const needed = this.length + frame.length;
    if (needed > this.held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.held.length));
      larger.set(this.held.subarray(0, this.length));
      this.held = larger;
    }
    this.held.set(frame, this.length);
    this.length = needed;
  }

  private write(): Result<number> {
    if (this.broken !== undefined) return this.broken;
    try {
      writeAll(this.fd, this.held, this.written, this.length, this.base + this.written, this.files);
    } catch (raised) {
      this.cut();
      return storageRefusal(raised, 'write', this.path);
    }
    this.written = this.length;
    this.accepted = this.length;
    this.writtenCount = this.recordCount;
    return ok(this.writtenCount);
  }

  /** Where even this fails, the torn rest is written over by the next flush or cut off at the next start. */
  private cut(): void {
    try {
      this.files.ftruncateSync(this.fd, this.base + this.accepted);
    } catch (raised) {
      systemError(raised);
    }
  }

  private scheduleSync(): void {
    if (this.syncing || this.timer !== undefined) return;
    const interval = this.options.syncIntervalMs ?? SYNC_INTERVAL_MS;
    const waitMs = this.syncedAtMs + interval - performance.now();
    if (waitMs <= 0) this.sync();
    else this.later(waitMs, () => this.sync());
  }

  private later(waitMs: number, action: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      action();
    }, waitMs);
  }

  private sync(): void {
    const fd = this.fd;
    const end = this.base + this.written;
    const count = this.writtenCount;
    this.syncing = true;
    this.syncedAtMs = performance.now();
    this.files.fdatasync(fd, (error) => {
      if (fd !== this.fd) return this.files.closeSync(fd); // of before a rewrite
      this.syncing = false;
      if (error !== null) this.written = 0; // the system may have dropped what it had: write all of it again
      if (this.closed) return this.onSynced();
      if (error !== null) return this.fault(storageRefusal(error, 'sync', this.path));
      this.settle(end, count);
      if (this.writtenCount > this.durableCount) this.scheduleSync();
    });
  }

  private fault(refusal: Refusal): void {
    this.options.onFault?.(refusal);
    this.later(RETRY_INTERVAL_MS, () => {
      const flushed = this.flush();
      if (!flushed.ok) this.fault(flushed);
    });
  }

  private syncNow(): Result<number> {
    const written = this.write();
    if (!written.ok) return written;
    try {
      this.files.fdatasyncSync(this.fd);
    } catch (raised) {
      this.written = 0;
      return storageRefusal(raised, 'sync', this.path);
    }
    this.settle(this.base + this.written, this.writtenCount);
    return written;
  }

  /** All before the file offset `end` is on the disk: forget it, and leave a mark that says so. */
  private settle(end: number, count: number): void {
    const settled = end - this.base;
    this.held.copyWithin(0, settled, this.length);
    this.base = end;
    this.length -= settled;
    this.written -= settled;
    this.accepted -= settled;
    const idle = this.written === this.length;
    this.hold(durableFrame(end));
    if (idle) this.write(); // where it fails, the next flush carries the mark
    if (count > this.durableCount) {
      this.durableCount = count;
      this.options.onDurable?.(count);
    }
  }
}

function* framesOf(
  kind: string,
  records: Iterable<Uint8Array>,
  size: { bytes: number },
): Generator<Uint8Array> {
  const header = headerFrame(kind);
  size.bytes += header.length;
  yield header;
  for (const record of records) {
    const frame = recordFrame(record);
    size.bytes += frame.length;
    yield frame;
  }
}

const openFile = (path: string, kind: string, files: Files): number => {
  try {
    return files.openSync(path, 'r+');
  } catch (raised) {
    if (systemError(raised).code !== 'ENOENT') throw raised;
    return replaceFile(path, [headerFrame(kind)], files);
  }
};

/**
 * Opens or creates a journal and replays it. What a crash tore off its end is cut and counted in `tornBytes`.
 * Codes: storage-full, storage-failed (also: damaged, another kind), storage-newer.
 */
export const openJournal = (path: string, options: JournalOptions): Result<Journal> => {
  const files = options.files ?? nodeFiles;
  let fd: number | undefined;
  try {
    fd = openFile(path, options.kind, files);
    const scan = scanJournal(fd, path, options.kind, options.onRecord, files);
    if (!scan.ok) {
      files.closeSync(fd);
      return scan;
    }
    if (scan.value.tornBytes > 0) files.ftruncateSync(fd, scan.value.end);
    files.fsyncSync(fd); // what was read counts as durable from here on
    syncDirectory(path, files);
    return ok(new Journal(path, fd, scan.value, options));
  } catch (raised) {
    if (fd !== undefined) files.closeSync(fd);
    return storageRefusal(raised, 'open', path);
  }
};
