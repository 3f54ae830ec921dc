/** `tollbridge settler`: the operator's view of a settler's database, also while its broker runs on it. */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { didKey, keyOfDid } from '../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { writeBankFile } from './bank/bank-file.ts';
import { checkDate } from './bank/day.ts';
import { bookDeposit } from './bank/deposits.ts';
import { setOwner } from './bank/owners.ts';
import { fileOfRun, makeRun, type Run, settlePayout } from './bank/payouts.ts';
import type { WorkHost } from './commands/work.ts';
import { formatAmount, parseAmount } from './ledger/amount.ts';
import { ALL_TIME, type Period, reconcile, reportTable, tableOf } from './reports/reconciliation.ts';
import { verifyStore } from './reports/verify.ts';
import { openSqliteStore } from './store/sqlite.ts';
import { allRows, type Store } from './store/store.ts';
import type { Balance, ChannelRow } from './store/tables.ts';

export const HELP = `tollbridge settler SUBCOMMAND [--db FILE] [OPTIONS]: accounts, claims, payouts and bank files

  deposit --account DID --amount 10.00 --reference TEXT [--currency EUR]
          books money that reached the bank; the same reference again changes nothing
  account set --account DID|settler --name TEXT --iban IBAN [--bic BIC]
          where an owner is paid; "settler" is the account that pays
  balances                          every account and what it holds
  channels                          every channel: limit, paid, expiry
  report [--from DATE] [--to DATE]  per lease sold, delivered, paid, claimed, disputed; --to is not included
  verify                            replays the journal and compares it with everything stored
  payout --out FILE [--threshold 0.01] [--period DATE] [--sequence 1] [--execution-date DATE]
          makes earnings of the threshold or more pending and writes pain.001.001.09; again, the same file
  settle --run PERIOD-SEQUENCE --payout ID --as posted|voided
          books the bank's word on one payout; voided returns it to its owner

  work --config FILE [--quiet]      a worker beside a broker of any make; --example-config prints such a file
  certify --key ROOT.key --for DID --out FILE [--days 90]
          makes a key a signing key of the settler, so that workers run without its root key
  broker-user --account DID --for mosquitto|nats [--role agent|settler] [--password-file FILE]
          what that broker's files must say about a device; with a new password, or for a certificate

  --db FILE    the settler's database (default .tollbridge/broker/settler.db); the broker may be running on it
  --json       one JSON object on one line; amounts in nano (10^-9 of the unit)

DATE is 2026-11-20 in UTC. DID is did:key:z6Mk...
`;

/** What the command asks of its surroundings, so that tests can be them. */
export type CommandHost = {
  readonly print: (text: string) => void;
  readonly nowMs: () => number;
  readonly crypto: Crypto;
};

/** Subcommands with options of their own, which need no database, or open it in another way. */
const APART: {
  readonly [name: string]: () => Promise<{
    readonly run: (argv: readonly string[], host: WorkHost) => Promise<Result<number>>;
  }>;
} = {
  work: () => import('./commands/work.ts'),
  certify: () => import('./commands/certify.ts'),
  'broker-user': () => import('./commands/broker-user.ts'),
};

const OPTIONS = {
  db: { type: 'string', default: '.tollbridge/broker/settler.db' },
  json: { type: 'boolean', default: false },
  account: { type: 'string' },
  amount: { type: 'string' },
  currency: { type: 'string', default: 'EUR' },
  reference: { type: 'string' },
  name: { type: 'string' },
  iban: { type: 'string' },
  bic: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  threshold: { type: 'string', default: '0.01' },
  period: { type: 'string' },
  sequence: { type: 'string', default: '1' },
  'execution-date': { type: 'string' },
  run: { type: 'string' },
  payout: { type: 'string' },
  as: { type: 'string' },
} as const;

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
/** What a subcommand has to say: for people, and the same for programs. */
type Said = { readonly text: string; readonly json: object };
type Subcommand = (store: Store, options: Options, host: CommandHost) => Promise<Result<Said>>;

/** The options a subcommand cannot do without. Code: config-invalid, naming the one that is missing. */
const need = <K extends keyof Options>(options: Options, ...names: K[]): Result<{ [N in K]: string }> => {
  const missing = names.find((name) => options[name] === undefined || options[name] === '');
  if (missing !== undefined) return refuse('config-invalid', `--${missing} is missing: see settler --help`);
  return ok(options as unknown as { [N in K]: string });
};

const deposit: Subcommand = async (store, options, host) => {
  const given = need(options, 'account', 'amount', 'reference', 'currency');
  if (!given.ok) return given;
  const owner = keyOfDid(given.value.account);
  if (!owner.ok) return owner;
  const nano = parseAmount(given.value.amount);
  if (!nano.ok) return nano;
  const { reference, currency } = given.value;
  if (!/^[A-Z]{3}$/.test(currency))
    return refuse('currency-unknown', `"${currency}" is no currency: write EUR`);
  const wanted = { owner: owner.value, currency, nano: nano.value, reference };
  const booked = await bookDeposit(store, wanted, host.nowMs(), host.crypto.sha256);
  if (!booked.ok) return booked;
  const { row, repeated } = booked.value;
  const what = `${formatAmount(nano.value)} ${currency} for ${given.value.account}`;
  const text = repeated
    ? `booked before in row ${row.index}: ${what}`
    : `booked in row ${row.index}: ${what}`;
  return ok({ text, json: { row: row.index, nano: String(nano.value), currency, reference, repeated } });
};

const keyOfAccount = async (store: Store, account: string): Promise<Result<Uint8Array>> => {
  if (account !== 'settler') return keyOfDid(account);
  const settler = await store.read((reader) => reader.get('meta', [['settler']]));
  if (!settler.ok) return settler;
  const [root] = settler.value;
  if (root !== undefined) return ok(fromHex(root.value)!);
  return refuse('config-invalid', 'the database is of no settler yet: start the broker on it once');
};

const setAccount: Subcommand = async (store, options) => {
  const given = need(options, 'account', 'name', 'iban');
  if (!given.ok) return given;
  const key = await keyOfAccount(store, given.value.account);
  if (!key.ok) return key;
  const { name, iban } = given.value;
  const set = await setOwner(store, key.value, { name, iban, bic: options.bic ?? null });
  if (!set.ok) return set;
  const { key: _, ...party } = set.value;
  const text = `${didKey(key.value)} is paid as ${party.name}, ${party.bank}`;
  return ok({ text, json: { account: didKey(key.value), ...party } });
};

/** deposit/<hex> with the owner as people know it. */
const readableAccount = (account: string): string => {
  const slash = account.indexOf('/');
  const key = /^(?:deposit|earned)\//.test(account) ? fromHex(account.slice(slash + 1)) : undefined;
  return key?.length === 32 ? `${account.slice(0, slash)} ${didKey(key)}` : account.replace('/', ' ');
};

const balances: Subcommand = async (store) => {
  const read = await store.read(async (reader) => {
    const all: Balance[] = [];
    for await (const balance of allRows(reader, 'balance')) all.push(balance);
    return all;
  });
  if (!read.ok) return read;
  const rows = read.value.map((b) => [readableAccount(b.account), formatAmount(b.nano), b.currency]);
  const json = read.value.map(({ account, currency, nano }) => ({ account, currency, nano: String(nano) }));
  return ok({ text: tableOf([['account', 'holds', ''], ...rows], [1]), json: { balances: json } });
};

const channels: Subcommand = async (store) => {
  const read = await store.read(async (reader) => {
    const all: ChannelRow[] = [];
    for await (const channel of allRows(reader, 'channel')) all.push(channel);
    return all;
  });
  if (!read.ok) return read;
  const rows = read.value.map((channel) => [
    toHex(channel.id).slice(0, 12),
    channel.closed ? 'closed' : 'open',
    formatAmount(BigInt(channel.limitNano)),
    formatAmount(BigInt(channel.paidNano)),
    channel.currency,
    new Date(channel.expiryS * 1000).toISOString(),
    didKey(channel.payer),
    didKey(channel.payee),
  ]);
  const head = ['channel', 'state', 'limit', 'paid', '', 'expires', 'payer', 'payee'];
  const json = read.value.map((channel) => ({
    channel: toHex(channel.id),
    lease: toHex(channel.lease),
    payer: didKey(channel.payer),
    payee: didKey(channel.payee),
    currency: channel.currency,
    limitNano: channel.limitNano,
    paidNano: channel.paidNano,
    expiryS: channel.expiryS,
    closed: channel.closed,
  }));
  return ok({ text: tableOf([head, ...rows], [2, 3]), json: { channels: json } });
};

const periodOf = (options: Options): Result<Period> => {
  if (options.from === undefined && options.to === undefined) return ok(ALL_TIME);
  const from = options.from === undefined ? ok(null) : checkDate(options.from);
  if (!from.ok) return from;
  const to = options.to === undefined ? ok(null) : checkDate(options.to);
  if (!to.ok) return to;
  return ok({
    fromMs: from.value === null ? ALL_TIME.fromMs : Date.parse(from.value),
    toMs: to.value === null ? ALL_TIME.toMs : Date.parse(to.value),
  });
};

const report: Subcommand = async (store, options, host) => {
  const period = periodOf(options);
  if (!period.ok) return period;
  const reconciled = await reconcile(store, period.value, host.crypto);
  if (!reconciled.ok) return reconciled;
  return ok({ text: reportTable(reconciled.value), json: reconciled.value });
};

const verify: Subcommand = async (store, _, host) => {
  const verified = await verifyStore(store, host.crypto.sha256);
  if (!verified.ok) return verified;
  const { rows, hash, channels: count } = verified.value;
  const text = `${rows} rows replay to the stored balances and ${count} channels; the last hash is ${hash}`;
  return ok({ text, json: verified.value });
};

const DAY_MS = 86_400_000;
const dateOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** The next day that is no Saturday or Sunday; a bank moves it past its own holidays. */
const nextWeekday = (nowMs: number): string => {
  let timeMs = nowMs + DAY_MS;
  while (new Date(timeMs).getUTCDay() % 6 === 0) timeMs += DAY_MS;
  return dateOf(timeMs);
};

const payoutText = (made: Run, out: string, totalNano: bigint): string => {
  const { run, payouts, repeated, waiting } = made;
  const lines = waiting.map((earned) => `waits for bank details: ${readableAccount(earned)}`);
  if (payouts.length === 0) return [...lines, 'nothing to pay out: no file was written'].join('\n');
  const transfers = payouts.length === 1 ? '1 transfer' : `${payouts.length} transfers`;
  const what = `${transfers}, ${formatAmount(totalNano)} ${run.currency}, on ${run.executionDate}`;
  const again = repeated ? ' (made before: the same file again; hand it in once)' : '';
  return [...lines, `run ${run.id}: ${what}: ${out}${again}`].join('\n');
};

const payout: Subcommand = async (store, options, host) => {
  const given = need(options, 'out', 'threshold', 'sequence');
  if (!given.ok) return given;
  const threshold = parseAmount(given.value.threshold);
  if (!threshold.ok) return threshold;
  if (!/^[1-9]\d{0,2}$/.test(given.value.sequence)) {
    return refuse('config-invalid', `--sequence is "${given.value.sequence}": write 1 to 999`);
  }
  const order = {
    period: options.period ?? dateOf(host.nowMs()),
    sequence: Number(given.value.sequence),
    thresholdNano: threshold.value,
    executionDate: options['execution-date'] ?? nextWeekday(host.nowMs()),
  };
  const made = await makeRun(store, order, host.nowMs(), host.crypto.sha256);
  if (!made.ok) return made;
  const { run, payouts, repeated, waiting } = made.value;
  const totalNano = payouts.reduce((sum, { nano }) => sum + nano, 0n);
  if (payouts.length > 0) {
    const root = await keyOfAccount(store, 'settler');
    if (!root.ok) return root;
    const file = fileOfRun(made.value, root.value);
    if (!file.ok) return file;
    const written = writeBankFile(given.value.out, file.value);
    if (!written.ok) return written;
  }
  return ok({
    text: payoutText(made.value, given.value.out, totalNano),
    json: {
      run: run.id,
      file: payouts.length === 0 ? null : given.value.out,
      transfers: payouts.length,
      nano: String(totalNano),
      currency: run.currency,
      executionDate: run.executionDate,
      repeated,
      waiting,
      payouts: payouts.map(({ id, owner, nano, state }) => ({
        id,
        account: didKey(owner),
        nano: String(nano),
        state,
      })),
    },
  });
};

const settle: Subcommand = async (store, options, host) => {
  const given = need(options, 'run', 'payout', 'as');
  if (!given.ok) return given;
  const { run, payout: id, as } = given.value;
  if (as !== 'posted' && as !== 'voided') {
    return refuse('config-invalid', `--as is "${as}": write posted or voided`);
  }
  const settled = await settlePayout(store, run, id, as, host.nowMs(), host.crypto.sha256);
  if (!settled.ok) return settled;
  const { nano, currency, state } = settled.value;
  const text = `payout ${id} of ${formatAmount(nano)} ${currency} is ${state}`;
  return ok({ text, json: { run, id, nano: String(nano), currency, state } });
};

const SUBCOMMANDS: { readonly [name: string]: Subcommand } = {
  deposit,
  'account set': setAccount,
  balances,
  channels,
  report,
  verify,
  payout,
  settle,
};

/** A mistyped path must not become an empty database. */
const openExisting = async (path: string): Promise<Result<Store>> =>
  existsSync(path)
    ? openSqliteStore(path)
    : refuse('storage-failed', `there is no database at ${path}: start the broker once, or correct --db`);

/** Runs one subcommand. Codes: config-invalid, and those of what it does. */
export const run = async (
  argv: readonly string[],
  host: CommandHost & Partial<WorkHost>,
): Promise<Result<number>> => {
  const apart = Object.hasOwn(APART, argv[0] ?? '') ? APART[argv[0]!] : undefined;
  if (apart !== undefined) return (await apart()).run(argv.slice(1), host as WorkHost);
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const name = positionals.join(' ');
  const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (subcommand === undefined) {
    const known = [...Object.keys(SUBCOMMANDS), ...Object.keys(APART)].join(', ');
    const problem = name === '' ? 'a subcommand is missing' : `there is no subcommand "${name}"`;
    return refuse('config-invalid', `${problem}: write one of ${known}`);
  }
  const given = need(values, 'db');
  if (!given.ok) return given;
  const store = await openExisting(given.value.db);
  if (!store.ok) return store;
  try {
    const said = await subcommand(store.value, values, host);
    if (!said.ok) return said;
    host.print(`${values.json ? JSON.stringify(said.value.json) : said.value.text}\n`);
    return ok(0);
  } finally {
    await store.value.close();
  }
};
