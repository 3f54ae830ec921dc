/** All of `schemas/*.cddl` as one CDDL: how tests hold a message against the contract. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Cddl, loadCddl } from './cddl.ts';

const FOLDER = resolve(import.meta.dirname, '../../schemas');
let loaded: Cddl | undefined;

/** Parsed once per process. */
export const schemas = (): Cddl => {
  if (loaded === undefined) {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.cddl'));
    const texts = files.map((name) => readFileSync(join(FOLDER, name), 'utf8'));
    loaded = loadCddl(
      texts,
      files.map((name) => `schemas/${name}`),
    );
  }
  return loaded;
};
