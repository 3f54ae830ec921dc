/** Mosquitto with the configuration of `broker/examples/mosquitto`, as it is; only its listeners are the test's. */

import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type BrokerUser,
  mosquittoAcl,
  mosquittoPassword,
} from '../../broker/settler/cluster/broker-user.ts';
import { crypto } from '../agent/market.ts';
import { freePort } from '../free-port.ts';
import { Authority } from './certificates.ts';
import type { ForeignBroker } from './foreign.ts';
import { findProgram, listening, type Server, spawnServer } from './server.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../broker/examples/mosquitto');

/** Listeners for passwords without TLS, which only a test does, and as the example has them. */
const listenersOf = (plain: number, tls: number, mutual: number): string => `
user ${userInfo().username}
listener ${plain} 127.0.0.1

listener ${tls} 127.0.0.1
cafile certificates/ca.crt
certfile certificates/broker.crt
keyfile certificates/broker.key

listener ${mutual} 127.0.0.1
cafile certificates/ca.crt
certfile certificates/broker.crt
keyfile certificates/broker.key
require_certificate true
use_identity_as_username true
`;

export type Mosquitto = ForeignBroker & {
  readonly tlsUrl: string;
  readonly mutualUrl: string;
  readonly authority: Authority;
};

/** A broker with these users, or why there can be none here. */
export const startMosquitto = async (users: readonly BrokerUser[]): Promise<Mosquitto | string> => {
  const program = findProgram('mosquitto');
  if (program === undefined) return 'no Mosquitto here (apt install mosquitto)';
  if (findProgram('openssl') === undefined) return 'no openssl command to make certificates with';
  const folder = mkdtempSync(join(tmpdir(), 'tb-mosquitto-'));
  const authority = new Authority(join(folder, 'certificates'));
  authority.issue('broker');
  for (const name of ['mosquitto.conf', 'acl']) copyFileSync(join(EXAMPLE, name), join(folder, name));
  appendFileSync(join(folder, 'acl'), `${users.flatMap(mosquittoAcl).join('\n')}\n`);
  const passwords = users.flatMap(({ id, password }) =>
    password === null ? [] : [mosquittoPassword(id, password, crypto.random(12))],
  );
  writeFileSync(join(folder, 'passwords'), `${passwords.join('\n')}\n`, { mode: 0o600 });
  const [plain, tls, mutual] = [await freePort(), await freePort(), await freePort()];
  mkdirSync(join(folder, 'site'));
  writeFileSync(join(folder, 'site', 'listeners.conf'), listenersOf(plain, tls, mutual));

  let server: Server;
  const start = async (): Promise<void> => {
    server = spawnServer(program, ['-c', 'mosquitto.conf'], { cwd: folder });
    await listening(mutual, server);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    server.signal(signal);
    await server.ended;
  };
  await start();
  return {
    url: `mqtt://127.0.0.1:${plain}`,
    urls: [`mqtt://127.0.0.1:${plain}`],
    tlsUrl: `mqtts://127.0.0.1:${tls}`,
    mutualUrl: `mqtts://127.0.0.1:${mutual}`,
    authority,
    kill: () => end('SIGKILL'),
    start,
    output: () => server.output(),
    stop: async () => {
      await end('SIGTERM');
      rmSync(folder, { recursive: true });
    },
  };
};
