/**
 * `npm run bench -- NAME [--rows N] [--json]`: runs `test/bench/NAME.bench.ts` and tells its figures beside their
 * targets; with --json the last line is one JSON object. Without NAME it lists the benchmarks.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, resultOf, tableOf } from './bench.ts';

const SUFFIX = '.bench.ts';

const NAMES = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(SUFFIX))
  .map((name) => name.slice(0, -SUFFIX.length))
  .sort();

const load = async (name: string): Promise<Bench> =>
  ((await import(join(import.meta.dirname, name + SUFFIX))) as { bench: Bench }).bench;

const list = async (): Promise<void> => {
  const width = Math.max(...NAMES.map((name) => name.length));
  for (const name of NAMES) console.log(`${name.padEnd(width)}  ${(await load(name)).summary}`);
};

/** On a terminal one line that is redrawn, elsewhere nothing but lines. */
const isTty = process.stderr.isTTY === true;
const progress = (text: string): void => {
  process.stderr.write(isTty ? `\r\x1b[K${text}` : `${text}\n`);
};

const measure = async (name: string, json: boolean, size: { rows?: number }): Promise<void> => {
  const bench = await load(name);
  const figures = await bench.run(progress, size);
  if (isTty) progress('');
  console.log(tableOf(figures));
  if (json) console.log(JSON.stringify(resultOf(bench, figures)));
};

type Arguments = {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly size: { rows?: number };
};

const sizeOf = (rows: string | undefined): { rows?: number } => {
  if (rows === undefined) return {};
  if (/^[1-9]\d{0,8}$/.test(rows)) return { rows: Number(rows) };
  throw new RangeError(`--rows is "${rows}": write a whole number such as 200000`);
};

const readArguments = (): Arguments | undefined => {
  try {
    const options = { json: { type: 'boolean', default: false }, rows: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    return { names: positionals, json: values.json, size: sizeOf(values.rows) };
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm run bench -- [NAME] [--rows N] [--json]`);
    return undefined;
  }
};

const main = async (): Promise<number> => {
  const wanted = readArguments();
  if (wanted === undefined) return 2;
  const [name, ...more] = wanted.names;
  if (name === undefined) await list();
  else if (more.length > 0 || !NAMES.includes(name)) {
    console.error(`no benchmark ${wanted.names.join(' ')}; there are ${NAMES.join(', ')}`);
    return 2;
  } else await measure(name, wanted.json, wanted.size);
  return 0;
};

process.exitCode = await main();
