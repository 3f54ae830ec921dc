/** A file system of a test's own that really fills up. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Disk = {
  readonly path: string;
  /** Takes all room but so many bytes. */
  readonly fill: (roomBytes: number) => void;
  readonly free: () => void;
  readonly unmount: () => void;
};

const PIECES = [1_048_576, 4096].map((bytes) => Buffer.alloc(bytes));

/** Writes until nothing more goes in. */
const fillUp = (path: string): void => {
  for (const piece of PIECES) {
    try {
      for (;;) writeFileSync(path, piece, { flag: 'a' });
    } catch {
      // so much does not go in any more
    }
  }
};

/** A small disk at `path`, or why there is none. */
export const mountDisk = (path: string, megabytes: number): Disk | string => {
  mkdirSync(path, { recursive: true });
  const size = `size=${megabytes}m,mode=755`;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', path], { encoding: 'utf8' });
  if (mounted.status !== 0)
    return `no small disk can be mounted here (${mounted.error?.message ?? mounted.stderr.trim()})`;
  const ballast = join(path, 'ballast');
  const free = (): void => rmSync(ballast, { force: true });
  return {
    path,
    free,
    fill: (roomBytes) => {
      fillUp(ballast);
      truncateSync(ballast, Math.max(0, statSync(ballast).size - roomBytes));
    },
    unmount: () => void spawnSync('umount', ['--lazy', path]),
  };
};
