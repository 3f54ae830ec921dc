/** `tollbridge broker`: one box, as its configuration file says. */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Crypto, Signer } from '../schemas/crypto.ts';
import { didKey } from '../schemas/identity.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { type RunningBox, startBox } from './box.ts';
import { checkLimits, type Limits } from './limits.ts';
import type { Place, Transport } from './listeners.ts';
import { type LogEvent, logLine } from './log.ts';
import { highWaterPlace } from './settler/backup/high-water-file.ts';

export const HELP = `tollbridge broker --config FILE: MQTT broker with a settler inside, on one database

  --config FILE      YAML; every mistake in it is told with line and column
  --example-config   prints a file with every key, its meaning and its default
  --quiet            no log on standard output, one JSON object a line otherwise

Its key is the identity that agents pin and the settler's root: keep a copy of the file. SIGINT and SIGTERM end
it in order. Accounts and payouts: tollbridge settler --help
`;

/** A configuration file as it was checked. Paths are absolute. */
export type BrokerFile = {
  readonly state: string;
  readonly key: string;
  /** tcp, tls, ws or wss, with host and port. */
  readonly listen: readonly string[];
  readonly tls: { readonly keyFile: string; readonly certificateFile: string } | null;
  readonly plainOffLoopback: boolean;
  readonly database: string;
  readonly currencies: readonly string[];
  readonly limits: Partial<Limits>;
};

/** What the broker asks of the machine it runs on. */
export type BrokerHost = {
  readonly crypto: Crypto;
  readonly nowMs: () => number;
  readonly print: (text: string) => void;
  readonly readFile: (path: string) => Result<BrokerFile>;
  readonly exampleFile: (limits: Limits) => string;
  /** The signer of a key file, made where there is none. */
  readonly openSigner: (path: string) => Result<Signer>;
  /** The directory for this process alone, made where there is none. */
  readonly lockDirectory: (path: string) => Promise<Result<{ readonly release: () => void }>>;
  /** When the program is asked to end. */
  readonly ended: () => Promise<void>;
};

const PLACE = /^(tcp|tls|ws|wss):\/\/(\[[0-9a-f:]+\]|[^:/\s]+):(\d{1,5})$/i;

/** 'tcp://127.0.0.1:1883', 'tls://[::]:8883'. Code: config-invalid. */
const placeOf = (text: string): Result<Place> => {
  const parts = PLACE.exec(text);
  if (parts === null)
    return refuse(
      'config-invalid',
      `listen: "${text}" is no place: write tcp://127.0.0.1:1883, tls:, ws: or wss:`,
    );
  const host = parts[2]!.replace(/^\[|\]$/g, '');
  return ok({ transport: parts[1]!.toLowerCase() as Transport, host, port: Number(parts[3]) });
};

const placesOf = (listen: readonly string[]): Result<readonly Place[]> => {
  const places: Place[] = [];
  for (const text of listen) {
    const place = placeOf(text);
    if (!place.ok) return place;
    places.push(place.value);
  }
  return ok(places);
};

const start = async (
  file: BrokerFile,
  signer: Signer,
  host: BrokerHost,
  quiet: boolean,
): Promise<Result<RunningBox>> => {
  const places = placesOf(file.listen);
  if (!places.ok) return places;
  const log = (event: LogEvent): void => {
    if (!quiet) host.print(logLine(event, host.nowMs()));
  };
  return startBox(
    {
      broker: {
        listen: places.value,
        counterFile: join(file.state, 'counters'),
        plainOffLoopback: file.plainOffLoopback,
        limits: file.limits,
        ...(file.tls && { tls: file.tls }),
      },
      settler: {
        database: file.database,
        currencies: file.currencies,
        highWater: highWaterPlace(file.database, file.state),
      },
    },
    { crypto: host.crypto, signer, nowMs: host.nowMs, log },
  );
};

const serve = async (file: BrokerFile, host: BrokerHost, quiet: boolean): Promise<Result<number>> => {
  const signer = host.openSigner(file.key);
  if (!signer.ok) return signer;
  const box = await start(file, signer.value, host, quiet);
  if (!box.ok) return box;
  if (!quiet)
    host.print(logLine({ level: 'info', event: 'ready', key: didKey(signer.value.key) }, host.nowMs()));
  await host.ended();
  await box.value.close();
  return ok(0);
};

/** Codes: config-invalid, locked, key-file, port-in-use, storage-*. */
export const run = async (argv: readonly string[], host: BrokerHost): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      'example-config': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  });
  if (values['example-config']) {
    const limits = checkLimits({});
    if (limits.ok) host.print(host.exampleFile(limits.value));
    return limits.ok ? ok(0) : limits;
  }
  if (values.config === undefined)
    return refuse('config-invalid', '--config is missing: tollbridge broker --example-config > broker.yaml');
  const file = host.readFile(values.config);
  if (!file.ok) return file;
  const lock = await host.lockDirectory(file.value.state);
  if (!lock.ok) return lock;
  try {
    return await serve(file.value, host, values.quiet);
  } finally {
    lock.value.release();
  }
};
