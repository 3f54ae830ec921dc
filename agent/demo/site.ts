/**
 * The files of a demo: what four parties would have on four machines, in one directory.
 *
 *     demo.json        which run this is, so that a start goes on where the last one ended
 *     broker/          broker.yaml, key, database of the settler
 *     station/         agent.yaml, key, journal, archive; station.tty is a link to its board
 *     farm/            agent.yaml, key, journal, archive; valve.tty is a link to its board
 *     payout-….xml     the bank's file of each run
 */

import { closeSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { didKey } from '../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import type { HostCrypto } from '../host/host-crypto.ts';
import { nodeFiles, replaceFile, storageRefusal } from '../host/storage.ts';
import { textOfNano } from '../money.ts';
import { openSigner } from '../signer.ts';

export const CURRENCY = 'EUR';
/** What the station sells. */
const CAPABILITY = 'outdoor-temperature';
/** Degrees Celsius: the farm waters from the warmth of the afternoon to the cool of the evening. */
const OPEN_AT = '21';
const CLOSE_AT = '18';
const WINDOW_READINGS = 16;

/** One run: so many readings at this price. A finished one is followed by the next. */
export type Run = {
  readonly number: number;
  readonly readings: number;
  readonly priceNano: number;
  /** The day its payout is for, once it has begun to be paid out. */
  readonly payoutDay: string | null;
  readonly finished: boolean;
};

type Kept = { readonly port: number; readonly run: Run };

export type Site = {
  readonly directory: string;
  readonly port: number;
  readonly run: Run;
  readonly brokerDid: string;
  readonly stationDid: string;
  readonly farmDid: string;
  readonly path: (...parts: string[]) => string;
};

/** Name of the farm's demand: of its own for each run, so that no reading counts in two. */
export const demandOf = (run: Run): string => `temperature-${run.number}`;

const readRecord = (path: string): Result<Kept | null> => {
  if (!existsSync(path)) return ok(null);
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Kept;
    if (Number.isSafeInteger(record.port) && Number.isSafeInteger(record.run.number)) return ok(record);
  } catch {
    // told below
  }
  return refuse('config-invalid', `${path} is not what the demo wrote: start over with --fresh`);
};

const writeRecord = (directory: string, record: Kept): Result<null> => {
  const path = join(directory, 'demo.json');
  try {
    closeSync(replaceFile(path, [Buffer.from(`${JSON.stringify(record)}\n`)], nodeFiles));
    return ok(null);
  } catch (raised) {
    return storageRefusal(raised, 'write', path);
  }
};

export const saveRun = (site: Site, run: Run): Result<null> =>
  writeRecord(site.directory, { port: site.port, run });

/** The port of the last start where it is free, so that nothing has to be told anew; else any free one. */
const freePort = (wanted: number): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(freePort(0)));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted));
    });
  });

export type Wish = { readonly readings: number; readonly priceNano: number };

/** The run to go on with, or the next one. What was agreed for an unfinished run stays as it is. */
const runAfter = (last: Run | undefined, wish: Wish): Run =>
  last !== undefined && !last.finished
    ? last
    : { ...wish, number: (last?.number ?? 0) + 1, payoutDay: null, finished: false };

/** Code: storage-full, storage-failed. */
export const makeDirectory = (directory: string): Result<null> => {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return ok(null);
  } catch (raised) {
    return storageRefusal(raised, 'make', directory);
  }
};

/** What --fresh removes: nothing else, whatever directory was named. */
const PARTS = ['demo.json', 'broker', 'station', 'farm'];

const brokerYaml = (
  site: Site,
): string => `# The box: MQTT broker and settler. Written anew by every start of the demo.
state: ${site.path('broker')}
key: ${site.path('broker', 'broker.key')}
listen:
  - tcp://127.0.0.1:${site.port}
settler:
  database: ${site.path('broker', 'settler.db')}
  currencies: [${CURRENCY}]
`;

const connectionYaml = (site: Site): string => `broker:
  url: mqtt://127.0.0.1:${site.port}
  key: ${site.brokerDid}
settlers:
  - key: ${site.brokerDid}
    exposure: '1000.00'
`;

const stationYaml = (
  site: Site,
  periodMs: number,
): string => `# The station's gateway: sells what its board measures. Written anew by every start of the demo.
state: ${site.path('station')}
key: ${site.path('station', 'station.key')}
${connectionYaml(site)}devices:
  - name: station
    driver: frames
    path: ${site.path('station.tty')}
sell:
  - name: ${CAPABILITY}
    device: station
    sensor: temperature
    price: '${textOfNano(site.run.priceNano)}'
    currency: ${CURRENCY}
    window: ${WINDOW_READINGS}
    periodMs: ${periodMs}
`;

const farmYaml = (site: Site): string => {
  const priceNano = site.run.priceNano;
  return `# The farm's gateway: buys temperatures and waters by them. Written anew by every start of the demo.
state: ${site.path('farm')}
key: ${site.path('farm', 'farm.key')}
${connectionYaml(site)}devices:
  - name: valve
    driver: frames
    path: ${site.path('valve.tty')}
buy:
  - name: ${demandOf(site.run)}
    kind: temperature
    unit: Cel
    currency: ${CURRENCY}
    priceMax: '${textOfNano(priceNano)}'
    readings: ${site.run.readings}
    budget: '${textOfNano(priceNano * site.run.readings)}'
    file: ${site.path('farm', `${demandOf(site.run)}.jsonl`)}
rules:
  - name: irrigation
    on: ${demandOf(site.run)}
    device: valve
    output: valve
    openAt: '${OPEN_AT}'
    closeAt: '${CLOSE_AT}'
    silenceS: 10
`;
};

/** Codes: config-invalid, key-file, storage-full, storage-failed. */
export const openSite = async (
  directory: string,
  fresh: boolean,
  wish: Wish,
  periodMs: number,
  crypto: HostCrypto,
): Promise<Result<Site>> => {
  const path = (...parts: string[]): string => join(directory, ...parts);
  try {
    if (fresh) for (const part of PARTS) rmSync(path(part), { recursive: true, force: true });
    for (const part of ['broker', 'station', 'farm']) mkdirSync(path(part), { recursive: true, mode: 0o700 });
  } catch (raised) {
    return storageRefusal(raised, 'prepare', directory);
  }
  const record = readRecord(path('demo.json'));
  if (!record.ok) return record;
  const dids: string[] = [];
  for (const part of ['broker', 'station', 'farm']) {
    const signer = openSigner(path(part, `${part}.key`), crypto);
    if (!signer.ok) return signer;
    dids.push(didKey(signer.value.key));
  }
  const site: Site = {
    directory,
    port: await freePort(record.value?.port ?? 0),
    run: runAfter(record.value?.run, wish),
    brokerDid: dids[0]!,
    stationDid: dids[1]!,
    farmDid: dids[2]!,
    path,
  };
  const saved = saveRun(site, site.run);
  if (!saved.ok) return saved;
  writeFileSync(path('broker', 'broker.yaml'), brokerYaml(site));
  writeFileSync(path('station', 'agent.yaml'), stationYaml(site, periodMs));
  writeFileSync(path('farm', 'agent.yaml'), farmYaml(site));
  return ok(site);
};
