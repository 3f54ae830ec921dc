/** From what the configuration says about a broker to what a connection needs: files read, a pin decoded. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../schemas/bytes.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import type { AgentConfig } from './config.ts';
import type { ConnectionOptions } from './connection.ts';
import { storageRefusal } from './host/storage.ts';

type Broker = AgentConfig['broker'];

const read = (path: string | null): Result<Uint8Array | null> => {
  if (path === null) return ok(null);
  try {
    return ok(readFileSync(path));
  } catch (raised) {
    return storageRefusal(raised, 'read', path);
  }
};

const loginOf = (broker: Broker): Result<ConnectionOptions['login']> => {
  const password = read(broker.passwordFile);
  if (!password.ok) return password;
  if (password.value === null && broker.user === null) return ok(null);
  if (password.value === null)
    return refuse(
      'config-invalid',
      `broker.user is "${broker.user}" without a password: add broker.passwordFile`,
    );
  return ok({
    user: broker.user,
    password: Buffer.from(Buffer.from(password.value).toString('utf8').trim()),
  });
};

/** Codes: config-invalid, storage-failed (a file that cannot be read). */
export const brokerAccess = (broker: Broker, state: string): Result<ConnectionOptions> => {
  const login = loginOf(broker);
  if (!login.ok) return login;
  const files: (Uint8Array | null)[] = [];
  for (const path of [broker.caFile, broker.certificateFile, broker.certificateKeyFile]) {
    const file = read(path);
    if (!file.ok) return file;
    files.push(file.value);
  }
  return ok({
    url: broker.url,
    brokerKey: broker.key,
    login: login.value,
    trust: {
      ca: files[0]!,
      pin: broker.pin === null ? null : fromHex(broker.pin.replaceAll(':', ''))!,
      certificate: files[1]!,
      key: files[2]!,
    },
    numberFile: join(state, 'connections'),
  });
};
