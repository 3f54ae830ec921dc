import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CborTag, encodeCbor } from '../../schemas/cbor.ts';
import { bytes, failure, hold, map } from './hold.ts';

const types = suite('types');

types('knows the prelude', () => {
  hold('a = uint', [0, 23, 2 ** 53 - 1], [-1, '0', null, [0]]);
  hold('a = nint', [-1, -24], [0, 1]);
  hold('a = int', [-1, 0], [false]);
  hold('a = bstr', [bytes(), bytes(1)], ['']);
  hold('a = tstr', ['', 'é'], [bytes()]);
  hold('a = bool', [true, false], [null, 0]);
  hold('a = null', [null], [false]);
  hold('a = any', [1, 'x', [], map(), new CborTag(9, null)], []);
  hold('a = decfrac', [new CborTag(4, [-2, 2715])], [new CborTag(4, [-2]), new CborTag(5, [-2, 2715])]);
  hold('a = float', [], [1, null, false]);
});

types('reads literals in every notation', () => {
  hold('a = 0x10', [16], [10]);
  hold('a = 0b101', [5], [101]);
  hold('a = -7', [-7], [7]);
  hold('a = "tb1\\/\\u0041"', ['tb1/A'], ['tb1']);
  hold("a = h'00 ff'", [bytes(0, 255)], [bytes(0), '00ff']);
  hold("a = b64'AP8'", [bytes(0, 255)], [bytes(0)]);
  hold("a = 'ab'", [bytes(97, 98)], ['ab']);
});

types('chooses between types, also parenthesised (RFC 8610 section 2.2.2)', () => {
  hold('attire = "bow tie" / "necktie" / "Internet attire"', ['necktie'], ['bow', 1]);
  hold('a = (int / tstr) / null', [1, 'x', null], [true]);
  hold('attire /= "swimwear"\nattire /= "tie"', ['swimwear', 'tie'], ['hat']);
});

types('ranges include or exclude their end (section 2.2.2.1)', () => {
  hold('device-address = 0..max-byte\nmax-byte = 255', [0, 255], [-1, 256, '1']);
  hold('a = 0...256', [0, 255], [256]);
  hold('a = -3 .. -1', [-3, -1], [-4, 0]);
});

types('tags and major types are told apart (section 2.2.3)', () => {
  hold('a = #6.32(tstr)', [new CborTag(32, 'u')], ['u', new CborTag(32, 1), new CborTag(33, 'u')]);
  hold('a = #6.10(uint)', [new CborTag(10, 1)], [new CborTag(1, 1)]);
  hold('a = #6', [new CborTag(1, 1)], [1]);
  hold('a = #2 / #7.21', [bytes(1), true], [false, null, 'x']);
});

types('enumerations come from groups (section 2.2.2.2)', () => {
  const colours = 'c = &(black: 0, red: 1, &inner) / &more\ninner = (blue: 4)\nmore = (white: 7)';
  hold(colours.replace('&inner', 'inner'), [0, 1, 4, 7], [2, 'red']);
});

types('unwraps tags, arrays and maps (section 3.7)', () => {
  hold('a = ~t\nt = #6.1(int)', [5], [new CborTag(1, 5)]);
  hold(
    'b = [~head, payload: tstr]\nhead = [version: 1, length: uint]',
    [[1, 9, 'x']],
    [
      [[1, 9], 'x'],
      [1, 'x'],
    ],
  );
  hold('b = {~head, c: int}\nhead = {a: int}', [map(['a', 1], ['c', 2])], [map(['c', 2])]);
});

types('generic rules take types (section 3.10)', () => {
  const text =
    'messages = message<"reboot", "now"> / message<"sleep", 1..100>\nmessage<t, v> = {type: t, value: v}';
  hold(
    text,
    [map(['type', 'reboot'], ['value', 'now']), map(['type', 'sleep'], ['value', 100])],
    [map(['type', 'reboot'], ['value', 1]), map(['type', 'sleep'], ['value', 101])],
  );
  hold(
    'pair = [two<int>, two<tstr>]\ntwo<t> = [t, t]',
    [
      [
        [1, 2],
        ['a', 'b'],
      ],
    ],
    [
      [
        [1, 'a'],
        ['a', 'b'],
      ],
    ],
  );
});

types('sockets stay empty or are filled (section 3.9)', () => {
  hold('a = int / $more', [1], ['x']);
  hold('a = int / $more\n$more /= tstr\n$more /= bool', [1, 'x', true], [null]);
  hold(
    'a = {b: int, * $$more}\n$$more //= (c: tstr)\n$$more //= (d: tstr)',
    [map(['b', 1]), map(['b', 1], ['c', 'x'], ['d', 'y'])],
    [map(['b', 1], ['e', 'x'])],
  );
});

types.run();

const arrays = suite('arrays');

arrays('match item by item', () => {
  hold('a = [int, tstr]', [[1, 'x']], [[1], ['x', 1], [1, 'x', 1], []]);
  hold('a = []', [[]], [[1]]);
});

arrays('repeat (section 3.2)', () => {
  hold('unlimited-people = [* tstr]', [[], ['a'], ['a', 'b']], [[1], ['a', 1]]);
  hold('one-or-two-people = [1*2 tstr]', [['a'], ['a', 'b']], [[], ['a', 'b', 'c']]);
  hold('at-least-two-people = [2* tstr]', [['a', 'b', 'c']], [['a']]);
  hold('a = [+ int]', [[1]], [[]]);
  hold('a = [*2 int]', [[], [1, 2]], [[1, 2, 3]]);
  hold('a = [? int, tstr]', [['x'], [1, 'x']], [[1, 1, 'x']]);
  hold('a = [2*2 [* int]]', [[[], [1]]], [[[]]]);
});

arrays('repeat and choose groups (section 2.1)', () => {
  hold(
    'Geography = [city: tstr, gpsCoordinates]\ngpsCoordinates = (long: uint, lat: uint)',
    [['x', 1, 2]],
    [['x', 1]],
  );
  hold('a = [* (int, tstr)]', [[], [1, 'a', 2, 'b']], [[1, 'a', 2]]);
  hold(
    'a = [0, tstr // 1, int]',
    [
      [0, 'x'],
      [1, 5],
    ],
    [
      [0, 5],
      [1, 'x'],
    ],
  );
  hold(
    'a = [(int // tstr, tstr), bool]',
    [
      [1, true],
      ['a', 'b', true],
    ],
    [['a', true]],
  );
});

arrays('give items back to what follows', () => {
  hold('a = [* int, 7]', [[7], [1, 7], [7, 7]], [[1], []]);
  hold(
    'a = [* int, ? int, 1*2 int, 9]',
    [
      [1, 9],
      [1, 2, 3, 4, 9],
    ],
    [[9]],
  );
  hold('a = [* (? int), tstr]', [['x'], [1, 1, 'x']], [[1]]);
  hold('a = [3*5 (? int)]', [[], [1], [1, 1, 1, 1, 1]], [[1, 1, 1, 1, 1, 1]]);
});

arrays.run();

const maps = suite('maps');

maps('have members in any order', () => {
  hold(
    'person = {age: int, name: tstr, employer: tstr}',
    [map(['name', 'x'], ['employer', 'y'], ['age', 3])],
    [map(['name', 'x'], ['age', 3]), map(['name', 1], ['employer', 'y'], ['age', 3]), [3, 'x', 'y']],
  );
});

maps('refuse members that no entry takes', () => {
  hold('a = {b: int}', [map(['b', 1])], [map(['b', 1], ['c', 1]), map()]);
});

maps('have keys of any type', () => {
  hold(
    'a = {1: tstr, "b": int, -2 => bool}',
    [map([1, 'x'], ['b', 1], [-2, true])],
    [map([1, 'x'], ['b', 1])],
  );
  hold(
    'a = {* uint => tstr, + tstr => int}',
    [map([1, 'x'], ['a', 1])],
    [map([1, 'x']), map([1, 1], ['a', 1])],
  );
  hold('square-roots = {* x => y}\nx = int\ny = int', [map(), map([4, 2], [9, 3])], [map(['x', 1])]);
});

maps('have optional members and bounded ones', () => {
  hold('a = {? b: int, c: int}', [map(['c', 1]), map(['b', 1], ['c', 1])], [map(['b', 1])]);
  hold('a = {2*3 uint => any}', [map([1, 0], [2, 0])], [map([1, 0]), map([1, 0], [2, 0], [3, 0], [4, 0])]);
});

maps('splice and choose groups (section 2.2)', () => {
  hold(
    'a = {name: tstr, place}\nplace = (long: int, lat: int)',
    [map(['name', 'x'], ['long', 1], ['lat', 2])],
    [map(['name', 'x'], ['long', 1])],
  );
  hold(
    'a = {kind: 1, x: int // kind: 2, y: int}',
    [map(['kind', 1], ['x', 1]), map(['kind', 2], ['y', 1])],
    [map(['kind', 1], ['y', 1]), map(['kind', 3], ['y', 1])],
  );
  hold(
    'a = {? (b: int, c: int), d: int}',
    [map(['d', 1]), map(['b', 1], ['c', 1], ['d', 1])],
    [map(['b', 1], ['d', 1])],
  );
  hold(
    'a = {(b: int // b: int, c: int), d: int}',
    [map(['b', 1], ['d', 1]), map(['b', 1], ['c', 1], ['d', 1])],
    [],
  );
});

maps('cut at a key that is taken (section 3.5.4)', () => {
  const nonsense = map(['optional-key', 'nonsense']);
  hold('a = {? "optional-key" => int, * tstr => any}', [nonsense], []);
  hold('a = {? "optional-key" ^ => int, * tstr => any}', [map(['optional-key', 1])], [nonsense]);
  hold('a = {? optional-key: int, * tstr => any}', [map(['other', 1])], [nonsense]);
  hold('a = {? (b: int, c: int), * tstr => any}', [map(['c', 1], ['d', 1])], [map(['b', 'x'])]);
});

maps.run();

const controls = suite('control operators');

controls('.size counts bytes, and those an integer fits in', () => {
  hold('full-address = tstr .size 4', ['four', 'éé'], ['three', 'fou']);
  hold('ip4 = bstr .size (1..3)', [bytes(1), bytes(1, 2, 3)], [bytes(), bytes(1, 2, 3, 4)]);
  hold('audio_sample = uint .size 3', [0, 16777215], [16777216, -1]);
});

controls('compare integers', () => {
  hold('speed = uint .le 120', [0, 120], [121, -1]);
  hold('a = int .lt 0', [-1], [0]);
  hold('a = int .ge limit\nlimit = 5', [5], [4]);
  hold('a = int .gt 5', [6], [5]);
  hold('a = int .eq 5', [5], [6]);
  hold('a = int .ne 5', [6, -5], [5]);
});

controls('.cbor looks inside a byte string', () => {
  const text = 'a = bstr .cbor inner\ninner = [* uint]';
  hold(text, [encodeCbor([1, 2])], [encodeCbor(['x']), bytes(0x82, 1), bytes(), [1]]);
  assert.is(failure(text, encodeCbor([1, 'x'])), '$<cbor>[1]: expected uint, got "x"');
});

controls('.regexp is anchored', () => {
  hold(
    'nai = tstr .regexp "[A-Za-z0-9]+@[A-Za-z0-9]+(\\\\.[A-Za-z0-9]+)+"',
    ['N1@CH57HF.4Znqe0.dYJRN.igjf'],
    ['N1@x', ' a@b.c', 'a@b.c '],
  );
});

controls('.and, .within and .default combine', () => {
  hold('a = (0..10) .and (5..20)', [5, 10], [4, 11]);
  hold('a = [* int] .within [2* any]', [[1, 2]], [[1], [1, 'x']]);
  hold('a = {? timer: uint .default 5}', [map(), map(['timer', 9])], [map(['timer', 'x'])]);
});

controls('.bits names the bits that may be set', () => {
  hold(
    'tcpflags = bstr .bits flags\nflags = &(fin: 8, syn: 9)',
    [bytes(0, 3), bytes(0)],
    [bytes(1, 0), bytes(0, 4)],
  );
  hold('rwxbits = uint .bits rwx\nrwx = &(r: 2, w: 1, x: 0)', [0, 7], [8]);
});

controls.run();
