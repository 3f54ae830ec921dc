/** A real board at a serial port. */

import { existsSync } from 'node:fs';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { flashByAvrdude } from './flash.ts';
import { runProgram } from './program.ts';
import { type ResetLine, type Rig, systemBinding } from './rig.ts';
import type { PortBoard } from './rig-file.ts';

const SWITCH_MS_MAX = 20_000;
/** A USB hub that lost its power is listed again after a second or two. */
const RETURN_MS_MAX = 15_000;
const LOOK_MS = 100;
const DARK_MS = 1000;

/** Codes: port-missing; what flashing and switching refuse with. */
export const startPort = async (board: PortBoard): Promise<Result<Rig>> => {
  if (!existsSync(board.port))
    return refuse('port-missing', `no port ${board.port}: plug the board in, or look in /dev/serial/by-id`);
  const { firmware } = board;
  return ok({
    path: board.port,
    binding: await systemBinding(),
    steady: true,
    flash: firmware === undefined ? undefined : () => flashByAvrdude(board.avrdude, board.port, firmware),
    reset: board.reset === 'none' ? undefined : (line) => pulse(line, board.port),
    cyclePower: powerSwitch(board),
    close: async () => {},
  });
};

const pulse = async (line: ResetLine, port: string): Promise<Result<void>> => {
  try {
    await line.pulseReset();
    return ok(undefined);
  } catch (error) {
    const { message } = error as Error;
    return refuse('device-failed', `${port} has no DTR to reset by (${message}): write reset: none`);
  }
};

const powerSwitch = (board: PortBoard): (() => Promise<Result<void>>) | undefined => {
  const turn = switchOf(board);
  if (turn === undefined) return undefined;
  return async () => {
    const off = await turn('off');
    if (!off.ok) return off;
    await new Promise((resolve) => setTimeout(resolve, DARK_MS));
    const on = await turn('on');
    if (!on.ok) return on;
    for (let waitedMs = 0; !existsSync(board.port); waitedMs += LOOK_MS) {
      if (waitedMs > RETURN_MS_MAX)
        return refuse('port-missing', `${board.port} did not come back with its power: look at its cable`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return ok(undefined);
  };
};

type Turn = (way: 'off' | 'on') => Promise<Result<string>>;

const switchOf = ({ hub, powerOff, powerOn }: PortBoard): Turn | undefined => {
  if (hub !== undefined) {
    const [location, port] = hub.split(':') as [string, string];
    return (way) =>
      runProgram('uhubctl', ['-l', location, '-p', port, '-a', way], {
        install: 'apt-get install uhubctl',
        timeoutMs: SWITCH_MS_MAX,
      });
  }
  if (powerOff === undefined || powerOn === undefined) return undefined;
  const commands = { off: powerOff, on: powerOn };
  return (way) =>
    runProgram('/bin/sh', ['-c', commands[way]], { install: 'a shell', timeoutMs: SWITCH_MS_MAX });
};
