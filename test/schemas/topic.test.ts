import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toBase32 } from '../../schemas/base32.ts';
import {
  ANY,
  demandTopic,
  inTopic,
  leaseTopic,
  mayPublish,
  maySubscribe,
  parseFilter,
  parseTopic,
  profileTopic,
  settlerTopic,
  shardOf,
  statusTopic,
  TOPIC_LENGTH_MAX,
  type Topic,
} from '../../schemas/topic.ts';

const ids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toBase32);
const channels = fc.uint8Array({ minLength: 32, maxLength: 32 });
const sides = fc.constantFrom<'r' | 'p'>('r', 'p');
const kinds = fc.constantFrom<'status' | 'profile' | 'demand'>('status', 'profile', 'demand');
/** Few enough that parties meet. */
const people = ['alice', 'bruno', 'carla', 'settl'].map((name) => toBase32(Buffer.from(name.padEnd(16))));
const settler = people[3]!;

const write = (topic: Topic): string => {
  if (topic.kind === 'in') return inTopic(topic.to, topic.from);
  if (topic.kind === 'settler') return settlerTopic(topic.shard, topic.from);
  if (topic.kind === 'lease') return leaseTopic(topic.payee, topic.payer, topic.lease, topic.side);
  return { status: statusTopic, profile: profileTopic, demand: demandTopic }[topic.kind](topic.id);
};

const topicsOf = (who: fc.Arbitrary<string>, shards: fc.Arbitrary<string>): fc.Arbitrary<Topic> =>
  fc.oneof(
    fc.record({ kind: kinds, id: who }),
    fc.record({ kind: fc.constant('in' as const), to: who, from: who }),
    fc.record({ kind: fc.constant('settler' as const), shard: shards, from: who }),
    fc.record({ kind: fc.constant('lease' as const), payee: who, payer: who, lease: who, side: sides }),
  );

const topics = topicsOf(ids, channels.map(shardOf));
const filters = topicsOf(fc.oneof(ids, fc.constant(ANY)), fc.oneof(channels.map(shardOf), fc.constant(ANY)));

/** MQTT's own matching (MQTT 3.1.1 section 4.7), for filters with '+' only. */
const matches = (filter: string, topic: string): boolean => {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  return (
    wanted.length === levels.length && wanted.every((level, at) => level === ANY || level === levels[at])
  );
};

const topic = suite('Topic');

topic('parses what the builders write, as a topic and as a filter', () => {
  fc.assert(
    fc.property(topics, (one) => {
      const text = write(one);
      assert.ok(text.length <= TOPIC_LENGTH_MAX);
      assert.equal(parseTopic(text), { ok: true, value: { ...one } });
      assert.equal(parseFilter(text), { ok: true, value: { ...one } });
    }),
  );
});

topic('parses a filter with wildcards as a filter alone', () => {
  fc.assert(
    fc.property(filters, (one) => {
      const text = write(one);
      assert.equal(parseFilter(text), { ok: true, value: { ...one } });
      assert.is(parseTopic(text).ok, !text.includes(ANY));
    }),
  );
});

topic('accepts no text that a builder would not write', () => {
  const changes = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom('/', '+', '#', 'a', '1', 'A', '\u0000', '', 'in', '//')),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(filters, changes, (one, edits) => {
      let text = write(one);
      for (const edit of edits) {
        const at = edit[0] % text.length;
        text = text.slice(0, at) + edit[1] + text.slice(at + 1);
      }
      for (const parsed of [parseTopic(text), parseFilter(text)]) {
        if (parsed.ok) assert.is(write(parsed.value), text);
        else assert.is(parsed.code, 'topic-malformed');
      }
    }),
    { numRuns: 2000 },
  );
});

topic('is built of ids only', () => {
  for (const text of ['', '#', 'alice', 'tb1/x', `${people[0]}/`, people[0]!.toUpperCase()]) {
    assert.throws(() => statusTopic(text), /expected an id/);
    assert.throws(() => inTopic(people[0]!, text), /expected an id/);
    assert.throws(() => leaseTopic(people[0]!, people[1]!, text, 'r'), /expected an id/);
    assert.throws(() => settlerTopic('00', text), /expected an id/);
    assert.throws(() => settlerTopic(text, people[0]!), /shard expected/);
  }
});

topic('names the shard of a channel by its first byte', () => {
  assert.is(shardOf(new Uint8Array(32).fill(0x0f)), '0f');
  assert.is(shardOf(new Uint8Array(32).fill(0xa0)), 'a0');
});

topic.run();

const rights = suite('mayPublish and maySubscribe');

const met = topicsOf(fc.constantFrom(...people), fc.constantFrom('00', 'ff'));
const metFilters = topicsOf(fc.constantFrom(ANY, ...people), fc.constantFrom(ANY, '00', 'ff'));

rights('let exactly one party write each topic', () => {
  fc.assert(
    fc.property(met, (one) => {
      assert.is(people.filter((id) => mayPublish(id, one)).length, 1);
    }),
  );
});

rights('let one party read each topic that is no hint', () => {
  fc.assert(
    fc.property(met, (one) => {
      const readers = people.filter((id) => maySubscribe(id, one, settler));
      assert.is(
        readers.length,
        one.kind === 'status' || one.kind === 'profile' || one.kind === 'demand' ? people.length : 1,
      );
    }),
  );
});

rights('never let a filter read what its topics would not', () => {
  fc.assert(
    fc.property(fc.constantFrom(...people), metFilters, met, (id, filter, one) => {
      if (!maySubscribe(id, filter, settler) || !matches(write(filter), write(one))) return;
      assert.ok(maySubscribe(id, one, settler), `${id} reads ${write(one)} through ${write(filter)}`);
    }),
    { numRuns: 5000 },
  );
});

rights('keep a third party off both topics of a lease', () => {
  for (const side of ['r', 'p'] as const) {
    const lease: Topic = { kind: 'lease', payee: people[0]!, payer: people[1]!, lease: people[0]!, side };
    for (const id of [people[2]!, settler]) {
      assert.not(mayPublish(id, lease));
      assert.not(maySubscribe(id, lease, settler));
    }
  }
});

rights.run();
