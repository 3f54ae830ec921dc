/** One box: the MQTT broker with the settler inside, one key for both, on one database. */

import type { Crypto, Signer } from '../schemas/crypto.ts';
import { idOf } from '../schemas/identity.ts';
import { ok, type Result } from '../schemas/result.ts';
import { ANY, inTopic, settlerTopic } from '../schemas/topic.ts';
import type { Attached } from './attachment.ts';
import { type RunningBroker, startBroker } from './broker.ts';
import type { Log } from './log.ts';
import type { BrokerOptions } from './options.ts';
import { highWaterFile } from './settler/backup/high-water-file.ts';
import type { SettlerLimits } from './settler/settings.ts';
import { createSettler, type Settler } from './settler/settler.ts';
import { openStore } from './settler/store/open.ts';
import type { Store } from './settler/store/store.ts';

export type BoxOptions = {
  readonly broker: Omit<BrokerOptions, 'key'>;
  readonly settler: {
    readonly database: string;
    readonly currencies: readonly string[];
    readonly limits?: Partial<SettlerLimits>;
    /** Where how far the journal came is noted; nowhere if it is left out. */
    readonly highWater?: string;
  };
};

export type BoxPorts = {
  readonly crypto: Crypto;
  /** The broker's identity and the settler's root. */
  readonly signer: Signer;
  readonly log: Log;
  readonly nowMs: () => number;
};

export type RunningBox = { readonly broker: RunningBroker; readonly close: () => Promise<void> };

/** Requests to the settler come in through the broker's own memory, and answers leave the same way. */
const attachSettler = (broker: RunningBroker, settler: Settler, ports: BoxPorts): Promise<Attached> => {
  const id = idOf(ports.signer.key, ports.crypto.sha256);
  const attached = broker.attach({
    filters: [settlerTopic(ANY, ANY)],
    onMessage: async (_topic, payload, from) => {
      const answer = await settler.handle(from, payload);
      if (answer === undefined) return;
      const sent = await (await attached).publish(inTopic(from, id), answer);
      if (!sent.ok) ports.log({ level: 'warn', event: 'not-answered', code: sent.code, detail: sent.detail });
    },
  });
  return attached;
};

const openSettler = async (store: Store, options: BoxOptions, ports: BoxPorts): Promise<Result<Settler>> =>
  createSettler({
    store,
    root: ports.signer.key,
    signer: { signer: ports.signer, certificate: null },
    crypto: ports.crypto,
    nowMs: ports.nowMs,
    log: (line) => ports.log({ level: 'warn', event: 'settler', detail: line }),
    currencies: options.settler.currencies,
    ...(options.settler.limits && { limits: options.settler.limits }),
    ...(options.settler.highWater && { highWater: highWaterFile(options.settler.highWater) }),
  });

/** Codes: those of `openStore`, `createSettler` and `startBroker`. What was begun is ended again. */
export const startBox = async (options: BoxOptions, ports: BoxPorts): Promise<Result<RunningBox>> => {
  const store = await openStore(options.settler.database);
  if (!store.ok) return store;
  const settler = await openSettler(store.value, options, ports);
  if (!settler.ok) {
    await store.value.close();
    return settler;
  }
  const broker = await startBroker({ ...options.broker, key: ports.signer.key }, ports);
  if (!broker.ok) {
    await settler.value.close();
    await store.value.close();
    return broker;
  }
  const attached = await attachSettler(broker.value, settler.value, ports);
  return ok({
    broker: broker.value,
    close: async () => {
      await attached.detach();
      await settler.value.close();
      await broker.value.close();
      await store.value.close();
    },
  });
};
