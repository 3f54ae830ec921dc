import { rmSync } from 'node:fs';
import { connect as connectNow, type IConnackPacket } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeCbor } from '../../schemas/cbor.ts';
import { signObject } from '../../schemas/cose.ts';
import { signCredential } from '../../schemas/credential.ts';
import { idOf } from '../../schemas/identity.ts';
import {
  type Bench,
  brokerKey,
  closed,
  connackOf,
  connectAs,
  crypto,
  freshCounter,
  idOfSeed,
  loginOf,
  signerOf,
  startBench,
  temporaryFolder,
} from './harness.ts';

const authentication = suite<{ bench: Bench }>('authenticate');

authentication.before.each(async (context) => {
  context.bench = await startBench();
});
authentication.after.each(async (context) => {
  await context.bench.stop();
});

authentication('admits who signed for this broker', async ({ bench }) => {
  const client = await connectAs(bench, 1);
  assert.ok(client.connected);
  await client.endAsync();
  assert.is((await bench.logged('disconnected')).client, idOfSeed(1));
});

authentication('keeps no session, whatever the client asks for', async ({ bench }) => {
  for (let i = 0; i < 2; i++) {
    const client = connectNow({ host: '127.0.0.1', port: bench.port, clean: false, ...loginOf(1) });
    const connack = await new Promise<IConnackPacket>((resolve) => client.once('connect', resolve));
    assert.is(connack.sessionPresent, false);
    await client.subscribeAsync(`tb1/${idOfSeed(1)}/in/+`, { qos: 1 });
    await client.endAsync();
  }
});

authentication('refuses a CONNECT without name or credential', async ({ bench }) => {
  const { clientId, username } = loginOf(1);
  assert.is(await connackOf(bench, { clientId }), 5);
  assert.is(await connackOf(bench, { clientId, username }), 5);
  assert.is((await bench.logged('refused', 'not-authorised')).client, clientId);
  assert.is(await connackOf(bench, { clientId, username, password: Buffer.alloc(0) }), 4);
});

authentication('refuses a credential for another broker', async ({ bench }) => {
  const clientId = idOfSeed(1);
  const password = Buffer.from(signCredential(signerOf(98).key, clientId, freshCounter(), signerOf(1)));
  assert.is(await connackOf(bench, { clientId, username: clientId, password }), 4);
  await bench.logged('refused', 'credential-foreign');
});

authentication("refuses another's user name and another's client id", async ({ bench }) => {
  assert.is(await connackOf(bench, { ...loginOf(1), username: idOfSeed(2) }), 4);
  assert.is(await connackOf(bench, { ...loginOf(1), clientId: idOfSeed(2) }), 4);
  assert.is(await connackOf(bench, loginOf(1, idOfSeed(2))), 4);
});

authentication('refuses a credential the second time, and one that goes back', async ({ bench }) => {
  const counter = freshCounter();
  const login = loginOf(3, undefined, counter);
  assert.is(await connackOf(bench, login), 0);
  assert.is(await connackOf(bench, login), 4);
  assert.is(await connackOf(bench, loginOf(3, undefined, counter - 1)), 4);
  assert.is(await connackOf(bench, loginOf(3, `${idOfSeed(3)}-other`, counter)), 4);
  await bench.logged('refused', 'credential-replayed');
});

authentication('admits one of two that connect with one credential at once', async ({ bench }) => {
  const login = loginOf(4);
  const answers = await Promise.all([
    connackOf(bench, login),
    connackOf(bench, login),
    connackOf(bench, login),
  ]);
  assert.equal(answers.sort(), [0, 4, 4]);
});

authentication('refuses a counter more than a day ahead, without using it up', async ({ bench }) => {
  assert.is(await connackOf(bench, loginOf(5, undefined, Date.now() + 86_500_000)), 4);
  await bench.logged('refused', 'credential-expired');
  assert.is(await connackOf(bench, loginOf(5, undefined, Date.now() + 86_000_000)), 0);
});

authentication('does not use up the counter of a key for whoever does not have it', async ({ bench }) => {
  const clientId = idOfSeed(6);
  const ahead = Date.now() + 80_000_000;
  const forged = signObject(
    ['tb1/connect'],
    encodeCbor([signerOf(6).key, brokerKey, clientId, ahead]),
    signerOf(7),
  );
  assert.is(await connackOf(bench, { clientId, username: clientId, password: Buffer.from(forged) }), 4);
  await bench.logged('refused', 'signature-invalid');
  assert.is(await connackOf(bench, loginOf(6)), 0);
});

authentication('refuses a key of small order, whose signatures anyone can make', async ({ bench }) => {
  const identity = new Uint8Array(32);
  identity[0] = 1;
  const forged = new Uint8Array(64);
  forged[0] = 1; // R = the identity, S = 0: holds for every message
  const clientId = idOf(identity, crypto.sha256);
  const signer = { key: identity, sign: () => forged };
  const password = Buffer.from(signCredential(brokerKey, clientId, freshCounter(), signer));
  assert.is(await connackOf(bench, { clientId, username: clientId, password }), 4);
});

authentication('refuses a client that does not promise to speak', async ({ bench }) => {
  assert.is(await connackOf(bench, loginOf(1), { keepalive: 0 }), 4);
  assert.is(await connackOf(bench, loginOf(1), { keepalive: 301 }), 4);
  await bench.logged('refused', 'value-out-of-range');
});

authentication('lets only the same key end an older connection of that client id', async ({ bench }) => {
  const first = await connectAs(bench, 8);
  const ended = closed(first);
  assert.is(await connackOf(bench, loginOf(9, idOfSeed(8))), 4);
  assert.ok(first.connected);
  const second = await connectAs(bench, 8);
  await ended;
  assert.ok(second.connected);
  await second.endAsync();
});

authentication('remembers counters over a restart', async () => {
  const folder = temporaryFolder();
  const before = await startBench({}, folder);
  const login = loginOf(10);
  assert.is(await connackOf(before, login), 0);
  await before.stop();
  const after = await startBench({}, folder);
  assert.is(await connackOf(after, login), 4);
  assert.is(await connackOf(after, loginOf(10)), 0);
  await after.stop();
  rmSync(folder, { recursive: true });
});

authentication.run();
