/** Bad input at the doors of the real program: each is answered with a code, a value and a remedy, and loses nothing. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadSqlite } from '../../broker/settler/store/sqlite-driver.ts';
import { must } from '../world/deal.ts';
import { demoState, removeState } from './demo-process.ts';
import { type Ran, runProgram, startProgram } from './program.ts';

const KEY = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

/** An agent's file with these lines in place of what it would say itself; its path. */
const agentFile = (folder: string, lines: readonly string[] = []): string => {
  const path = join(folder, 'agent.yaml');
  const broker = `broker: { url: 'mqtt://127.0.0.1:1', key: ${KEY} }`;
  writeFileSync(path, [broker, `settlers: [{ key: ${KEY} }]`, ...lines, ''].join('\n'));
  return path;
};

const brokerFile = (folder: string, port: number, lines: readonly string[] = []): string => {
  const path = join(folder, 'broker.yaml');
  const settler = 'settler: { currencies: [EUR] }';
  writeFileSync(path, [`listen: [tcp://127.0.0.1:${port}]`, settler, ...lines, ''].join('\n'));
  return path;
};

const assertRefused = (ran: Ran, code: string, ...words: string[]): void => {
  assert.is(ran.exit, 1, ran.error);
  assert.ok(ran.error.startsWith(`tollbridge: ${code}: `), ran.error);
  for (const word of words) assert.ok(ran.error.includes(word), `${word} is not in: ${ran.error}`);
  assert.is(ran.error.split('\n').length, 1, 'one sentence, no stack');
};

const test = suite<{ folder: string }>('bad input at the start of a program');

test.before.each((context) => {
  context.folder = demoState();
});
test.after.each(({ folder }) => removeState(folder));

test('names line and column of a wrong key in each kind of file', ({ folder }) => {
  assertRefused(
    runProgram('agent', '--config', agentFile(folder, ['sel: []'])),
    'config-invalid',
    'agent.yaml:3:1: unknown key "sel": did you mean "sell"?',
  );
  assertRefused(
    runProgram('broker', '--config', brokerFile(folder, 0, ['limits: { payloadBytes: 3 }'])),
    'config-invalid',
    'broker.yaml:3:11: unknown key "payloadBytes" in limits: did you mean "payloadBytesMax"?',
  );
});

test('names a port that is in use', async ({ folder }) => {
  const taken = createServer();
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
  const { port } = taken.address() as { port: number };
  const ran = runProgram('broker', '--config', brokerFile(folder, port));
  taken.close();
  assertRefused(ran, 'port-in-use', String(port), 'choose another port');
});

test('takes no key file that others can read, that cannot be read or that is none, and keeps each', ({
  folder,
}) => {
  const key = join(folder, 'agent.key');
  const config = agentFile(folder, [`key: ${key}`]);
  assert.is(runProgram('key', 'create', key).exit, 0);
  const pem = readFileSync(key, 'utf8');
  chmodSync(key, 0o644);
  assertRefused(runProgram('agent', '--config', config), 'key-file', key, '0644', `chmod 600 ${key}`);
  writeFileSync(join(folder, 'broker.yaml'), '');
  const asBroker = brokerFile(folder, 0, [`key: ${key}`]);
  assertRefused(runProgram('broker', '--config', asBroker), 'key-file', `chmod 600 ${key}`);
  assert.is(readFileSync(key, 'utf8'), pem);
  chmodSync(key, 0o600);
  writeFileSync(key, pem.slice(0, 60));
  assertRefused(runProgram('agent', '--config', config), 'key-file', 'damaged', 'restore');
  assert.is(readFileSync(key, 'utf8'), pem.slice(0, 60));
  rmSync(key);
  mkdirSync(key);
  assertRefused(runProgram('agent', '--config', config), 'key-file', 'not a regular file');
});

test('takes no state directory that cannot be made or written', ({ folder }) => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const beneath = join(file, 'state');
  const keyed = [`key: ${join(folder, 'a.key')}`];
  const agent = agentFile(folder, [`state: ${beneath}`, ...keyed]);
  assertRefused(runProgram('agent', '--config', agent), 'storage-failed', beneath, 'name another directory');
  const broker = brokerFile(folder, 0, [`state: ${beneath}`, ...keyed]);
  assertRefused(runProgram('broker', '--config', broker), 'storage-failed', beneath);
  assertRefused(runProgram('demo', '--state', beneath), 'storage-failed', beneath);
});

test('does not touch a database of a newer version', async ({ folder }) => {
  const path = join(folder, 'settler.db');
  const config = brokerFile(folder, 0);
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace('{ currencies', `{ database: ${path}, currencies`),
  );
  const broker = startProgram('broker', '--config', config);
  await broker.said(/"ready"/);
  await broker.end('SIGTERM');
  const database = must(await loadSqlite())(path);
  database.exec(`UPDATE meta SET value = '99' WHERE name = 'schema-version'`);
  database.close();
  const before = readFileSync(path);
  for (const argv of [
    ['broker', '--config', config],
    ['settler', 'balances', '--db', path],
  ])
    assertRefused(runProgram(...argv), 'storage-newer', path, 'version 99', 'newer program');
  assert.ok(readFileSync(path).equals(before), 'unchanged');
  const demo = join(folder, 'demo');
  mkdirSync(join(demo, 'broker'), { recursive: true });
  writeFileSync(join(demo, 'broker', 'settler.db'), before);
  assertRefused(runProgram('demo', '--state', demo), 'device-failed', 'the broker', 'storage-newer');
});

test('lets one agent, one broker and one demo at a time have a state directory', async ({ folder }) => {
  const config = agentFile(folder);
  const agent = startProgram('agent', '--config', config);
  await agent.said(/started/);
  assertRefused(
    runProgram('agent', '--config', config),
    'locked',
    String(agent.process.pid),
    'stop it first',
  );
  await agent.end('SIGTERM');
  const box = brokerFile(folder, 0);
  const broker = startProgram('broker', '--config', box);
  await broker.said(/"ready"/);
  assertRefused(runProgram('broker', '--config', box), 'locked', String(broker.process.pid));
  await broker.end('SIGTERM');
  const demo = startProgram('demo', '--state', join(folder, 'demo'), '--readings', '100000');
  await demo.said(/paid/);
  const second = runProgram('demo', '--state', join(folder, 'demo'), '--fresh');
  assertRefused(second, 'locked', String(demo.process.pid));
  assert.is(await demo.end('SIGINT'), 0, 'the first one goes on until it is stopped');
});

test('finds its way again after kill -9, whatever that left behind', async ({ folder }) => {
  const config = agentFile(folder);
  for (const signal of ['SIGKILL', 'SIGKILL', 'SIGTERM'] as const) {
    const agent = startProgram('agent', '--config', config);
    await agent.said(/disconnected: no connection to mqtt:\/\/127\.0\.0\.1:1/);
    await agent.end(signal);
  }
});

test('names what is wrong with firmware, weather and the link of a board', ({ folder }) => {
  const link = join(folder, 'board.tty');
  const board = (...argv: string[]): Ran =>
    runProgram('emulate', '--board', 'station', '--link', link, ...argv);
  assertRefused(board('--hex', join(folder, 'no.hex')), 'config-invalid', 'no.hex', '--hex');
  assertRefused(board('--hex', folder), 'config-invalid', 'EISDIR');
  const text = join(folder, 'text.hex');
  writeFileSync(text, 'hello\n');
  assertRefused(board('--hex', text), 'config-invalid', `${text}: HEX line 1`);
  assertRefused(board('--series', join(folder, 'no.csv')), 'config-invalid', 'no.csv');
  const precious = join(folder, 'precious');
  writeFileSync(precious, 'precious');
  assertRefused(
    runProgram('emulate', '--board', 'valve', '--link', precious),
    'config-invalid',
    'left alone',
  );
  assert.is(readFileSync(precious, 'utf8'), 'precious');
});

/** A file system of its own that can be filled, or why there is none. */
const smallDisk = (path: string): string => {
  mkdirSync(path, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path], { encoding: 'utf8' });
  return mounted.status === 0 ? '' : (mounted.error?.message ?? mounted.stderr.trim());
};

/** Writes until nothing more goes in. */
const fill = (path: string): void => {
  const piece = Buffer.alloc(4096);
  for (;;) {
    try {
      writeFileSync(path, piece, { flag: 'a' });
    } catch {
      return;
    }
  }
};

test('stops on a full disk with a sentence, and goes on without a difference when there is room', async ({
  folder,
}) => {
  const disk = join(folder, 'disk');
  const reason = smallDisk(disk);
  if (reason !== '') return console.log(`skip: no small disk can be mounted here (${reason})`);
  const ballast = join(disk, 'ballast');
  try {
    const argv = ['demo', '--state', join(disk, 'demo'), '--readings', '200', '--json'];
    const first = startProgram(...argv);
    await first.said(/\d paid/);
    fill(ballast);
    await first.said(/goes on when its disk does: storage-full: .*no space left/);
    rmSync(ballast);
    assert.is(await first.ended, 0, first.output());
    assert.match(first.output(), 'sold 200  delivered 200  paid 200  disputed 0: 0 differences');
    fill(ballast);
    assertRefused(runProgram(...argv), 'storage-full', disk, 'no space left');
    rmSync(ballast);
    const second = startProgram(...argv);
    assert.is(await second.ended, 0, second.output());
    assert.match(second.output(), 'disputed 0: 0 differences');
  } finally {
    spawnSync('umount', ['--lazy', disk]);
  }
});

test.run();
