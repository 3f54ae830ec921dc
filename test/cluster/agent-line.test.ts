import { createServer } from 'node:net';
import { Aedes, type Subscription } from 'aedes';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ANY, inTopic } from '../../schemas/topic.ts';
import { client, closeClients } from '../agent/client.ts';
import { until } from '../wait.ts';
import { idOfSeed } from './foreign.ts';

const SELF = 1;
const FILTER = inTopic(idOfSeed(SELF), ANY);

const lines = suite('an agent on a foreign broker');

lines('reads at QoS 0, and asks again for a filter that was refused', async () => {
  const broker = await Aedes.createBroker();
  const asked: Subscription[] = [];
  let refuses = true;
  broker.authorizeSubscribe = (_client, subscription, done) => {
    asked.push({ ...subscription }); // aedes writes its answer into it
    done(null, refuses && subscription.topic === FILTER ? null : subscription);
  };
  const server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const self = client(SELF, `mqtt://127.0.0.1:${port}`, { brokerKey: null });
  self.connection.subscribe(FILTER);
  assert.match(await self.heard(/^not-authorised/), FILTER);
  refuses = false;
  const publish = (): void =>
    broker.publish(
      {
        cmd: 'publish',
        topic: inTopic(idOfSeed(SELF), idOfSeed(2)),
        payload: 'x',
        qos: 1,
        dup: false,
        retain: false,
      },
      () => undefined,
    );
  await until(() => self.events.some((event) => event.endsWith(': 78')), publish);
  assert.ok(asked.every(({ qos }) => qos === 0));
  assert.is(self.events.filter((event) => event.startsWith('not-authorised')).length, 1, 'told once');
  await closeClients();
  await new Promise<void>((resolve) => broker.close(() => resolve()));
  server.close();
});

lines.run();
