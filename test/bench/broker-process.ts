/**
 * One process of the broker benchmark: a broker, bare or ours, or a client of it that speaks bytes, so that
 * the broker is what is measured. It is told what to do, and tells what it did, by messages of its parent.
 */

import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { labelOf } from '../../schemas/identity.ts';
import { idOfSeed, startBench } from '../broker/harness.ts';
import { admitted, publishPacket, subscribe } from '../broker/wire.ts';

/** The payload of a small reading with its signature-free frame. */
const PAYLOAD_BYTES = 32;
/** Messages in one write: about 25 kB. */
const BATCH = 200;

const TOPIC = `tb1/l/${idOfSeed(1)}/${idOfSeed(2)}/${labelOf(new Uint8Array(32))}/r`;
const MESSAGE = publishPacket(TOPIC, Buffer.alloc(PAYLOAD_BYTES, 7));

const tell = (message: unknown): void => {
  process.send!(message);
};

/** What is left to do when the parent is done. */
let stop = (): Promise<void> => Promise.resolve();

/** With limits that are counted and never reached. */
const serve = async (bare: boolean): Promise<void> => {
  if (!bare) {
    const rate = 1_000_000_000;
    const bench = await startBench({ limits: { messagesPerSecondMax: rate, messagesBurstMax: rate } });
    stop = bench.stop;
    tell(bench.port);
    return;
  }
  const aedes = await Aedes.createBroker();
  const server = createServer({ noDelay: true }, (socket) => void aedes.handle(socket));
  server.listen(0, '127.0.0.1', () => tell((server.address() as { port: number }).port));
};

/** Tells how many messages have come, each time that as many as it was told to expect are there. */
const read = async (port: number): Promise<void> => {
  const socket = await admitted({ port }, 2);
  await subscribe(socket, TOPIC, 0);
  let bytes = 0;
  let wanted = Number.POSITIVE_INFINITY;
  process.on('message', (count: number) => {
    wanted = count * MESSAGE.length;
    tell('expecting');
  });
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes < wanted) return;
    tell('all');
    bytes = 0;
  });
  tell('ready');
};

const write = async (port: number): Promise<void> => {
  const socket = await admitted({ port }, 1);
  const batch = Buffer.concat(Array.from({ length: BATCH }, () => MESSAGE));
  process.on('message', (count: number) => {
    let left = count / BATCH;
    const go = (): void => {
      while (left-- > 0) {
        if (!socket.write(batch)) {
          socket.once('drain', go);
          return;
        }
      }
    };
    go();
  });
  tell('ready');
};

const [role, port] = process.argv.slice(2);
process.on('disconnect', () => void stop().then(() => process.exit()));
if (role === 'reader') await read(Number(port));
else if (role === 'writer') await write(Number(port));
else await serve(role === 'bare');
