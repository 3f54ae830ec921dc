import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createKey, createSharedKey, loadKey, loadSharedKey } from '../../../agent/host/key-file.ts';

const seed = new Uint8Array(32).map((_, i) => i * 7 + 1);
const token = new Uint8Array(4);
const isRoot = process.geteuid?.() === 0;

const keys = suite('key file');
let directory = '';
keys.before(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-file-'));
});
keys.after(() => rmSync(directory, { recursive: true }));

const written = (name: string, text: string, mode = 0o600): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

const detailOf = (path: string): string => {
  const loaded = loadKey(path);
  if (loaded.ok) throw new Error('was loaded');
  assert.is(loaded.code, 'key-file');
  assert.ok(loaded.detail.includes(path));
  return loaded.detail;
};

keys('reads back what it wrote, and only its owner can', () => {
  const path = join(directory, 'device.key');
  assert.ok(createKey(path, seed, token).ok);
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.equal(loadKey(path), { ok: true, value: seed });
  assert.equal(
    readdirSync(directory).filter((name) => name !== 'device.key'),
    [],
  );
});

keys('never writes over a key', () => {
  const path = join(directory, 'device.key');
  const again = createKey(path, new Uint8Array(32), token);
  assert.ok(!again.ok && again.code === 'key-file' && /exists already/.test(again.detail));
  assert.equal(loadKey(path), { ok: true, value: seed });
  assert.equal(readdirSync(directory), ['device.key']);
});

keys('writes what OpenSSL reads and reads what OpenSSL writes', () => {
  const der = createPrivateKey(execFileSync('cat', [join(directory, 'device.key')])).export({
    format: 'der',
    type: 'pkcs8',
  });
  assert.equal(new Uint8Array(der.subarray(16)), seed);
  const theirs = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  });
  assert.equal(loadKey(written('theirs.key', theirs.toString())), { ok: true, value: seed });
  assert.equal(loadKey(written('crlf.key', theirs.toString().replaceAll('\n', '\r\n'))), {
    ok: true,
    value: seed,
  });
});

keys('refuses modes that let others read, with the mode and the command that helps', () => {
  for (const mode of [0o644, 0o640, 0o604, 0o660]) {
    const path = written(`mode-${mode}.key`, '', mode);
    assert.match(detailOf(path), new RegExp(`mode 0${mode.toString(8)}.*chmod 600 ${path}$`));
  }
});

keys("refuses another user's file", () => {
  if (!isRoot) return console.log('skip: only root can give files away');
  const path = written('theirs', '');
  chownSync(path, 12345, 12345);
  assert.match(detailOf(path), /belongs to user 12345, not to 0/);
});

keys('refuses what is no Ed25519 private key, and says what it is', () => {
  const block = (label: string, base64: string): string =>
    `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const x25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
  const texts: [string, RegExp][] = [
    ['', /is empty/],
    ['hello', /is not PEM; tollbridge key create FILE makes one/],
    [block('ENCRYPTED PRIVATE KEY', 'AAAA'), /is encrypted.*openssl pkey/],
    [block('RSA PRIVATE KEY', 'AAAA'), /holds "RSA PRIVATE KEY"/],
    [block('PUBLIC KEY', 'AAAA'), /holds "PUBLIC KEY"/],
    [block('PRIVATE KEY', '%%%%'), /is damaged/],
    [block('PRIVATE KEY', ''), /is damaged/],
    ['-----BEGIN PRIVATE KEY-----\nAAAA', /is damaged/],
    [block('PRIVATE KEY', 'AAAA'), /is no Ed25519 key/],
    [block('PRIVATE KEY', Buffer.concat([x25519, seed]).toString('base64')), /is no Ed25519 key/],
    [block('PRIVATE KEY', Buffer.concat([prefix, seed.subarray(1)]).toString('base64')), /is no Ed25519 key/],
    ['x'.repeat(9000), /has 9000 bytes/],
  ];
  texts.forEach(([text, expected], i) => {
    assert.match(detailOf(written(`bad-${i}.key`, text)), expected);
  });
});

keys('refuses what cannot be opened', () => {
  assert.match(detailOf(join(directory, 'absent.key')), /does not exist/);
  mkdirSync(join(directory, 'folder.key'), 0o700);
  assert.match(detailOf(join(directory, 'folder.key')), /not a regular file/);
  const nowhere = createKey(join(directory, 'no', 'device.key'), seed, token);
  assert.ok(!nowhere.ok && nowhere.code === 'key-file');
});

keys.run();

const shared = suite('shared key file');
shared.before(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-file-'));
});
shared.after(() => rmSync(directory, { recursive: true }));

const sharedDetail = (path: string): string => {
  const loaded = loadSharedKey(path);
  return loaded.ok ? 'was loaded' : `${loaded.code}: ${loaded.detail}`;
};

shared('reads back what it wrote, which only its owner can, and never writes over it', () => {
  const path = join(directory, 'meter-key');
  assert.ok(createSharedKey(path, seed, token).ok);
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.equal(loadSharedKey(path), { ok: true, value: seed });
  const again = createSharedKey(path, new Uint8Array(32), token);
  assert.match(again.ok ? '' : again.detail, /exists already/);
  assert.equal(loadSharedKey(path), { ok: true, value: seed });
});

shared('says what is wrong with a file that is no key, and what to do', () => {
  const none = join(directory, 'none');
  assert.match(sharedDetail(none), /^key-file: .*does not exist; make one: tollbridge devices provision/);
  for (const text of ['', 'ab'.repeat(31), 'ab'.repeat(33), 'xy'.repeat(32)])
    assert.match(sharedDetail(written('bad', text)), /does not hold 64 hexadecimal digits/);
  assert.match(sharedDetail(written('open', 'ab'.repeat(32), 0o644)), /run: chmod 600/);
  assert.match(sharedDetail(written('long', 'ab'.repeat(9000))), /has 18000 bytes, a key has 65/);
});

shared.run();
