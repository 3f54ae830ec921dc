import { suite } from 'uvu';
import { startPostgres } from '../settler/postgres.ts';
import { userOf } from './foreign.ts';
import { ForeignMarket, SETTLER } from './foreign-market.ts';
import { startMosquitto } from './mosquitto.ts';
import { startNats } from './nats.ts';
import { assertSale } from './sale.ts';

const READINGS = 3000;
const users = [...[1, 2].map((seed) => userOf(seed)), userOf(SETTLER, 'settler')];

const test = suite('a cluster under load');

test('loses no cent when each NATS node, each worker and PostgreSQL are killed, and come back', async () => {
  const [broker, postgres] = [await startNats(users), await startPostgres()];
  if (typeof broker === 'string' || typeof postgres === 'string')
    return console.log(`skip: ${typeof broker === 'string' ? broker : postgres}`);
  const market = new ForeignMarket({ broker, qos: 0, database: await postgres.create() });
  try {
    const workers = [await market.worker('a'), await market.worker('b')];
    const replaced = async (nth: number, name: string): Promise<void> => {
      await workers[nth]!.end('SIGKILL');
      workers[nth] = await market.worker(name); // under the same name: it waits for its lease to end
    };
    const rounds = [0, 1, 2].flatMap((node) => [
      () => broker.kill(node),
      () => broker.start(node),
      () => replaced(node % 2, 'ab'.charAt(node % 2)),
      () => postgres.kill9().then(() => postgres.start()),
      () => postgres.restart(),
    ]);
    await assertSale({ market, seller: 1, buyer: 2, readings: READINGS, mishaps: rounds });
  } finally {
    await market.close();
    await broker.stop();
    await postgres.stop();
  }
});

test('loses no cent when Mosquitto is killed again and again, with a database that freezes', async () => {
  const [broker, postgres] = [await startMosquitto(users), await startPostgres()];
  if (typeof broker === 'string' || typeof postgres === 'string')
    return console.log(`skip: ${typeof broker === 'string' ? broker : postgres}`);
  const market = new ForeignMarket({ broker, database: await postgres.create() });
  try {
    await market.worker('a');
    await market.worker('b');
    let thaw = (): void => undefined;
    const rounds = [0, 1, 2, 3].flatMap(() => [
      () => broker.kill().then(() => broker.start()),
      async () => {
        thaw = postgres.freeze();
      },
      async () => thaw(),
    ]);
    await assertSale({ market, seller: 1, buyer: 2, readings: READINGS, mishaps: rounds });
  } finally {
    await market.close();
    await broker.stop();
    await postgres.stop();
  }
});

test.run();
