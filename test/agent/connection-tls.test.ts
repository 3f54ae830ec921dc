import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bench, startBench } from '../broker/harness.ts';
import { client, closeClients, folder, TRUST } from './client.ts';

const HOST = '127.0.0.1';
const pair = { keyFile: join(folder, 'key.pem'), certificateFile: join(folder, 'cert.pem') };

/** A self-signed certificate for 127.0.0.1, or undefined where there is no openssl command. */
const makeCertificate = (): X509Certificate | undefined => {
  const subject = ['-subj', '/CN=broker', '-addext', `subjectAltName=IP:${HOST}`, '-days', '2'];
  const files = ['-keyout', pair.keyFile, '-out', pair.certificateFile];
  try {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', ...subject, ...files], {
      stdio: 'ignore',
    });
  } catch {
    console.log('skip: no openssl command to make a certificate with');
    return undefined;
  }
  chmodSync(pair.keyFile, 0o600);
  return new X509Certificate(readFileSync(pair.certificateFile));
};

const certificate = makeCertificate();
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

type Context = { bench: Bench; urlOf: (transport: string) => string };
const trust = suite<Context>('trust');

trust.before(async (context) => {
  const transports = certificate === undefined ? (['ws'] as const) : (['ws', 'tls', 'wss'] as const);
  const listen = transports.map((transport) => ({ transport, host: HOST, port: 0 }));
  context.bench = await startBench(certificate === undefined ? { listen } : { listen, tls: pair });
  context.urlOf = (transport) => {
    const { port } = context.bench.broker.places.find((place) => place.transport === transport)!;
    return `${transport === 'tls' ? 'mqtts' : transport}://${HOST}:${port}`;
  };
});
trust.after.each(closeClients);
trust.after((context) => context.bench.stop());

trust('goes over WebSocket', async ({ urlOf }) => {
  await client(1, urlOf('ws')).heard(/^up/);
});

if (certificate !== undefined) {
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  const wrongPin = sha256(certificate.raw).map((byte, i) => (i === 31 ? byte ^ 1 : byte));
  const ways: [string, typeof TRUST | object][] = [
    ['an authority of its own', { ca: readFileSync(pair.certificateFile) }],
    ['the pinned certificate', { pin: sha256(certificate.raw) }],
    ['the pinned public key', { pin: sha256(spki) }],
    ['the pinned Ed25519 key itself', { pin: new Uint8Array(spki.subarray(-32)) }],
  ];
  for (const transport of ['tls', 'wss']) {
    for (const [name, way] of ways) {
      trust(`knows a broker over ${transport} by ${name}`, async ({ urlOf }) => {
        await client(1, urlOf(transport), { trust: { ...TRUST, ...way } }).heard(/^up/);
      });
    }

    trust(`ends a connection over ${transport} to a broker that is not the pinned one`, async ({ urlOf }) => {
      const self = client(1, urlOf(transport), { trust: { ...TRUST, pin: wrongPin } });
      assert.match(await self.heard(/^disconnected/), /the certificate is not the pinned one/);
    });

    trust(`does not trust strangers over ${transport}`, async ({ urlOf }) => {
      assert.match(await client(1, urlOf(transport)).heard(/^disconnected/), /self-signed certificate/);
    });
  }

  trust('tells nothing to a broker that is not the pinned one', async () => {
    let told = 0;
    const keys = { key: readFileSync(pair.keyFile), cert: readFileSync(pair.certificateFile) };
    const server = createServer(keys, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => (told += chunk.length));
    });
    server.on('connection', (socket) => socket.on('close', () => server.emit('left'))); // before TLS
    server.listen(0, HOST);
    await once(server, 'listening');
    const left = once(server, 'left');
    const url = `mqtts://${HOST}:${(server.address() as AddressInfo).port}`;
    client(1, url, { trust: { ...TRUST, pin: wrongPin } });
    await left;
    assert.is(told, 0);
    server.close();
  });
}

trust('says that nobody is there', async () => {
  assert.match(await client(1, `mqtt://${HOST}:1`).heard(/^disconnected/), /ECONNREFUSED.*it is tried again/);
});

trust.run();
