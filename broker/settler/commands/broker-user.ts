/** `tollbridge settler broker-user`: what the files of a foreign broker must say about one device, or the settler. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { idOf, keyOfDid } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import {
  type BrokerUser,
  mosquittoAcl,
  mosquittoPassword,
  natsUser,
  SALT_BYTES,
} from '../cluster/broker-user.ts';
import type { WorkHost } from './work.ts';

/** 192 bits: nobody guesses it, whatever hash a broker keeps. */
const PASSWORD_BYTES = 24;

const newPassword = (path: string, crypto: WorkHost['crypto']): Result<string> => {
  const password = Buffer.from(crypto.random(PASSWORD_BYTES)).toString('base64url');
  try {
    writeFileSync(path, `${password}\n`, { flag: 'wx', mode: 0o600 });
    return ok(password);
  } catch (raised) {
    const { code } = raised as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      return refuse('config-invalid', `${path} exists already, and no password is written over`);
    return refuse(
      'storage-failed',
      `${path} cannot be written (${code}): name a file in a folder that exists`,
    );
  }
};

/** Lines by the file of the broker that they belong to. */
const linesFor = (
  kind: 'mosquitto' | 'nats',
  user: BrokerUser,
  salt: Uint8Array,
): Record<string, string[]> =>
  kind === 'nats'
    ? { 'users.conf': [natsUser(user)] }
    : {
        passwords: user.password === null ? [] : [mosquittoPassword(user.id, user.password, salt)],
        acl: [...mosquittoAcl(user)],
      };

/** Codes: config-invalid, key-unacceptable, storage-failed. */
export const run = async (
  argv: readonly string[],
  host: Pick<WorkHost, 'print' | 'crypto'>,
): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      account: { type: 'string' },
      for: { type: 'string' },
      role: { type: 'string', default: 'agent' },
      'password-file': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { for: kind, role, 'password-file': path } = values;
  if (kind !== 'mosquitto' && kind !== 'nats')
    return refuse(
      'config-invalid',
      `--for is ${kind === undefined ? 'missing' : `"${kind}"`}: write mosquitto or nats`,
    );
  if (role !== 'agent' && role !== 'settler')
    return refuse('config-invalid', `--role is "${role}": write agent or settler`);
  if (values.account === undefined)
    return refuse('config-invalid', '--account is missing: its did:key, see key show');
  const key = keyOfDid(values.account);
  if (!key.ok) return key;
  const password = path === undefined ? ok(null) : newPassword(path, host.crypto);
  if (!password.ok) return password;
  const id = idOf(key.value, host.crypto.sha256);
  const lines = linesFor(kind, { id, role, password: password.value }, host.crypto.random(SALT_BYTES));
  const text = Object.entries(lines)
    .filter(([, some]) => some.length > 0)
    .map(([file, some]) => [`# ${file}: ${role} ${values.account}`, ...some].join('\n'));
  host.print(
    values.json
      ? `${JSON.stringify({ user: id, files: lines })}\n`
      : `${text.length === 0 ? `# nothing to add: the patterns of acl are for ${id} as well` : text.join('\n')}\n`,
  );
  return ok(0);
};
