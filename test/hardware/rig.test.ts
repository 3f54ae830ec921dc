/** A run of the bench: what is absent, what fails, what is told; and the command around it. */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { openPty } from '../../hardware/bench/pty.ts';
import { junitXml } from '../../hardware/bench/rig/junit.ts';
import { paintFor, reportLines, suiteLines } from '../../hardware/bench/rig/report.ts';
import type { Rig } from '../../hardware/bench/rig/rig.ts';
import type { Board } from '../../hardware/bench/rig/rig-file.ts';
import {
  type BoardResult,
  type CheckResult,
  type RunOptions,
  runBoards,
} from '../../hardware/bench/rig/run.ts';
import { Failure } from '../../hardware/bench/suites/bell.ts';
import type { Check, Suite } from '../../hardware/bench/suites/suite.ts';
import { ok, refuse } from '../../schemas/result.ts';

const PROGRAM = fileURLToPath(new URL('../../tollbridge.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rig-'));

const boardNamed = (name: string): Board => ({
  ...{ name, kind: 'avr8js', board: 'valve', firmware: undefined, wired: [], meterKey: undefined },
});

const suiteOf = (...checks: readonly Check[]): Suite => ({ name: 'some', about: 'of a test', checks });
const PASSES: Check = { claim: 'passes', run: async () => {} };
const FAILS: Check = {
  claim: 'fails',
  run: async () => {
    throw new Failure('it is <broken> & "bent"\u0007');
  },
};
const ABSENT: Check = { claim: 'is absent', absent: () => 'no such thing here', run: async () => {} };

/** A rig without a board, and whether it was closed. */
const emptyRig = (overrides: Partial<Rig> = {}): Rig & { closed: boolean } => {
  const rig = {
    ...{ path: 'nowhere', binding: new PeerBinding(), steady: true, closed: false },
    close: async () => {
      rig.closed = true;
    },
    ...overrides,
  };
  return rig;
};

const options = (overrides: Partial<RunOptions>): RunOptions => ({
  ...{ suites: [suiteOf(PASSES)], seed: 1, jobs: 2, flash: true, onSuite: () => {} },
  signal: new AbortController().signal,
  start: async () => ok(emptyRig()),
  ...overrides,
});

const outcomes = (checks: readonly CheckResult[]): string[] =>
  checks.map((check) => `${check.suite} ${check.claim}: ${check.outcome} ${check.reason}`.trim());

const running = suite('runBoards');

running('says of each check whether it passed, failed or is absent, and why', async () => {
  const [result] = await runBoards([boardNamed('a')], options({ suites: [suiteOf(PASSES, FAILS, ABSENT)] }));
  assert.equal(outcomes(result!.checks), [
    'some passes: passed',
    'some fails: failed it is <broken> & "bent"\u0007',
    'some is absent: skipped no such thing here',
  ]);
});

for (const [code, outcome] of [
  ['port-missing', 'skipped'],
  ['module-missing', 'skipped'],
  ['device-failed', 'failed'],
] as const) {
  running(`a board that does not start for ${code} is ${outcome}, all of it`, async () => {
    const start = async () => refuse(code, 'plug it in');
    const [result] = await runBoards([boardNamed('a')], options({ start, suites: [suiteOf(PASSES, FAILS)] }));
    assert.equal(outcomes(result!.checks), [
      `some passes: ${outcome} ${code}: plug it in`,
      `some fails: ${outcome} ${code}: plug it in`,
    ]);
  });
}

running('flashes first, and asks nothing of a board that did not take its firmware', async () => {
  const rig = emptyRig({ flash: async () => refuse('device-failed', 'not in sync') });
  const [result] = await runBoards([boardNamed('a')], options({ start: async () => ok(rig) }));
  assert.equal(outcomes(result!.checks), [
    'flash takes its firmware through its boot loader: failed device-failed: not in sync',
    'some passes: skipped its firmware is not on it',
  ]);
  assert.ok(rig.closed);
  const [unflashed] = await runBoards(
    [boardNamed('a')],
    options({ start: async () => ok(rig), flash: false }),
  );
  assert.equal(outcomes(unflashed!.checks), ['some passes: passed']);
});

running('skips a board whose flasher is not installed', async () => {
  const rig = emptyRig({ flash: async () => refuse('module-missing', 'avrdude is not installed') });
  const [result] = await runBoards([boardNamed('a')], options({ start: async () => ok(rig) }));
  assert.ok(result!.checks.every((check) => check.outcome === 'skipped' && /avrdude/.test(check.reason)));
});

running('keeps the order of the file, however many run at a time', async () => {
  let at = 0;
  let most = 0;
  const slow: Check = {
    claim: 'is slow',
    run: async ({ rig }) => {
      most = Math.max(most, ++at);
      for (let turns = rig.path === 'first' ? 20 : 1; turns > 0; turns--) await new Promise(setImmediate);
      at--;
    },
  };
  const results = await runBoards(
    ['first', 'second', 'third'].map(boardNamed),
    options({ suites: [suiteOf(slow)], start: async ({ name }) => ok(emptyRig({ path: name })) }),
  );
  assert.equal(
    results.map(({ board }) => board),
    ['first', 'second', 'third'],
  );
  assert.is(most, 2);
});

running('ends when it is told to, lets every board go, and returns what it has', async () => {
  const abort = new AbortController();
  const rig = emptyRig();
  const endless: Check = {
    claim: 'never ends',
    run: () => {
      abort.abort();
      return new Promise(() => {});
    },
  };
  const results = await runBoards(
    [boardNamed('a'), boardNamed('b')],
    options({
      signal: abort.signal,
      jobs: 1,
      suites: [suiteOf(PASSES, endless, PASSES)],
      start: async () => ok(rig),
    }),
  );
  assert.equal(
    results.flatMap(({ checks }) => outcomes(checks)),
    ['some passes: passed', 'some never ends: skipped interrupted'],
  );
  assert.ok(rig.closed);
});

running('lets the board go when a check is broken itself', async () => {
  const rig = emptyRig();
  const broken: Check = { claim: 'is broken', run: async () => assert.unreachable('a defect') };
  try {
    await runBoards([boardNamed('a')], options({ suites: [suiteOf(broken)], start: async () => ok(rig) }));
    assert.unreachable('the defect was swallowed');
  } catch (error) {
    assert.is((error as Error).message, 'a defect');
  }
  assert.ok(rig.closed);
});

const check = (suiteName: string, outcome: CheckResult['outcome'], reason = ''): CheckResult => ({
  ...{ suite: suiteName, claim: `is ${outcome}`, outcome, reason, elapsedMs: 1234 },
});
const RESULTS: readonly BoardResult[] = [
  {
    ...{ board: 'uno', kind: 'port', identity: 'station 1.0.0, serial 01' },
    checks: [
      check('flash', 'passed'),
      check('identify', 'passed'),
      check('identify', 'failed', 'a <b> & "c"\u0000'),
    ],
  },
  {
    ...{ board: 'nano', kind: 'port', identity: '' },
    checks: [check('identify', 'skipped', 'no port'), check('identify', 'skipped', 'no port')],
  },
];

const report = suite('report');
const plain = paintFor(false, {});

report('sets boards against suites, and tells each reason once', () => {
  const lines = reportLines(RESULTS, { width: 100, seed: 7, tookMs: 12_345, paint: plain });
  assert.equal(lines, [
    '',
    '           uno                  nano',
    'flash      ok 1  1.2 s          -',
    'identify   FAIL 1 of 2  2.5 s   skip 2',
    '',
    'uno   station 1.0.0, serial 01 (port)',
    '',
    'skipped: no port (nano 2)',
    'failed: uno, identify: is failed: a <b> & "c"\u0000',
    '2 passed, 1 failed, 2 skipped in 12.3 s, seed 7',
  ]);
});

report('takes a second block where the terminal is too narrow for all boards', () => {
  const lines = reportLines(RESULTS, { width: 32, seed: 1, tookMs: 0, paint: plain });
  assert.ok(lines.includes('           uno') && lines.includes('           nano'));
  assert.ok(lines.slice(0, 9).every((line) => line.length <= 32));
});

report('says under a suite what failed in it', () => {
  assert.equal(suiteLines('uno', 'identify', RESULTS[0]!.checks.slice(1), plain), [
    'FAIL  uno            identify   1 passed, 1 failed         2.5 s',
    '      is failed: a <b> & "c"\u0000',
  ]);
});

report('is coloured for people only', () => {
  for (const [isTerminal, environment, coloured] of [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ] as const)
    assert.is(paintFor(isTerminal, environment)('ok', 'passed') !== 'ok', coloured);
});

const junit = suite('JUnit XML');
const xml = junitXml(RESULTS, '2026-11-20T12:00:00.000Z');

junit('counts the same at every level', () => {
  const number = (tag: string, name: string): number[] =>
    [...xml.matchAll(new RegExp(`<${tag} [^>]*?\\b${name}="(\\d+)"`, 'g'))].map((found) => Number(found[1]));
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  for (const [name, element] of [
    ['tests', 'testcase'],
    ['failures', 'failure'],
    ['skipped', 'skipped'],
  ] as const) {
    const [whole] = number('testsuites', name);
    assert.is(whole, sum(number('testsuite', name)), name);
    assert.is(whole, [...xml.matchAll(new RegExp(`<${element}[ >]`, 'g'))].length, name);
  }
  assert.equal(number('testsuites', 'tests'), [5]);
});

junit('closes what it opens, in order', () => {
  const open: string[] = [];
  for (const [, closing, name, empty] of xml.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (closing) assert.is(open.pop(), name);
    else if (!empty) open.push(name!);
  }
  assert.equal(open, []);
});

junit('escapes what a board says, and has no character that XML has not', () => {
  assert.match(xml, /message="a &lt;b&gt; &amp; &quot;c&quot;\ufffd"/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the claim
  assert.not.match(xml, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
});

if (spawnSync('xmllint', ['--version']).error === undefined)
  junit('is XML to xmllint', () => {
    const linted = spawnSync('xmllint', ['--noout', '-'], { input: xml, encoding: 'utf8' });
    assert.is(linted.status, 0, linted.stderr);
  });
else console.log('skip: xmllint is not installed (apt-get install libxml2-utils)');

const command = suite('tollbridge rig run');

command.after(() => rmSync(folder, { recursive: true }));

/** What a `tollbridge rig run` printed, and its exit code. */
const tollbridge = (...args: readonly string[]) => {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'rig', 'run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const ended = new Promise<{ exit: number | null; out: string; errors: string }>((resolve) =>
    child.once('close', (exit) => resolve({ exit, out, errors })),
  );
  return { child, ended };
};

const RIG = join(folder, 'rig.yaml');
writeFileSync(
  RIG,
  `boards:
  - { name: valve, kind: avr8js, board: valve, wired: [{ output: valve, reads: valve }] }
  - { name: absent, kind: port, port: /dev/serial/by-id/nothing }
`,
);

command('runs what is here, skips what is not, and writes its results', async () => {
  const junitFile = join(folder, 'junit.xml');
  const traces = join(folder, 'traces');
  const args = [RIG, '--only', 'identify,commands', '--junit', junitFile, '--json', '--record', traces];
  const { exit, out, errors } = await tollbridge(...args).ended;
  assert.is(exit, 0, errors);
  const told = JSON.parse(out);
  assert.equal([told.passed, told.failed, told.skipped], [6, 0, 6]);
  assert.match(told.boards[0].identity, /^valve 1\.0\.0, serial 7462000000000002$/);
  assert.match(told.boards[1].checks[0].reason, /no port \/dev\/serial\/by-id\/nothing: plug the board in/);
  assert.match(errors, /ok +valve +identify +3 passed/);
  assert.match(readFileSync(junitFile, 'utf8'), /<testsuites name="tollbridge rig" tests="12"/);
  assert.match(
    readFileSync(join(traces, 'valve.trace'), 'utf8'),
    /^# tollbridge trace 1: valve[^\n]*\n\d+ > /,
  );
});

command('fails where nothing could be tried', async () => {
  const { exit, out } = await tollbridge(RIG, '--only', 'absent').ended;
  assert.is(exit, 1);
  assert.match(out, /0 passed, 0 failed, \d+ skipped/);
});

command('lists what is here, what is not, and the suites', async () => {
  const { exit, out } = await tollbridge(RIG, '--list').ended;
  assert.is(exit, 0);
  assert.match(out, /^valve +avr8js +is here$/m);
  assert.match(out, /^absent +port +port-missing: no port/m);
  assert.match(out, /^faults +10 checks +comes back/m);
});

command('ends with Ctrl-C, tells what it had, and leaves nothing behind', async () => {
  const before = new Set(readdirSync(tmpdir()));
  const { child, ended } = tollbridge(RIG, '--only', 'valve,identify,restart');
  await new Promise<void>((resolve) =>
    child.stdout.on('data', (text) => String(text).includes('identify') && resolve()),
  );
  child.kill('SIGINT');
  const { exit, out } = await ended;
  assert.is(exit, 130);
  assert.match(out, /3 passed, 0 failed/);
  const left = readdirSync(tmpdir()).filter((name) => /^(simavr|espruino)-/.test(name) && !before.has(name));
  assert.equal(left, []);
});

command('asks a board at a port, without a file', async () => {
  const pty = await openPty({ link: join(folder, 'board.tty'), onData: () => {}, onClose: () => {} });
  assert.ok(pty.ok);
  const { exit, out } = await tollbridge('--port', join(folder, 'board.tty'), '--list').ended;
  pty.value.close();
  assert.is(exit, 0);
  assert.match(out, /^board +port +is here$/m);
});

for (const [what, args, sentence] of [
  ['a port and a file', [RIG, '--port', '/dev/x'], /--port \/dev\/x or the file .*rig\.yaml, not both/],
  ['a file that is not there', ['/no/rig.yaml'], /no rig file at \/no\/rig\.yaml \(ENOENT\)/],
  ['a suite that is none', [RIG, '--only', 'dance'], /--only dance: there are valve, absent, identify/],
  ['a seed that is none', [RIG, '--seed', 'x'], /--seed x: a whole number/],
  ['a folder for traces that is a file', [RIG, '--record', RIG], /cannot make the folder/],
] as const) {
  command(`refuses ${what}`, async () => {
    const { exit, errors } = await tollbridge(...args).ended;
    assert.is(exit, 1);
    assert.match(errors, sentence);
  });
}

running.run();
report.run();
junit.run();
command.run();
