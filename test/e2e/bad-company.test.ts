/** Bad input while real processes trade: a stranger's messages, a noisy serial line, a broker that is away. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPort } from '../../firmware-bridge/port.ts';
import { openPty, type Pty } from '../../hardware/bench/pty.ts';
import { keyOfDid } from '../../schemas/identity.ts';
import { signProfile } from '../../schemas/profile.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { CODES } from '../../schemas/result.ts';
import { ANY, inTopic, leaseTopic, profileTopic, settlerTopic } from '../../schemas/topic.ts';
import { client, closeClients } from '../agent/client.ts';
import { crypto, idOfSeed, signerOf } from '../broker/harness.ts';
import { demoState, removeState } from './demo-process.ts';
import { openParties, type Parties } from './site.ts';

const STRANGER = 66;
const stranger = idOfSeed(STRANGER);

/** Cut short, too deep, too long, with a float, not deterministic, and nothing at all. */
const MALFORMED = [
  new Uint8Array([0x83, 0x01]),
  new Uint8Array(5000).fill(0x81),
  new Uint8Array(30_000).fill(0xff),
  new Uint8Array([0x81, 0xf9, 0x3c, 0x00]),
  new Uint8Array([0x81, 0x18, 0x01]),
  new Uint8Array(0),
];

const total = (parties: Parties) => parties.until('farm', (farm) => farm.demands[0]?.state === 'done');

/** What three parties have on their disks after the trade is the same. */
const assertAgreed = async (parties: Parties, readings: number): Promise<void> => {
  const farm = await total(parties);
  const station = await parties.until('station', (status) => status.ended.length === farm.ended.length);
  for (const side of [farm, station]) {
    const sum = (of: (lease: (typeof side.ended)[number]) => number): number =>
      side.ended.reduce((all, lease) => all + of(lease), 0);
    assert.is(
      sum((lease) => lease.delivered),
      readings,
    );
    assert.is(
      sum((lease) => lease.paidNano),
      readings * 2_000_000,
    );
  }
};

type Context = { state: string; parties: Parties };
const test = suite<Context>('trade in bad company');

const trading = async (context: Context, readings: number): Promise<Parties> => {
  context.parties = await openParties(context.state, readings);
  return context.parties;
};

test.before.each((context) => {
  context.state = demoState();
});
test.after.each(async ({ state, parties }) => {
  await closeClients();
  await parties?.end();
  removeState(state);
});

test('goes on while a stranger sends what is malformed, forged or not its own', async (context) => {
  const parties = await trading(context, 120);
  const broker = parties.broker();
  await broker.said(/"ready"/);
  parties.deposit();
  for (const board of ['station', 'valve'] as const) parties.board(board);
  const station = parties.agent('station');
  const farm = parties.agent('farm');
  const lease = (await parties.until('farm', (status) => (status.leases[0]?.delivered ?? 0) > 5)).leases[0]!;
  const ids = { seller: lease.peer, buyer: (await parties.until('farm', () => true)).id };
  const brokerKey = keyOfDid(parties.site.brokerDid);
  assert.ok(brokerKey.ok);
  const url = `mqtt://127.0.0.1:${parties.site.port}`;
  const { connection, heard } = client(STRANGER, url, { brokerKey: brokerKey.value });
  await heard(/^up/);
  connection.subscribe(inTopic(stranger, ANY));
  for (const payload of MALFORMED) {
    connection.publish(inTopic(ids.seller, stranger), payload);
    connection.publish(inTopic(ids.buyer, stranger), payload);
    connection.publish(settlerTopic('00', stranger), payload);
  }
  const profile = signProfile(1, 1, [brokerKey.value], [], signerOf(STRANGER));
  profile[profile.length - 1]! ^= 1;
  for (const payload of [profile, ...MALFORMED, profile])
    connection.publish(profileTopic(stranger), payload, { retain: true });
  await farm.said(new RegExp(`signature-invalid: the profile of ${stranger} does not count`));
  const channel = crypto.random(32);
  const query = encodeRequest({ kind: 'query', id: crypto.random(8), parts: [channel] });
  connection.publish(settlerTopic('00', stranger), query);
  const answer = decodeRequest(Buffer.from((await heard(/\/in\/[a-z2-7]{26}: /)).split(': ')[1]!, 'hex'));
  assert.ok(answer.ok && answer.value.kind === 'refusal');
  assert.is(answer.value.parts[0], CODES['channel-unknown'], answer.value.parts[1]);
  connection.publish(leaseTopic(ids.seller, ids.buyer, stranger, 'p'), new Uint8Array([1]));
  await heard(/^(disconnected|not-authorised)/);
  await assertAgreed(parties, 120);
  for (const one of [broker, station, farm]) assert.is(one.process.exitCode, null, one.output());
});

test('refuses every frame that a noisy line has damaged, and sells the others', async (context) => {
  const parties = await trading(context, 60);
  const { site } = parties;
  const board = parties.board('station', site.path('quiet.tty'));
  await board.said(/"ready"/);
  let bytes = 0;
  let line: Pty | null = null;
  const hear = (chunk: Uint8Array): void => {
    const damaged = chunk.map((byte) => (++bytes % 499 === 0 ? byte ^ 0x10 : byte));
    line?.write(damaged);
  };
  const quiet = await openPort(
    { path: site.path('quiet.tty'), baudRate: 115_200 },
    { onData: hear, onClose: () => {} },
  );
  assert.ok(quiet.ok);
  const noisy = await openPty({
    link: site.path('station.tty'),
    onData: (chunk) => void quiet.value.write(chunk),
    onClose: () => {},
  });
  assert.ok(noisy.ok);
  line = noisy.value;
  await parties.broker().said(/"ready"/);
  parties.deposit();
  parties.board('valve');
  parties.agent('station');
  parties.agent('farm');
  await assertAgreed(parties, 60);
  const { devices } = await parties.until('station', () => true);
  assert.ok(devices[0]!.health!.checkErrors > 0, JSON.stringify(devices));
  const told = parties.start('status', site.path('station'));
  await told.said(/device station: .*damaged messages, \d+ readings lost: check its cable/);
  await quiet.value.close();
  line.close();
});

test('waits for a broker that is not there yet, and for one that goes away, with little at risk', async (context) => {
  const parties = await trading(context, 150);
  for (const board of ['station', 'valve'] as const) parties.board(board);
  const agents = [parties.agent('station'), parties.agent('farm')];
  for (const agent of agents) await agent.said(/disconnected: no connection to .*ECONNREFUSED.*tried again/);
  const first = parties.broker();
  await first.said(/"ready"/);
  parties.deposit();
  await parties.until('farm', (farm) => (farm.leases[0]?.delivered ?? 0) > 20);
  await first.end('SIGKILL');
  for (const party of ['station', 'farm'] as const) await parties.until(party, (status) => !status.connected);
  const station = await parties.until('station', () => true);
  assert.ok(station.leases[0]!.unpaidNano <= station.leases[0]!.windowNano);
  await parties.broker().said(/"ready"/);
  await assertAgreed(parties, 150);
});

test.run();
