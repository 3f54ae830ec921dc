/** `tollbridge settler work`: one worker beside a broker of any make, as its configuration file says. */

import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fromHex, toHex } from '../../../schemas/bytes.ts';
import type { Crypto, Signer } from '../../../schemas/crypto.ts';
import { didKey, idOf } from '../../../schemas/identity.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import type { SettlerSigner } from '../../../schemas/settler.ts';
import { boundedLog, type Log, logLine } from '../../log.ts';
import { highWaterFile, highWaterPlace } from '../backup/high-water-file.ts';
import { believedAt } from '../cluster/certificate.ts';
import type { ShardLeases } from '../cluster/leases.ts';
import { createLeaseTable, leasesInMemory } from '../cluster/leases-memory.ts';
import { leasesOnPostgres } from '../cluster/leases-postgres.ts';
import { type RunningWorker, startWorker } from '../cluster/worker.ts';
import { createSettler } from '../settler.ts';
import { isPostgres, openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';

/** A configuration file as it was checked. Paths are absolute. */
export type WorkFile = {
  /** 1 to 16 of [0-9a-z], unlike that of any other worker of this settler. */
  readonly name: string;
  /** A file, for one worker alone, or postgres://… */
  readonly database: string;
  /** A directory of this worker's own, for what it knows outside the database. */
  readonly state: string;
  readonly key: string;
  /** Where the key is not the settler's root: what `certify` wrote, and whose certificate it is. */
  readonly certificate: { readonly file: string; readonly settler: Uint8Array } | null;
  readonly currencies: readonly string[];
  readonly leaseMs: number;
  readonly broker: {
    readonly url: string;
    readonly protocol: '3.1.1' | '5';
    readonly qos: 0 | 1;
    /** null where a certificate says who it is. */
    readonly password: Uint8Array | null;
    readonly dial: () => Promise<Duplex>;
  };
};

/** What a worker asks of the machine it runs on. */
export type WorkHost = {
  readonly crypto: Crypto;
  readonly nowMs: () => number;
  readonly print: (text: string) => void;
  readonly readWorkFile: (path: string) => Result<WorkFile>;
  readonly exampleWorkFile: () => string;
  /** The signer of a key file that is there already. */
  readonly loadSigner: (path: string) => Result<Signer>;
  readonly readText: (path: string) => Result<string>;
  /** The directory for this process alone. */
  readonly lockDirectory: (path: string) => Promise<Result<{ readonly release: () => void }>>;
  readonly ended: () => Promise<void>;
};

/** Before a certificate ends, its operator should hear of it. */
const WARNING_S = 14 * 24 * 3600;
/** A certificate that ends ends the worker, within this. */
const BELIEVED_CHECK_MS = 60_000;
const LOCKED_RETRY_MS = 500;
const INSTANCE_BYTES = 8;

type Identity = { readonly root: Uint8Array; readonly signer: SettlerSigner };
/** The database as this worker sees it. */
type Base = { readonly store: Store; readonly leases: ShardLeases; readonly close: () => Promise<void> };

const secondsOf = (host: WorkHost): number => Math.floor(host.nowMs() / 1000);

/** Codes: key-file, storage-failed, signature-invalid. */
const identityOf = (file: WorkFile, host: WorkHost): Result<Identity> => {
  const signer = host.loadSigner(file.key);
  if (!signer.ok) return signer;
  if (file.certificate === null)
    return ok({ root: signer.value.key, signer: { signer: signer.value, certificate: null } });
  const text = host.readText(file.certificate.file);
  if (!text.ok) return text;
  const certificate = fromHex(text.value.trim());
  if (certificate === undefined)
    return refuse('key-file', `${file.certificate.file} holds no certificate: see settler certify`);
  const identity = { root: file.certificate.settler, signer: { signer: signer.value, certificate } };
  const believed = believedAt(secondsOf(host), identity.signer, identity.root, host.crypto);
  if (believed.ok) return ok(identity);
  const problem = `the certificate ${file.certificate.file} does not make ${didKey(signer.value.key)} a key of ${didKey(identity.root)} now`;
  return refuse(believed.code, `${problem} (${believed.detail}): make a new one with settler certify`);
};

/** A database in a file is one worker's: its directory is locked. Codes: locked, storage-*. */
const openFile = async (file: WorkFile, host: WorkHost): Promise<Result<Base>> => {
  const lock = await host.lockDirectory(dirname(file.database));
  if (!lock.ok) return lock;
  const store = await openStore(file.database);
  if (!store.ok) {
    lock.value.release();
    return store;
  }
  const table = createLeaseTable(() => performance.now());
  const member = { name: file.name, instance: file.name, leaseMs: file.leaseMs };
  return ok({
    store: store.value,
    leases: leasesInMemory(table, member),
    close: async () => {
      await store.value.close();
      lock.value.release();
    },
  });
};

/** Codes: config-invalid (the URL), locked (the state of another), storage-*, busy. */
const openPostgres = async (file: WorkFile, host: WorkHost): Promise<Result<Base>> => {
  const lock = await host.lockDirectory(file.state);
  if (!lock.ok) return lock;
  const store = await openStore(file.database);
  if (!store.ok) {
    lock.value.release();
    return store;
  }
  const instance = toHex(host.crypto.random(INSTANCE_BYTES));
  const leases = leasesOnPostgres(file.database, { name: file.name, instance, leaseMs: file.leaseMs });
  return ok({
    store: store.value,
    leases,
    close: async () => {
      await leases.close();
      await store.value.close();
      lock.value.release();
    },
  });
};

/** A worker of this name that has just died holds it for a lease time. Codes: those of `startWorker`. */
const startPatiently = async (start: () => Promise<Result<RunningWorker>>, leaseMs: number, log: Log) => {
  const giveUpMs = performance.now() + leaseMs + LOCKED_RETRY_MS;
  for (let told = false; ; told = true) {
    const worker = await start();
    if (worker.ok || worker.code !== 'locked' || performance.now() > giveUpMs) return worker;
    if (!told) log({ level: 'warn', event: 'waits', code: worker.code, detail: worker.detail });
    await wait(LOCKED_RETRY_MS);
  }
};

type Working = { readonly displaced: Promise<Refusal>; readonly close: () => Promise<void> };

const work = async (
  file: WorkFile,
  { root, signer }: Identity,
  { store, leases }: Base,
  host: WorkHost,
  log: Log,
): Promise<Result<Working>> => {
  let worker: Result<RunningWorker> | undefined;
  const settler = await createSettler({
    store,
    root,
    signer,
    crypto: host.crypto,
    nowMs: host.nowMs,
    log: (line) => log({ level: 'warn', event: 'settler', detail: line }),
    currencies: file.currencies,
    highWater: highWaterFile(highWaterPlace(file.database, file.state)),
    serves: () => (worker?.ok ? worker.value.shards : []),
  });
  if (!settler.ok) return settler;
  const id = idOf(root, host.crypto.sha256);
  const { protocol, qos, password, dial } = file.broker;
  const login = password === null ? null : { user: id, password };
  // A worker of the same name on another database must not end this line: they are to meet.
  const clientId = `${id}-${file.name}-${toHex(settler.value.home.id).slice(0, 4)}`;
  const line = { clientId, login, protocol, qos, dial };
  const ports = { settler: settler.value, leases, log };
  const start = () => startWorker({ id, line, leaseMs: file.leaseMs }, ports);
  worker = await startPatiently(start, file.leaseMs, log);
  const running = worker;
  if (!running.ok) {
    await settler.value.close();
    return running;
  }
  return ok({
    displaced: running.value.displaced,
    close: async () => {
      await running.value.close();
      await settler.value.close();
    },
  });
};

/** Resolves with why when nobody would believe this worker any more. */
const disbelieved = (identity: Identity, host: WorkHost, log: Log) => {
  const check = (aheadS: number) =>
    believedAt(secondsOf(host) + aheadS, identity.signer, identity.root, host.crypto);
  if (!check(WARNING_S).ok)
    log({
      level: 'warn',
      event: 'certificate-ends',
      detail: 'the certificate of this key ends within 14 days: make a new one with settler certify',
    });
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<Refusal>((resolve) => {
    timer = setInterval(() => {
      const believed = check(0);
      if (!believed.ok) resolve(believed);
    }, BELIEVED_CHECK_MS);
  });
  return { ended, stop: () => clearInterval(timer) };
};

const serve = async (file: WorkFile, base: Base, identity: Identity, host: WorkHost, log: Log) => {
  const running = await work(file, identity, base, host, log);
  if (!running.ok) return running;
  const [key, settler] = [didKey(identity.signer.signer.key), didKey(identity.root)];
  const user = idOf(identity.root, host.crypto.sha256);
  const detail = key === settler ? `settler ${settler}` : `key ${key} of settler ${settler}`;
  log({ level: 'info', event: 'ready', client: `${user}-${file.name}`, detail });
  const belief = disbelieved(identity, host, log);
  const refusal = await Promise.race([host.ended(), belief.ended, running.value.displaced]);
  belief.stop();
  await running.value.close();
  return refusal ?? ok(0);
};

/** Codes: config-invalid, locked, key-file, signature-invalid (its certificate), storage-*. */
export const run = async (argv: readonly string[], host: WorkHost): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      'example-config': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  });
  if (values['example-config']) {
    host.print(host.exampleWorkFile());
    return ok(0);
  }
  if (values.config === undefined)
    return refuse(
      'config-invalid',
      '--config is missing: tollbridge settler work --example-config > work.yaml',
    );
  const file = host.readWorkFile(values.config);
  if (!file.ok) return file;
  const identity = identityOf(file.value, host);
  if (!identity.ok) return identity;
  const open = isPostgres(file.value.database) ? openPostgres : openFile;
  const base = await open(file.value, host);
  if (!base.ok) return base;
  const print: Log = (event) => host.print(logLine(event, host.nowMs()));
  const log = boundedLog(values.quiet ? () => {} : print, host.nowMs);
  try {
    return await serve(file.value, base.value, identity.value, host, log);
  } finally {
    await base.value.close();
  }
};
