/**
 * A board in simavr, another emulator than avr8js, behind a pseudo-terminal and with the boot loader of an
 * Arduino: what is flashed is flashed by avrdude, as on a real one. The runner (`simavr/runner.c`) is built
 * here, from its source: linked with simavr it is under the GPL, so it is part of no package.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { flashByAvrdude } from './flash.ts';
import { runProgram } from './program.ts';
import { type Rig, systemBinding } from './rig.ts';
import type { SimavrBoard } from './rig-file.ts';

const AVRDUDE = ['-p', 'm328p', '-c', 'arduino', '-b', '115200', '-D'];
const SERIAL = '7462000000000003';
const BUILD_MS_MAX = 60_000;
const ANSWER_MS_MAX = 10_000;
/** A capacitor's worth of darkness between off and on. */
const DARK_MS = 50;

/** Codes: module-missing, device-failed, timeout. */
export const startSimavr = async (board: SimavrBoard): Promise<Result<Rig>> => {
  if (!existsSync(board.bootloader))
    return refuse(
      'module-missing',
      `no boot loader at ${board.bootloader}: apt-get install arduino-core-avr`,
    );
  const folder = mkdtempSync(join(tmpdir(), 'simavr-'));
  const built = await buildRunner(join(folder, 'runner'));
  const runner = built.ok ? await Runner.start(built.value, [board.bootloader, SERIAL]) : built;
  rmSync(folder, { recursive: true }); // the program lives on without its file
  if (!runner.ok) return runner;
  const { tty, ask } = runner.value;
  for (const [input, mv] of board.analogMv.entries()) await ask(`adc ${input} ${mv}`);
  return ok({
    path: tty,
    binding: await systemBinding(),
    steady: false,
    flash: async () => {
      const armed = await ask('program');
      return armed.ok ? flashByAvrdude(AVRDUDE, tty, board.firmware) : armed;
    },
    reset: () => ask('reset'),
    cyclePower: async () => {
      const off = await ask('off');
      if (!off.ok) return off;
      await new Promise((resolve) => setTimeout(resolve, DARK_MS));
      return ask('on');
    },
    close: () => runner.value.close(),
  });
};

const buildRunner = async (program: string): Promise<Result<string>> => {
  // From dist/hardware/bench/rig the source is four folders up; a package has none.
  const source = ['../simavr/runner.c', '../../../../hardware/bench/simavr/runner.c']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (source === undefined)
    return refuse('module-missing', "simavr's runner comes with a checkout of the project only: clone it");
  const install = 'apt-get install gcc libc6-dev libsimavr-dev';
  const built = await runProgram('cc', ['-std=c11', '-O2', '-o', program, source, '-lsimavr'], {
    install,
    timeoutMs: BUILD_MS_MAX,
  });
  if (built.ok) return ok(program);
  const isAbsent = /simavr\/\S+: No such file|cannot find -lsimavr|pty\.h: No such file/.test(built.detail);
  return isAbsent ? refuse('module-missing', `libsimavr is not installed: ${install}`) : built;
};

/** The program and the lines it answers with. */
class Runner {
  readonly tty: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess, answers: AsyncIterator<string>, tty: string) {
    this.#child = child;
    this.#answers = answers;
    this.tty = tty;
  }

  static async start(program: string, args: readonly string[]): Promise<Result<Runner>> {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    child.on('error', () => {}); // no first line comes then
    child.stdin.on('error', () => {}); // it has ended: so do its answers
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    const first = await answerOf(answers);
    if (first?.startsWith('tty ')) return ok(new Runner(child, answers, first.slice(4)));
    child.kill('SIGKILL');
    return refuse('device-failed', `simavr's runner did not start (${first ?? 'no word of it'})`);
  }

  /** One question at a time. */
  readonly ask = async (command: string): Promise<Result<void>> => {
    this.#child.stdin!.write(`${command}\n`);
    const answer = await answerOf(this.#answers);
    if (answer === command.split(' ')[0]) return ok(undefined);
    return refuse(
      'device-failed',
      `simavr answered "${answer ?? ''}" to "${command}": start the bench again`,
    );
  };

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** undefined when it has ended or says nothing. */
const answerOf = async (answers: AsyncIterator<string>): Promise<string | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ANSWER_MS_MAX);
  });
  const line = await Promise.race([
    answers.next().then((next) => next.value as string | undefined),
    patience,
  ]);
  clearTimeout(timer);
  return line;
};
