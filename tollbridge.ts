#!/usr/bin/env node
/** `tollbridge <command>`: finds the command, loads only what it needs, and tells what went wrong. */

import { createRequire } from 'node:module';
import { completionScript, optionsIn } from './agent/completion.ts';
import { keepHeapSmall } from './agent/host/small-heap.ts';
import type { BrokerHost } from './broker/command.ts';
import type { WorkHost } from './broker/settler/commands/work.ts';
import { nearest } from './firmware-bridge/nearest.ts';
import { ok, type Refusal, type Result, refuse } from './schemas/result.ts';

type Command = {
  /** What --help prints; completion offers the options it names. */
  readonly HELP: string;
  /** The same of what these words name alone, where it has subcommands. */
  readonly helpOf?: (argv: readonly string[]) => string;
  /** The exit code, or why not. */
  readonly run: (argv: readonly string[]) => Promise<Result<number>>;
};

type Entry = {
  readonly name: string;
  readonly summary: string;
  /** What may follow the name, for completion. */
  readonly subcommands?: readonly string[];
  readonly load: () => Promise<Command>;
};

const DONE = 0;
const REFUSED = 1;
const MISUSED = 2;

const COMPLETION_HELP = `tollbridge completion SHELL: prints a completion script for bash, zsh or fish

  source <(tollbridge completion bash)        in ~/.bashrc; the same with zsh
  tollbridge completion fish | source         in ~/.config/fish/config.fish
`;

const COMMANDS: readonly Entry[] = [
  {
    name: 'demo',
    summary: 'a weather station sells its readings to a farm, all on this machine',
    load: () => import('./agent/demo/command.ts'),
  },
  {
    name: 'agent',
    summary: 'owns devices on a gateway: sells their readings, buys those of others',
    load: () => {
      keepHeapSmall();
      return import('./agent/command.ts');
    },
  },
  {
    name: 'status',
    summary: 'what a running agent sells, buys and is owed',
    load: () => import('./agent/status-command.ts'),
  },
  {
    name: 'broker',
    summary: 'MQTT broker with a settler inside, on an embedded database',
    load: async () => withHost(await import('./broker/command.ts')),
  },
  {
    name: 'settler',
    summary: 'accounts, claims, payouts and bank files; workers beside other brokers',
    subcommands: [
      ...'deposit|withdraw|top-up|account set|owners|spending|line set|lines|repay|default'.split('|'),
      ...'balances|channels|report|disputes|verify|audit|snapshot|backup|restore|resume'.split('|'),
      ...'payout|transfers|settle|import|deposit-reference|mandate set|collect|clearing|clear'.split('|'),
      ...'work|certify|broker-user'.split('|'),
    ],
    load: async () => withHost(await import('./broker/settler/command.ts')),
  },
  {
    name: 'devices',
    summary: 'what is at the serial ports, ready for the configuration of an agent',
    subcommands: ['provision'],
    load: () => import('./agent/devices-command.ts'),
  },
  {
    name: 'emulate',
    summary: 'a board of this project on an emulated chip, behind a serial port',
    load: () => import('./hardware/bench/emulate.ts'),
  },
  {
    name: 'rig',
    summary: 'a bench: asks emulated and real boards the same, records and spoils their lines',
    subcommands: ['run', 'record', 'replay', 'relay'],
    load: () => import('./hardware/bench/rig/command.ts'),
  },
  {
    name: 'key',
    summary: 'makes a key file, shows its id and its did:key',
    subcommands: ['create', 'show'],
    load: () => import('./agent/key-command.ts'),
  },
  {
    name: 'budget',
    summary: 'an owner signs what one of its devices may spend',
    subcommands: ['set', 'show'],
    load: () => import('./agent/owner/budget-command.ts'),
  },
  {
    name: 'completion',
    summary: 'a completion script for bash, zsh or fish',
    subcommands: ['bash', 'zsh', 'fish'],
    load: async () => COMPLETION,
  },
];

const COMPLETION: Command = {
  HELP: COMPLETION_HELP,
  run: async (argv) => {
    if (argv[0] === '--words') {
      console.log((await candidates(argv.slice(1))).join('\n'));
      return ok(DONE);
    }
    const script = completionScript(argv[0]);
    if (script.ok) process.stdout.write(script.value);
    return script.ok ? ok(DONE) : script;
  },
};

const USAGE = `tollbridge: devices sell and buy readings one by one

usage: tollbridge COMMAND [OPTIONS]        tollbridge COMMAND --help says more

${COMMANDS.map((command) => `  ${command.name.padEnd(12)}${command.summary}`).join('\n')}

exit codes: 0 done, 1 refused or failed (with a code and a remedy), 2 not understood
`;

/** agent and broker never import each other: what the broker needs of a host is handed to it here. */
const withHost = (command: {
  readonly HELP: string;
  readonly helpOf?: (argv: readonly string[]) => string;
  readonly run: (argv: readonly string[], host: BrokerHost & WorkHost) => Promise<Result<number>>;
}): Command => ({
  ...command,
  run: async (argv) => command.run(argv, await (await import('./agent/broker-host.ts')).brokerHost()),
});

const commandNamed = (name: string): Entry | undefined => COMMANDS.find((command) => command.name === name);

const unknown = (name: string): Refusal => {
  const word = nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
  const remedy = word === undefined ? 'see: tollbridge --help' : `did you mean "${word}"?`;
  return refuse('config-invalid', `there is no command "${name}": ${remedy}`);
};

/** The words of subcommands that may stand after these. */
const subcommandWords = (command: Entry, before: readonly string[]): string[] =>
  (command.subcommands ?? [])
    .map((subcommand) => subcommand.split(' '))
    .filter((words) => before.every((word, i) => words[i] === word))
    .flatMap((words) => words[before.length] ?? []);

const helpFor = (command: Command, words: readonly string[]): string =>
  command.helpOf?.(words) ?? command.HELP;

const candidates = async (words: readonly string[]): Promise<string[]> => {
  const word = words.at(-1) ?? '';
  const command = commandNamed(words[0] ?? '');
  const all =
    words.length <= 1
      ? COMMANDS.map((entry) => entry.name).concat('--help', '--version')
      : command === undefined
        ? []
        : word.startsWith('-')
          ? optionsIn(helpFor(await command.load(), words.slice(1))).concat('--help')
          : subcommandWords(command, words.slice(1, -1));
  return [...new Set(all)].filter((candidate) => candidate.startsWith(word));
};

/**
 * A child of the demo ends when its parent does, however that died, and tells the parent what it has used.
 * Neither keeps a command alive that has nothing else to do.
 */
const obeyParent = (): void => {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.on('message', (message) => {
    if (message === 'usage' && process.connected) process.send?.({ usage: process.cpuUsage() });
  });
  process.channel?.unref();
};

/** What a sentence quotes may be a stranger's: it moves no terminal's cursor. Some sentences have lines. */
const tell = ({ code, detail }: Refusal): void =>
  console.error(`tollbridge: ${code}: ${detail.replace(/(?!\n)\p{Cc}/gu, '?')}`);

/** What was meant of a command line: the command, and its subcommand where it is one. */
const meantBy = (command: Entry, words: readonly string[]): string => {
  const said = (command.subcommands ?? []).map((subcommand) => subcommand.split(' '));
  const found = said.find((subcommand) => subcommand.every((word, i) => word === words[i]));
  return [command.name, ...(found ?? [])].join(' ');
};

/** parseArgs raises what a person mistyped; the rest is a defect of ours and shows its stack. */
const misuse = (raised: unknown, name: string, help: string): Refusal | undefined => {
  const code = raised instanceof TypeError && 'code' in raised ? String(raised.code) : '';
  if (!code.startsWith('ERR_PARSE_ARGS')) return undefined;
  const problem = (raised as TypeError).message.split(/\.\s/)[0]!;
  const dashed = /'(--[^' ]+)[^']*' argument is ambiguous/.exec(problem)?.[1];
  if (dashed !== undefined) return refuse('config-invalid', `${problem}: write it as ${dashed}=VALUE`);
  const option = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /--[^'\s]+/.exec(problem)?.[0] : undefined;
  const meant = option === undefined ? undefined : nearest(option, optionsIn(help));
  const remedy = meant === undefined ? `see: tollbridge ${name} --help` : `did you mean ${meant}?`;
  return refuse('config-invalid', `${problem}: ${remedy}`);
};

const main = async (argv: readonly string[]): Promise<number> => {
  const name = argv[0];
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? process.stderr : process.stdout).write(USAGE);
    return name === undefined ? MISUSED : DONE;
  }
  if (name === '--version' || name === '-v') {
    console.log(createRequire(import.meta.url)('tollbridge/package.json').version);
    return DONE;
  }
  const entry = commandNamed(name);
  if (entry === undefined) {
    tell(unknown(name));
    return MISUSED;
  }
  const command = await entry.load();
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpFor(command, argv.slice(1)));
    return DONE;
  }
  try {
    const exit = await command.run(argv.slice(1));
    if (exit.ok) return exit.value;
    tell(exit);
    return REFUSED;
  } catch (raised) {
    const mistyped = misuse(raised, meantBy(entry, argv.slice(1)), helpFor(command, argv.slice(1)));
    if (mistyped === undefined) throw raised;
    tell(mistyped);
    return MISUSED;
  }
};

/** `tollbridge status | head` ends with head, without a word. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(DONE);
});
obeyParent();
process.exitCode = await main(process.argv.slice(2));
