import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dialWith, hostOf, serverNameOf } from '../../../firmware-bridge/mqtt/dial.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollbridge-dial-'));

/** For 127.0.0.1, signed by itself; undefined where there is no openssl command. */
const makeCertificate = (): { readonly key: Buffer; readonly cert: Buffer } | undefined => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const request = ['req', '-x509', '-newkey', 'ed25519', '-nodes', ...names, '-keyout', key, '-out', cert];
  try {
    execFileSync('openssl', request, { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } catch {
    console.log('skip: no openssl command to make a certificate with');
    return undefined;
  }
};

const listening = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const failure = async (dialling: Promise<unknown>): Promise<string> => {
  const outcome = await dialling.catch((error: Error) => error);
  assert.instance(outcome, Error);
  return (outcome as Error).message;
};

const test = suite('dialWith');

test('reaches a broker over TCP, and says why it does not', async () => {
  const server = createTcp((socket) => socket.end('x'));
  const place = await listening(server);
  const stream = await dialWith(undefined)(`mqtt://${place}`);
  const [chunk] = await once(stream, 'data');
  assert.is(String(chunk), 'x');
  stream.destroy();
  server.close();
  await once(server, 'close');
  assert.match(await failure(dialWith(undefined)(`mqtt://${place}`)), 'ECONNREFUSED');
  assert.match(await failure(dialWith(undefined)(`ws://${place}`)), 'no way to a broker with ws://');
  assert.match(await failure(dialWith(undefined)('broker')), 'Invalid URL');
});

const pair = makeCertificate();
if (pair !== undefined) {
  test('trusts over TLS whom the given authority certifies, and nobody else', async () => {
    const server = createTls(pair, (socket) => {
      socket.on('error', () => {});
      socket.end('x');
    });
    const place = await listening(server);
    const stream = await dialWith(pair.cert)(`mqtts://${place}`);
    const [chunk] = await once(stream, 'data');
    assert.is(String(chunk), 'x');
    stream.destroy();
    assert.match(await failure(dialWith(undefined)(`mqtts://${place}`)), /self.signed/);
    server.close();
  });
}
test('asks for the certificate of a name, and never of an address', () => {
  for (const [address, host, serverName] of [
    ['mqtts://box.local:8883', 'box.local', 'box.local'],
    ['mqtts://192.168.1.5', '192.168.1.5', ''],
    ['mqtts://[fe80::c0de]:8883', 'fe80::c0de', ''],
  ] as const) {
    assert.is(hostOf(new URL(address)), host);
    assert.is(serverNameOf(new URL(address)), serverName);
  }
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
