import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BUNDLES, bundle, FOLDER } from '../../hardware/espruino/build.ts';
import { METHODS, STATICS } from '../tidy/subset.ts';
import { gate } from './gate.ts';

const bundles = suite('bundles');

/** Of a flash that code shares with data, and of an interpreter that reads it as text. */
const DEVICE_BYTES_MAX = 6000;

for (const one of BUNDLES) {
  bundles(`${one.file} is what its sources become`, async () => {
    const committed = readFileSync(FOLDER + one.file, 'utf8');
    assert.ok(committed === (await bundle(one)), `${one.file} is not: npm run espruino, and commit it`);
  });

  bundles(`${one.file} may ship`, () => {
    assert.equal(gate(readFileSync(FOLDER + one.file, 'utf8')), []);
  });
}

bundles(`the device role has at most ${DEVICE_BYTES_MAX} bytes`, () => {
  const bytes = readFileSync(`${FOLDER}tollbridge.min.js`).length;
  assert.ok(bytes <= DEVICE_BYTES_MAX, `${bytes} bytes`);
});

bundles('the README says how large they are', () => {
  const text = readFileSync(`${FOLDER}README.md`, 'utf8');
  for (const { file } of BUNDLES) {
    const bytes = readFileSync(FOLDER + file).length.toLocaleString('en');
    assert.ok(text.includes(`| ${bytes} `), `${file}: ${bytes}`);
  }
});

bundles.run();

const gates = suite('gate');

const PLANTS: readonly (readonly [rule: string, code: string])[] = [
  ['syntax', 'var a = b ?? c;'],
  ['syntax', 'var a = b?.c;'],
  ['syntax', 'var a = 2 ** 3;'],
  ['syntax', 'var f = async () => 1;'],
  ['syntax', 'var a = { ...E };'],
  ['syntax', 'var f = (a, ) => 1;'],
  ['hoisting', 'function f() {}'],
  ['destructuring', 'var { a } = E;'],
  ['destructuring', 'var [a] = E;'],
  ['destructuring', 'var f = ({ a }) => 1;'],
  ['destructuring', 'for (const [a] of E) E;'],
  ['default-parameter', 'var f = (a = 1) => a;'],
  ['rest-parameter', 'var f = (...a) => a;'],
  ['spread', 'E(...E);'],
  ['generator', 'var f = function* () {};'],
  ['computed-key', 'var a = { [E]: 1 };'],
  ['tagged-template', 'E`a`;'],
  ['error-subclass', 'class A extends RangeError {}'],
  ['define-before-use', 'var a = b + 1; var b = 1;'],
  ['define-before-use', 'var a = a;'],
  ['define-before-use', '(() => { f(); const f = () => 1; })();'],
  ['define-before-use', 'new A(); class A {}'],
  ['define-before-use', '(() => { var g = () => 1, a = E(h), h = () => g(); })();'],
  ['define-before-use', 'var f = () => { if (E) { a(); } const a = E; };'],
  ['define-before-use', 'for (let i = n; E; ) { } var n = 1;'],
  ['global', '{ let a = 1; } E(a);'],
  ['global', 'var a = new Map();'],
  ['global', 'var a = BigInt(1);'],
  ['global', 'E(Symbol);'],
  ['global', 'var a = { TextEncoder };'],
  ['global', 'var a = { b: Set };'],
  ['global', 'Array.from(E);'],
  ['global', 'Uint8Array.from(E);'],
  ['global', 'Math.trunc(1);'],
  ['global', 'Math.imul(1, 2);'],
  ['global', 'Object.freeze(E);'],
  ['global', 'console.log(1);'],
  ['global', 'setInterval(E, 1);'],
  ['method', 'E.includes(1);'],
  ['method', 'E.a.find(E);'],
  ['method', '"".padStart(2);'],
  ['method', 'new Uint8Array(2).slice(1);'],
  ['method', '"ab".indexOf("b");'],
  ['module', 'require("fs");'],
];

for (const [rule, code] of PLANTS) {
  gates(`bites: ${rule} in ${code}`, () => {
    assert.ok(
      gate(code).some((one) => one.rule === rule),
      JSON.stringify(gate(code)),
    );
  });
}

gates('every forbidden name of the pure core is refused in a bundle as well', () => {
  for (const name of Object.keys(STATICS)) assert.ok(gate(`${name}(1);`).length > 0, name);
  for (const name of METHODS) assert.ok(gate(`E.${name}(1);`).length > 0, name);
});

gates('leaves alone what Espruino runs', () => {
  const fine = [
    'var f = () => g(), g = () => 1; f();',
    '(() => { const a = 1, f = (b) => { let c = a + b; for (const d of E) c += d; return c; }; exports.f = f; })();',
    'class A { constructor(b) { this.Map = b; } get size() { return this.Map; } }',
    'try { require("crypto").SHA256(E); } catch (error) { E(error, `a`); }',
    'var a = { Map: 1, Set: E.Set, get: (b) => b.Symbol };',
    'var a = 1; a = a + 1; var f = (a) => a;',
    'for (let i = 0; i < 2; i++) { let n = i; E(n); } for (let i = 0; i < 2; i++) { let n = i; E(n); }',
    'if (E) { var a = 1; } E(a);',
    'for (const a of E) { const b = a; E(b); } { const b = 2; E(b); }',
  ];
  for (const code of fine) assert.equal(gate(code), [], code);
});

gates.run();
