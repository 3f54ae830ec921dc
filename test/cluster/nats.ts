/** Three NATS nodes with the configuration of `broker/examples/nats`, as it is: places come by environment. */

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BrokerUser, natsUser } from '../../broker/settler/cluster/broker-user.ts';
import { freePort } from '../free-port.ts';
import { until } from '../wait.ts';
import type { ForeignBroker } from './foreign.ts';
import { findProgram, listening, type Server, spawnServer } from './server.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../broker/examples/nats');
const NODES = 3;

const placesOf = async (folder: string): Promise<readonly Readonly<Record<string, string>>[]> => {
  const clusters: string[] = [];
  const nodes: Record<string, string>[] = [];
  for (let i = 0; i < NODES; i++) {
    clusters.push(`127.0.0.1:${await freePort()}`);
    nodes.push({
      NODE: `n${i + 1}`,
      CLIENT: `127.0.0.1:${await freePort()}`,
      MQTT: `127.0.0.1:${await freePort()}`,
      CLUSTER: clusters[i]!,
      STORE: join(folder, `store-${i + 1}`),
    });
  }
  const routes = Object.fromEntries(clusters.map((at, i) => [`ROUTE_${i + 1}`, `nats://${at}`]));
  return nodes.map((node) => ({ ...node, ...routes }));
};

/** One place for all nodes, as a name with three addresses or a balancer would be: each connection to the next that lives. */
const balance = async (
  ports: readonly number[],
): Promise<{ readonly url: string; readonly close: () => void }> => {
  let turn = 0;
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    open.add(client);
    client.on('error', () => client.destroy());
    const attempt = (tries: number): void => {
      const node = connect({ port: ports[turn++ % ports.length]!, host: '127.0.0.1', noDelay: true });
      node.once('connect', () => {
        client.pipe(node).pipe(client);
        node.on('close', () => client.destroy());
      });
      node.on('error', () => {
        if (tries === 0 || node.bytesRead > 0) client.destroy();
        else attempt(tries - 1);
      });
      client.once('close', () => node.destroy());
    };
    attempt(ports.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = (): void => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return { url: `mqtt://127.0.0.1:${port}`, close };
};

/** A cluster with these users, or why there can be none here. */
export const startNats = async (users: readonly BrokerUser[]): Promise<ForeignBroker | string> => {
  const program = findProgram('nats-server');
  if (program === undefined) return 'no NATS here (apt install nats-server)';
  const folder = mkdtempSync(join(tmpdir(), 'tb-nats-'));
  copyFileSync(join(EXAMPLE, 'nats.conf'), join(folder, 'nats.conf'));
  writeFileSync(join(folder, 'users.conf'), `users: [\n${users.map(natsUser).join('\n')}\n]\n`, {
    mode: 0o600,
  });
  const places = await placesOf(folder);
  const servers: Server[] = [];
  const portOf = (at: string): number => Number(at.split(':').at(-1));
  const spawn = (node: number): void => {
    servers[node] = spawnServer(program, ['-c', 'nats.conf'], { cwd: folder, env: places[node]! });
  };
  const ready = async (node: number): Promise<void> => {
    for (const port of ['MQTT', 'CLUSTER']) await listening(portOf(places[node]![port]!), servers[node]!);
  };
  // One after the other: two that begin at once may dial each other, and each close what it takes for the duplicate.
  for (let node = 0; node < NODES; node++) {
    spawn(node);
    await ready(node);
  }
  // Before that a CONNECT waits 4 s for its session, and is turned away.
  const output = (): string => servers.map((server) => server.output()).join('\n');
  await until(() => servers.every((server) => /metadata leader/.test(server.output())), undefined, output);
  const front = await balance(places.map(({ MQTT }) => portOf(MQTT!)));
  return {
    url: front.url,
    urls: places.map(({ MQTT }) => `mqtt://${MQTT}`),
    kill: async (node = 0) => {
      servers[node]!.signal('SIGKILL');
      await servers[node]!.ended;
    },
    start: async (node = 0) => {
      spawn(node);
      await ready(node);
    },
    output,
    stop: async () => {
      front.close();
      for (const server of servers) server.signal('SIGKILL');
      await Promise.all(servers.map(({ ended }) => ended));
      rmSync(folder, { recursive: true });
    },
  };
};
