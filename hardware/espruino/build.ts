/**
 * Builds what boards load, byte for byte the committed files:
 *
 *     node --import tsx hardware/espruino/build.ts
 *
 * The pure core is written for people and for Node; a chip of 5,000 variables gets less of it: no sentence that only
 * a programmer's error throws, the interpreter's CRC-32 for ours, numbers for named constants, and one or two
 * letters for every property that no native code and no configuration knows.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin, transform } from 'esbuild';

/** A module of an Espruino's storage: its source, and the file that is uploaded. */
export type Bundle = { readonly source: string; readonly file: string };

export const BUNDLES: readonly Bundle[] = [
  { source: 'device.ts', file: 'tollbridge.min.js' },
  { source: 'storage.ts', file: 'storage.min.js' },
  { source: 'radio.ts', file: 'radio.min.js' },
];

export const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const TARGET = 'es2015';

/** Properties that keep their names: natives of the language and of Espruino, and those of a board's own program. */
const NAMES = [
  'length push map split charCodeAt charAt subarray set fill floor min max',
  'fromCharCode write on SHA256 toUint8Array CRC32 erase connected subscribe publish topic message',
  'start open line board parts memory name kind unit exponent periodMs read command mark append',
]
  .join(' ')
  .split(' ');

/** Tests have shown that our own code makes none, and a chip has nobody to tell. */
const PROGRAMMERS_ERROR = /^ *if \([^\n]*\) throw new \w+Error\([^;]*\);$/gm;
const CHECKED_BYTES = /expectBytes\('\w+', ([\w.]+), \w+\)/g;
/** Tables of fields, which only codecs of Node read. */
const FIELD = /(?<=[[(,]\s*)(?:count|atLeast|bytes)\(/g;

/** Asks esbuild itself, and not this plugin again. */
const RESOLVING = 'resolving';

/** Of the pure core a module gets what it uses: no file does anything by being there, but the one that exports. */
const forChips = (entry: string): Plugin => ({
  name: 'for-chips',
  setup: (it) => {
    it.onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === RESOLVING) return undefined;
      const isOurs = rest.importer.includes('/schemas/') && path === './crc32.ts';
      const found = await it.resolve(isOurs ? `${FOLDER}crc32.ts` : path, { ...rest, pluginData: RESOLVING });
      return { ...found, sideEffects: found.path === FOLDER + entry };
    });
    // A file that names `exports` and exports nothing would be taken for CommonJS, whose imports are wrapped.
    it.onLoad({ filter: /\/hardware\/espruino\/\w+\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: `${readFileSync(path, 'utf8')}\nexport {};\n`,
    }));
    it.onLoad({ filter: /\/schemas\/\w+\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replace(PROGRAMMERS_ERROR, '')
        .replace(CHECKED_BYTES, '$1')
        .replace(FIELD, (call) => `/* @__PURE__ */ ${call}`),
    }));
  },
});

const CONSTANT = /^var ([A-Z][A-Z0-9_]*) = (\d[\de]*|"[^"]*");\n/gm;

export const bundle = async ({ source }: Bundle): Promise<string> => {
  const whole = await build({
    stdin: { contents: `import './${source}';`, resolveDir: FOLDER },
    bundle: true,
    write: false,
    format: 'cjs',
    target: TARGET,
    external: ['crypto', 'Storage'],
    plugins: [forChips(source)],
    tsconfigRaw: '{}',
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
  });
  const constants: Record<string, string> = {};
  const text = whole.outputFiles[0]!.text.replace(CONSTANT, (_, name: string, value: string) => {
    constants[name] = value;
    return '';
  });
  const small = await transform(`(()=>{${text}})()`, {
    minify: true,
    target: TARGET,
    define: constants,
    mangleProps: /./,
    reserveProps: new RegExp(`^(?:${NAMES.join('|')})$`),
    legalComments: 'none',
  });
  return small.code;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const one of BUNDLES) {
    const code = await bundle(one);
    writeFileSync(FOLDER + one.file, code);
    console.log(`${one.file}: ${code.length} bytes`);
  }
}
