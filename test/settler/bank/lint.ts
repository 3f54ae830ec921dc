/** Documents held against the schemas of ISO 20022 by xmllint, many at once, where both are at hand. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const VECTORS = resolve(import.meta.dirname, '../../../../shared/vectors');
const schemaOf = (message: string): string => join(VECTORS, 'iso20022', `${message}.xsd`);

/** Why documents of this message cannot be linted here. */
export const lintMissing = (message: string): string | undefined =>
  !existsSync(schemaOf(message))
    ? `${schemaOf(message)} is not there`
    : spawnSync('xmllint', ['--version']).error !== undefined
      ? 'xmllint is not installed (libxml2-utils)'
      : undefined;

/** What xmllint says about those documents that are not valid; '' where all are. */
export const invalidities = (message: string, documents: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tb-lint-'));
  try {
    const paths = documents.map((_, i) => join(folder, `${i}.xml`));
    for (const [i, path] of paths.entries()) writeFileSync(path, documents[i]!);
    const options = ['--noout', '--schema', schemaOf(message), ...paths];
    const linted = spawnSync('xmllint', options, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (linted.error !== undefined) throw linted.error;
    return linted.status === 0 ? '' : linted.stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
