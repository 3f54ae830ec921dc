/**
 * A PostgreSQL server of a test's own: a fresh cluster in a temporary folder, reachable on 127.0.0.1 and on a
 * socket in that folder. A watching process shuts it down and removes the folder when the test's process
 * ends, however it ends: it waits for the end of a pipe that only the test holds open.
 */

import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { until } from '../wait.ts';

export type Postgres = {
  /** A new, empty schema of the role `settler`, which its URL names: a database of its own would take 300 ms. */
  readonly create: () => Promise<string>;
  /** Runs SQL as the superuser; answers with the rows as psql prints them unaligned. `url` names the schema. */
  readonly psql: (sql: string, url?: string) => Promise<string>;
  /** Ends every connection, and starts the server again. */
  readonly restart: () => Promise<void>;
  /** All processes of the server die at once, as in a power cut that the disk survives. */
  readonly kill9: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** The server keeps its connections and does nothing, until the function that this answers with is called. */
  readonly freeze: () => () => void;
  readonly stop: () => Promise<void>;
};

const run = promisify(execFile);

/** Everything synced as in production; only what costs memory and start-up time is small. */
const SETTINGS = `
listen_addresses = '127.0.0.1'
shared_buffers = 32MB
max_connections = 40
max_wal_size = 256MB
fsync = on
synchronous_commit = on
full_page_writes = on
log_min_messages = fatal
`;

/** `locked` needs its password; everybody else on this machine is trusted. */
const ACCESS = `
host  all locked 127.0.0.1/32 scram-sha-256
host  all all    127.0.0.1/32 trust
local all all                 trust
`;

/** Debian keeps every version's programs out of the PATH. */
const findPrograms = (): string | undefined => {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map(Number) : [];
  const newest = versions.sort((a, b) => b - a)[0];
  const folders = newest === undefined ? [] : [join(debian, String(newest), 'bin')];
  return [...folders, ...(process.env.PATH ?? '').split(':')].find((folder) =>
    existsSync(join(folder, 'initdb')),
  );
};

/** The server refuses to run as root, so it runs as its package's user then. */
const serverUser = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (userInfo().uid !== 0) return userInfo();
  const entry = await run('getent', ['passwd', 'postgres']).catch(() => undefined);
  const [, , uid, gid] = entry?.stdout.split(':') ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
};

/** The server's processes, the first of them first. */
const processesOf = (first: number): number[] => {
  const parentOf = (pid: string): number => {
    try {
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]);
    } catch {
      return 0; // it has ended meanwhile
    }
  };
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === first);
  return [first, ...others.map(Number)];
};

const signal = (pids: readonly number[], name: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // it has ended meanwhile
    }
  }
};

const gone = async (pids: readonly number[]): Promise<void> => {
  const exists = (pid: number): boolean => {
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z';
    return !/\) Z/.test(stat);
  };
  await until(() => !pids.some(exists));
};

/** In a session of its own, so that what kills the test and all that it started leaves this one to tidy up. */
const watch = (data: string, folder: string, as: SpawnOptions): ChildProcess => {
  const script = `read -r _; pg_ctl --silent -D "$0" --mode=immediate -W stop
    for _ in $(seq 100); do [ -e "$0/postmaster.pid" ] || break; sleep 0.05; done; rm -rf "$1"`;
  const options: SpawnOptions = { ...as, detached: true, stdio: ['pipe', 'ignore', 'ignore'] };
  const watcher = spawn('sh', ['-c', script, data, folder], options);
  watcher.unref();
  (watcher.stdin as Socket).unref();
  return watcher;
};

type Server = { readonly process: ChildProcess; readonly ended: () => Promise<void> };

/** A child of this process rather than a daemon: nobody else may be there to bury it. */
const serve = async (programs: string, data: string, as: SpawnOptions): Promise<Server> => {
  const options: SpawnOptions = { ...as, detached: true, stdio: 'ignore' };
  const server = spawn(join(programs, 'postgres'), ['-D', data], options);
  server.unref();
  const exit = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const ended = (): Promise<void> => {
    server.ref(); // else nothing would keep this process waiting
    return exit;
  };
  const pidFile = join(data, 'postmaster.pid');
  const isReady = () =>
    existsSync(pidFile) && new RegExp(`^${server.pid}\n[^]*\nready`).test(readFileSync(pidFile, 'utf8'));
  await until(() => server.exitCode !== null || isReady());
  if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${server.exitCode}`);
  return { process: server, ended };
};

/** Of a server whose disk is small: little is there before there is work, and the log comes in small pieces. */
const SMALL_SETTINGS = `
min_wal_size = 2MB
max_wal_size = 4MB
`;

/** A disk that everything of a server is on, or its log alone. */
export type SmallDisk = { readonly path: string; readonly holds: 'all' | 'log' };

/** A server, or why there can be none here. */
export const startPostgres = async (smallDisk?: SmallDisk): Promise<Postgres | string> => {
  const programs = findPrograms();
  if (programs === undefined) return 'no PostgreSQL here (apt install postgresql)';
  const user = await serverUser();
  if (user === undefined) return 'PostgreSQL does not run as root, and there is no user postgres';
  const folder = mkdtempSync(join(smallDisk?.holds === 'all' ? smallDisk.path : tmpdir(), 'tb-pg-'));
  for (const owned of [folder, smallDisk?.path ?? folder]) chownSync(owned, user.uid, user.gid);
  const data = join(folder, 'data');
  const as = { uid: user.uid, gid: user.gid, cwd: folder, env: { PATH: `${programs}:/usr/bin:/bin` } };
  const program = async (name: string, ...args: string[]): Promise<string> =>
    (await run(name, args, as)).stdout.trimEnd();
  const watcher = watch(data, folder, as);
  const port = await freePort();

  await program(
    'initdb',
    '--no-sync',
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    ...(smallDisk === undefined ? [] : ['--wal-segsize=1']),
    ...(smallDisk?.holds === 'log' ? [`--waldir=${join(smallDisk.path, 'log')}`] : []),
    '-D',
    data,
  );
  const places = `port = ${port}\nunix_socket_directories = '${folder}'\n`;
  appendFileSync(
    join(data, 'postgresql.conf'),
    SETTINGS + (smallDisk === undefined ? '' : SMALL_SETTINGS) + places,
  );
  writeFileSync(join(data, 'pg_hba.conf'), ACCESS);

  const psql = (sql: string, url = `postgres://settler@127.0.0.1:${port}/postgres`): Promise<string> => {
    const superuser = url.replace('settler@', 'postgres@');
    return program('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', superuser, '-c', sql);
  };
  let server = await serve(programs, data, as);
  await psql('CREATE ROLE settler LOGIN');
  let schemas = 0;

  return {
    psql,
    create: async () => {
      const schema = `settler${++schemas}`;
      await psql(`CREATE SCHEMA ${schema} AUTHORIZATION settler`);
      const url = new URL(`postgres://settler@127.0.0.1:${port}/postgres`);
      url.searchParams.set('options', `-csearch_path=${schema}`);
      return url.href;
    },
    start: async () => {
      server = await serve(programs, data, as);
    },
    restart: async () => {
      server.process.kill('SIGINT');
      await server.ended();
      server = await serve(programs, data, as);
    },
    kill9: async () => {
      const pids = processesOf(server.process.pid!);
      signal(pids, 'SIGKILL');
      await server.ended();
      await gone(pids);
    },
    freeze: () => {
      const pids = processesOf(server.process.pid!);
      signal(pids, 'SIGSTOP');
      return () => signal(pids, 'SIGCONT');
    },
    stop: () =>
      new Promise((resolve) => {
        watcher.ref();
        watcher.once('close', () => resolve());
        watcher.stdin!.end();
      }),
  };
};

/** A server, or undefined and the reason printed. */
export const postgresOrSkip = async (): Promise<Postgres | undefined> => {
  const started = await startPostgres();
  if (typeof started !== 'string') return started;
  console.log(`skip: ${started}`);
  return undefined;
};
