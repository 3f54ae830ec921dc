/** `tollbridge settler`: the operator's side of a settler, also while a broker or workers run on its database. */

import { dirname } from 'node:path';
import { type Result, refuse } from '../../schemas/result.ts';
import { type CommandHost, DEFAULT_DATABASE, type Run } from './commands/on-store.ts';
import type { WorkHost } from './commands/work.ts';

export type { CommandHost };

type Subcommand = {
  readonly name: string;
  /** Lines of --help, the options first. */
  readonly usage: string;
  /** Left out: it works on the database that --db names, and takes --json. */
  readonly isApart?: true;
  readonly load: () => Promise<{ readonly run: Run<CommandHost & WorkHost> }>;
};

const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: 'deposit',
    usage: `--account DID --amount 10.00 --reference TEXT [--currency EUR]
    books money that reached the bank; the same reference again changes nothing`,
    load: () => import('./commands/deposit.ts'),
  },
  {
    name: 'account set',
    usage: `--account DID|settler --name TEXT --iban IBAN [--bic BIC]
        or --routing NUMBER --number NUMBER [--kind checking|savings] [--holder person|company]
    where an owner is paid, in euro or in dollars; "settler" is the account that pays
    for the settler also what its bank asks for: --creditor-id ID to collect in euro; with --routing
    --company-id ID --bank-name TEXT [--destination ROUTING] [--origin ID] [--balanced] [--crlf]`,
    load: () => import('./commands/account-set.ts'),
  },
  {
    name: 'withdraw',
    usage: `--account DID --amount 10.00 --reference TEXT [--currency EUR]
    from an owner's deposit to what the next payout takes`,
    load: async () => (await import('./commands/transfer.ts')).withdraw,
  },
  {
    name: 'top-up',
    usage: `--account DID --amount 10.00 --reference TEXT [--currency EUR]
    from what an owner has earned to its deposit`,
    load: async () => (await import('./commands/transfer.ts')).topUp,
  },
  {
    name: 'owners',
    usage: `
    every owner: deposit, earned, owes, is owed, and what its devices spend`,
    load: () => import('./commands/owners.ts'),
  },
  {
    name: 'spending',
    usage: `--account DID
    what a device, or each device of an owner, spends within its budget`,
    load: () => import('./commands/spending.ts'),
  },
  {
    name: 'line set',
    usage: `--account DID --limit 50.00 [--expires DATE] [--currency EUR]
    up to what the settler bears the default of an owner; 0 gives no new credit`,
    load: () => import('./commands/line-set.ts'),
  },
  {
    name: 'lines',
    usage: `
    every credit line: limit, reserved, owed, free, and who bears default`,
    load: () => import('./commands/lines.ts'),
  },
  {
    name: 'repay',
    usage: `--account DID --amount 10.00 --reference TEXT [--creditor DID|settler] [--currency EUR]
    an owner's deposit pays what it owes; without --creditor to whose credit is oldest first`,
    load: () => import('./commands/repay.ts'),
  },
  {
    name: 'default',
    usage: `--account DID --creditor DID|settler --amount 10.00 --reference TEXT [--currency EUR]
    writes off what an owner will not pay: the creditor bears it`,
    load: () => import('./commands/default.ts'),
  },
  {
    name: 'balances',
    usage: `[--all]
    every account that holds something; --all with those that are empty, such as closed channels`,
    load: () => import('./commands/balances.ts'),
  },
  {
    name: 'channels',
    usage: `
    every channel: limit, paid, what backs it, expiry`,
    load: () => import('./commands/channels.ts'),
  },
  {
    name: 'report',
    usage: `[--from DATE] [--to DATE] [--owner DID] [--lease ID] [--csv]
    per lease sold, delivered, paid, claimed, disputed, each with its evidence; --to is not included`,
    load: () => import('./commands/report.ts'),
  },
  {
    name: 'disputes',
    usage: `[--all]
    both sides' figures beside the evidence, where they part, since when; --all with those resolved`,
    load: () => import('./commands/disputes.ts'),
  },
  {
    name: 'verify',
    usage: `[--since-snapshot]
    replays the journal and compares it with everything stored; since a snapshot, with balances`,
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'audit',
    usage: `
    every signature, tick, posting rule and hash again, from the journal alone`,
    load: () => import('./commands/audit.ts'),
  },
  {
    name: 'snapshot',
    usage: `
    all balances as they are now, for verify --since-snapshot; the settler takes them by itself`,
    load: () => import('./commands/snapshot.ts'),
  },
  {
    name: 'backup',
    usage: `--out FILE
    everything in one file, while the settler runs`,
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    usage: `--from FILE --db PLACE [--to-row N | --to-time DATE]
    a backup into an empty database of either kind; row N is the last that is kept`,
    load: () => import('./commands/restore.ts'),
  },
  {
    name: 'resume',
    usage: `[--accept CHANNEL|RUN|notes]... [--state DIRECTORY]
    what a restored journal still misses; once nothing is missing, payouts and clearing go on`,
    load: () => import('./commands/resume.ts'),
  },
  {
    name: 'payout',
    usage: `--out FILE [--currency EUR|USD] [--threshold 0.01] [--period DATE] [--sequence 1]
        [--execution-date DATE] [--state DIRECTORY]
    makes earnings of the threshold or more pending and writes pain.001.001.09, or NACHA files for
    dollars (FILE, FILE.2, ...); again, the same files`,
    load: () => import('./commands/payout.ts'),
  },
  {
    name: 'transfers',
    usage: `[--all]
    payouts and collections that wait for the bank's word, by id; --all with those that have it`,
    load: () => import('./commands/transfers.ts'),
  },
  {
    name: 'settle',
    usage: `--run RUN --payout ID --as posted|voided|returned [--reason TEXT]
    books the bank's word on one payout or collection, for banks that answer with no files`,
    load: () => import('./commands/settle.ts'),
  },
  {
    name: 'import',
    usage: `FILE [--dry-run] [--apply]
    books what a bank's file says, each fact once: pain.002, camt.053, camt.054, NACHA returns; exits with
    1 where a person has to look; --apply also takes over corrected bank details`,
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'deposit-reference',
    usage: `--account DID
    what an owner writes on a transfer, so that it is booked as its deposit`,
    load: () => import('./commands/deposit-reference.ts'),
  },
  {
    name: 'mandate set',
    usage: `--account DID --id MANDATE --signed DATE
    an owner has signed that the settler may collect from its account`,
    load: () => import('./commands/mandate-set.ts'),
  },
  {
    name: 'collect',
    usage: `--out FILE --account DID --amount 50.00|--debts [--currency EUR|USD] [--period DATE]
        [--sequence 1] [--execution-date DATE] [--state DIRECTORY], or --finalise
    writes pain.008.001.08 or NACHA debits for what is wanted of one owner, or for what each owes beyond
    what it has; collected money is a deposit once its return period has passed (--finalise: now, if so)`,
    load: () => import('./commands/collect.ts'),
  },
  {
    name: 'clearing',
    usage: `[--currency EUR] [--period DATE] [--sequence 1] [--picture FILE.svg]
        or --show NAME [--picture FILE.svg]
    debts between owners that run in circles disappear from the ledger; --show: what a clearing did,
    and the same picture again; a NAME is CL-2026-11-20-1`,
    load: () => import('./commands/clearing.ts'),
  },
  {
    name: 'clear',
    usage: `FILE [--consents FILE] [--out FILE] [--picture FILE.svg]
    what clearing leaves of a CSV of debtor,creditor,amount; consents: owner,limit for each new
    counterparty; no database; with --json amounts are text in the file's own unit`,
    isApart: true,
    load: () => import('./commands/clear.ts'),
  },
  {
    name: 'work',
    usage: `--config FILE [--quiet]
    a worker of the settler beside a broker of any make; --example-config prints such a file`,
    isApart: true,
    load: () => import('./commands/work.ts'),
  },
  {
    name: 'certify',
    usage: `--key ROOT.key --for DID --out FILE [--days 90]
    makes a key a signing key of the settler, so that workers run without its root key`,
    isApart: true,
    load: () => import('./commands/certify.ts'),
  },
  {
    name: 'broker-user',
    usage: `--for mosquitto|nats --account DID [--role agent|settler] [--password-file FILE]
    what such a broker's files must say about a device: with a new password, or for a certificate`,
    isApart: true,
    load: () => import('./commands/broker-user.ts'),
  },
];

const usageOf = ({ name, usage }: Subcommand): string =>
  `  ${name} ${usage.replaceAll('\n    ', '\n      ')}`.replaceAll(/ +$/gm, '');

const COMMON = `
  --db PLACE   the settler's database, a file or postgres://user@host/database; it may be in use
               (default ${DEFAULT_DATABASE})
  --json       one JSON object on one line; amounts in nano (10^-9 of the unit)

DIRECTORY is the state of the broker, or of a worker, always the same one: what is noted outside a PostgreSQL
database (default ${dirname(DEFAULT_DATABASE)}).
`;

const WORDS = 'DATE is 2026-11-20 in UTC. DID is did:key:z6Mk...\n';

export const HELP = `tollbridge settler SUBCOMMAND [OPTIONS]: accounts, claims, payouts and bank files

${SUBCOMMANDS.map(usageOf).join('\n')}
${COMMON}${WORDS}`;

/** The words before the first option name the subcommand, but for what it works on. */
const subcommandOf = (argv: readonly string[]): Subcommand | undefined =>
  SUBCOMMANDS.find(({ name }) => name.split(' ').every((word, i) => word === argv[i]));

/** What --help says of the subcommand that is named, or of all. */
export const helpOf = (argv: readonly string[]): string => {
  const subcommand = subcommandOf(argv);
  if (subcommand === undefined) return HELP;
  const common = subcommand.isApart ? '\n' : COMMON;
  return `tollbridge settler\n\n${usageOf(subcommand)}\n${common}${WORDS}`;
};

/** Runs one subcommand. Codes: config-invalid, and those of what it does. */
export const run = async (
  argv: readonly string[],
  host: CommandHost & Partial<WorkHost>,
): Promise<Result<number>> => {
  const subcommand = subcommandOf(argv);
  if (subcommand === undefined) {
    const options = argv.findIndex((word) => word.startsWith('-'));
    const name = argv.slice(0, options < 0 ? argv.length : options).join(' ');
    const known = SUBCOMMANDS.map((known) => known.name).join(', ');
    const problem = name === '' ? 'a subcommand is missing' : `there is no subcommand "${name}"`;
    return refuse('config-invalid', `${problem}: write one of ${known}`);
  }
  const command = await subcommand.load();
  return command.run(argv.slice(subcommand.name.split(' ').length), host as CommandHost & WorkHost);
};
