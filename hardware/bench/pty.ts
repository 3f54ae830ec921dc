/**
 * A pseudo-terminal without native modules: a helper of the operating system holds its ends, we hold the
 * helper's pipes. Whoever opens the terminal's path (or the link to it) sees a serial port.
 *
 * The helper prints the path as its first line; from then on bytes pass through both ways unchanged. It
 * ends when our end of its pipe closes, so that nothing is left behind even by kill -9.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ok, type Result, refuse } from '../../schemas/result.ts';

/** A helper answers within milliseconds; on a machine that is starting up, within seconds. */
const START_TIMEOUT_MS = 5000;
const PATH_BYTES_MAX = 256;
/** Bytes waiting for a reader that is not there; beyond that they are lost, as on a wire. */
const UNREAD_BYTES_MAX = 4096;

type Helper = { readonly command: string; readonly args: readonly string[] };

/** In the order of trial. `script` is part of util-linux, which every Debian has. */
const HELPERS: readonly Helper[] = [
  {
    command: 'script',
    // cat keeps the terminal open while nobody else does, reads nothing of it, and ends with our pipe.
    args: ['-q', '-f', '-c', 'stty raw -echo; tty; exec cat <&3 >/dev/null', '/dev/null'],
  },
  {
    command: 'python3',
    args: [
      '-c',
      `
import os, pty, select, tty
ours, theirs = pty.openpty()
tty.setraw(theirs)
os.write(1, os.ttyname(theirs).encode() + b"\\n")
while True:
    for ready in select.select([0, ours], [], [])[0]:
        data = os.read(ready, 4096)
        if not data: raise SystemExit
        target = ours if ready == 0 else 1
        while data: data = data[os.write(target, data):]
`,
    ],
  },
];

export type PtyOptions = {
  /** script or python3: this one only (default: the first that works). */
  readonly helper?: string;
  /**
   * A symbolic link to the terminal: a path that survives restarts. A link to a terminal that is there is
   * replaced; anything else is another's and stays.
   */
  readonly link: string;
  readonly onData: (bytes: Uint8Array) => void;
  /** The helper ended by itself. */
  readonly onClose: () => void;
};

export type Pty = {
  /** The terminal itself, e.g. /dev/pts/3. */
  readonly path: string;
  /** False where so much waits already that the bytes are lost. */
  readonly write: (bytes: Uint8Array) => boolean;
  /** Ends the terminal and removes the link, unless it has become another's. */
  readonly close: () => void;
};

/** Codes: device-failed (no helper works), config-invalid, storage-failed (the link cannot be made). */
export const openPty = async (options: PtyOptions): Promise<Result<Pty>> => {
  for (const helper of HELPERS) {
    if (options.helper !== undefined && options.helper !== helper.command) continue;
    const started = await start(helper);
    if (started !== undefined) return attach(started, options);
  }
  const names = HELPERS.map((helper) => helper.command).join(' or ');
  return refuse('device-failed', `a pseudo-terminal needs ${names}: apt-get install bsdutils`);
};

type Started = { readonly child: ChildProcess; readonly path: string; readonly output: Readable };

/** The helper and the path in its first line; undefined when it is not there or does something else. */
const start = (helper: Helper): Promise<Started | undefined> =>
  new Promise((resolve) => {
    const child = spawn(helper.command, helper.args, {
      stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
      env: { ...process.env, SHELL: '/bin/sh' }, // script runs its command in $SHELL, whatever that speaks
    });
    const output = child.stdout!;
    let line = '';
    const settle = (started: Started | undefined): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      output.removeAllListeners('data');
      if (started === undefined) child.kill('SIGKILL');
      resolve(started);
    };
    const timer = setTimeout(() => settle(undefined), START_TIMEOUT_MS);
    child.once('error', () => settle(undefined));
    child.once('exit', () => settle(undefined));
    output.on('data', (chunk: Buffer) => {
      line += chunk.toString('latin1');
      const end = line.indexOf('\n');
      if (end < 0 && line.length < PATH_BYTES_MAX) return;
      const path = line.slice(0, end).trim();
      output.pause();
      settle(path.startsWith('/dev/') ? { child, path, output } : undefined);
    });
  });

const attach = ({ child, path, output }: Started, options: PtyOptions): Result<Pty> => {
  const input = child.stdin as Writable;
  let closing = false;
  const close = (): void => {
    closing = true;
    unlink(options.link, path);
    child.stdio[3]?.destroy();
    child.stdin?.destroy();
    child.kill('SIGKILL'); // asked nicely, script takes its time, up to seconds
  };
  const linked = putLink(options.link, path);
  if (!linked.ok) {
    close();
    return linked;
  }
  input.on('error', () => {}); // the helper is gone: its exit tells
  child.stdio[3]?.on('error', () => {});
  child.once('exit', () => {
    if (!closing) options.onClose();
  });
  output.on('data', options.onData);
  output.resume();
  const write = (bytes: Uint8Array): boolean => {
    if (input.writableLength >= UNREAD_BYTES_MAX) return false;
    input.write(bytes);
    return true;
  };
  return ok({ path, write, close });
};

/** Where the link points; undefined where there is none, '' where the path is no link. */
const targetOf = (link: string): string | undefined => {
  try {
    return readlinkSync(link);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EINVAL') return '';
    throw error;
  }
};

const putLink = (link: string, path: string): Result<null> => {
  try {
    const target = targetOf(link);
    if (target === undefined) symlinkSync(path, link);
    else if (dirname(target) !== dirname(path))
      return refuse(
        'config-invalid',
        `${link} is no link to a terminal and is left alone: name another path`,
      );
    else {
      const fresh = `${link}.${process.pid}`;
      symlinkSync(path, fresh);
      renameSync(fresh, link);
    }
    return ok(null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const remedy = code === 'ENOENT' ? 'create its directory' : 'name a path that this user may write';
    return refuse('storage-failed', `cannot link ${link} to ${path} (${code}): ${remedy}`);
  }
};

const unlink = (link: string, path: string): void => {
  try {
    if (readlinkSync(link) === path) unlinkSync(link);
  } catch {
    // gone already
  }
};
