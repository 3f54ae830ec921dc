import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lock, lockDirectory } from '../../../agent/host/lock.ts';

const lock = suite('lock');
let directory = '';
lock.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
});
lock.after.each(() => rmSync(directory, { recursive: true }));

const taken = async (): Promise<Lock> => {
  const result = await lockDirectory(directory);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};

const refusal = async (): Promise<string> => {
  const result = await lockDirectory(directory);
  if (result.ok) throw new Error('was locked');
  assert.is(result.code, 'locked');
  return result.detail;
};

/** boot, host, namespace, pid, start of this process, as file names say them. */
const ownParts = async (): Promise<string[]> => {
  const held = await taken();
  const parts = readdirSync(directory)[0]!.split('-').slice(1);
  held.release();
  assert.equal(readdirSync(directory), []);
  return parts;
};

const leave = (parts: readonly (string | number)[], content: string): string => {
  const name = ['lock', ...parts].join('-');
  writeFileSync(join(directory, name), content);
  return name;
};

/** Two agents in one process would be as bad as in two. */
lock('refuses a second lock and names process and directory', async () => {
  const held = await taken();
  const detail = await refusal();
  assert.ok(detail.includes(`${directory} is in use by process ${process.pid}`));
  held.release();
  held.release();
  (await taken()).release();
});

lock('removes what the dead have left, whether they had decided or not', async () => {
  const [boot, host, namespace, pid, start] = (await ownParts()) as [string, string, string, string, string];
  for (const content of ['', 'holds\n']) {
    leave(['0badb007', host, namespace, pid, start], content); // before the last boot
    leave([boot, host, namespace, 4194304, start], content); // over pid_max: never lived
    leave([boot, host, namespace, process.ppid, '1'], content); // a number that was given again
    leave([boot, host, Number(namespace) + 1, 1, start], content); // this container before its restart
    (await taken()).release();
    assert.equal(readdirSync(directory), []);
  }
});

lock('respects the living: another process, another container of this boot', async () => {
  const [boot, host, namespace, , start] = (await ownParts()) as [string, string, string, string, string];
  const otherHost = host.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  const container = leave([boot, otherHost, Number(namespace) + 1, 7, start], 'holds\n');
  assert.ok((await refusal()).includes(`remove ${join(directory, container)}`));
  assert.equal(readdirSync(directory), [container]);
  rmSync(join(directory, container));
  leave([boot, host, namespace, process.ppid, 0], 'holds\n'); // from a system that does not say the start
  assert.ok((await refusal()).includes(`process ${process.ppid}`));
});

lock('says where the directory is the problem', async () => {
  const result = await lockDirectory(join(directory, 'absent'));
  assert.ok(!result.ok && result.code === 'storage-failed' && result.detail.includes('create its directory'));
});

const CHILD = `
import { lockDirectory } from ${JSON.stringify(new URL('../../../agent/host/lock.ts', import.meta.url).href)};
import { createInterface } from 'node:readline';
console.log('ready');
let held;
for await (const line of createInterface(process.stdin)) {
  if (line === 'release') held.value.release();
  else held = await lockDirectory(process.argv[2]);
  console.log(line === 'release' ? 'released' : held.ok ? 'locked' : held.code + (/process \\d+/.exec(held.detail)?.[0] ?? ''));
}
`;

type Starter = { readonly child: ChildProcess; readonly ask: (line: string) => Promise<string> };

const starter = async (): Promise<Starter> => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', CHILD, '-', directory],
    {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value as string;
  assert.is(await next(), 'ready');
  return {
    child,
    ask: (line) => {
      child.stdin!.write(line + '\n');
      return next();
    },
  };
};

lock(
  'gives the directory to exactly one of those that start together, and to the next after kill -9',
  async () => {
    const starters = await Promise.all([starter(), starter(), starter(), starter()]);
    const exits = starters.map(({ child }) => once(child, 'exit'));
    try {
      for (let round = 0; round < 60; round++) {
        const answers = await Promise.all(starters.map(({ ask }) => ask('lock')));
        assert.is(answers.filter((answer) => answer === 'locked').length, 1, answers.join());
        await starters[answers.indexOf('locked')]!.ask('release');
      }
      assert.is(await starters[0]!.ask('lock'), 'locked');
      assert.is(await starters[1]!.ask('lock'), `lockedprocess ${starters[0]!.child.pid}`);
      starters[0]!.child.kill('SIGKILL');
      await exits[0];
      assert.is(await starters[1]!.ask('lock'), 'locked');
    } finally {
      for (const { child } of starters) child.kill('SIGKILL');
      await Promise.all(exits);
    }
  },
);

lock.run();
