import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { brokerHost } from '../../agent/broker-host.ts';
import { createKey } from '../../agent/host/key-file.ts';
import { believedAt } from '../../broker/settler/cluster/certificate.ts';
import { run } from '../../broker/settler/command.ts';
import { fromHex } from '../../schemas/bytes.ts';
import { didKey, idOf } from '../../schemas/identity.ts';
import { parseFilter } from '../../schemas/topic.ts';
import { crypto, signerOf, taken } from '../agent/market.ts';

const ROOT = 1;
const SIGNING = 2;
const DEVICE = 3;
const DAY_MS = 24 * 3600 * 1000;
const didOf = (seed: number): string => didKey(signerOf(seed).key);
const userOf = (seed: number): string => idOf(signerOf(seed).key, crypto.sha256);

type Context = { folder: string; keyOf: (seed: number) => string };
const command = suite<Context>('settler certify, broker-user and work');

command.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-cluster-'));
  context.keyOf = (seed) => {
    const path = join(context.folder, `${seed}.key`);
    if (!existsSync(path)) taken(createKey(path, new Uint8Array(32).fill(seed), crypto.random(8)));
    return path;
  };
});
command.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const runIt = async (
  argv: readonly string[],
  nowMs = Date.now(),
): Promise<{ text: string; code: string; detail: string }> => {
  const printed: string[] = [];
  const host = await brokerHost();
  const ended = () => Promise.reject(new Error('nobody ends it'));
  const exit = await run(argv, {
    ...host,
    nowMs: () => nowMs,
    print: (text) => void printed.push(text),
    ended,
  });
  return {
    text: printed.join(''),
    code: exit.ok ? String(exit.value) : exit.code,
    detail: exit.ok ? '' : exit.detail,
  };
};

const certify = async ({ folder, keyOf }: Context, nowMs = Date.now()): Promise<string> => {
  const out = join(folder, `certificate-${nowMs}`);
  const made = await runIt(
    ['certify', '--key', keyOf(ROOT), '--for', didOf(SIGNING), '--days', '30', '--out', out],
    nowMs,
  );
  assert.is(made.code, '0', made.detail);
  return out;
};

command('certify makes a key one of the settler, for its days alone', async (context) => {
  const nowMs = Date.now();
  const certificate = fromHex(readFileSync(await certify(context, nowMs), 'utf8').trim())!;
  const believed = (seed: number, atMs: number): boolean =>
    believedAt(Math.floor(atMs / 1000), { signer: signerOf(seed), certificate }, signerOf(ROOT).key, crypto)
      .ok;
  assert.ok(believed(SIGNING, nowMs) && believed(SIGNING, nowMs + 30 * DAY_MS - 1000));
  assert.not(believed(SIGNING, nowMs + 30 * DAY_MS + 1000));
  assert.not(believed(SIGNING, nowMs - DAY_MS));
  assert.not(believed(DEVICE, nowMs), 'another key has no part in it');
});

command('certify makes no root key, writes nothing over, and wants whole days', async (context) => {
  const { folder, keyOf } = context;
  const codeOf = async (...argv: string[]) => (await runIt(['certify', ...argv])).code;
  const made = await certify(context);
  const rest = ['--for', didOf(SIGNING), '--out', join(folder, 'new')];
  assert.is(await codeOf('--key', join(folder, 'none.key'), ...rest), 'key-file');
  assert.not(existsSync(join(folder, 'none.key')));
  assert.is(await codeOf('--key', keyOf(ROOT), '--for', didOf(SIGNING), '--out', made), 'config-invalid');
  for (const days of ['0', '367', '1.5', 'ten'])
    assert.is(await codeOf('--key', keyOf(ROOT), ...rest, '--days', days), 'config-invalid');
  assert.is(await codeOf('--key', keyOf(ROOT), '--for', 'did:key:z1', '--out', 'x'), 'key-unacceptable');
});

const brokerUser = async (...argv: string[]) => {
  const { text, code, detail } = await runIt(['broker-user', '--account', didOf(DEVICE), '--json', ...argv]);
  assert.is(code, '0', detail);
  return JSON.parse(text) as { user: string; files: Record<string, string[]> };
};

command(
  'broker-user gives Mosquitto a password for a device, and rules for the settler',
  async ({ folder }) => {
    const path = join(folder, 'password');
    const device = await brokerUser('--for', 'mosquitto', '--password-file', path);
    assert.is(device.user, userOf(DEVICE));
    assert.match(
      device.files.passwords![0]!,
      new RegExp(`^${device.user}:\\$7\\$101\\$[\\w+/=]{16}\\$[\\w+/=]{88}$`),
    );
    assert.equal(device.files.acl, []);
    assert.is(statSync(path).mode & 0o777, 0o600);
    assert.not(
      device.files.passwords![0]!.includes(readFileSync(path, 'utf8').trim()),
      'the hash, not the password',
    );
    const settler = await brokerUser('--for', 'mosquitto', '--role', 'settler');
    assert.equal(settler.files, { passwords: [], acl: [`user ${device.user}`, 'topic read tb1/s/+/in/+'] });
    const again = await runIt([
      'broker-user',
      '--for',
      'nats',
      '--account',
      didOf(DEVICE),
      '--password-file',
      path,
    ]);
    assert.is(again.code, 'config-invalid', 'no password is written over');
  },
);

command('broker-user gives NATS the subjects of a device, over MQTT alone', async ({ folder }) => {
  const path = join(folder, 'password');
  const [line] = (await brokerUser('--for', 'nats', '--password-file', path)).files['users.conf']!;
  assert.match(line!, `password: "${readFileSync(path, 'utf8').trim()}"`);
  assert.match(line!, 'allowed_connection_types: ["MQTT"]');
  const [, publish, subscribe] = /publish: \[(.*?)\], subscribe: \[(.*?)\]/.exec(line!)!;
  const subjects = (list: string): string[] => JSON.parse(`[${list}]`);
  for (const subject of [...subjects(publish!), ...subjects(subscribe!)].filter(
    (one) => !one.startsWith('$'),
  )) {
    const filter = subject.replaceAll('.', '/').replaceAll('*', '+');
    assert.ok(parseFilter(filter).ok, `${filter} is in the grammar`);
  }
  assert.ok(subjects(publish!).every((subject) => subject.includes(userOf(DEVICE))));
  const [certified] = (await brokerUser('--for', 'nats')).files['users.conf']!;
  assert.match(certified!, `user: "CN=${userOf(DEVICE)}"`);
  assert.not.match(certified!, 'password');
});

command('broker-user names what it does not understand', async () => {
  const detailOf = async (...argv: string[]) => (await runIt(['broker-user', ...argv])).detail;
  assert.match(await detailOf('--account', didOf(DEVICE)), '--for is missing');
  assert.match(await detailOf('--account', didOf(DEVICE), '--for', 'rabbit'), '"rabbit"');
  assert.match(await detailOf('--for', 'nats'), '--account is missing');
  assert.match(await detailOf('--for', 'nats', '--account', didOf(DEVICE), '--role', 'king'), '"king"');
});

/** Refused before it dials: there is no broker. */
const workOn = async ({ folder }: Context, lines: readonly string[]) => {
  const config = join(folder, 'work.yaml');
  const rest = [
    'name: a',
    'database: settler.db',
    'currencies: [EUR]',
    'broker: {url: "mqtt://127.0.0.1:1"}',
  ];
  writeFileSync(config, [...rest, ...lines].join('\n'));
  return runIt(['work', '--config', config]);
};

command('work refuses a certificate that nobody would believe, and makes no key', async (context) => {
  const { folder, keyOf } = context;
  const file = await certify(context, Date.now() - 31 * DAY_MS);
  const certificate = `certificate: {file: ${file}, settler: "${didOf(ROOT)}"}`;
  const old = await workOn(context, [`key: ${keyOf(SIGNING)}`, certificate]);
  assert.is(old.code, 'signature-invalid');
  assert.match(old.detail, 'settler certify');
  const foreign = await workOn(context, [`key: ${keyOf(DEVICE)}`, certificate]);
  assert.is(foreign.code, 'signature-invalid');
  assert.is((await workOn(context, [`key: ${join(folder, 'none.key')}`])).code, 'key-file');
  assert.not(existsSync(join(folder, 'none.key')));
});

command('work tells every mistake of its file, and its example is a file', async (context) => {
  const wrong = await workOn(context, [`key: ${context.keyOf(ROOT)}`, 'leaseS: 0', 'nmae: b']);
  assert.is(wrong.code, 'config-invalid');
  assert.match(wrong.detail, /leaseS must be a whole number/);
  assert.match(wrong.detail, /unknown key "nmae": did you mean "name"/);
  const { text } = await runIt(['work', '--example-config']);
  const example = join(context.folder, 'example.yaml');
  writeFileSync(example, text);
  assert.ok((await brokerHost()).readWorkFile(example).ok);
  assert.is((await runIt(['work'])).code, 'config-invalid');
});

command('work keeps a database in a file to itself', async (context) => {
  const lock = taken(await (await brokerHost()).lockDirectory(context.folder));
  const second = await workOn(context, [`key: ${context.keyOf(ROOT)}`]);
  lock.release();
  assert.is(second.code, 'locked');
});

command.run();
