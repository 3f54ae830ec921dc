import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { passwordIn } from '../../broker/settler/store/pgpass.ts';
import { encodeArray } from '../../broker/settler/store/postgres-arrays.ts';
import {
  connectPostgres,
  isConnectionLost,
  PostgresError,
  type PostgresLink,
  postgresCodeOf,
} from '../../broker/settler/store/postgres-driver.ts';
import { postgresOrSkip } from './postgres.ts';

const server = await postgresOrSkip();

const driver = suite<{ link: PostgresLink; url: string }>('PostgreSQL driver');
driver.before.each(async (context) => {
  if (server === undefined) return;
  context.url = await server.create();
  context.link = await connectPostgres(context.url);
});
driver.after.each(async ({ link }) => {
  await link?.close();
});
driver.after(() => server?.stop());

/** Answers with the error of what must fail. */
const errorOf = async (failing: Promise<unknown>): Promise<PostgresError> => {
  const error = await failing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, PostgresError);
  return error as PostgresError;
};

if (server !== undefined) {
  driver(
    'carries 64-bit integers, bytes and texts there and back exactly, alone and in arrays',
    async ({ link }) => {
      const nullable = <T>(values: fc.Arbitrary<T>) => fc.array(fc.option(values), { maxLength: 20 });
      const texts = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
      const columns = {
        bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        bytea: fc.uint8Array(),
        text: texts,
      };
      for (const [type, values] of Object.entries(columns)) {
        await fc.assert(
          fc.asyncProperty(nullable<bigint | Uint8Array | string>(values), async (sent) => {
            const array = encodeArray(type as keyof typeof columns, sent);
            const { rows } = await link.ask(`SELECT * FROM unnest($1::${type}[]) AS v`, [array]);
            const got = rows.map(({ v }) => (v instanceof Uint8Array ? new Uint8Array(v) : v));
            assert.equal(got, sent);
          }),
          { numRuns: 50 },
        );
      }
      const values = [9007199254740993n, new Uint8Array([0, 255, 92]), 'ä\\"'];
      const { rows } = await link.ask('SELECT $1::bigint AS a, $2::bytea AS b, $3::text AS c', values);
      assert.equal(rows, [{ a: 9007199254740993n, b: Buffer.from([0, 255, 92]), c: 'ä\\"' }]);
    },
  );

  driver('answers in order, and a transaction that failed does not commit', async ({ link }) => {
    const sent = ['BEGIN', 'CREATE TABLE t (n bigint)', 'SELECT 1/0', 'SELECT 1', 'COMMIT'].map((sql) =>
      link.ask(sql),
    );
    const outcomes = await Promise.allSettled(sent);
    const told = outcomes.map((one) =>
      one.status === 'fulfilled' ? one.value.command : one.reason.sqlstate,
    );
    assert.equal(told, ['BEGIN', 'CREATE', '22012', '25P02', 'ROLLBACK']);
    assert.is((await errorOf(link.ask('SELECT * FROM t'))).sqlstate, '42P01');
    assert.not(link.isLost());
  });

  driver('says that a connection is lost, to all that waited and to all that follow', async ({ link }) => {
    const outcomes = Promise.allSettled(
      ['BEGIN', 'SELECT pg_sleep(60)', 'COMMIT'].map((sql) => link.ask(sql)),
    );
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`;
    while ((await server.psql(end)) !== 't');
    const [begun, slept, committed] = await outcomes;
    assert.is(begun!.status, 'fulfilled');
    for (const one of [slept, committed])
      assert.ok(one?.status === 'rejected' && isConnectionLost(one.reason));
    assert.ok(link.isLost());
    assert.ok(isConnectionLost(await errorOf(link.ask('SELECT 1'))));
  });

  driver('sets what durability and patience need, whatever the database says', async ({ url, link }) => {
    await server.psql('ALTER ROLE settler SET synchronous_commit = off');
    const other = await connectPostgres(url);
    const setting = async (name: string) =>
      (await other.ask(`SELECT current_setting('${name}') AS v`)).rows[0]?.v;
    assert.is(await setting('synchronous_commit'), 'on');
    assert.is.not(await setting('lock_timeout'), '0');
    assert.is.not(await setting('idle_in_transaction_session_timeout'), '0');
    await other.close();
    await server.psql('ALTER ROLE settler RESET synchronous_commit');
    assert.not(link.isLost());
  });

  driver('takes the password from the URL, PGPASSWORD or a file that others cannot read', async ({ url }) => {
    await server.psql(`CREATE ROLE locked LOGIN PASSWORD 'open:\\sesame'`);
    const at = new URL(url);
    at.username = 'locked';
    const refused = await errorOf(connectPostgres(at.href));
    assert.is(refused.sqlstate, '28P01');
    assert.is(postgresCodeOf(refused), 'storage-failed');
    const folder = mkdtempSync(join(tmpdir(), 'tb-pgpass-'));
    const file = join(folder, 'pgpass');
    writeFileSync(file, `# mine\n127.0.0.1:${at.port}:*:locked:open\\:\\\\sesame\n`, { mode: 0o600 });
    const connects = async (): Promise<boolean> => {
      const link = await connectPostgres(at.href).catch(() => undefined);
      await link?.close();
      return link !== undefined;
    };
    process.env.PGPASSFILE = file;
    assert.ok(await connects());
    chmodSync(file, 0o644);
    assert.not(await connects());
    delete process.env.PGPASSFILE;
    process.env.PGPASSWORD = 'open:\\sesame';
    assert.ok(await connects());
    delete process.env.PGPASSWORD;
    at.password = encodeURIComponent('open:\\sesame');
    assert.ok(await connects());
    rmSync(folder, { recursive: true });
  });
}

driver('reads a file of passwords as every PostgreSQL program does', () => {
  const wanted = { host: '/run/postgresql', port: 5432, database: 'db', user: 'u' };
  assert.is(passwordIn('a:5432:db:u:no\nlocalhost:*:db:u:a:b\\\\\n*:*:*:*:late', wanted), 'a:b\\');
  assert.is(passwordIn('#*:*:*:*:no\nlocalhost:5433:db:u:no\n', wanted), undefined);
});

driver('knows what each error means to who asked', () => {
  const codeOf = (sqlstate: string | null) => postgresCodeOf(new PostgresError('x', sqlstate));
  for (const sqlstate of [
    null,
    '08006',
    '57P01',
    '57P03',
    '25P03',
    '25006',
    '28P01',
    '3D000',
    '58030',
    'XX001',
    '42501',
  ])
    assert.is(codeOf(sqlstate), 'storage-failed', `${sqlstate}`);
  for (const sqlstate of ['53300', '55P03', '40P01', '40001', '57014']) assert.is(codeOf(sqlstate), 'busy');
  assert.is(codeOf('53100'), 'storage-full');
  for (const sqlstate of ['23505', '23514', '42601', '22003', 'P0001'])
    assert.is(codeOf(sqlstate), undefined);
  assert.is(postgresCodeOf(new RangeError('ours')), undefined);
});

driver.run();
