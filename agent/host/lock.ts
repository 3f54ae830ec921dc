/**
 * One process per state directory, so that no channel is ever spent by two.
 *
 * Whoever wants the directory creates a file there whose name says who it is, and only then looks who else
 * is there. Of two that come together, each sees the other: the later name gives way, the earlier waits until
 * it has. The holder's file is not empty. A file is ignored, and removed, once its process cannot live any
 * more: another boot, no such process, or one of the same number that started at another time (/proc).
 *
 *     lock-<boot>-<host>-<pid namespace>-<pid>-<start>      '0' where the system does not say
 *
 * A process in another container of this boot cannot be judged from here. One of the same host name was this
 * container before it was restarted, and is gone; any other is taken for alive.
 */

import { createHash } from 'node:crypto';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { storageRefusal, systemError } from './storage.ts';

export type Lock = { readonly release: () => void };

/** Who takes longer from its name to its decision has crashed or hangs. */
const DECISION_MS_MAX = 5000;
const LOOK_INTERVAL_MS = 5;

const NAME = /^lock-([0-9a-f]{1,8})-([0-9a-f]{1,8})-(\d+)-(\d+)-(\d+)$/;

type Owner = {
  readonly boot: string;
  readonly host: string;
  readonly namespace: string;
  readonly pid: number;
  readonly start: string;
};

const nameOf = (owner: Owner): string =>
  `lock-${owner.boot}-${owner.host}-${owner.namespace}-${owner.pid}-${owner.start}`;

const ownerOf = (name: string): Owner | undefined => {
  const parts = NAME.exec(name);
  if (parts === null) return undefined;
  const [, boot, host, namespace, pid, start] = parts;
  return { boot: boot!, host: host!, namespace: namespace!, pid: Number(pid), start: start! };
};

const orZero = (read: () => string): string => {
  try {
    return read();
  } catch (raised) {
    systemError(raised);
    return '0';
  }
};

/** Field 22 of /proc/<pid>/stat, in ticks since boot; 'dead' for a zombie (field 3). */
const startOf = (pid: number): string => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // a name may hold anything, brackets too
  return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : fields[19]!;
};

const self = (): Owner => ({
  boot: orZero(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)),
  host: createHash('sha256').update(hostname()).digest('hex').slice(0, 8),
  namespace: orZero(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'),
  pid: process.pid,
  start: orZero(() => startOf(process.pid)),
});

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (raised) {
    return systemError(raised).code === 'EPERM'; // it lives, as someone else
  }
};

const mayLive = (owner: Owner, me: Owner): boolean => {
  if (owner.boot !== me.boot) return false;
  if (owner.namespace !== me.namespace) return owner.host !== me.host;
  const start = orZero(() => startOf(owner.pid)); // '0' also where other users' processes are hidden
  return start === '0' || owner.start === '0' ? exists(owner.pid) : start === owner.start;
};

type Other = { readonly name: string; readonly owner: Owner; readonly holds: boolean };

const remove = (path: string): void => {
  try {
    unlinkSync(path);
  } catch (raised) {
    if (systemError(raised).code !== 'ENOENT') throw raised;
  }
};

/** The others of that directory that may live; what the dead left is removed. */
const others = (directory: string, me: Owner): Other[] => {
  const living: Other[] = [];
  for (const name of readdirSync(directory)) {
    const owner = ownerOf(name);
    if (owner === undefined || name === nameOf(me)) continue;
    const path = join(directory, name);
    if (!mayLive(owner, me)) remove(path);
    else {
      const size = orZero(() => String(statSync(path).size)); // gone since: it gave way
      living.push({ name, owner, holds: size !== '0' });
    }
  }
  return living;
};

const locked = (directory: string, other: Other): Result<Lock> =>
  refuse(
    'locked',
    `${directory} is in use by process ${other.owner.pid}: stop it first, or name another directory ` +
      `(if it is in a container that no longer exists, remove ${join(directory, other.name)})`,
  );

const decide = async (directory: string, me: Owner, fd: number): Promise<Result<Lock>> => {
  const mine = nameOf(me);
  const giveUpMs = performance.now() + DECISION_MS_MAX;
  for (;;) {
    const living = others(directory, me);
    const first = living.find((other) => other.holds || other.name < mine);
    if (first !== undefined) return locked(directory, first);
    if (living.length === 0) {
      writeSync(fd, 'holds\n');
      return ok({ release: () => remove(join(directory, mine)) });
    }
    if (performance.now() > giveUpMs) return locked(directory, living[0]!);
    await wait(LOOK_INTERVAL_MS);
  }
};

/** Codes: locked, storage-full, storage-failed. A second lock of the same process is refused as well. */
export const lockDirectory = async (directory: string): Promise<Result<Lock>> => {
  const me = self();
  const path = join(directory, nameOf(me));
  let fd: number | undefined;
  try {
    fd = openSync(path, 'wx', 0o600);
    const lock = await decide(directory, me, fd);
    if (!lock.ok) remove(path);
    return lock;
  } catch (raised) {
    if (systemError(raised).code === 'EEXIST')
      return locked(directory, { name: nameOf(me), owner: me, holds: true });
    if (fd !== undefined) remove(path);
    return storageRefusal(raised, 'lock', directory);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};
