/** `tollbridge settler certify`: the root key makes another key a signing key of the settler, for some days. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { toHex } from '../../../schemas/bytes.ts';
import { didKey, keyOfDid } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { signCertificate } from '../../../schemas/settler.ts';
import { momentText } from './moment.ts';
import type { WorkHost } from './work.ts';

const DAY_S = 24 * 3600;
/** A stolen key can sign for as long as its certificate lasts: a year is long. */
const DAYS_MAX = 366;
/** Clocks of two machines differ. */
const EARLIER_S = 3600;

const writeNew = (path: string, text: string): Result<null> => {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 });
    return ok(null);
  } catch (raised) {
    const { code } = raised as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      return refuse('config-invalid', `${path} exists already: name another file, or remove it`);
    return refuse(
      'storage-failed',
      `${path} cannot be written (${code}): name a file in a folder that exists`,
    );
  }
};

/** Codes: config-invalid, key-unacceptable, key-file, storage-failed. */
export const run = async (
  argv: readonly string[],
  host: Pick<WorkHost, 'print' | 'nowMs' | 'loadSigner'>,
): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      key: { type: 'string' },
      for: { type: 'string' },
      days: { type: 'string', default: '90' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { key, for: did, out } = values;
  if (key === undefined || did === undefined || out === undefined)
    return refuse('config-invalid', 'write: settler certify --key ROOT.key --for DID --out FILE [--days 90]');
  const days = /^\d{1,3}$/.test(values.days) ? Number(values.days) : 0;
  if (days < 1 || days > DAYS_MAX)
    return refuse('config-invalid', `--days is "${values.days}": write 1 to ${DAYS_MAX}`);
  const signing = keyOfDid(did);
  if (!signing.ok) return signing;
  const root = host.loadSigner(key);
  if (!root.ok) return root;
  const nowS = Math.floor(host.nowMs() / 1000);
  const certificate = signCertificate(signing.value, nowS - EARLIER_S, nowS + days * DAY_S, root.value);
  const written = writeNew(out, `${toHex(certificate)}\n`);
  if (!written.ok) return written;
  const untilMs = (nowS + days * DAY_S) * 1000;
  const settler = didKey(root.value.key);
  host.print(
    values.json
      ? `${JSON.stringify({ settler, key: did, until: new Date(untilMs).toISOString(), file: out })}\n`
      : `${did} signs for ${settler} until ${momentText(untilMs)}: ${out}\n`,
  );
  return ok(0);
};
