/**
 * The meters of a gateway's boards, by the names of its devices: those whose key is at hand, in a file or with an owner
 * who is asked.
 */

import { join } from 'node:path';
import type { Device } from '../firmware-bridge/device.ts';
import { U32_MAX } from '../schemas/fields.ts';
import { installationMac } from '../schemas/meter.ts';
import { type Code, ok, type Result, refuse } from '../schemas/result.ts';
import type { Installation } from '../schemas/serial.ts';
import type { DeviceConfig } from './drivers/drivers.ts';
import type { HostCrypto } from './host/host-crypto.ts';
import { loadSharedKey } from './host/key-file.ts';
import { raiseNumber } from './host/rising-number.ts';
import type { SaleLane } from './lanes.ts';
import { Metering } from './metering.ts';

/** The mac of a board's owner under an installation. */
export type Authorise = (device: string, installation: Installation) => Promise<Result<Uint8Array>>;

type MetersPorts = { readonly crypto: HostCrypto; readonly authorise?: Authorise };

/** A chip that claims to have seen a number of the day after tomorrow is not believed. */
const AHEAD_S_MAX = 86_400;

export class Meters {
  onNotice: (code: Code, detail: string) => void = () => {};
  /** The time that settlers have proven, or null: a gateway whose own clock is wrong spoils no chip for another. */
  nowMs: () => number | null = () => null;
  private readonly path: string;
  /** Those with a key in a file: a board without a meter is a mistake then. */
  private readonly keyed: ReadonlySet<string>;
  private readonly meterings: ReadonlyMap<string, Metering>;

  constructor(state: string, owners: ReadonlyMap<string, Authorise>, keyed: ReadonlySet<string>) {
    this.keyed = keyed;
    this.path = join(state, 'installations');
    const made = [...owners].map(([name, authorise]) => [name, this.metering(name, authorise)] as const);
    this.meterings = new Map(made);
  }

  of(name: string): Metering | undefined {
    return this.meterings.get(name);
  }

  /** Whether readings can be had from it: a chip whose key is not at hand delivers to nobody here. */
  isOpen(name: string, device: Device | null): boolean {
    const keySet = device?.meter?.keySet === true;
    const isOurs = this.meterings.has(name);
    const tell = (detail: string): void => this.onNotice('not-authorised', `${name}: ${detail}`);
    if (keySet && !isOurs) tell('its meter has a key: name its file as meterKey of this device');
    if (device !== null && device.meter === null && this.keyed.has(name))
      tell('it has no meter: take meterKey out of this device');
    if (device?.meter?.keySet === false && isOurs)
      tell('it meters nothing without a key: tollbridge devices provision');
    return !keySet || isOurs;
  }

  /** The board gets what the buyer has paid in this turn. */
  onTurn(lane: SaleLane): void {
    for (const metering of this.meterings.values()) if (metering.isOf(lane)) metering.settle();
  }

  settle(): void {
    for (const metering of this.meterings.values()) metering.settle();
  }

  private metering(name: string, authorise: Authorise): Metering {
    return new Metering({
      authorise: (installation) => authorise(name, installation),
      nextNumber: (above) => this.nextNumber(above),
      onNotice: (code, detail) => this.onNotice(code, `${name}: ${detail}`),
      monotonicMs: () => performance.now(),
    });
  }

  /**
   * The next number of an installation, for any chip of this gateway: on the disk before it is used.
   * Codes: value-out-of-range, storage-full, storage-failed.
   */
  private nextNumber(above: number): Result<number> {
    const nowS = Math.floor((this.nowMs() ?? 0) / 1000);
    const number = raiseNumber(this.path, (last) => {
      const seen = above <= Math.max(nowS, last) + AHEAD_S_MAX ? above : 0;
      return Math.max(last + 1, seen + 1, nowS);
    });
    if (!number.ok || number.value <= U32_MAX) return number;
    return refuse(
      'value-out-of-range',
      `installation ${number.value} is beyond 32 bits: a new chip is needed`,
    );
  }
}

/** Code: key-file. */
export const openMeters = (
  config: { readonly state: string; readonly devices: readonly DeviceConfig[] },
  { crypto, authorise }: MetersPorts,
): Result<Meters> => {
  const owners = new Map<string, Authorise>();
  const keyed = new Set<string>();
  for (const device of config.devices) {
    if (device.driver !== 'frames') continue;
    if (device.meterKey === null) {
      if (authorise !== undefined) owners.set(device.name, authorise);
      continue;
    }
    const key = loadSharedKey(device.meterKey);
    if (!key.ok) return key;
    keyed.add(device.name);
    owners.set(device.name, async (_name, installation) =>
      ok(installationMac(crypto.sha256, key.value, installation)),
    );
  }
  return ok(new Meters(config.state, owners, keyed));
};
