import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cbor, CborTag, encodeCbor } from '../../schemas/cbor.ts';
import { loadCddl } from './cddl.ts';
import { bytes, failure, hold, map } from './hold.ts';
import { CddlError } from './tokens.ts';

const verdicts = suite('verdicts');

verdicts('name the place and both sides', () => {
  assert.is(
    failure('a = [seq: uint .size 4, b: {c: tstr}]', ['x', map(['c', 'y'])]),
    '$[0]: expected uint .size 4, got "x"',
  );
  assert.is(
    failure('a = [seq: uint, b: {c: id}]\nid = bstr .size 2', [1, map(['c', bytes(1)])]),
    "$[1].c: expected id, got h'01' (1 bytes)",
  );
  assert.is(failure('a = #6.4([int, int])', new CborTag(4, [1, null])), '$(4)[1]: expected int, got null');
});

verdicts('tell what is missing and what is too much', () => {
  assert.is(failure('a = [int, tstr]', [1]), '$[1]: the array ends where tstr is expected');
  assert.is(failure('a = [int]', [1, 2]), '$[1]: the array may end here, got 2');
  assert.is(failure('a = {b: int}', map()), '$: "b" is missing');
  assert.is(failure('a = {b: int}', map(['b', 1], ['c', 1])), '$: no entry takes the member "c"');
});

verdicts('tell of the alternative that got furthest', () => {
  const text = 'm = a / b\na = [0, tstr]\nb = [1, {c: int}]';
  assert.is(failure(text, [1, map(['c', 'x'])]), '$[1].c: expected int, got "x"');
});

verdicts('refuse what is not deterministic CBOR', () => {
  const verdict = loadCddl(['a = any']).validate('a', bytes(0x18, 1));
  assert.equal(verdict, {
    ok: false,
    path: '$',
    reason: 'cbor-not-deterministic: 1 is not written in its shortest form',
  });
});

verdicts('give up on a rule that never ends instead of hanging', () => {
  assert.match(failure('a = [x]\nx = (int / x)', ['y']), 'gave up');
  const nested = `a = [b, b, b, b, b, b]\nb = {${'* (c // d),'.repeat(12)}}\nc = (* int => any)\nd = (* int => int)`;
  const wide = map(...Array.from({ length: 40 }, (_, i): [Cbor, Cbor] => [i, i]), ['x', 1]);
  assert.match(failure(nested, [wide, wide, wide, wide, wide, wide]), /gave up|no entry takes/);
});

verdicts('read the largest array and map there can be', () => {
  hold('a = [* int]', [Array.from({ length: 4095 }, () => 1)], []);
  hold('a = {* int => int}', [map(...Array.from({ length: 2047 }, (_, i): [Cbor, Cbor] => [i, i]))], []);
});

verdicts('throw for a rule that is not there', () => {
  assert.throws(
    () => loadCddl(['a = int']).validate('b', bytes(0)),
    (error: unknown) => error instanceof RangeError,
  );
});

verdicts.run();

const loading = suite('loadCddl');

const mistake = (...texts: string[]): string => {
  try {
    loadCddl(texts, ['one.cddl', 'two.cddl']);
    return 'loaded';
  } catch (error) {
    if (error instanceof CddlError) return error.message;
    throw error;
  }
};

loading('names the place of a mistake', () => {
  assert.is(mistake('a = int', '; fine\nb = [int'), 'two.cddl:2:9: expected a type, got the end');
  assert.is(mistake('a = int\n  b = %'), 'one.cddl:2:7: cannot read "%"');
  assert.is(mistake("a = h'0'"), `one.cddl:1:5: cannot read "h'0'"`);
  assert.is(mistake('a = #8'), 'one.cddl:1:6: no major type 8');
});

loading('refuses names that are nowhere defined', () => {
  assert.is(mistake('a = [b, c]\nb = int'), 'one.cddl:1:1: rule a names c, which is nowhere defined');
  assert.match(mistake('a = b<int>\nb = int'), 'takes 0 arguments, got 1');
  assert.match(mistake('a = int .cat 1'), 'uses .cat');
});

loading('refuses one name with two meanings, across texts', () => {
  assert.match(mistake('a = int', 'a = tstr'), 'two.cddl:1:1: rule a is written twice');
  assert.is(mistake('a = [ int ]', 'a = [int] ; the same'), 'loaded');
  assert.match(mistake('int = tstr'), 'rule int is written twice');
});

loading('refuses a group where a type must stand', () => {
  const cddl = loadCddl(['a = int / g\ng = (int, int)']);
  assert.throws(
    () => cddl.validate('a', encodeCbor('x')),
    (error: unknown) => error instanceof CddlError,
  );
  const keyless = loadCddl(['a = {int}']);
  assert.throws(
    () => keyless.validate('a', encodeCbor(map([1, 1]))),
    (error: unknown) => error instanceof CddlError,
  );
});

loading.run();
