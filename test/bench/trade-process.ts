/**
 * One side of many trades in one process: real agents, each with a state and a connection of its own, on a broker
 * that somebody else runs. Sellers measure at a fixed pace once every lease stands; buyers note when each reading
 * came. Times are of the machine's monotonic clock, which all processes share.
 */

import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { startAgent } from '../../agent/agent.ts';
import { type Decimal, decimalToText } from '../../schemas/decimal.ts';
import { ok } from '../../schemas/result.ts';
import {
  crypto,
  demand,
  MemoryDevice,
  offer,
  type Party,
  PRICE_NANO,
  signerOf,
  THERMOMETER,
  taken,
} from '../agent/market.ts';
import { ForeignMarket } from '../cluster/foreign-market.ts';
import { BUYER_SEEDS, kindOf } from './stream.ts';

export type TradeWork = {
  readonly role: 'sellers' | 'buyers';
  readonly url: string;
  readonly pairs: number;
  readonly readings: number;
  /** Between two readings of a sensor. */
  readonly periodMs: number;
};

/** What a side knows at the end: when reading n of each pair was measured or bought, in ms, and its bytes. */
export type TradeResult = { readonly timesMs: readonly (readonly number[])[]; readonly bytes: number };

const nowMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

const sockets = new Set<net.Socket>();
const { connect } = net;
Object.assign(net, {
  connect: (...args: Parameters<typeof connect>) => {
    const socket = connect(...args);
    sockets.add(socket);
    return socket;
  },
});
syncBuiltinESMExports();
const bytesSoFar = (): number =>
  [...sockets].reduce((sum, socket) => sum + socket.bytesRead + socket.bytesWritten, 0);

const work: TradeWork = JSON.parse(process.argv[2]!);
const { role, url, pairs, readings, periodMs } = work;
const nothing = async (): Promise<void> => {};
const broker = { url, urls: [url], kill: nothing, start: nothing, output: () => '', stop: nothing };
const market = new ForeignMarket({ broker, qos: 1 });
const timesMs: number[][] = Array.from({ length: pairs }, () => []);
const tell = (message: unknown): void => void process.send!(message);

const sell = async (): Promise<void> => {
  const sellers: { device: MemoryDevice; party: Party }[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const device = new MemoryDevice({ ...THERMOMETER, kind: kindOf(pair), periodMs });
    const what = offer({ name: kindOf(pair), window: 16, ticks: 1024, slots: 1 });
    sellers.push({
      device,
      party: await market.start({ seed: pair, devices: { board: device }, sell: [what] }),
    });
  }
  const phases = () => sellers.map(({ party }) => party.status().leases[0]?.phase);
  const waiting = setInterval(() => {
    if (!phases().every((phase) => phase === 'selling')) return;
    clearInterval(waiting);
    tell('begun');
    let made = 0;
    const timer = setInterval(() => {
      for (const [i, { device }] of sellers.entries()) {
        timesMs[i]!.push(nowMs());
        device.measure(made);
      }
      if (++made === readings) clearInterval(timer);
    }, periodMs);
  }, 100);
};

const buy = async (): Promise<void> => {
  let left = pairs * readings;
  for (let pair = 1; pair <= pairs; pair++) {
    const seed = BUYER_SEEDS + pair;
    const wish = demand({ kind: kindOf(pair), readings, budgetNano: readings * PRICE_NANO });
    taken(
      await startAgent(market.configOf({ seed, buy: [wish] }), {
        crypto,
        signer: signerOf(seed),
        openDevice: async () => ok(new MemoryDevice()),
        onNotice: () => {},
        onBought: (_name, _seq, value) => {
          // What was measured is its number, in hundredths.
          const n = Math.round(Number(decimalToText(value as Decimal)) * 100);
          timesMs[pair - 1]![n] = nowMs();
          if (--left === 0) tell('bought');
        },
      }),
    );
  }
  tell('buying');
};

process.on('message', () => tell({ timesMs, bytes: bytesSoFar() } satisfies TradeResult));
process.once('disconnect', () => process.exit(0));
await (role === 'sellers' ? sell() : buy());
