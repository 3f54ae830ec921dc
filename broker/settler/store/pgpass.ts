/**
 * Passwords of PostgreSQL users in a file, as for every PostgreSQL program: `host:port:database:user:password` a line,
 * `*` for any, `\` before a colon or a backslash; the first line that fits. Source: PostgreSQL's manual, section 34.16.
 */

import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Wanted = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
};

const FIELD = '((?:\\\\.|[^\\\\:])*)';
const LINE = new RegExp(`^${FIELD}:${FIELD}:${FIELD}:${FIELD}:(.*)$`);

const plain = (field: string): string => field.replace(/\\(.)/g, '$1');

export const passwordIn = (lines: string, { host, port, database, user }: Wanted): string | undefined => {
  const wanted = [host.startsWith('/') ? 'localhost' : host, String(port), database, user];
  for (const line of lines.split(/\r?\n/)) {
    const fields = line.startsWith('#') ? undefined : LINE.exec(line)?.slice(1);
    if (fields === undefined) continue;
    if (wanted.every((value, i) => fields[i] === '*' || plain(fields[i]!) === value))
      return plain(fields[4]!);
  }
  return undefined;
};

/** Others may not read the file, else it is left alone: so does every PostgreSQL program. */
const OTHERS = 0o077;

/** From PGPASSFILE, or ~/.pgpass; undefined where there is none. */
export const passwordFromFile = (wanted: Wanted): string | undefined => {
  const path = process.env.PGPASSFILE ?? join(homedir(), '.pgpass');
  try {
    return (statSync(path).mode & OTHERS) === 0 ? passwordIn(readFileSync(path, 'utf8'), wanted) : undefined;
  } catch {
    return undefined;
  }
};
