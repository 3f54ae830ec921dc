/**
 * A micro:bit in QEMU, behind a pseudo-terminal: a Cortex-M0 with the firmware of `hardware/microbit/`. QEMU's has
 * UART, timers, pins and flash, but no thermometer, no watchdog and no radio.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ok, type Result, refuse } from '../../schemas/result.ts';

const START_MS_MAX = 10_000;
/** Of a shell that found no such program. */
const NOT_FOUND = 127;

/** QEMU ends with our end of the third pipe, also where we are killed: left alone it would run on. */
const LEASHED =
  'exec 4<&0; "$0" "$@" <&4 & qemu=$!; { cat <&3 >/dev/null; kill -9 $qemu; } 2>/dev/null & wait $qemu';

export type Qemu = {
  /** Its serial port. */
  readonly path: string;
  /** Pulls the reset pin: RAM and flash stay. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
};

/** Runs an Intel HEX file. Codes: module-missing, timeout, device-failed. */
export const startMicrobit = async (hex: string): Promise<Result<Qemu>> => {
  const machine = ['-M', 'microbit', '-display', 'none', '-device', `loader,file=${hex}`];
  // The monitor takes a command per line.
  const child = spawn(
    '/bin/sh',
    ['-c', LEASHED, 'qemu-system-arm', ...machine, '-serial', 'pty', '-monitor', 'stdio'],
    { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] },
  );
  for (const pipe of [child.stdin, child.stdio[3]]) pipe?.on('error', () => {}); // it has ended, which the port tells
  const letGo = (): void => {
    child.stdio[3]?.destroy();
  };
  child.once('exit', letGo);
  const started = await Promise.race([portOf(child.stdout!), failureOf(child), late()]);
  child.stdout?.resume();
  child.stderr?.resume();
  if (!started.ok) {
    letGo();
    return started;
  }
  return ok({
    path: started.value,
    reset: () => child.stdin?.write('system_reset\n'),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      letGo();
      await ended;
    },
  });
};

const portOf = async (output: NodeJS.ReadableStream): Promise<Result<string>> => {
  for await (const line of createInterface(output)) {
    const path = /(\/dev\/\S+)/.exec(line)?.[1];
    if (path !== undefined) return ok(path);
  }
  return new Promise(() => {}); // it has ended: `failureOf` says how
};

const failureOf = (child: ChildProcess): Promise<Result<string>> =>
  new Promise((resolve) => {
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      if (said.length < 1000) said += chunk.toString('utf8');
    });
    child.once('exit', (exit) =>
      resolve(
        exit === NOT_FOUND
          ? refuse('module-missing', 'qemu-system-arm is not installed: apt-get install qemu-system-arm')
          : refuse('device-failed', `qemu-system-arm ended: ${said.trim()}`),
      ),
    );
  });

const late = (): Promise<Result<string>> =>
  new Promise((resolve) => {
    const sentence = `qemu-system-arm opened no port within ${START_MS_MAX} ms: start it by hand to see why`;
    setTimeout(() => resolve(refuse('timeout', sentence)), START_MS_MAX).unref();
  });
