/** Whether a broker of another make lets each user write and read what the grammar of topics gives it, and no more. */

import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import * as assert from 'uvu/assert';
import {
  ANY,
  demandTopic,
  inTopic,
  leaseTopic,
  profileTopic,
  settlerTopic,
  statusTopic,
} from '../../schemas/topic.ts';
import { until } from '../wait.ts';
import { type ForeignBroker, idOfSeed, passwordOf } from './foreign.ts';

const [SELLER, BUYER, STRANGER] = [1, 2, 3];
const SETTLER = 200;
/** Everybody who takes part in `assertAccess`. */
export const MEMBERS = [SELLER, BUYER, STRANGER];

const loginOf = (seed: number): IClientOptions => ({
  protocolVersion: 4,
  reconnectPeriod: 0,
  clientId: `${idOfSeed(seed)}-access`,
  username: idOfSeed(seed),
  password: passwordOf(seed),
});

type Reader = {
  readonly client: MqttClient;
  readonly heard: string[];
  readonly hears: (text: string) => Promise<void>;
};

const readerOf = async (url: string, seed: number, filters: readonly string[]): Promise<Reader> => {
  const client = await connectAsync(url, loginOf(seed));
  const heard: string[] = [];
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload}`));
  // One by one: what a broker refuses in SUBACK rejects, and must not take the others with it.
  for (const filter of filters) await client.subscribeAsync(filter, { qos: 0 }).catch(() => undefined);
  const hears = (text: string): Promise<void> =>
    until(
      () => heard.some((line) => line.endsWith(text)),
      undefined,
      () => `${text} in ${heard.join(', ')}`,
    );
  return { client, heard, hears };
};

const [seller, buyer, stranger] = MEMBERS.map(idOfSeed) as [string, string, string];
const LEASE = idOfSeed(99);
const readings = leaseTopic(seller, buyer, LEASE, 'r');
const payments = leaseTopic(seller, buyer, LEASE, 'p');
const request = settlerTopic('07', buyer);

/** All topics, and filters that somebody curious would try. */
const CURIOUS = [
  '#',
  'tb1/#',
  '$MQTT/#',
  'tb1/+/+/+',
  'tb1/l/+/+/+/+',
  settlerTopic(ANY, ANY),
  inTopic(buyer, ANY),
];

const WRITES: readonly {
  readonly by: number;
  readonly topic: string;
  readonly heardBy: readonly number[];
}[] = [
  { by: SELLER, topic: statusTopic(seller), heardBy: [SELLER, BUYER, STRANGER] },
  { by: SELLER, topic: profileTopic(seller), heardBy: [SELLER, BUYER, STRANGER] },
  { by: BUYER, topic: demandTopic(buyer), heardBy: [SELLER, BUYER, STRANGER] },
  { by: BUYER, topic: inTopic(seller, buyer), heardBy: [SELLER] },
  { by: BUYER, topic: request, heardBy: [SETTLER] },
  { by: SELLER, topic: readings, heardBy: [BUYER] },
  { by: BUYER, topic: payments, heardBy: [SELLER] },
  { by: SETTLER, topic: inTopic(buyer, idOfSeed(SETTLER)), heardBy: [BUYER] },
  // What is another's to write.
  { by: STRANGER, topic: statusTopic(seller), heardBy: [] },
  { by: STRANGER, topic: profileTopic(seller), heardBy: [] },
  { by: STRANGER, topic: demandTopic(buyer), heardBy: [] },
  { by: STRANGER, topic: inTopic(seller, buyer), heardBy: [] },
  { by: STRANGER, topic: inTopic(buyer, idOfSeed(SETTLER)), heardBy: [] },
  { by: STRANGER, topic: request, heardBy: [] },
  { by: STRANGER, topic: readings, heardBy: [] },
  { by: STRANGER, topic: payments, heardBy: [] },
  { by: BUYER, topic: readings, heardBy: [] },
  { by: SELLER, topic: payments, heardBy: [] },
  { by: SETTLER, topic: settlerTopic('07', seller), heardBy: [] },
  { by: SETTLER, topic: statusTopic(seller), heardBy: [] },
  { by: STRANGER, topic: 'elsewhere', heardBy: [] },
];

const hints = [statusTopic(ANY), profileTopic(ANY), demandTopic(ANY)];
const FILTERS: Readonly<Record<number, readonly string[]>> = {
  [SELLER]: [...hints, inTopic(seller, ANY), leaseTopic(seller, ANY, ANY, 'p'), ...CURIOUS],
  [BUYER]: [...hints, inTopic(buyer, ANY), leaseTopic(ANY, buyer, ANY, 'r'), ...CURIOUS],
  [STRANGER]: [...hints, inTopic(stranger, ANY), readings, payments, request, ...CURIOUS],
  [SETTLER]: [settlerTopic(ANY, ANY), inTopic(seller, ANY), readings],
};

export const assertAccess = async ({ url }: ForeignBroker): Promise<void> => {
  const readers = new Map<number, Reader>();
  for (const seed of [SELLER, BUYER, STRANGER, SETTLER])
    readers.set(seed, await readerOf(url, seed, FILTERS[seed]!));
  for (const [i, { by, topic }] of WRITES.entries()) {
    const { client } = readers.get(by)!;
    await client.publishAsync(topic, `write ${i}`);
    // Whatever became of it, it was decided before this: one writer's messages keep their order.
    const [fence, reader] =
      by === SETTLER ? [inTopic(seller, idOfSeed(by)), SELLER] : [settlerTopic('00', idOfSeed(by)), SETTLER];
    await client.publishAsync(fence, `fence ${i}`);
    await readers.get(reader)!.hears(`fence ${i}`);
  }
  const late = [SELLER, BUYER, STRANGER];
  for (const seed of late) {
    await readers.get(SETTLER)!.client.publishAsync(inTopic(idOfSeed(seed), idOfSeed(SETTLER)), 'end');
    await readers.get(seed)!.hears('end');
  }
  for (const [i, { by, topic, heardBy }] of WRITES.entries()) {
    const heard = [...readers].filter(([, reader]) =>
      reader.heard.some((line) => line.endsWith(`write ${i}`)),
    );
    assert.equal(
      heard.map(([seed]) => seed),
      [...heardBy],
      `${by} writes ${topic}`,
    );
  }
  for (const { client } of readers.values()) await client.endAsync(true);
};

/** The CONNACK of a refused login. */
export const assertTurnedAway = async ({ url }: ForeignBroker): Promise<void> => {
  for (const wrong of [{ password: 'wrong' }, { username: idOfSeed(77) }, { username: '', password: '' }]) {
    const refused = await connectAsync(url, { ...loginOf(SELLER), ...wrong }).then(
      (client) => client.endAsync(true).then(() => 0),
      (error: { readonly code?: number }) => error.code,
    );
    assert.ok(refused === 4 || refused === 5, `${JSON.stringify(wrong)} is answered ${refused}`);
  }
};
