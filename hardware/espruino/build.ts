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

/** A module of an Espruino's storage: its source, its file, and what it exports. */
export type Bundle = { readonly source: string; readonly file: string; readonly exports: readonly string[] };

export const BUNDLES: readonly Bundle[] = [
  { source: 'device.ts', file: 'tollbridge.min.js', exports: ['start'] },
  { source: 'storage.ts', file: 'storage.min.js', exports: ['open'] },
  { source: 'radio.ts', file: 'radio.min.js', exports: ['line'] },
];

export const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const TARGET = 'es2015';

/** Properties that keep their names: natives of the language and of Espruino, and those of a board's own program. */
const NAMES = [
  'length push map split charCodeAt charAt subarray set fill floor min max',
  'fromCharCode write on SHA256 toUint8Array CRC32 erase connected subscribe publish topic message',
  'start board line parts memory name kind unit exponent periodMs read command mark append',
]
  .join(' ')
  .split(' ');

/** `if (…) throw new RangeError(…);`: tests have shown that our own code does not, and a chip has no one to tell. */
const PROGRAMMERS_ERROR = /^ *if \([^\n]*\) throw new \w+Error\([^;]*\);$/gm;
const CHECKED_BYTES = /expectBytes\('\w+', ([\w.]+), \w+\)/g;
/** Tables of fields, which only codecs of Node read. */
const FIELD = /(?<=[[(,]\s*)(?:count|atLeast|bytes)\(/g;

const forChips: Plugin = {
  name: 'for-chips',
  setup: (it) => {
    it.onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === forChips) return undefined;
      const isOurs = rest.importer.includes('/schemas/') && path === './crc32.ts';
      const found = await it.resolve(isOurs ? `${FOLDER}crc32.ts` : path, { ...rest, pluginData: forChips });
      return { ...found, sideEffects: false };
    });
    it.onLoad({ filter: /\/schemas\/\w+\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replace(PROGRAMMERS_ERROR, '')
        .replace(CHECKED_BYTES, '$1')
        .replace(FIELD, (call) => `/* @__PURE__ */ ${call}`),
    }));
  },
};

const CONSTANT = /^var ([A-Z][A-Z0-9_]*) = (\d[\de]*|"[^"]*");\n/gm;

export const bundle = async ({ source, exports }: Bundle): Promise<string> => {
  const whole = await build({
    stdin: {
      contents: [
        `import { ${exports.join(', ')} } from './${source}';`,
        ...exports.map((name) => `exports.${name} = ${name};`),
      ].join('\n'),
      resolveDir: FOLDER,
    },
    bundle: true,
    write: false,
    format: 'cjs',
    target: TARGET,
    external: ['crypto', 'Storage'],
    plugins: [forChips],
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
    reserveProps: new RegExp(`^(?:${[...NAMES, 'exports', ...exports].join('|')})$`),
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
