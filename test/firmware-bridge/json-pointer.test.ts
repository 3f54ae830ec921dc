import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { jsonText, readJson } from '../../firmware-bridge/json.ts';
import { followPointer, parsePointer } from '../../firmware-bridge/json-pointer.ts';

const find = (json: string, pointer: string): string | undefined => {
  const read = readJson(json);
  const tokens = parsePointer(pointer);
  assert.ok(read.ok && tokens.ok, pointer);
  const found = followPointer(read.value, tokens.value);
  return found.ok ? jsonText(found.value) : found.detail;
};

const test = suite('followPointer');

test('finds what RFC 6901 section 5 finds', () => {
  const document =
    '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}';
  for (const [pointer, expected] of [
    ['/foo/0', 'bar'],
    ['/', '0'],
    ['/a~1b', '1'],
    ['/c%d', '2'],
    ['/e^f', '3'],
    ['/g|h', '4'],
    ['/i\\j', '5'],
    ['/k"l', '6'],
    ['/ ', '7'],
    ['/m~0n', '8'],
  ] as const)
    assert.is(find(document, pointer), expected, pointer);
});

test('finds any key by its escaped name, also those that objects have of themselves', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '~1', '/~'));
  fc.assert(
    fc.property(key, (name) => {
      const pointer = `/a/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      assert.is(find(`{"a":{${JSON.stringify(name)}:21.50}}`, pointer), '21.50');
      if (name !== 'b') assert.match(find('{"a":{"b":1}}', pointer)!, 'it has /b');
    }),
  );
});

test('says which fields there are where one is not', () => {
  assert.is(
    find('{"AM2301":{"Humidity":40,"a/b":1}}', '/AM2301/Temperature'),
    'there is no /Temperature in /AM2301, it has /Humidity, /a~1b',
  );
  assert.is(find('21.5', '/temperature'), 'there is no /temperature in the message, it has nothing');
  assert.match(find('[1,2]', '/01')!, 'it has /0, /1');
  assert.match(find(JSON.stringify(Array.from({ length: 40 }, () => 0)), '/40')!, 'and 28 more');
});

test('refuses what is no pointer', () => {
  for (const text of ['temperature', 'a/b', '/~2', '/~', '/a'.repeat(33)])
    assert.is(parsePointer(text).ok, false, text);
});
test.run();
