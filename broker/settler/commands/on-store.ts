/** Subcommands that ask or change a settler's database: what they share. */

import { existsSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Crypto } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkRestored } from '../backup/stale.ts';
import { isPostgres, openStore } from '../store/open.ts';
import { rootOf } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import { Interrupted } from '../watch.ts';
import { exitOf } from './attended.ts';

/** What a subcommand asks of its surroundings, so that tests can be them. */
export type CommandHost = {
  readonly print: (text: string) => void;
  readonly nowMs: () => number;
  readonly crypto: Crypto;
};

export type Run<Host> = (argv: readonly string[], host: Host) => Promise<Result<number>>;

/** What a subcommand has to say: for people, and the same for programs. */
export type Said = {
  readonly text: string;
  readonly json: object;
  /** Of the program, where it is not 0. */
  readonly exit?: number;
};

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O & typeof COMMON }>>['values'];

export const DEFAULT_DATABASE = '.tollbridge/broker/settler.db';
const COMMON = {
  db: { type: 'string', default: DEFAULT_DATABASE },
  json: { type: 'boolean', default: false },
} as const;

/** The options a subcommand cannot do without. Code: config-invalid, naming the one that is missing. */
export const need = <V extends object, K extends keyof V & string>(
  values: V,
  ...names: K[]
): Result<{ [N in K]: string }> => {
  const missing = names.find((name) => values[name] === undefined || values[name] === '');
  if (missing !== undefined)
    return refuse('config-invalid', `--${missing} is missing: the same with --help says what is wanted`);
  return ok(values as unknown as { [N in K]: string });
};

/** A mistyped path must not become an empty database. */
const openExisting = async (place: string): Promise<Result<Store>> =>
  isPostgres(place) || existsSync(place)
    ? openStore(place)
    : refuse('storage-failed', `there is no database at "${place}": start the broker once, or correct --db`);

/** Nothing is booked where no settler would ever look, nor in half a journal. Codes: config-invalid, those of the store. */
const checkBound = async (store: Store): Promise<Result<unknown>> => {
  const root = await store.read<Result<unknown>>(async (reader) => {
    const restored = await checkRestored(reader);
    return restored.ok ? rootOf(reader) : restored;
  });
  return root.ok ? root.value : root;
};

/** A subcommand with these options beside --db and --json. Codes: config-invalid, and those of what it does. */
export const onStore =
  <O extends Options>(
    options: O,
    work: (store: Store, values: Values<O>, host: CommandHost) => Promise<Result<Said>>,
  ): Run<CommandHost> =>
  async (argv, host) => {
    const { values } = parseArgs({ args: [...argv], options: { ...options, ...COMMON } });
    const { db, json } = values as { db: string; json: boolean };
    const store = await openExisting(db);
    if (!store.ok) return store;
    try {
      const bound = await checkBound(store.value);
      if (!bound.ok) return bound;
      const said = await work(store.value, values as Values<O>, host);
      if (!said.ok) return said;
      host.print(`${json ? JSON.stringify(said.value.json) : said.value.text}\n`);
      return ok(said.value.exit ?? 0);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      return ok(exitOf(error));
    } finally {
      await store.value.close();
    }
  };
