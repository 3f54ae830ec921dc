import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isFilter, isTopic, matches } from '../../../firmware-bridge/mqtt/filter.ts';

/** The words of MQTT 3.1.1 section 4.7, level by level. */
const oracle = (filter: readonly string[], topic: readonly string[]): boolean => {
  const [wanted, ...moreWanted] = filter;
  if (wanted === '#') return true;
  if (wanted === undefined) return topic.length === 0;
  if (topic.length === 0) return false;
  if (wanted !== '+' && wanted !== topic[0]) return false;
  return oracle(moreWanted, topic.slice(1));
};

const levels = fc.array(fc.constantFrom('a', 'b', '', '$SYS', 'ä'), { minLength: 1, maxLength: 5 });
const filters = fc
  .array(fc.constantFrom('a', 'b', '', '+', '$SYS', 'ä'), { minLength: 1, maxLength: 5 })
  .chain((list) => fc.boolean().map((open) => (open ? [...list, '#'] : list)));

const test = suite('matches');

test('answers as the standard says, level by level', () => {
  fc.assert(
    fc.property(filters, levels, (filter, topic) => {
      const hidden = topic[0]!.startsWith('$') && /^[+#]/.test(filter[0]!);
      const expected = !hidden && oracle(filter, topic);
      assert.is(
        matches(filter.join('/'), topic.join('/')),
        expected,
        `${filter.join('/')} ${topic.join('/')}`,
      );
    }),
    { numRuns: 5000 },
  );
});

test('answers the examples of the standard', () => {
  for (const [filter, topic, expected] of [
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['#', 'sport', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/monitor', false],
    ['+/monitor', '$SYS/monitor', false],
    ['$SYS/#', '$SYS/monitor', true],
    ['ACCOUNTS', 'Accounts', false],
  ] as const)
    assert.is(matches(filter, topic), expected, `${filter} ${topic}`);
});
test.run();

const forms = suite('isFilter');

forms('takes wildcards as whole levels only, and as no part of a topic', () => {
  for (const good of ['#', '+', 'a/+/b', 'a/#', '/', 'a//b', '+/+/#', 'zigbee2mqtt/Küche'])
    assert.ok(isFilter(good), good);
  for (const bad of ['', 'a#', 'a/#/b', 'a+', 'a/b+/c', '##', 'a\0b', 'x'.repeat(257)])
    assert.not(isFilter(bad), bad);
  for (const bad of ['', 'a/+', '#', 'a+b', 'a\0']) assert.not(isTopic(bad), bad);
  for (const good of ['a', '/', 'a b/c', '$SYS/x']) assert.ok(isTopic(good), good);
});
forms.run();
