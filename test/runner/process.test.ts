import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runFile } from './process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const running = suite('runFile');
let folder = '';

running.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-file-'));
});
running.after(() => {
  rmSync(folder, { recursive: true });
});

const run = (source: string, timeoutMs: number) => {
  const file = join(folder, 'planted.test.ts');
  writeFileSync(file, source);
  return runFile(file, ROOT, timeoutMs);
};

/** A killed orphan may stay a zombie where PID 1 never waits for it; it holds nothing any more. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

running('gives the output of both streams and the exit code', async () => {
  const ending = await run('console.log("one"); console.error("two"); process.exitCode = 4;', 60_000);
  assert.match(ending.output, 'one');
  assert.match(ending.output, 'two');
  assert.is(ending.exitCode, 4);
  assert.not(ending.timedOut);
});

running('kills a file that takes too long', async () => {
  const ending = await run('setTimeout(() => {}, 30_000);', 1500);
  assert.ok(ending.timedOut);
  assert.is(ending.signal, 'SIGKILL');
});

running('finds and ends a process that a file leaves behind', async () => {
  const ending = await run(
    `import { spawn } from 'node:child_process';
     const child = spawn('sleep', ['30'], { stdio: 'inherit' });
     child.unref();
     console.log('pid ' + child.pid);`,
    60_000,
  );
  assert.ok(ending.leftBehind);
  const pid = Number(/pid (\d+)/.exec(ending.output)![1]);
  for (let i = 0; i < 100_000 && isAlive(pid); i++);
  assert.not(isAlive(pid));
});

running('keeps the end of a flood of output', async () => {
  const ending = await run('console.log("x".repeat(3 << 20) + "END");', 60_000);
  assert.ok(ending.output.length <= 1 << 20);
  assert.match(ending.output, /END\n$/);
});

running.run();
