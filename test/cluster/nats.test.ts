import { suite } from 'uvu';
import { startPostgres } from '../settler/postgres.ts';
import { assertAccess, assertTurnedAway, MEMBERS } from './access.ts';
import { type ForeignBroker, userOf } from './foreign.ts';
import { ForeignMarket, SETTLER } from './foreign-market.ts';
import { startNats } from './nats.ts';
import { assertSale } from './sale.ts';

const users = [...MEMBERS, 4, 5].map((seed) => userOf(seed));
const cluster = await startNats([...users, userOf(SETTLER, 'settler')]);

const test = suite('three NATS nodes with the example configuration');

const on = (body: (cluster: ForeignBroker) => Promise<void>) => async (): Promise<void> => {
  if (typeof cluster === 'string') console.log(`skip: ${cluster}`);
  else await body(cluster);
};

test.after(async () => {
  if (typeof cluster !== 'string') await cluster.stop();
});

test('give each user what the grammar of topics gives it, and no more', on(assertAccess));

test('turn away who does not know a password', on(assertTurnedAway));

test(
  'carry a sale, settled by two workers on PostgreSQL of which one is killed, and a node too',
  on(async (broker) => {
    const postgres = await startPostgres();
    if (typeof postgres === 'string') return console.log(`skip: ${postgres}`);
    const market = new ForeignMarket({ broker, qos: 0, database: await postgres.create() });
    try {
      const worker = await market.worker('a');
      await market.worker('b');
      const mishaps = [() => worker.end('SIGKILL'), () => broker.kill(2)];
      await assertSale({ market, seller: 4, buyer: 5, readings: 120, mishaps });
    } finally {
      await market.close();
      await postgres.stop();
    }
  }),
);

test.run();
