import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Sandbox } from '../../firmware-bridge/firmata/sandbox.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
const from = join(folder, 'main.js');

/** A package of one file. */
const write = (name: string, code: string): void => {
  mkdirSync(join(folder, 'node_modules', name), { recursive: true });
  writeFileSync(join(folder, 'node_modules', name, 'index.js'), code);
};

const box = (): { sandbox: Sandbox; errors: string[] } => {
  const errors: string[] = [];
  return { sandbox: new Sandbox(from, (error) => errors.push(error.message)), errors };
};

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 1));
};

const sandbox = suite('Sandbox');

sandbox.after(() => rmSync(folder, { recursive: true }));

sandbox('gives each box modules of its own, and one of each within', () => {
  write('counter', 'let n = 0; module.exports = { next: () => ++n };');
  write('pair', "module.exports = [require('counter'), require('counter'), require('node:path').sep];");
  type Counter = { next(): number };
  const [a, b] = box().sandbox.require('pair') as [Counter, Counter, string];
  assert.is(a, b);
  a.next();
  const [other] = box().sandbox.require('pair') as [Counter];
  assert.is(a.next(), 2);
  assert.is(other.next(), 1);
});

sandbox('ends every timer when it is closed, also those of timers', async () => {
  write(
    'ticking',
    `exports.count = 0;
     const tick = () => { exports.count++; };
     setInterval(tick, 1);
     (function again() { tick(); setTimeout(again, 1); })();
     (function soon() { tick(); setImmediate(soon); })();
     exports.cleared = 0;
     clearInterval(setInterval(() => exports.cleared++, 1));
     clearTimeout(setTimeout(() => exports.cleared++, 1));
     clearImmediate(setImmediate(() => exports.cleared++));`,
  );
  const { sandbox } = box();
  const ticking = sandbox.require('ticking') as { count: number; cleared: number };
  await turns();
  sandbox.close();
  const { count } = ticking;
  assert.ok(count > 5);
  await turns();
  assert.is(ticking.count, count);
  assert.is(ticking.cleared, 0);
});

sandbox('tells what a timer throws and goes on', async () => {
  write(
    'throwing',
    "setTimeout(() => { throw new Error('late'); }, 0); process.nextTick(() => { throw new Error('next'); });",
  );
  const { sandbox, errors } = box();
  sandbox.require('throwing');
  sandbox.run(() => {
    throw new Error('now');
  });
  await turns();
  assert.equal(errors.sort(), ['late', 'next', 'now']);
  sandbox.close();
});

sandbox('runs nothing after it was closed', () => {
  const { sandbox, errors } = box();
  sandbox.close();
  let ran = false;
  sandbox.run(() => {
    ran = true;
  });
  assert.not.ok(ran);
  assert.equal(errors, []);
});

sandbox('keeps handlers and words of packages from the process', () => {
  write(
    'loud',
    "process.on('SIGINT', () => {}); console.log('hello'); exports.test = process.env.IS_TEST_MODE;",
  );
  const before = process.listenerCount('SIGINT');
  process.env.IS_TEST_MODE = '1';
  const { sandbox } = box();
  assert.equal(sandbox.require('loud'), { test: undefined });
  delete process.env.IS_TEST_MODE;
  assert.is(process.listenerCount('SIGINT'), before);
});

sandbox('says that a package is missing', () => {
  try {
    box().sandbox.require('nothing-of-this-name');
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'MODULE_NOT_FOUND');
  }
});

sandbox.run();
