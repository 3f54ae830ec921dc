/** Which process has a port (Linux, from /proc): the one that locked it, else one that has it open. */

import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/** A machine with more is looked at no further. */
const PROCESSES_MAX = 4096;

const orUndefined = <T>(look: () => T): T | undefined => {
  try {
    return look();
  } catch {
    return undefined; // another's, or gone since
  }
};

/** The file as /proc/locks names it: device numbers in hexadecimal, and the inode. */
const lockedName = (path: string): string => {
  const { dev, ino } = statSync(path);
  const major = (dev >> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return `${[major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':')}:${ino}`;
};

/** `1: FLOCK  ADVISORY  WRITE 4711 00:06:21 0 EOF` */
const lockerOf = (path: string): number | undefined => {
  const name = lockedName(path);
  for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === 'FLOCK' && fields[5] === name && Number(fields[4]) > 0) return Number(fields[4]);
  }
  return undefined;
};

const hasOpen = (pid: string, target: string): boolean =>
  (orUndefined(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some(
    (fd) => orUndefined(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === target,
  );

const openerOf = (path: string): number | undefined => {
  const target = realpathSync(path);
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const pid = processes.slice(0, PROCESSES_MAX).find((one) => hasOpen(one, target));
  return pid === undefined ? undefined : Number(pid);
};

/** `process 4711 (screen)`, or undefined where it cannot be seen from here. */
export const holderOf = (path: string): string | undefined => {
  const pid = orUndefined(() => lockerOf(path)) ?? orUndefined(() => openerOf(path));
  if (pid === undefined) return undefined;
  if (pid === process.pid) return 'this very program';
  const name = orUndefined(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
  return name === undefined ? `process ${pid}` : `process ${pid} (${name})`;
};
