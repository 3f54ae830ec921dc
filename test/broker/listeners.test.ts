import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { connect as connectTls, DEFAULT_MIN_VERSION } from 'node:tls';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import WebSocket from 'ws';
import type { BrokerOptions } from '../../broker/options.ts';
import {
  type Bench,
  brokerKey,
  connectAs,
  idOfSeed,
  loginOf,
  openSocket,
  socketClosed,
  start,
  startBench,
  temporaryFolder,
} from './harness.ts';

type Pair = { readonly keyFile: string; readonly certificateFile: string };

/** A self-signed pair for 127.0.0.1, or undefined where there is no openssl command. */
const makeCertificate = (folder: string): Pair | undefined => {
  const pair = { keyFile: join(folder, 'key.pem'), certificateFile: join(folder, 'cert.pem') };
  const subject = ['-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const files = ['-keyout', pair.keyFile, '-out', pair.certificateFile];
  const args = ['req', '-x509', '-newkey', 'ed25519', '-nodes', ...subject, ...files];
  try {
    execFileSync('openssl', args, { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  chmodSync(pair.keyFile, 0o600);
  return pair;
};

const folder = temporaryFolder();
const pair = makeCertificate(folder);
const withoutPair = (): boolean => {
  if (pair === undefined) console.log('skip: no openssl command to make a certificate with');
  return pair === undefined;
};

const PLACES = (['tcp', 'ws', 'tls', 'wss'] as const).map((transport) => ({
  transport,
  host: '127.0.0.1',
  port: 0,
}));

const refusalOf = async (options: Partial<BrokerOptions>): Promise<string> => {
  const started = await start(options, () => undefined, folder);
  if (!started.ok) return `${started.code}: ${started.detail}`;
  await started.value.close();
  return 'started';
};

const listeners = suite<{ bench: Bench; portOf: (transport: string) => number }>('listen');

listeners.before(async (context) => {
  const tls = pair === undefined ? {} : { tls: pair };
  const listen = pair === undefined ? PLACES.slice(0, 2) : PLACES;
  context.bench = await startBench({ listen, ...tls });
  context.portOf = (transport) =>
    context.bench.broker.places.find((place) => place.transport === transport)!.port;
});
listeners.after(async (context) => {
  await context.bench.stop();
  rmSync(folder, { recursive: true });
});

const connectOver = (protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss', port: number, more: IClientOptions = {}) =>
  connectAsync({
    protocol,
    host: '127.0.0.1',
    port,
    reconnectPeriod: 0,
    keepalive: 30,
    connectTimeout: 3000,
    ...loginOf(1),
    ...more,
  });

const echoes = async (client: MqttClient): Promise<string> => {
  const topic = `tb1/${idOfSeed(1)}/status`;
  const told = new Promise<string>((resolve) =>
    client.once('message', (_topic, payload) => resolve(`${payload}`)),
  );
  await client.subscribeAsync(topic, { qos: 1 });
  const text = 'x'.repeat(30_000);
  await client.publishAsync(topic, text, { qos: 1 });
  const echo = await told;
  await client.endAsync();
  return echo === text ? 'the same' : `${echo.length} characters`;
};

listeners('serves plain TCP and WebSocket', async ({ portOf }) => {
  assert.is(await echoes(await connectOver('mqtt', portOf('tcp'))), 'the same');
  assert.is(await echoes(await connectOver('ws', portOf('ws'))), 'the same');
});

listeners('says the pin of its certificate, and refuses a file that holds none', async () => {
  if (withoutPair()) return;
  const said: (string | undefined)[] = [];
  const listen = [{ transport: 'tls', host: '127.0.0.1', port: 0 }] as const;
  const own = temporaryFolder();
  const started = await start({ listen, tls: pair! }, (event) => said.push(event.detail), own);
  assert.ok(started.ok);
  await started.value.close();
  const fingerprint = execFileSync('openssl', [
    ...['x509', '-in', pair!.certificateFile, '-noout', '-fingerprint', '-sha256'],
  ]);
  const pin = `${fingerprint}`.trim().split('=')[1]!.replaceAll(':', '').toLowerCase();
  assert.ok(said.includes(`pin ${pin}`), said.join());
  const refused = await start({ listen, tls: { ...pair!, certificateFile: pair!.keyFile } }, () => {}, own);
  assert.is(refused.ok ? '' : refused.code, 'key-file');
  rmSync(own, { recursive: true });
});

listeners(
  'serves TLS and WebSocket over TLS, and the client can check the certificate',
  async ({ portOf }) => {
    if (withoutPair()) return;
    const ca = readFileSync(pair!.certificateFile);
    assert.is(await echoes(await connectOver('mqtts', portOf('tls'), { ca })), 'the same');
    assert.is(await echoes(await connectOver('wss', portOf('wss'), { ca })), 'the same');
    let refused = '';
    await connectOver('mqtts', portOf('tls')).catch((error: Error & { code: string }) => {
      refused = error.code;
    });
    assert.is(refused, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  },
);

listeners('answers a refused credential over every transport', async ({ portOf }) => {
  const kinds = [
    ['mqtt', 'tcp'],
    ['ws', 'ws'],
    ['mqtts', 'tls'],
    ['wss', 'wss'],
  ] as const;
  for (const [protocol, transport] of kinds.slice(0, pair === undefined ? 2 : 4)) {
    const more = { username: idOfSeed(2), rejectUnauthorized: false };
    let code: unknown;
    await connectOver(protocol, portOf(transport), more).catch((error: { code: unknown }) => {
      code = error.code;
    });
    assert.is(code, 4, transport);
  }
});

listeners('serves no plain MQTT on the TLS port, and no TLS before 1.2', async ({ portOf }) => {
  if (withoutPair()) return;
  const socket = await openSocket(portOf('tls'));
  socket.write(Buffer.from('101000044d5154540402001e00046e616d65', 'hex'));
  await socketClosed(socket);
  assert.is(DEFAULT_MIN_VERSION, 'TLSv1.2');
  const old = await new Promise<string>((resolve) => {
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const versions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers } as const;
    const options = { host: '127.0.0.1', port: portOf('tls'), rejectUnauthorized: false, ...versions };
    connectTls(options, () => resolve('connected')).on('error', () => resolve('refused'));
  });
  assert.is(old, 'refused');
});

listeners('serves no WebSocket without the subprotocol mqtt, and no pages', async ({ portOf }) => {
  for (const protocols of [[], ['chat']]) {
    const socket = new WebSocket(`ws://127.0.0.1:${portOf('ws')}`, protocols);
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    assert.match(error.message, '400');
  }
  const status = await new Promise((resolve) =>
    get(`http://127.0.0.1:${portOf('ws')}/`, (response) => resolve(response.resume().statusCode)),
  );
  assert.is(status, 426);
});

listeners('sends small messages at once over every transport', async ({ bench, portOf }) => {
  // With Nagle's algorithm against delayed acknowledgements each round trip takes 40 ms.
  const client = await connectOver('mqtt', portOf('tcp'));
  const topic = `tb1/${idOfSeed(1)}/status`;
  await client.subscribeAsync(topic);
  for (let i = 0; i < 100; i++) {
    const told = new Promise((resolve) => client.once('message', resolve));
    client.publish(topic, 'a');
    client.publish(topic, 'b');
    await told;
  }
  assert.ok(bench.broker.stats().published >= 200);
  await client.endAsync();
});

listeners('names the port that is in use, and closes what it had opened', async ({ portOf }) => {
  const taken = { transport: 'tcp', host: '127.0.0.1', port: portOf('tcp') } as const;
  const refusal = await refusalOf({ listen: [PLACES[0]!, taken] });
  assert.match(refusal, /^port-in-use: /);
  assert.match(refusal, String(taken.port));
});

listeners('refuses an address that is not here, and plain MQTT off loopback', async () => {
  const far = { transport: 'tcp', host: '192.0.2.1', port: 0 } as const;
  assert.match(await refusalOf({ listen: [far] }), /^config-invalid: .*not loopback/);
  assert.match(
    await refusalOf({ listen: [far], plainOffLoopback: true }),
    /^config-invalid: .*EADDRNOTAVAIL/,
  );
});

listeners(
  'refuses TLS without a pair, with one that others can read, and with one that is none',
  async () => {
    const listen = [PLACES[2]!];
    assert.match(await refusalOf({ listen }), /^key-file: /);
    const keyFile = join(folder, 'other.pem');
    writeFileSync(keyFile, 'no key', { mode: 0o644 });
    const tls = { keyFile, certificateFile: keyFile };
    assert.match(await refusalOf({ listen, tls }), /^key-file: .*chmod 600/);
    chmodSync(keyFile, 0o600);
    assert.match(await refusalOf({ listen, tls }), /^key-file: /);
    const missing = { keyFile: join(folder, 'missing.pem'), certificateFile: keyFile };
    assert.match(await refusalOf({ listen, tls: missing }), /^key-file: .*ENOENT/);
  },
);

listeners('refuses options that mean nothing', async () => {
  const cases: Partial<BrokerOptions>[] = [
    { listen: [] },
    { listen: [{ transport: 'udp' as 'tcp', host: '127.0.0.1', port: 0 }] },
    { listen: [{ transport: 'tcp', host: '127.0.0.1', port: 65536 }] },
    { settler: 'nobody' },
    { limits: { payloadBytesMax: -1 } },
  ];
  for (const options of cases) assert.match(await refusalOf(options), /^config-invalid: /);
  assert.match(await refusalOf({ key: new Uint8Array(32) }), /^key-unacceptable: /);
  assert.is(await refusalOf({ key: brokerKey }), 'started');
});

listeners('closes with clients, strangers and half a handshake on the line, and frees its port', async () => {
  const tls = pair === undefined ? {} : { tls: pair };
  const listen = pair === undefined ? PLACES.slice(0, 2) : PLACES;
  const bench = await startBench({ listen, ...tls });
  const client = await connectAs(bench, 1);
  const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
  const strangers = await Promise.all(bench.broker.places.map((place) => openSocket(place.port)));
  await bench.stop();
  await gone;
  await Promise.all(strangers.map(socketClosed));
  assert.is(await refusalOf({ listen: [{ ...PLACES[0]!, port: bench.port }] }), 'started');
});

listeners.run();
