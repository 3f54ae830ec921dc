/** `tollbridge rig`: the bench for boards, and the tools around a serial line. */

import type { Result } from '../../../schemas/result.ts';
import { refuse } from '../../../schemas/result.ts';

export const HELP = `tollbridge rig run [FILE]: flashes the boards of a rig file and asks each of them the same

Boards are emulated chips, or real ones at serial ports: what they are, how to flash and to switch them and what
is wired to them stands in FILE (default: rig.yaml here, else the emulated boards of this project). What is not
here is skipped with its reason. Exit code 1 where a check failed, or none could be tried.

  --port PATH         the board at this port, instead of a file
  --only NAME,...     these boards and these suites only
  --list              what FILE lists, whether it is here, and ports that it does not list; nothing is tried
  --junit FILE        the results as JUnit XML as well
  --json              one JSON object at the end, progress on standard error
  --jobs N            boards at a time (default 8)
  --seed N            of everything that is left to chance (default 1)
  --no-flash          the boards run what they should already
  --record DIR        a trace of each board's line, for \`tollbridge rig replay\`

tollbridge rig record --path PORT --out FILE: writes down what is said on a serial line, and when

  --link PATH         a port for the program that talks to the board; without it the line is only heard
  --baud N            (default 115200)

tollbridge rig replay FILE --link PATH: a recorded board, at a port

  --speed N           trace seconds per second, 0 without waiting (default 1)
  --wait              begins when the host says something
  --answer            begins at a hello, and identities repeat its nonce: for the driver of our firmware

tollbridge rig relay --path PORT --link PATH: a port to the board at PORT, with a line that can be spoiled

  --fault KIND[:N]    garbage, flips, drops, doubles (one per N bytes), baud (read at N), slow, babble (N bytes a
                      second), stall, unplug. Type others while it runs; an empty line ends them
  --out FILE          writes a trace of what really was on the line
  --baud N            (default 115200)
  --seed N            (default 1)
`;

type Subcommand = (argv: readonly string[]) => Promise<Result<number>>;

const SUBCOMMANDS: Readonly<Record<string, () => Promise<Subcommand>>> = {
  run: async () => (await import('./run-command.ts')).runCommand,
  record: async () => (await import('./line-commands.ts')).recordCommand,
  replay: async () => (await import('./line-commands.ts')).replayCommand,
  relay: async () => (await import('./line-commands.ts')).relayCommand,
};

/** The exit code. Codes: config-invalid, and those of what is run. */
export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const [name = '', ...rest] = argv;
  const load = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (load === undefined) {
    const names = Object.keys(SUBCOMMANDS).join(', ');
    return refuse('config-invalid', `tollbridge rig ${name || '(nothing)'}: say one of ${names}`);
  }
  return (await load())(rest);
};
