/**
 * One process of the benchmarks of a paid stream: the box, or one side of it. Sides are real agents (paid),
 * agents' connections without money (unpaid), or plain MQTT clients (puback). It is told what to do by its
 * arguments, counts by itself, and answers `count` with how many readings have come through so far.
 */

import fs, { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { type RunningAgent, startAgent } from '../../agent/agent.ts';
import type { AgentConfig } from '../../agent/config.ts';
import { type Connection, connect } from '../../agent/connection.ts';
import { startBox } from '../../broker/box.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import { signCredential } from '../../schemas/credential.ts';
import { BACKINGS_USUAL } from '../../schemas/grant.ts';
import { idOf, labelOf } from '../../schemas/identity.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { decodeReading, encodeReading } from '../../schemas/senml.ts';
import { LEASE_READINGS_MAX } from '../../schemas/terms.ts';
import { leaseTopic } from '../../schemas/topic.ts';
import { boardAt } from '../agent/board-at.ts';
import { MemoryDevice, THERMOMETER } from '../agent/market.ts';
import { BOX_SEED, BUYER_SEEDS, crypto, kindOf, PRICE_NANO, signerOf } from './stream.ts';

export type StreamRole =
  | 'box'
  | 'paid-seller'
  | 'paid-buyer'
  | 'unpaid-seller'
  | 'unpaid-buyer'
  | 'timed-paid-seller'
  | 'timed-unpaid-seller'
  | 'puback';

export type StreamWork = {
  readonly role: StreamRole;
  readonly port: number;
  readonly window: number;
  /** Sellers, and as many buyers, in this process. */
  readonly pairs: number;
};

const boxKey = signerOf(BOX_SEED).key;
const RATE = 1_000_000_000;

const folder = mkdtempSync(join(tmpdir(), 'tollbridge-bench-'));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

const tell = (message: unknown): void => {
  process.send!(message);
};

let count = (): number => 0;
let stop = async (): Promise<void> => {};

const serveBox = async (pairs: number): Promise<void> => {
  const database = join(folder, 'settler.db');
  const store = taken(await openSqliteStore(database));
  for (let pair = 1; pair <= pairs; pair++) {
    const owner = signerOf(BUYER_SEEDS + pair).key;
    const wish = { owner, currency: 'EUR', nano: 1n << 50n, reference: `bench-${pair}` };
    taken(await bookDeposit(store, wish, Date.now(), crypto.sha256));
  }
  await store.close();
  const limits = { messagesPerSecondMax: RATE, messagesBurstMax: RATE };
  const box = taken(
    await startBox(
      {
        broker: {
          listen: [{ transport: 'tcp', host: '127.0.0.1', port: 0 }],
          counterFile: join(folder, 'counters'),
          limits,
        },
        settler: { database, currencies: ['EUR'] },
      },
      { crypto, signer: signerOf(BOX_SEED), log: () => {}, nowMs: Date.now },
    ),
  );
  stop = box.close;
  tell(box.broker.places[0]!.port);
};

const configOf = (seed: number, port: number): AgentConfig => ({
  state: join(folder, `agent-${seed}`),
  broker: {
    url: `mqtt://127.0.0.1:${port}`,
    key: boxKey,
    pin: null,
    caFile: null,
    user: null,
    passwordFile: null,
    certificateFile: null,
    certificateKeyFile: null,
  },
  settlers: [
    { key: boxKey, exposureNano: Number.MAX_SAFE_INTEGER, backings: BACKINGS_USUAL, claimEveryMs: 5000 },
  ],
  devices: [],
  sell: [],
  buy: [],
  rules: [],
  owner: null,
  owns: [],
  trust: [],
  compression: [],
});

/** Readings wait in the backlog, so that the window is what bounds the stream: some every millisecond. */
const AHEAD = 4000;
const MADE_PER_MS = 64;
/** Asking an agent how far it is costs as much as a reading. */
const ASK_EVERY_MS = 16;

type Selling = { readonly agent: RunningAgent; readonly device: MemoryDevice; made: number; wanted: number };

const makeReadings = (each: Selling, tick: number): void => {
  if (tick % ASK_EVERY_MS === 0) {
    const lease = each.agent.status().leases[0];
    each.wanted = lease?.phase === 'selling' ? lease.delivered + AHEAD : 0;
  }
  for (let i = 0; i < MADE_PER_MS && each.made < each.wanted; i++) {
    each.device.measure(10_132_501 + (each.made++ % 64));
  }
};

const startSeller = async (pair: number, port: number, window: number): Promise<Selling> => {
  const device = new MemoryDevice({ ...THERMOMETER, kind: kindOf(pair) });
  const sell = {
    name: kindOf(pair),
    device: 'board',
    sensor: 'temperature',
    price: [{ from: 1, priceNano: PRICE_NANO }],
    currency: 'EUR',
    window,
    ticks: 1024,
    slots: 1,
    periodMs: null,
  };
  const config = configOf(pair, port);
  const agent = taken(
    await startAgent(
      { ...config, devices: [boardAt('board')], sell: [sell] },
      { crypto, signer: signerOf(pair), openDevice: async () => ok(device), onNotice: () => {} },
    ),
  );
  return { agent, device, made: 0, wanted: 0 };
};

const sellPaid = async ({ port, window, pairs }: StreamWork): Promise<void> => {
  const agents: Selling[] = [];
  for (let pair = 1; pair <= pairs; pair++) agents.push(await startSeller(pair, port, window));
  const paidBy = ({ agent }: Selling): number => agent.status().leases[0]?.paid ?? 0;
  let ticks = 0;
  const timer = setInterval(() => {
    for (const [i, each] of agents.entries()) makeReadings(each, ticks + i);
    ticks++;
  }, 1);
  count = () => sum(agents.map(paidBy));
  stop = async () => {
    clearInterval(timer);
    for (const { agent } of agents) await agent.stop();
  };
  tell('ready');
};

/** One reading after the other, each a pause after the one before is through; how long each took, in ms. */
const PAUSE_MS = 10;
const samplesMs: number[] = [];

/** From the sensor's reading until the tick that pays for it is verified and on the seller's disk. */
const sellTimed = async ({ port }: StreamWork): Promise<void> => {
  const seller = await startSeller(1, port, 1);
  let sentMs = 0;
  const measure = (): void => {
    sentMs = performance.now();
    seller.device.measure(10_132_501 + (seller.made++ % 64));
  };
  const leaseNow = () => seller.agent.status().leases[0];
  const { fdatasync } = fs;
  Object.assign(fs, {
    fdatasync: (fd: number, done: (error: NodeJS.ErrnoException | null) => void) =>
      fdatasync(fd, (error) => {
        done(error);
        if (seller.made === 0 || (leaseNow()?.durableNano ?? 0) < seller.made * PRICE_NANO) return;
        if (sentMs > 0) samplesMs.push(performance.now() - sentMs);
        sentMs = 0;
        setTimeout(measure, PAUSE_MS);
      }),
  });
  syncBuiltinESMExports();
  const waiting = setInterval(() => {
    if (leaseNow()?.phase !== 'selling') return;
    clearInterval(waiting);
    measure();
  }, PAUSE_MS);
  stop = async () => {
    clearInterval(waiting);
    await seller.agent.stop();
  };
  tell('ready');
};

const buyPaid = async ({ port, pairs }: StreamWork): Promise<void> => {
  const agents: RunningAgent[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const buy = {
      name: 'temperature',
      kind: kindOf(pair),
      unit: 'Cel',
      currency: 'EUR',
      priceNanoMax: PRICE_NANO,
      readings: LEASE_READINGS_MAX,
      budgetNano: LEASE_READINGS_MAX * PRICE_NANO,
      durationS: 86_400,
      repeat: false,
      file: null,
    };
    const config = { ...configOf(BUYER_SEEDS + pair, port), buy: [buy] };
    agents.push(
      taken(
        await startAgent(config, {
          crypto,
          signer: signerOf(BUYER_SEEDS + pair),
          openDevice: async () => ok(new MemoryDevice()),
          onNotice: () => {},
        }),
      ),
    );
  }
  stop = async () => {
    for (const agent of agents) await agent.stop();
  };
  tell('ready');
};

const readingOf = (seq: number): Uint8Array =>
  encodeReading({ seq, value: { mantissa: 10_132_501 + (seq % 64), exponent: -2 }, offsetMs: 0 });
const EMPTY = new Uint8Array(0);
const idOfSeed = (seed: number): string => idOf(signerOf(seed).key, crypto.sha256);
const LEASE = labelOf(new Uint8Array(32).fill(9));
const TOPIC_R = leaseTopic(idOfSeed(1), idOfSeed(BUYER_SEEDS + 1), LEASE, 'r');
const TOPIC_P = leaseTopic(idOfSeed(1), idOfSeed(BUYER_SEEDS + 1), LEASE, 'p');

const lineOf = (
  seed: number,
  port: number,
  listen: string,
  onMessage: (line: Connection, payload: Uint8Array) => void,
): Promise<Connection> => {
  mkdirSync(join(folder, `line-${seed}`));
  const options = {
    url: `mqtt://127.0.0.1:${port}`,
    brokerKey: boxKey,
    login: null,
    trust: { ca: null, pin: null, certificate: null, key: null },
    numberFile: join(folder, `line-${seed}`, 'number'),
  };
  return new Promise((resolve) => {
    const line = connect(
      options,
      { crypto, signer: signerOf(seed) },
      {
        onConnected: () => resolve(line),
        onMessage: (_topic, payload) => onMessage(line, payload),
        onNotice: () => {},
      },
    );
    line.subscribe(listen);
    stop = () => line.close();
  });
};

/**
 * The same readings, QoS and end-to-end window, each acknowledged by an empty message: no money, no disk. The
 * seller encodes what it sends and the buyer decodes what it gets, as anybody must.
 */
const sellUnpaid = async ({ port, window }: StreamWork): Promise<void> => {
  let acknowledged = 0;
  let sent = 0;
  const send = (line: Connection): unknown => line.publish(TOPIC_R, readingOf(++sent), { qos: 0 });
  const line = await lineOf(1, port, TOPIC_P, (each) => {
    acknowledged++;
    send(each);
  });
  count = () => acknowledged;
  process.on('message', (message) => {
    if (message === 'go') for (let i = 0; i < window; i++) send(line);
  });
  tell('ready');
};

const sellTimedUnpaid = async ({ port }: StreamWork): Promise<void> => {
  let sentMs = 0;
  let seq = 0;
  const line = await lineOf(1, port, TOPIC_P, () => {
    samplesMs.push(performance.now() - sentMs);
    setTimeout(send, PAUSE_MS);
  });
  const send = (): void => {
    sentMs = performance.now();
    line.publish(TOPIC_R, readingOf(++seq), { qos: 0 });
  };
  process.on('message', (message) => {
    if (message === 'go') send();
  });
  tell('ready');
};

const buyUnpaid = async ({ port }: StreamWork): Promise<void> => {
  await lineOf(BUYER_SEEDS + 1, port, TOPIC_R, (line, payload) => {
    taken(decodeReading(payload));
    line.publish(TOPIC_P, EMPTY, { qos: 0 });
  });
  tell('ready');
};

/** One client that publishes at QoS 1 with `window` messages waiting for their PUBACK; nobody reads. */
const publishPlain = async ({ port, window }: StreamWork): Promise<void> => {
  const signer = signerOf(1);
  const self = idOfSeed(1);
  const password = Buffer.from(signCredential(boxKey, self, Date.now(), signer));
  const client = await mqtt.connectAsync({
    host: '127.0.0.1',
    port,
    clientId: self,
    username: self,
    password,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  (client.stream as unknown as { setNoDelay: (on: boolean) => void }).setNoDelay(true);
  let acknowledged = 0;
  const payload = Buffer.from(readingOf(70_000));
  const send = (): void => {
    if (client.disconnecting) return;
    client.publish(TOPIC_R, payload, { qos: 1 }, () => {
      acknowledged++;
      send();
    });
  };
  process.on('message', (message) => {
    if (message === 'go') for (let i = 0; i < window; i++) send();
  });
  count = () => acknowledged;
  stop = () => client.endAsync(true);
  tell('ready');
};

const work = JSON.parse(process.argv[2]!) as StreamWork;
process.on('message', (message) => {
  if (message === 'samples') tell(samplesMs.splice(0));
  if (message === 'count') tell({ count: count(), atMs: performance.now() });
});
process.on('disconnect', async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
if (work.role === 'box') await serveBox(work.pairs);
else if (work.role === 'paid-seller') await sellPaid(work);
else if (work.role === 'paid-buyer') await buyPaid(work);
else if (work.role === 'timed-paid-seller') await sellTimed(work);
else if (work.role === 'timed-unpaid-seller') await sellTimedUnpaid(work);
else if (work.role === 'unpaid-seller') await sellUnpaid(work);
else if (work.role === 'unpaid-buyer') await buyUnpaid(work);
else await publishPlain(work);
