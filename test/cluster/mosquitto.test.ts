import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startPostgres } from '../settler/postgres.ts';
import { assertAccess, assertTurnedAway, MEMBERS } from './access.ts';
import { idOfSeed, userOf } from './foreign.ts';
import { ForeignMarket, SETTLER } from './foreign-market.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { assertSale } from './sale.ts';

const CERTIFIED = 8;
const users = [...MEMBERS, 4, 5].map((seed) => userOf(seed));
const broker = await startMosquitto([...users, userOf(SETTLER, 'settler')]);

const test = suite('Mosquitto with the example configuration');

const on = (body: (broker: Mosquitto) => Promise<void>) => async (): Promise<void> => {
  if (typeof broker === 'string') console.log(`skip: ${broker}`);
  else await body(broker);
};

test.after(async () => {
  if (typeof broker !== 'string') await broker.stop();
});

test('gives each user what the grammar of topics gives it, and no more', on(assertAccess));

test('turns away who does not know a password', on(assertTurnedAway));

test(
  'knows a client by the common name of its certificate',
  on(async ({ mutualUrl, authority }) => {
    const { certificateFile, keyFile } = authority.issue(idOfSeed(CERTIFIED));
    const tls = { ca: readFileSync(authority.caFile), reconnectPeriod: 0, protocolVersion: 4 } as const;
    const pair = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
    const client = await connectAsync(mutualUrl, { ...tls, ...pair });
    const heard = new Promise<string>((resolve) =>
      client.once('message', (_, payload) => resolve(`${payload}`)),
    );
    await client.subscribeAsync(`tb1/${idOfSeed(CERTIFIED)}/in/+`);
    await client.publishAsync(`tb1/${idOfSeed(CERTIFIED)}/in/${idOfSeed(1)}`, 'in the name of another');
    await client.publishAsync(`tb1/${idOfSeed(CERTIFIED)}/in/${idOfSeed(CERTIFIED)}`, 'its own');
    assert.is(await heard, 'its own');
    await client.endAsync(true);
    const without = await connectAsync(mutualUrl, tls).then(
      (open) => open.endAsync(true).then(() => 'taken'),
      () => 'refused',
    );
    assert.is(without, 'refused');
  }),
);

test(
  'carries a sale, settled by a worker over TLS and MQTT 5',
  on(async (running) => {
    const market = new ForeignMarket({
      broker: running,
      url: running.tlsUrl,
      caFile: running.authority.caFile,
      protocol: '5',
    });
    try {
      const worker = await market.worker('a');
      await assertSale({ market, seller: 1, buyer: 2, readings: 60 });
      assert.is(await worker.end('SIGTERM'), 0);
    } finally {
      await market.close();
    }
  }),
);

test(
  'loses no cent when a worker, the broker and PostgreSQL are killed one after the other',
  on(async (running) => {
    const postgres = await startPostgres();
    if (typeof postgres === 'string') return console.log(`skip: ${postgres}`);
    const market = new ForeignMarket({ broker: running, database: await postgres.create() });
    try {
      const worker = await market.worker('a');
      await market.worker('b');
      const mishaps = [
        () => worker.end('SIGKILL'),
        () => running.kill().then(() => running.start()),
        () => postgres.kill9().then(postgres.start),
      ];
      await assertSale({ market, seller: 4, buyer: 5, readings: 120, mishaps });
    } finally {
      await market.close();
      await postgres.stop();
    }
  }),
);

test.run();
