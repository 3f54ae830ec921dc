/** The modules that boards load, in engines that are no Node. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import ts from 'typescript';
import { FOLDER } from '../../hardware/espruino/build.ts';
import { GLOBALS, METHODS, STATICS } from '../tidy/subset.ts';

const ENGINE_TIMEOUT_MS = 120_000;

/** A program of ./programs/ with what it imports, as one script of ES2015. */
const scriptOf = async (program: string): Promise<string> => {
  const made = await build({
    stdin: { contents: `import './programs/${program}';`, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'es2015',
    charset: 'utf8',
    tsconfigRaw: '{}',
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
  });
  return `(function () {\n${made.outputFiles[0]!.text}})();\n`;
};

const moduleOf = (file: string): string => {
  const code = readFileSync(FOLDER + file, 'utf8');
  return `function (exports, require, E, getSerial, getTime, setTimeout, clearTimeout) {\n${code}}`;
};

const OWN_HASH = 'sha256.ts';
/** The interpreter's own. */
const NATIVE_HASH = `exports.hash = function (bytes) { return new Uint8Array(require('crypto').SHA256(bytes)); };\n`;

/** Of ./programs/: the committed modules are there as MODULES, and a hash. */
export const programOf = async (program: string, hasHash: boolean): Promise<string> =>
  `var exports = {};\n${hasHash ? NATIVE_HASH : await scriptOf(OWN_HASH)}` +
  `var MODULES = { device: ${moduleOf('tollbridge.min.js')}, storage: ${moduleOf('storage.min.js')}, ` +
  `radio: ${moduleOf('radio.min.js')} };\n${await scriptOf(program)}`;

/** What a small engine's typed arrays lack; Espruino's have it. */
const TYPED_ARRAYS = `
  [Uint8Array, Uint16Array].forEach(function (type) {
    type.prototype.fill = function (value) { for (var i = 0; i < this.length; i++) this[i] = value; return this; };
    type.prototype.indexOf = function (value, from) {
      for (var i = from || 0; i < this.length; i++) if (this[i] === value) return i;
      return -1;
    };
  });
`;

/** Duktape and the like know ES5. */
const lowered = (program: string): string =>
  TYPED_ARRAYS +
  ts.transpileModule(program, {
    compilerOptions: { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.CommonJS, removeComments: true },
  }).outputText;

const linesOf = (command: string, program: string): string[] => {
  const folder = mkdtempSync(join(tmpdir(), 'tollbridge-espruino-'));
  try {
    const file = join(folder, 'program.js');
    writeFileSync(file, program);
    const ended = spawnSync(command, [file], {
      cwd: folder, // Espruino keeps its flash in a file of where it runs
      encoding: 'utf8',
      timeout: ENGINE_TIMEOUT_MS,
      maxBuffer: 1 << 26,
    });
    if (ended.error !== undefined) throw ended.error;
    const lines = ended.stdout.split('\n').map((line) => line.replace(/\r$/, ''));
    const told = lines.filter((line) => line.startsWith('> ')).map((line) => line.slice(2));
    if (told.at(-1) !== 'end')
      throw new Error(`${command} ended early: ${lines.slice(-12).join('\n')}${ended.stderr}`);
    return told;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const runDuktape = (program: string): string[] => linesOf('duk', lowered(program));

export const runEspruino = (binary: string, program: string): string[] =>
  linesOf(binary, `${program}quit();`);

/** Undefined where the command is there. */
export const missing = (command: string, remedy: string): string | undefined =>
  spawnSync(command, ['-e', '1'], { timeout: ENGINE_TIMEOUT_MS }).error === undefined ? undefined : remedy;

/** The interpreter itself, where somebody has built one. */
export const espruinoBinary = process.env.ESPRUINO_BIN;

/** Node's own engine without what Espruino lacks, and with what it does otherwise. */
export const bareContext = (given: object): { readonly run: (code: string) => unknown } => {
  const context = createContext(given);
  const gone = [...Object.keys(GLOBALS), ...Object.keys(STATICS)]
    .filter((name) => !Object.hasOwn(given, name))
    .map((name) => `delete ${name};`);
  const methods = [...METHODS].map(
    (name) =>
      `delete String.prototype.${name}; delete Array.prototype.${name}; delete Uint8Array.prototype.__proto__.${name};`,
  );
  runInContext(
    `
      var whole = String.prototype.indexOf, plain = Array.prototype.slice;
      Uint8Array.prototype.__proto__.slice = function (from, to) { return plain.call(this, from, to); };
      String.prototype.indexOf = function (needle, from) {
        var at = whole.call(this, needle, from), end = this.length - 1;
        return at < 0 && this.length > needle.length && this[end] === needle[0] ? end : at;
      };
      ${gone.join(' ')} ${methods.join(' ')}
    `,
    context,
  );
  return { run: (code) => runInContext(code, context) };
};

export const runBare = (program: string): string[] => {
  const told: string[] = [];
  bareContext({ print: (line: string) => told.push(line.slice(2)) }).run(program);
  return told;
};
