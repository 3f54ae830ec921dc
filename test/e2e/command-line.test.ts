import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELP } from '../../broker/settler/command.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'dist', 'tollbridge.js');
const folder = mkdtempSync(join(tmpdir(), 'tollbridge-cli-'));

const tollbridge = (...argv: string[]) => {
  const ran = spawnSync(process.execPath, [PROGRAM, ...argv], { encoding: 'utf8', cwd: folder });
  return { exit: ran.status, output: ran.stdout, error: ran.stderr.trim() };
};

const COMMANDS = ['demo', 'agent', 'status', 'broker', 'settler', 'emulate', 'key', 'completion'];

const test = suite('tollbridge');

test.after(() => rmSync(folder, { recursive: true }));

test('says its version, and names every command in its help', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.is(tollbridge('--version').output.trim(), version);
  const help = tollbridge('--help');
  assert.is(help.exit, 0);
  for (const command of COMMANDS) assert.match(help.output, new RegExp(`^  ${command} `, 'm'));
});

test('has a help for every command', () => {
  for (const command of COMMANDS) {
    const help = tollbridge(command, '--help');
    assert.is(help.exit, 0, command);
    assert.match(help.output, `tollbridge ${command}`);
  }
});

test('without a command is a mistake, and shows what there is', () => {
  const ran = tollbridge();
  assert.is(ran.exit, 2);
  assert.match(ran.error, 'usage: tollbridge COMMAND');
});

test('names the command that was meant', () => {
  const ran = tollbridge('agnet');
  assert.is(ran.exit, 2);
  assert.match(ran.error, 'did you mean "agent"?');
  assert.match(tollbridge('frobnicate').error, 'see: tollbridge --help');
});

test('names an option it does not know, without a stack', () => {
  const ran = tollbridge('agent', '--confg', 'x');
  assert.is(ran.exit, 2);
  assert.is(ran.error, "tollbridge: config-invalid: Unknown option '--confg': did you mean --config?");
  const far = tollbridge('agent', '--frobnicate');
  assert.match(far.error, "config-invalid: Unknown option '--frobnicate': see: tollbridge agent --help");
  const dashed = tollbridge('demo', '--readings', '-5').error;
  assert.match(dashed, /^tollbridge: config-invalid: .* write it as --readings=VALUE$/);
});

test('leads to the help of the subcommand, not to an option of another one', () => {
  const ran = tollbridge('settler', 'line', 'set', '--threshold', '1');
  assert.is(ran.exit, 2);
  assert.match(ran.error, /Unknown option '--threshold': see: tollbridge settler line set --help$/);
  assert.match(tollbridge('settler', 'owners', '--jsn').error, /did you mean --json\?$/);
});

test('tells a refusal with its code and its remedy', () => {
  const ran = tollbridge('agent');
  assert.is(ran.exit, 1);
  assert.match(ran.error, /^tollbridge: config-invalid: --config is missing: .*--example-config/);
});

test('tells every mistake of a file with line and column, one a line', () => {
  writeFileSync(join(folder, 'agent.yaml'), 'brokr: {}\nsettlers: 3\n');
  const ran = tollbridge('agent', '--config', 'agent.yaml');
  assert.is(ran.exit, 1);
  assert.match(ran.error, 'agent.yaml:1:1: unknown key "brokr": did you mean "broker"?');
  assert.match(ran.error, /agent\.yaml:2:\d+: settlers must be/);
});

test('makes a key that only its owner can read, once', () => {
  const file = join(folder, 'device.key');
  const made = tollbridge('key', 'create', file, '--json');
  assert.is(made.exit, 0, made.error);
  const { did, id } = JSON.parse(made.output);
  assert.match(did, /^did:key:z6Mk/);
  assert.is(id.length, 26);
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.match(tollbridge('key', 'show', file).output, did);
  const again = tollbridge('key', 'create', file);
  assert.is(again.exit, 1);
  assert.match(again.error, 'key-file');
});

test('says that no agent runs where none does', () => {
  const ran = tollbridge('status', folder);
  assert.is(ran.exit, 1);
  assert.match(ran.error, 'no agent runs on');
});

test('prints a broker file that a broker takes', () => {
  const example = tollbridge('broker', '--example-config');
  assert.is(example.exit, 0);
  writeFileSync(
    join(folder, 'broker.yaml'),
    example.output.replace('tcp://127.0.0.1:1883', 'tcp://192.0.2.1:1'),
  );
  assert.match(tollbridge('broker', '--config', 'broker.yaml').error, 'is not loopback: use tls or wss');
});

test('shows in the example of a broker the limits that it has', () => {
  const example = tollbridge('broker', '--example-config').output;
  assert.match(example, '# payloadBytesMax: 32768');
  const uncommented = example.replace(/# (\w+Max: )/g, '$1').replace('127.0.0.1:1883', '192.0.2.1:1');
  writeFileSync(join(folder, 'limits.yaml'), uncommented);
  assert.match(tollbridge('broker', '--config', 'limits.yaml').error, 'is not loopback');
});

test('completes commands and options', () => {
  assert.equal(tollbridge('completion', '--words', 'de').output.trim().split('\n'), ['demo', 'devices']);
  const options = tollbridge('completion', '--words', 'demo', '--').output.trim().split('\n');
  assert.ok(options.includes('--readings') && options.includes('--fresh'), options.join(' '));
  assert.is(tollbridge('completion', '--words', 'demo', 'x').output.trim(), '');
  const words = (...typed: string[]): string =>
    tollbridge('completion', '--words', ...typed)
      .output.trim()
      .replaceAll('\n', ' ');
  assert.is(words('settler', 'dep'), 'deposit deposit-reference');
  assert.is(words('settler', 'certify', '--'), '--key --for --out --days --help');
  assert.is(words('settler', 'account', ''), 'set');
  assert.is(words('key', ''), 'create show');
  const subcommands = HELP.matchAll(/^ {2}([a-z]+(?: set)?)\b/gm);
  for (const [, subcommand] of subcommands)
    assert.ok(words('settler', '').includes(subcommand!.split(' ')[0]!), subcommand);
  for (const shell of ['bash', 'zsh', 'fish']) assert.is(tollbridge('completion', shell).exit, 0);
  const script = tollbridge('completion', 'bash').output;
  assert.is(spawnSync('bash', ['-n'], { input: script }).status, 0, 'bash reads its script');
  assert.is(tollbridge('completion', 'tcsh').exit, 1);
});

test.run();
