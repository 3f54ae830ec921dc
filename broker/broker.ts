/**
 * The MQTT broker: aedes behind listeners, credentials, access rules and limits (`README.md`).
 *
 * It relays; it stores no money and no message that is not retained. A PUBACK proves that it has taken a
 * message, not that anyone will get it.
 */

import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Aedes } from 'aedes';
import type { Crypto } from '../schemas/crypto.ts';
import { ok, type Result } from '../schemas/result.ts';
import { type Attached, type Attachment, attach } from './attachment.ts';
import { type CounterStore, openCounterFile } from './counter-file.ts';
import { Gate } from './gate.ts';
import { gatherWrites } from './gather.ts';
import {
  type Certificate,
  type Door,
  type Listener,
  listen,
  type Place,
  pinOf,
  readCertificate,
} from './listeners.ts';
import { boundedLog, type Log } from './log.ts';
import { type BrokerOptions, type CheckedOptions, checkOptions } from './options.ts';
import { scanPackets } from './packets.ts';
import { type Counts, Sessions } from './sessions.ts';

export type BrokerPorts = {
  readonly crypto: Crypto;
  readonly log: Log;
  readonly nowMs: () => number;
};

export type BrokerStats = Readonly<Counts> & {
  readonly connections: number;
  readonly clients: number;
  readonly retainedBytes: number;
};

export type RunningBroker = {
  /** Where it listens, with the ports it got. */
  readonly places: readonly Place[];
  readonly stats: () => BrokerStats;
  readonly attach: (attachment: Attachment) => Promise<Attached>;
  /** Ends every connection and waits for what is on its way to the disk. */
  readonly close: () => Promise<void>;
};

/** Levels of the longest topic (`schemas/topic.ts`) and room to be refused by name. */
const TOPIC_LEVELS_MAX = 16;
/** Packets that may arrive behind a CONNECT before it is answered: a subscription or two and a birth. */
const EARLY_PACKETS_MAX = 16;

/**
 * aedes gives a message its number when it comes in and drops at the door of a client whatever has a
 * lower number than the one before. A retained message waits a moment for its store, the next one overtakes it,
 * and subscribers never see it. So the number is given again at the moment of relaying.
 */
const numberWhenRelayed = (aedes: Aedes): void => {
  type Emitter = { emit: (packet: { brokerCounter: number }, done: () => void) => unknown };
  const emitter = (aedes as unknown as { readonly mq: Emitter }).mq;
  const emit = emitter.emit.bind(emitter);
  let relayed = 0;
  emitter.emit = (packet, done) => {
    packet.brokerCounter = ++relayed;
    return emit(packet, done);
  };
};

const createAedes = async (sessions: Sessions, limits: CheckedOptions['limits']): Promise<Aedes> => {
  const aedes = await Aedes.createBroker({
    ...sessions.hooks,
    // No limit on messages in relay: one reader that does not read would stop all others at it. Each writer
    // is read one chunk at a time, and the next when this one is relayed.
    concurrency: 0,
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: limits.drainTimeoutMs,
    queueLimit: EARLY_PACKETS_MAX,
    maxTopicLevels: TOPIC_LEVELS_MAX,
  });
  numberWhenRelayed(aedes);
  return aedes;
};

const closeAedes = (aedes: Aedes): Promise<void> => new Promise((closed) => aedes.close(() => closed()));

/** Codes: those of `listen`; what listened already is closed again. */
const listenAll = async (places: readonly Place[], door: Door): Promise<Result<Listener[]>> => {
  const listeners: Listener[] = [];
  for (const place of places) {
    const listener = await listen(place, door);
    if (!listener.ok) {
      for (const earlier of listeners) await earlier.close();
      return listener;
    }
    listeners.push(listener.value);
  }
  return ok(listeners);
};

const run = async (
  options: CheckedOptions,
  certificate: Certificate | undefined,
  counters: CounterStore,
  ports: BrokerPorts,
): Promise<Result<RunningBroker>> => {
  const { limits } = options;
  const { nowMs, crypto } = ports;
  const log = boundedLog(ports.log, nowMs);
  const gate = new Gate(limits, log);
  const clear = (topics: readonly string[]): void => {
    for (const topic of topics) {
      const payload = Buffer.alloc(0);
      aedes.publish({ cmd: 'publish', topic, payload, qos: 0, retain: true, dup: false }, () => undefined);
    }
  };
  const { key, settler } = options;
  const authentication = { key, keepaliveMaxS: limits.keepaliveMaxS, crypto, counters, nowMs };
  const sessions = new Sessions({ authentication, settler, limits, gate, log, nowMs, clear });
  const aedes = await createAedes(sessions, limits);
  sessions.follow(aedes);
  // Not before CONNACK: one that refuses is the last write before the end, and has to leave by itself.
  aedes.on('clientReady', (client) => gatherWrites(client.conn as Duplex));
  const emitter: EventEmitter = aedes;
  emitter.on('error', (error: Error) =>
    log({ level: 'warn', event: 'broker-failed', detail: error.message }),
  );
  const listeners = await listenAll(options.listen, {
    gate,
    limits,
    certificate,
    log,
    accept: (connection, peer) => {
      sessions.expect(connection, peer);
      scanPackets(connection, limits.payloadBytesMax);
      aedes.handle(connection);
    },
  });
  if (!listeners.ok) {
    await closeAedes(aedes);
    return listeners;
  }
  const places = listeners.value.map((listener) => listener.place);
  for (const place of places) {
    log({ level: 'info', event: 'listening', detail: `${place.transport}://${place.host}:${place.port}` });
  }
  return ok({
    places,
    stats: () => ({
      ...sessions.counts,
      connections: gate.size,
      clients: aedes.connectedClients,
      retainedBytes: sessions.retained.bytes,
    }),
    attach: (attachment) => attach(aedes, attachment, limits.attachedMax, log),
    close: async () => {
      const closing = listeners.value.map((listener) => listener.close());
      await closeAedes(aedes);
      gate.destroyAll();
      await Promise.all(closing);
      await counters.close();
    },
  });
};

/**
 * Codes: config-invalid, key-unacceptable, key-file, storage-failed, storage-full, storage-newer, port-in-use.
 */
export const startBroker = async (
  given: BrokerOptions,
  ports: BrokerPorts,
): Promise<Result<RunningBroker>> => {
  const options = checkOptions(given, ports.crypto.sha256);
  if (!options.ok) return options;
  const { tls, counterFile, limits } = options.value;
  let certificate: Certificate | undefined;
  if (tls !== undefined) {
    const read = await readCertificate(tls.keyFile, tls.certificateFile);
    if (!read.ok) return read;
    certificate = read.value;
    ports.log({ level: 'info', event: 'certificate', detail: `pin ${pinOf(certificate)}` });
  }
  const counters = await openCounterFile(counterFile, limits.keysMax);
  if (!counters.ok) return counters;
  const broker = await run(options.value, certificate, counters.value, ports);
  if (!broker.ok) await counters.value.close();
  return broker;
};
