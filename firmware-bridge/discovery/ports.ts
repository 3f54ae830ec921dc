/**
 * The serial ports of this machine, by names that survive replugging where it makes such names.
 *
 * On Linux /dev is read: serialport's own list runs udevadm, and ends the process where there is none.
 */

import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export type PortName = {
  /** To be written in a configuration. */
  readonly path: string;
  /** Where it leads now, such as /dev/ttyUSB0. */
  readonly target: string;
};

/** USB adapters and boards, and the pins of a Raspberry Pi. A PC's ttyS are mostly there in name alone. */
const NAMES = /^(tty(ACM|USB|AMA)\d+|serial\d+)$/;
/** More than any hub has. */
const PORTS_MAX = 64;

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // no port has such a name
  }
};

const targetOf = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // unplugged since
  }
};

/** Stable names first; each port once. `dev` is where the system keeps its ports. */
export const linuxPorts = (dev = '/dev'): PortName[] => {
  const byId = join(dev, 'serial', 'by-id');
  const paths = [
    ...namesIn(byId).map((name) => join(byId, name)),
    ...namesIn(dev)
      .filter((name) => NAMES.test(name))
      .map((name) => join(dev, name)),
  ];
  const ports = new Map<string, PortName>();
  for (const path of paths) {
    const target = targetOf(path);
    if (target !== undefined && !ports.has(target)) ports.set(target, { path, target });
  }
  return [...ports.values()].slice(0, PORTS_MAX);
};

/** One that a person has named: it may be no serial port at all. */
export const portAt = (path: string): PortName => ({ path, target: targetOf(path) ?? path });

export const serialPorts = async (): Promise<PortName[]> => {
  if (process.platform === 'linux') return linuxPorts();
  const { SerialPort } = await import('serialport');
  const listed = await SerialPort.list();
  return listed.slice(0, PORTS_MAX).map(({ path }) => ({ path, target: path }));
};
