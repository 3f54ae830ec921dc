/** A broker on a free loopback port with files of its own, and clients of it with keys of their own. */

import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { type RunningBroker, startBroker } from '../../broker/broker.ts';
import type { LogEvent } from '../../broker/log.ts';
import type { BrokerOptions } from '../../broker/options.ts';
import { signCredential } from '../../schemas/credential.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { idOf } from '../../schemas/identity.ts';
import type { Result } from '../../schemas/result.ts';

export const crypto = nativeCrypto();
export const signerOf = (seed: number): Signer => crypto.signerOf(new Uint8Array(32).fill(seed));
export const idOfSeed = (seed: number): string => idOf(signerOf(seed).key, crypto.sha256);

const BROKER_SEED = 99;
export const brokerKey = signerOf(BROKER_SEED).key;
export const brokerId = idOfSeed(BROKER_SEED);

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'tollbridge-broker-'));

export type Bench = {
  readonly broker: RunningBroker;
  readonly folder: string;
  readonly port: number;
  readonly events: LogEvent[];
  /** The next line of that event (and code), or the one that has already been written. */
  readonly logged: (event: string, code?: string) => Promise<LogEvent>;
  readonly stop: () => Promise<void>;
};

const matches = (line: LogEvent, event: string, code: string | undefined): boolean =>
  line.event === event && (code === undefined || line.code === code);

export const start = (options: Partial<BrokerOptions>, log: (event: LogEvent) => void, folder: string) =>
  startBroker(
    {
      key: brokerKey,
      listen: [{ transport: 'tcp', host: '127.0.0.1', port: 0 }],
      counterFile: join(folder, 'counters'),
      ...options,
    },
    { crypto, log, nowMs: Date.now },
  );

export const expectOk = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

/** `folder` is kept when it is given. */
export const startBench = async (options: Partial<BrokerOptions> = {}, folder?: string): Promise<Bench> => {
  const home = folder ?? temporaryFolder();
  const events: LogEvent[] = [];
  const waiting = new Set<(line: LogEvent) => void>();
  const log = (line: LogEvent): void => {
    events.push(line);
    for (const tell of waiting) tell(line);
  };
  const broker = expectOk(await start(options, log, home));
  const logged = (event: string, code?: string): Promise<LogEvent> =>
    new Promise((resolve) => {
      const tell = (line: LogEvent): void => {
        if (!matches(line, event, code)) return;
        waiting.delete(tell);
        resolve(line);
      };
      waiting.add(tell);
      for (const line of events) tell(line);
    });
  const stop = async (): Promise<void> => {
    await broker.close();
    if (folder === undefined) rmSync(home, { recursive: true });
  };
  return { broker, folder: home, port: broker.places[0]!.port, events, logged, stop };
};

let lastCounter = Date.now();
export const freshCounter = (): number => ++lastCounter;

export type Login = { clientId: string; username: string; password: Buffer };

export const loginOf = (seed: number, clientId = idOfSeed(seed), counter = freshCounter()): Login => ({
  clientId,
  username: idOfSeed(seed),
  password: Buffer.from(signCredential(brokerKey, clientId, counter, signerOf(seed))),
});

/** Connects or rejects with the CONNACK code in `code`. */
const connect = (bench: Bench, login: Partial<Login>, options: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync({
    host: '127.0.0.1',
    port: bench.port,
    reconnectPeriod: 0,
    keepalive: 30,
    protocolVersion: 4,
    ...(login as IClientOptions),
    ...options,
  });

export const connectAs = (bench: Bench, seed: number, options: IClientOptions = {}): Promise<MqttClient> =>
  connect(bench, loginOf(seed, options.clientId), options);

/** The CONNACK code of a refused connection, 0 if it was accepted. */
export const connackOf = async (bench: Bench, login: Partial<Login>, options: IClientOptions = {}) => {
  try {
    await (await connect(bench, login, options)).endAsync();
    return 0;
  } catch (error) {
    return (error as { code?: number }).code;
  }
};

export const closed = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => client.once('close', () => resolve()));

/** A bare socket, connected. */
export const openSocket = (port: number): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
  });

export const socketClosed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
    socket.resume();
  });
