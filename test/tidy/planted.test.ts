/** A violation of every rule of the house, planted to prove that the rule sees it and what it may not see. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codes } from './codes.ts';
import { deadExports, deadFiles } from './dead.ts';
import { cycles, direction, purity } from './imports.ts';
import { order } from './order.ts';
import { type Check, projectOf } from './project.ts';
import { fileLengths, floats, functionLengths, readmes, topLevel, unfinished } from './shape.ts';
import { GLOBALS, METHODS, STATICS, SYNTAX, subset } from './subset.ts';
import { suites } from './suites.ts';

type Texts = Readonly<Record<string, string>>;

/** `path:line rule` of everything found. */
const found = (check: Check, texts: Texts): string[] =>
  check(projectOf(texts)).map(({ path, line, rule }) => `${path}:${line} ${rule}`);

const core = (text: string): string[] =>
  found(subset, { 'schemas/x.ts': text }).map((one) => one.split(' ')[1]!);

const imports = suite('imports');

imports('direction: every area but test has its walls', () => {
  const wrong: readonly [from: string, to: string][] = [
    ['schemas/a.ts', '../agent/b.ts'],
    ['schemas/a.ts', '../firmware-bridge/b.ts'],
    ['agent/engine/a.ts', '../b.ts'],
    ['agent/engine/a.ts', '../../firmware-bridge/b.ts'],
    ['agent/a.ts', '../broker/b.ts'],
    ['broker/a.ts', '../agent/b.ts'],
    ['broker/a.ts', '../firmware-bridge/b.ts'],
    ['firmware-bridge/a.ts', '../agent/b.ts'],
    ['hardware/a.ts', '../agent/b.ts'],
    ['hardware/a.ts', '../firmware-bridge/b.ts'],
    ['hardware/bench/a.ts', '../../broker/b.ts'],
    ['tollbridge.ts', './test/b.ts'],
    ['agent/a.ts', '../test/b.ts'],
  ];
  for (const [from, to] of wrong) {
    for (const text of [
      `import { b } from '${to}';`,
      `export * from '${to}';`,
      `const b = await import('${to}');`,
    ]) {
      assert.equal(
        found(direction, { [from]: `\n${text}` }),
        [`${from}:2 import-direction`],
        `${from} ${text}`,
      );
    }
  }
});

imports('direction: what the design allows passes', () => {
  const right: readonly [from: string, to: string][] = [
    ['agent/engine/a.ts', '../../schemas/b.ts'],
    ['agent/a.ts', './engine/b.ts'],
    ['agent/host/a.ts', '../../firmware-bridge/b.ts'],
    ['hardware/bench/a.ts', '../../firmware-bridge/b.ts'],
    ['test/a/b.ts', '../../broker/settler/b.ts'],
    ['tollbridge.ts', './broker/b.ts'],
  ];
  for (const [from, to] of right) assert.equal(found(direction, { [from]: `import '${to}';` }), []);
});

imports('cycles: found through any number of files, but not through types', () => {
  const texts = {
    'schemas/a.ts': "import { b } from './b.ts';",
    'schemas/b.ts': "import { c } from './c.ts';",
    'schemas/c.ts': "import { a } from './a.ts';",
  };
  assert.equal(found(cycles, texts), ['schemas/c.ts:1 import-cycle']);
  assert.equal(found(cycles, { ...texts, 'schemas/c.ts': "import type { a } from './a.ts';" }), []);
});

imports('purity: neither node: nor npm in the pure core', () => {
  assert.equal(found(purity, { 'schemas/a.ts': "import { join } from 'node:path';" }), [
    'schemas/a.ts:1 pure-import',
  ]);
  assert.equal(found(purity, { 'agent/engine/a.ts': "import x from 'mqtt';" }), [
    'agent/engine/a.ts:1 pure-import',
  ]);
  assert.equal(found(purity, { 'agent/a.ts': "import x from 'mqtt';" }), []);
});

imports.run();

const subsets = suite('subset');

const PLANTS: Readonly<Record<string, readonly string[]>> = {
  'function-declaration': ['function f() {}', 'export function f() {}'],
  destructuring: [
    'const { a } = b;',
    'const [a] = b;',
    'const f = ({ a }) => a;',
    '[a, b] = c;',
    '({ a } = b);',
    'for (const [a] of b) a;',
    'for ([a] of b) a;',
  ],
  'default-parameter': ['const f = (a = 1) => a;'],
  'rest-parameter': ['const f = (...a: number[]) => a;'],
  spread: ['f(...a);', 'const a = [...b];', 'const a = { ...b };'],
  'optional-chaining': ['a?.b;', 'a?.[0];', 'a?.();'],
  'logical-assignment': ['a ??= b;', 'a ||= b;', 'a &&= b;'],
  exponentiation: ['const a = b ** 2;', 'a **= 2;'],
  async: [
    'const f = async () => 1;',
    'await f();',
    'class A { async m() {} }',
    'for await (const a of b) a;',
  ],
  generator: ['class A { *m() {} }', 'const a = { *m() {} };'],
  'computed-key': ['const a = { [b]: 1 };', 'class A { [b]() {} }'],
  'private-name': ['class A { #a = 1; }'],
  bigint: ['const a = 1n;'],
  'error-subclass': ['class A extends Error {}', 'class A extends RangeError {}'],
  'tagged-template': ['const a = f`b`;'],
  'import-meta': ['const a = import.meta.url;', "const a = import('./b.ts');"],
  'regexp-flags': ['const a = /b/u;', 'const a = /b/y;'],
};

subsets('every rule of syntax has a plant', () => {
  assert.equal(Object.keys(PLANTS).sort(), SYNTAX.map(({ rule }) => rule).sort());
});

for (const [rule, texts] of Object.entries(PLANTS)) {
  subsets(`sees ${rule}`, () => {
    for (const text of texts) assert.ok(core(text).includes(rule), `${text} gave [${core(text)}]`);
    for (const text of texts) assert.equal(found(subset, { 'broker/x.ts': text }), []);
  });
}

subsets('the sources of boards are held to it as well, their build is not', () => {
  const text = 'export const f = (...a: number[]) => new Map(a);\nconst c = d;\nconst d = 1;';
  const rules = (path: string): string[] =>
    [subset, order].flatMap((check) => found(check, { [path]: text }).map((one) => one.split(' ')[1]!));
  assert.equal(rules('hardware/espruino/x.ts'), ['rest-parameter', 'global', 'define-before-use']);
  assert.equal(rules('hardware/espruino/build.ts'), []);
  assert.equal(
    found(subset, {
      'hardware/espruino/x.ts': 'declare const setTimeout: (f: () => void) => void; setTimeout(f);',
    }),
    [],
  );
});

subsets('sees every global, called, read or handed on', () => {
  for (const name of Object.keys(GLOBALS)) {
    for (const text of [`new ${name}(1);`, `f(${name});`, `${name}.x();`, `const a = { b: ${name} };`]) {
      assert.equal(core(text), ['global'], text);
    }
  }
  for (const name of Object.keys(STATICS)) assert.equal(core(`const a = ${name}(1);`), ['global'], name);
});

subsets('sees methods newer than ES5', () => {
  for (const name of METHODS) assert.equal(core(`const a = b.${name}(1);`), ['method'], name);
});

subsets('leaves alone what Espruino runs', () => {
  const fine = [
    'const f = (a: number, b?: string): number => a + `b`.length;',
    'class A extends B { at = 0; get size() { return this.at; } m() { return this.find(1); } }',
    'for (const a of b) { try { f({ a, g: 1 }); } catch (error) { throw error; } }',
    'const a = b === null ? (c ?? 1) : Math.floor(Number(d) / 2);',
    'const a = new Uint8Array(new DataView(b.buffer).getUint8(0)).subarray(1);',
    'type T = ReadonlyMap<string, Date>; const f = (m: Map<string, T>): Set<T> => m.get("a")!;',
    'const f = (crypto: Crypto, process: number) => crypto.sha256(process);',
    'const a = { Date: 1, console: 2 }; a.console; const b = /^a+$/i;',
    'const entries = a.entries; const find = 1;',
  ];
  for (const text of fine) assert.equal(core(text), [], text);
});

subsets('order: sees what is used while the module loads, before it is there', () => {
  const wrong = [
    'const a = b + 1;\nconst b = 1;',
    'f();\nconst f = () => 1;',
    'const a = [new C()];\nclass C {}',
    'const a = a;',
  ];
  for (const text of wrong)
    assert.equal(found(order, { 'schemas/x.ts': text }), ['schemas/x.ts:1 define-before-use'], text);
  const fine = [
    'const f = () => g();\nconst g = () => 1;',
    'class A { m() { return b; } }\nconst b = 1;',
    'const a: typeof b = c.b;\nconst b = 1;',
  ];
  for (const text of fine) assert.equal(found(order, { 'schemas/x.ts': text }), [], text);
});

subsets.run();

const dead = suite('dead code');

dead('files that only each other reach are dead', () => {
  const texts = { 'broker/a.ts': "import './b.ts';", 'broker/b.ts': "import type { A } from './a.ts';" };
  assert.equal(found(deadFiles, texts), ['broker/a.ts:1 dead-file', 'broker/b.ts:1 dead-file']);
});

dead('a file lives by an import, a spawn, a script or as an entry', () => {
  const texts = {
    'tollbridge.ts': "await import('./agent/a.ts');",
    'agent/a.ts': "fork(new URL('./b.js', import.meta.url));",
    'agent/b.ts': '',
    'hardware/c.ts': '',
    'test/d.test.ts': '',
    'package.json': '{"scripts": {"hex": "node --import tsx hardware/c.ts"}}',
  };
  assert.equal(found(deadFiles, texts), []);
});

dead('exports that nobody imports are dead', () => {
  const texts = {
    'schemas/a.ts':
      'export const used = 1;\nexport const unused = 2;\nexport class Lost {}\nconst x = 1;\nexport { x };',
    'test/a.test.ts': "import { used } from '../schemas/a.ts';",
  };
  assert.equal(found(deadExports, texts), [
    'schemas/a.ts:2 dead-export',
    'schemas/a.ts:3 dead-export',
    'schemas/a.ts:5 dead-export',
  ]);
});

dead('an import of any kind keeps an export alive', () => {
  const users = [
    "import { a as b } from './a.ts';",
    "import * as all from './a.ts'; all.a();",
    "import * as all from './a.ts'; f(all);",
    "export { a } from './a.ts'; import { a } from './b.ts';",
    "const { a: b } = await import('./a.ts');",
    "const all = await import('./a.ts'); all.a();",
    "f((await import('./a.ts')).a);",
  ];
  for (const text of users) {
    assert.equal(
      found(deadExports, { 'schemas/a.ts': 'export const a = 1;', 'schemas/b.ts': text }),
      [],
      text,
    );
  }
});

dead('a namespace keeps alive only what is read of it', () => {
  const texts = {
    'schemas/a.ts': 'export const a = 1;\nexport const b = 2;',
    'schemas/b.ts': "import * as all from './a.ts'; all.a();",
  };
  assert.equal(found(deadExports, texts), ['schemas/a.ts:2 dead-export']);
});

dead('a type lives as part of another export', () => {
  const text = 'export type A = { b: B };\nexport type B = 1;\nexport type C = 2;';
  assert.equal(
    found(deadExports, { 'schemas/a.ts': text, 'agent/b.ts': "import { A } from '../schemas/a.ts';" }),
    ['schemas/a.ts:3 dead-export'],
  );
});

dead.run();

const shape = suite('shape');

shape('the top level is closed, but for dot-files', () => {
  assert.equal(found(topLevel, { 'utils/a.ts': '', '.gitignore': '', 'agent/a.ts': '', 'NOTES.md': '' }), [
    'utils:1 top-level',
    'NOTES.md:1 top-level',
  ]);
});

shape('a folder without a README is told', () => {
  assert.equal(found(readmes, { 'agent/a.ts': '', 'README.md': '' }), ['agent/README.md:1 readme']);
});

shape('a file is at most 400 lines, C and shell as well', () => {
  const long = 'x;\n'.repeat(401);
  for (const path of ['agent/a.ts', 'hardware/a.c', 'hardware/a.h', '.ci/run']) {
    assert.equal(found(fileLengths, { [path]: long }), [`${path}:401 file-length`]);
    assert.equal(found(fileLengths, { [path]: long.slice(3) }), []);
  }
  assert.equal(found(fileLengths, { 'package-lock.json': long }), []);
});

shape('a function is at most 70 lines, C as well', () => {
  const body = (lines: number): string => '  x();\n'.repeat(lines - 2);
  const rule = 'function-length';
  assert.equal(found(functionLengths, { 'agent/a.ts': `const f = () => {\n${body(71)}};\n` }), [
    `agent/a.ts:1 ${rule}`,
  ]);
  assert.equal(found(functionLengths, { 'agent/a.ts': `const f = () => {\n${body(70)}};\n` }), []);
  const c = (lines: number): string => `int x[] = {\n};\nstatic void f(\n    int a) {\n${body(lines - 1)}}\n`;
  assert.equal(found(functionLengths, { 'hardware/a.c': c(71) }), [`hardware/a.c:3 ${rule}`]);
  assert.equal(found(functionLengths, { 'hardware/a.c': c(70) }), []);
});

shape('a suite that a function makes is judged test by test', () => {
  const tests = "  made('works', () => {\n    f();\n  });\n".repeat(40);
  const text = `const conformance = (name) => {\n  const made = suite(name);\n${tests}  made.run();\n};\n`;
  assert.equal(found(functionLengths, { 'test/a.ts': text }), []);
  assert.equal(found(functionLengths, { 'hardware/espruino/a.ts': text }), []);
  assert.equal(found(functionLengths, { 'agent/a.ts': text }), ['agent/a.ts:1 function-length']);
  const long = text.replace('f();', 'f();\n'.repeat(70));
  assert.equal(found(functionLengths, { 'test/a.ts': long }), ['test/a.ts:3 function-length']);
});

shape('unfinished work is told by its mark', () => {
  for (const mark of ['TO' + 'DO', 'FIX' + 'ME']) {
    assert.equal(found(unfinished, { 'agent/a.ts': `\n// ${mark}: later` }), ['agent/a.ts:2 unfinished']);
  }
});

shape('floats are seen in the contract and the settler only', () => {
  for (const text of [
    'const a = 0.5;',
    'const a = 1e-9;',
    'const a = parseFloat(b);',
    'const a = b.toFixed(2);',
  ]) {
    assert.equal(found(floats, { 'schemas/a.ts': text }), ['schemas/a.ts:1 float']);
    assert.equal(found(floats, { 'broker/settler/a.ts': text }), ['broker/settler/a.ts:1 float']);
    assert.equal(found(floats, { 'broker/a.ts': text }), []);
  }
  assert.equal(found(floats, { 'schemas/a.ts': 'const a = 0x10 + 1e9 + 9007199254740991;' }), []);
});

shape.run();

const tables = suite('codes and suites');

tables('a code is used, explained and numbered once', () => {
  const table = "export const CODES = {\n  'tick-stale': 1,\n  busy: 1,\n  'tick': 3,\n} as const;";
  const texts = {
    'schemas/result.ts': table,
    'schemas/spec/codes.md': '`tick-stale` and `busy`',
    'agent/a.ts': "refuse('tick-stale', ''); refuse('tick', '');",
    'test/a.ts': "refuse('busy', '');",
  };
  assert.equal(found(codes, texts), [
    'schemas/result.ts:3 code-unused',
    'schemas/result.ts:3 code-number',
    'schemas/result.ts:4 code-unexplained',
  ]);
});

tables('a suite that never runs is told', () => {
  assert.equal(found(suites, { 'test/a.ts': "const a = suite('a');\nconst b = suite('b');\na.run();" }), [
    'test/a.ts:2 run',
  ]);
  assert.equal(found(suites, { 'test/a.test.ts': 'check();' }), ['test/a.test.ts:1 run']);
  assert.equal(found(suites, { 'test/a.test.ts': "const a = suite('a'); a.run();" }), []);
});

tables('.only and an assertion that never awaits are told', () => {
  assert.equal(found(suites, { 'test/a.ts': "a.only('x', f);" }), ['test/a.ts:1 only']);
  assert.equal(found(suites, { 'test/a.ts': 'assert.throws(async () => f());' }), [
    'test/a.ts:1 async-throws',
  ]);
  assert.equal(found(suites, { 'test/a.ts': 'assert.throws(() => f());' }), []);
});

tables.run();
