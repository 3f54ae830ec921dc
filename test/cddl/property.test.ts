import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../schemas/bytes.ts';
import { type Cbor, CborMap, CborTag, encodeCbor } from '../../schemas/cbor.ts';
import { loadCddl } from './cddl.ts';

const unique = { selector: ([key]: [Cbor, Cbor]) => toHex(encodeCbor(key)), maxLength: 4 };

const { value: values } = fc.letrec<{ key: Cbor; value: Cbor }>((tie) => ({
  key: fc.oneof(fc.integer(), fc.string({ unit: 'binary', maxLength: 4 }), fc.uint8Array({ maxLength: 4 })),
  value: fc.oneof(
    { maxDepth: 4 },
    tie('key'),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(tie('key'), tie('value')), unique).map((pairs) => new CborMap(pairs)),
    fc.tuple(fc.nat(), tie('value')).map(([tag, value]) => new CborTag(tag, value)),
  ),
}));

/** The CDDL that one value alone has. */
const exactly = (value: Cbor): string => {
  if (value instanceof Uint8Array) return `h'${toHex(value)}'`;
  if (value instanceof CborTag) return `#6.${value.tag}(${exactly(value.value)})`;
  if (Array.isArray(value)) return `[${value.map(exactly).join(', ')}]`;
  if (!(value instanceof CborMap)) return JSON.stringify(value);
  return `{${value.pairs.map(([key, item]) => `${exactly(key)} => ${exactly(item)}`).join(', ')}}`;
};

/** The CDDL of its shape: types in the place of values, keys kept. */
const shaped = (value: Cbor): string => {
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'tstr';
  if (value instanceof Uint8Array) return `bstr .size ${value.length}`;
  if (value instanceof CborTag) return `#6.${value.tag}(${shaped(value.value)})`;
  if (Array.isArray(value)) return `[${value.map((item) => `? int, 1*1 ${shaped(item)}`).join(', ')}]`;
  if (!(value instanceof CborMap)) return 'bool / null';
  return `{* $$nothing, ${value.pairs.map(([key, item]) => `${exactly(key)} => ${shaped(item)}`).join(', ')}}`;
};

/** Every value that differs from `value` in one place. */
const mutants = (value: Cbor): Cbor[] => {
  if (value instanceof CborTag) {
    const inside = mutants(value.value).map((inner) => new CborTag(value.tag, inner));
    return [...inside, new CborTag(value.tag + 1, value.value), value.value];
  }
  if (Array.isArray(value)) {
    const inside = value.flatMap((item, i) => mutants(item).map((mutant) => value.with(i, mutant)));
    return [...inside, ...value.map((_, i) => value.toSpliced(i, 1)), [...value, null]];
  }
  if (value instanceof CborMap) {
    const { pairs } = value;
    const inside = pairs.flatMap(([key, item], i) =>
      mutants(item).map((mutant) => pairs.with(i, [key, mutant])),
    );
    const fewer = pairs.map((_, i) => pairs.toSpliced(i, 1));
    return [...inside, ...fewer, [...pairs, ['a key of its own', 1] as const]].map((all) => new CborMap(all));
  }
  if (typeof value === 'number') return [value + 1, String(value)];
  if (typeof value === 'string') return [`${value}.`, encodeCbor(value)];
  if (value instanceof Uint8Array) return [new Uint8Array([...value, 0]), toHex(value)];
  return [value === null ? false : !value, 0];
};

const properties = suite('validate, for any value');

properties('accepts a value against its own CDDL and refuses every mutant', () => {
  fc.assert(
    fc.property(values, (value) => {
      const cddl = loadCddl([`a = ${exactly(value)}`]);
      assert.equal(cddl.validate('a', encodeCbor(value)), { ok: true });
      for (const mutant of mutants(value)) {
        const verdict = cddl.validate('a', encodeCbor(mutant));
        assert.not(verdict.ok, `${exactly(value)} took ${exactly(mutant)}`);
      }
    }),
  );
});

properties('accepts a value against the CDDL of its shape', () => {
  fc.assert(
    fc.property(values, (value) => {
      const verdict = loadCddl([`a = ${shaped(value)}`]).validate('a', encodeCbor(value));
      assert.ok(verdict.ok, verdict.ok ? '' : `${shaped(value)}\n${verdict.path}: ${verdict.reason}`);
    }),
  );
});

properties('answers any bytes without throwing', () => {
  const cddl = loadCddl(['a = [* a] / {* (int => a)} / bstr .cbor a / int / #6.4([int, int])']);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.type(cddl.validate('a', bytes).ok, 'boolean');
    }),
  );
});

properties.run();
