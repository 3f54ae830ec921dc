/**
 * A board on the bench, whatever it is made of: what flashing, suites and faults need of it.
 *
 * A kind of rig (`avr8js.ts`, `simavr.ts`, `espruino.ts`, `port.ts`) is one function that starts a board of the
 * rig file; `kinds.ts` names them. What is not there (a port, a program, a package) is refused with
 * port-missing or module-missing, and its board is skipped with that reason.
 */

import type { Binding } from '../../../firmware-bridge/port.ts';
import type { Result } from '../../../schemas/result.ts';

export type Rig = {
  readonly path: string;
  readonly binding: Binding;
  /** Its clock is a crystal. An emulated one falls behind on a machine that is busy. */
  readonly steady: boolean;
  /** undefined: it runs its firmware already. */
  readonly flash?: (() => Promise<Result<void>>) | undefined;
  /** Pulls its reset pin; undefined where there is no way. */
  readonly reset?: ((line: ResetLine) => Promise<Result<void>>) | undefined;
  /** Takes its power and gives it back; undefined where there is no way. */
  readonly cyclePower?: (() => Promise<Result<void>>) | undefined;
  readonly close: () => Promise<void>;
};

/** The open port, for boards whose reset hangs on its DTR. */
export type ResetLine = { readonly pulseReset: () => Promise<void> };

/** The ports of this system. Loaded late: its native part is needed where a port is, and only there. */
export const systemBinding = async (): Promise<Binding> =>
  (await import('serialport')).SerialPort.binding as unknown as Binding;

/** Absent hardware is no failure: it is skipped. */
export const isAbsence = (code: string): boolean => code === 'port-missing' || code === 'module-missing';
