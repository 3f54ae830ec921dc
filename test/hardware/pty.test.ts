import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SerialPort } from 'serialport';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPty, type Pty } from '../../hardware/bench/pty.ts';

const CHILD = fileURLToPath(new URL('pty-child.ts', import.meta.url));
/** Every byte value, and more than any buffer on the way. */
const EVERYTHING = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));

const folder = mkdtempSync(join(tmpdir(), 'pty-'));
const link = join(folder, 'board.tty');

const isInstalled = (helper: string): boolean => {
  try {
    execFileSync('which', [helper], { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`skip: ${helper} is not installed`);
    return false;
  }
};

/** What arrives, and a promise of its first `length` bytes. */
class Received {
  readonly #chunks: Uint8Array[] = [];
  #waiting: { length: number; resolve: (bytes: Buffer) => void } | undefined;

  readonly push = (chunk: Uint8Array): void => {
    this.#chunks.push(chunk);
    const all = Buffer.concat(this.#chunks);
    if (this.#waiting !== undefined && all.length >= this.#waiting.length) this.#waiting.resolve(all);
  };

  bytes(length: number): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#waiting = { length, resolve };
      this.push(new Uint8Array(0));
    });
  }
}

const open = async (helper: string, onData: (bytes: Uint8Array) => void = () => {}): Promise<Pty> => {
  const pty = await openPty({ helper, link, onData, onClose: () => {} });
  if (!pty.ok) throw new Error(pty.detail);
  return pty.value;
};

const openSerial = (path: string): Promise<SerialPort> =>
  new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
    port.open((error) => (error === null ? resolve(port) : reject(error)));
  });

const closeSerial = (port: SerialPort): Promise<void> =>
  new Promise((resolve) => port.close(() => resolve()));

/** A write of the host is never cut; the board's come as its line is slow: in pieces with pauses. */
const trickle = async (pty: Pty, received: Received): Promise<void> => {
  for (let at = 0; at < EVERYTHING.length; at += 4000) {
    pty.write(EVERYTHING.subarray(at, at + 4000));
    await received.bytes(Math.min(at + 4000, EVERYTHING.length));
  }
};

const pty = suite('pseudo-terminal');

pty.after(() => rmSync(folder, { recursive: true }));

for (const helper of ['script', 'python3'].filter(isInstalled)) {
  pty(`by ${helper} passes every byte both ways, also to a second host`, async () => {
    const atBoard = new Received();
    const line = await open(helper, atBoard.push);
    for (let hosts = 1; hosts <= 2; hosts++) {
      const atHost = new Received();
      const port = await openSerial(link);
      port.on('data', atHost.push);
      port.write(EVERYTHING);
      await trickle(line, atHost);
      assert.ok((await atHost.bytes(EVERYTHING.length)).equals(EVERYTHING));
      const all = await atBoard.bytes(hosts * EVERYTHING.length);
      assert.ok(all.subarray(-EVERYTHING.length).equals(EVERYTHING));
      await closeSerial(port);
    }
    line.close();
  });

  pty(`by ${helper} replaces the link of an earlier one and removes only its own`, async () => {
    const first = await open(helper);
    const second = await open(helper);
    assert.is(readlinkSync(link), second.path);
    first.close();
    assert.is(readlinkSync(link), second.path);
    second.close();
    assert.not.ok(existsSync(link));
  });

  pty(`by ${helper} leaves no process behind when its owner is killed`, async () => {
    if (!existsSync('/proc/self/environ')) {
      console.log('skip: processes are looked up in /proc');
      return;
    }
    const mark = randomUUID();
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, helper, link], {
      env: { ...process.env, PTY_TEST: mark },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const path = await new Promise<string>((resolve) =>
      child.stdout.once('data', (line) => resolve(String(line).trim())),
    );
    assert.ok(existsSync(path), path);
    assert.ok(marked(mark).length >= 2, 'the owner and its helper');
    child.kill('SIGKILL');
    const deadlineMs = performance.now() + 5000;
    while (marked(mark).length > 0 && performance.now() < deadlineMs) await new Promise(setImmediate);
    assert.equal(marked(mark), []);
  });
}

pty('names what to install when no helper works', async () => {
  const refused = await openPty({ helper: 'none', link, onData: () => {}, onClose: () => {} });
  assert.is(refused.ok ? '' : refused.code, 'device-failed');
  assert.match(refused.ok ? '' : refused.detail, /script or python3/);
});

pty('refuses a link in a folder that is not there', async () => {
  const path = join(folder, 'missing', 'board.tty');
  const refused = await openPty({ link: path, onData: () => {}, onClose: () => {} });
  assert.is(refused.ok ? '' : refused.code, 'storage-failed');
  assert.match(refused.ok ? '' : refused.detail, /missing/);
});

pty('leaves a file, a folder and a link of somebody else as they are', async () => {
  const file = join(folder, 'precious');
  const elsewhere = join(folder, 'elsewhere');
  writeFileSync(file, 'precious');
  symlinkSync(file, elsewhere);
  for (const path of [file, elsewhere, folder]) {
    const refused = await openPty({ link: path, onData: () => {}, onClose: () => {} });
    assert.is(refused.ok ? '' : refused.code, 'config-invalid', path);
  }
  assert.is(readFileSync(file, 'utf8'), 'precious');
  assert.is(readlinkSync(elsewhere), file);
});

/** The processes that inherited the mark. */
const marked = (mark: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false; // ended meanwhile, or another user's
    }
  });

pty.run();
