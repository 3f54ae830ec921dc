import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** A Node on which neither binding can be imported. */
const HOOK = `export const resolve = (specifier, context, next) => {
  if (/^(better-sqlite3|node:sqlite)$/.test(specifier)) throw new Error('not here');
  return next(specifier, context);
};`;
const dataUrl = (script: string): string => `data:text/javascript,${encodeURIComponent(script)}`;
const REGISTER = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(HOOK))});`;
const ASK = `import('./broker/settler/store/sqlite.ts')
  .then(({ openSqliteStore }) => openSqliteStore(':memory:'))
  .then((opened) => console.log(JSON.stringify(opened)));`;

const test = suite('loadSqlite');

test('names both ways out where no binding is installed', () => {
  const argv = ['--import', 'tsx', '--import', dataUrl(REGISTER), '--input-type=module', '-e', ASK];
  const opened = JSON.parse(execFileSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8' }));
  assert.is(opened.code, 'module-missing');
  assert.match(opened.detail, process.versions.node);
  assert.match(opened.detail, 'npm install --include=optional');
});

test.run();
