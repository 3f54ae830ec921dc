/**
 * A disk in memory that fails as real ones do. What is written is in the cache at once and on the platter
 * after a sync; a failed sync forgets what was cached (as Linux does: the pages are marked clean); a power
 * cut keeps the platter, any of the cached sectors, and the old or the new names of a directory not synced.
 */

import type { Files } from '../../agent/host/storage.ts';

const SECTOR = 64; // bytes; small, so that few records already span several

type Node = { cache: Uint8Array; platter: Uint8Array };

export type FaultyCall =
  | 'writeSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'fdatasync'
  | 'fdatasyncSync'
  | 'renameSync';

const raise = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

const resized = (bytes: Uint8Array, length: number): Uint8Array => {
  const next = new Uint8Array(length);
  next.set(bytes.subarray(0, length));
  return next;
};

export class Disk {
  /** Asked before each call that can fail: the code of the failure, or undefined. */
  fault: (call: FaultyCall) => string | undefined = () => undefined;
  /** Most bytes that one writeSync takes. */
  writeBytesMax = Number.POSITIVE_INFINITY;
  /** fdatasync calls that have begun and wait for `finishSync`. */
  readonly syncs: (() => void)[] = [];
  readonly calls: string[] = [];
  private names = new Map<string, Node>();
  private durableNames = new Map<string, Node>();
  private open = new Map<number, Node | null>(); // null: the directory
  private nextFd = 10;

  read(path: string): Uint8Array {
    return this.names.get(path)!.cache;
  }

  write(path: string, bytes: Uint8Array): void {
    const node = { cache: bytes.slice(), platter: bytes.slice() };
    this.names.set(path, node);
    this.durableNames.set(path, node);
  }

  get openFiles(): number {
    return this.open.size;
  }

  finishSync(): void {
    this.syncs.shift()?.();
  }

  /** After kill -9: the cache stays, the descriptors are gone. */
  kill(): void {
    this.open = new Map();
    this.syncs.length = 0;
  }

  /** After a power cut: had the i-th cached sector reached the platter; the file's length (-1); the names (-2)? */
  cutPower(kept: (sector: number) => boolean): void {
    this.kill();
    if (!kept(-2)) this.names = new Map(this.durableNames);
    this.durableNames = new Map(this.names);
    for (const node of this.names.values()) {
      const after = resized(node.platter, Math.max(node.platter.length, kept(-1) ? node.cache.length : 0));
      for (let at = 0; at < after.length; at += SECTOR) {
        if (kept(at / SECTOR)) after.set(node.cache.subarray(at, Math.min(at + SECTOR, after.length)), at);
      }
      node.cache = after;
      node.platter = after.slice();
    }
  }

  private check(call: FaultyCall): void {
    this.calls.push(call);
    const code = this.fault(call);
    if (code !== undefined) raise(code);
  }

  private node(fd: number): Node | null {
    const node = this.open.get(fd);
    return node === undefined ? raise('EBADF') : node;
  }

  private sync(call: 'fsyncSync' | 'fdatasyncSync' | 'fdatasync', node: Node | null): void {
    try {
      this.check(call);
      if (node === null) this.durableNames = new Map(this.names);
      else node.platter = node.cache.slice();
    } catch (raised) {
      if (node !== null) node.cache = node.platter.slice();
      throw raised;
    }
  }

  readonly files = {
    openSync: (path: string, flags: string): number => {
      const isDirectory = flags === 'r';
      let node = isDirectory ? null : this.names.get(path);
      if (flags === 'w+') {
        node = { cache: new Uint8Array(0), platter: new Uint8Array(0) };
        this.names.set(path, node);
      }
      if (node === undefined) return raise('ENOENT');
      this.nextFd++;
      this.open.set(this.nextFd, node);
      return this.nextFd;
    },
    closeSync: (fd: number): void => {
      this.node(fd);
      this.open.delete(fd);
    },
    readSync: (fd: number, into: Uint8Array, at: number, length: number, position: number): number => {
      const part = this.node(fd)!.cache.subarray(position, position + length);
      into.set(part, at);
      return part.length;
    },
    writeSync: (fd: number, from: Uint8Array, at: number, length: number, position: number): number => {
      const taken = Math.min(length, this.writeBytesMax);
      this.check('writeSync');
      const node = this.node(fd)!;
      if (position + taken > node.cache.length) node.cache = resized(node.cache, position + taken);
      node.cache.set(from.subarray(at, at + taken), position);
      return taken;
    },
    ftruncateSync: (fd: number, length: number): void => {
      this.check('ftruncateSync');
      const node = this.node(fd)!;
      node.cache = resized(node.cache, length);
    },
    fsyncSync: (fd: number): void => this.sync('fsyncSync', this.node(fd)),
    fdatasyncSync: (fd: number): void => this.sync('fdatasyncSync', this.node(fd)),
    fdatasync: (fd: number, done: (error: Error | null) => void): void => {
      const node = this.node(fd);
      this.syncs.push(() => {
        try {
          this.sync('fdatasync', node);
        } catch (raised) {
          return done(raised as Error);
        }
        done(null);
      });
    },
    renameSync: (from: string, to: string): void => {
      this.check('renameSync');
      this.names.set(to, this.names.get(from)!);
      this.names.delete(from);
    },
  } as unknown as Files;
}
