import { suite } from 'uvu';
import { postgresOrSkip } from './postgres.ts';
import { dieForever, dieOnce } from './postgres-deaths.ts';

// Before the first suite: uvu runs what is registered when the module first waits.
const server = await postgresOrSkip();

const crash = suite('settler on PostgreSQL and more crashes');

if (server !== undefined) {
  crash.after(() => server.stop());

  crash('that cut the connection at any write of a day cost one refusal each', async () =>
    dieOnce(server, await server.create(), 'before'),
  );

  crash('at any commit of a day, its answer unheard, lose nothing and repeat nothing', async () =>
    dieForever(server, await server.create(), 'after'),
  );
}

crash.run();
