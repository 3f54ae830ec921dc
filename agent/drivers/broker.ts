/** The broker that a device is on, and how it is reached. */

import { readFileSync } from 'node:fs';
import type { Login } from '../../firmware-bridge/mqtt/broker-link.ts';
import type { Dial } from '../../firmware-bridge/mqtt/dial.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { type Infer, s } from '../host/shape.ts';
import { storageRefusal } from '../host/storage.ts';
import { dial } from '../mqtt/dial.ts';

export const BROKER = s.object(
  {
    url: s.text({
      about: 'Where it listens; it need not be the broker of the market',
      pattern: /^(mqtt|mqtts|ws|wss):\/\/\S+$/,
      expected: 'mqtt://, mqtts://, ws:// or wss:// with a host and a port',
      example: 'mqtt://homeassistant.local:1883',
    }),
    user: s.optional(s.text({ about: 'User name, if it asks for one', example: 'station' })),
    passwordFile: s.optional(s.path({ about: 'File with the password', example: './mqtt-password' })),
    caFile: s.optional(
      s.path({ about: 'PEM of who certifies it, where the system does not know', example: './ca.crt' }),
    ),
  },
  { about: 'The broker that the device is on' },
);

type Reach = { readonly url: string; readonly login: Login | undefined; readonly dial: Dial };

const read = (path: string): Result<Uint8Array> => {
  try {
    return ok(readFileSync(path));
  } catch (raised) {
    return storageRefusal(raised, 'read', path);
  }
};

const loginOf = (user: string | null, passwordFile: string | null): Result<Login | undefined> => {
  if ((user === null) !== (passwordFile === null))
    return refuse('config-invalid', 'a user needs a password, and a password a user: write both, or neither');
  if (user === null || passwordFile === null) return ok(undefined);
  const password = read(passwordFile);
  if (!password.ok) return password;
  return ok({ user, password: Buffer.from(Buffer.from(password.value).toString('utf8').trim()) });
};

/** Codes: config-invalid, storage-failed (a file that cannot be read). */
export const reach = (broker: Infer<typeof BROKER>): Result<Reach> => {
  const { url, user, passwordFile, caFile } = broker;
  const login = loginOf(user, passwordFile);
  if (!login.ok) return login;
  const ca = caFile === null ? ok(null) : read(caFile);
  if (!ca.ok) return ca;
  const trust = { ca: ca.value, pin: null, certificate: null, key: null };
  return ok({ url, login: login.value, dial: (address) => dial(address, trust) });
};
