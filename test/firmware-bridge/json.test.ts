import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isJsonObject, type Json, JsonNumber, jsonText, readJson } from '../../firmware-bridge/json.ts';

/** As `JSON.parse` would give it. */
const parsed = (value: Json): unknown => {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(parsed);
  if (!isJsonObject(value)) return value;
  const object = {};
  for (const [key, item] of value)
    Object.defineProperty(object, key, {
      value: parsed(item),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return object;
};

const judge = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return 'refused';
  }
};

const test = suite('readJson');

test('reads whatever JSON.parse reads, alike', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.boolean(), (json, pretty) => {
      const text = pretty ? JSON.stringify(JSON.parse(json), null, 2) : json;
      const read = readJson(text);
      assert.ok(read.ok, text);
      assert.is(JSON.stringify(parsed(read.value)), judge(text));
    }),
  );
});

test('refuses whatever JSON.parse refuses', () => {
  const mutated = fc
    .tuple(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.constantFrom('', ',', '"', '\\', '{', ']', '\u0001', '-', '.', 'e', '0', 'n', ' ', '\n', ':'),
    )
    .map(([json, at, sign]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + sign + json.slice(place + (at % 3));
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string()), (text) => {
      const read = readJson(text);
      const told = judge(text);
      if (!read.ok && /stands twice/.test(read.detail)) return;
      assert.is(read.ok ? JSON.stringify(parsed(read.value)) : 'refused', told, text);
    }),
    { numRuns: 2000 },
  );
});

test('keeps numbers as they are written', () => {
  for (const text of ['21.50', '-0', '1e3', '9007199254740993', '0.1000000000000000055511151231257827']) {
    const read = readJson(` ${text}\n`);
    assert.is(read.ok && jsonText(read.value), text);
  }
});

test('has no special keys, and refuses one that stands twice', () => {
  const read = readJson('{"__proto__":{"temperature":21},"constructor":1}');
  assert.ok(read.ok && isJsonObject(read.value));
  assert.equal([...read.value.keys()], ['__proto__', 'constructor']);
  assert.is(({} as { temperature?: number }).temperature, undefined);
  const twice = readJson('{"temperature":21,"temperature":35}');
  assert.ok(
    !twice.ok && twice.code === 'object-malformed' && /"temperature" stands twice/.test(twice.detail),
  );
});

test('refuses what nests deep before the stack does', () => {
  assert.ok(readJson('['.repeat(32) + ']'.repeat(32)).ok);
  for (const text of ['['.repeat(100_000), '{"a":'.repeat(100_000), `${'['.repeat(40)}${']'.repeat(40)}`]) {
    const deep = readJson(text);
    assert.ok(!deep.ok && /nests deeper/.test(deep.detail));
  }
});

test('says where a text stops being JSON', () => {
  const read = readJson('{"temperature": NaN}');
  assert.ok(!read.ok && read.detail.includes('"NaN}" where a value should be'), read.ok ? '' : read.detail);
});
test.run();
