/**
 * The devices of an agent, by the names its configuration gives them. Each is opened in the background until
 * it answers, so that an agent starts without a board and finds it when it is plugged in.
 */

import type { Device, DeviceReading } from '../firmware-bridge/device.ts';
import { faultText, isTrouble } from '../firmware-bridge/faults.ts';
import { type Result, refuse } from '../schemas/result.ts';
import type { Capability, MeterState } from '../schemas/serial.ts';
import { Allowance } from './allowance.ts';
import type { DeviceConfig } from './drivers/drivers.ts';
import type { DeviceStatus } from './status.ts';

export type OpenDevice = (config: DeviceConfig) => Promise<Result<Device>>;

/** Who cares for a device: told of its coming and going, and of each reading. */
export type DeviceUser = {
  /** `isNews`: a person should hear of it: it has come, has gone, or is another, and that not all the time. */
  readonly onState: (name: string, device: Device | null, isNews: boolean) => void;
  readonly onReading: (name: string, reading: DeviceReading) => void;
  /** The first of a kind since the board came online, or while it cannot be opened. */
  readonly onFault: (name: string, sentence: string) => void;
  readonly onMeter: (name: string, state: MeterState) => void;
};

/** A device that was not there is looked for again after this. */
const RETRY_MS = 1000;
/** A device that comes and goes without end fills no log: so many notices at once, then one in a while. */
const NOTICES_MAX = 16;
const NOTICE_MS = 10_000;

type Slot = {
  readonly config: DeviceConfig;
  device: Device | null;
  detail: string;
  /** How often, by the fault's number; from nothing again when the board comes online. */
  readonly faults: Map<number, number>;
  /** What it said that was of no use since it came online: the newest reason of each code. */
  readonly refused: Map<string, string>;
  /** Codes of why it could not be opened: each is told once. */
  readonly missed: Set<string>;
  timer: NodeJS.Timeout | undefined;
  readonly notices: Allowance;
};

export class Devices {
  private readonly slots = new Map<string, Slot>();
  private readonly open: OpenDevice;
  private readonly user: DeviceUser;
  private readonly retryMs: number;
  private closed = false;

  constructor(configs: readonly DeviceConfig[], open: OpenDevice, user: DeviceUser, retryMs = RETRY_MS) {
    this.open = open;
    this.user = user;
    this.retryMs = retryMs;
    for (const config of configs) {
      this.slots.set(config.name, {
        ...{ config, device: null, detail: 'is looked for', timer: undefined },
        ...{ faults: new Map(), refused: new Map(), missed: new Set() },
        notices: new Allowance(NOTICES_MAX, NOTICE_MS),
      });
    }
  }

  start(): void {
    for (const slot of this.slots.values()) void this.look(slot);
  }

  /** The device where it is online. */
  get(name: string): Device | null {
    const device = this.slots.get(name)?.device;
    return device?.online === true ? device : null;
  }

  /**
   * Sets an actuator by its name on the device. Codes: device-failed (not there), those of `Device.command`.
   */
  async command(name: string, output: string, value: number): Promise<Result<void>> {
    const device = this.get(name);
    if (device === null) return refuse('device-failed', `${name} is not there: ${this.detail(name)}`);
    const capability = capabilityOf(device, output, 'actuator');
    if (capability === undefined) {
      const outputs = device.capabilities
        .filter((one) => one.direction === 'actuator')
        .map((one) => one.name);
      return refuse('device-failed', `${name} has no output "${output}", it has: ${outputs.join(', ')}`);
    }
    return device.command(capability.channel, value);
  }

  status(): DeviceStatus[] {
    return [...this.slots.values()].map((slot) => ({
      name: slot.config.name,
      ready: slot.device?.online === true,
      detail: slot.detail,
      health: slot.device?.health ?? null,
      faults: [...slot.faults].map(([fault, count]) => faultText(fault, count)),
      refused: [...slot.refused.values()],
      meter: slot.device?.meter?.state ?? null,
    }));
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const slot of this.slots.values()) {
      clearTimeout(slot.timer);
      await slot.device?.close();
    }
  }

  /** What it is, or why it is not there. */
  detail(name: string): string {
    return this.slots.get(name)?.detail ?? 'no device of this name is configured';
  }

  private async look(slot: Slot): Promise<void> {
    const opened = await this.open(slot.config);
    if (this.closed) {
      if (opened.ok) await opened.value.close();
      return;
    }
    if (!opened.ok) {
      slot.detail = opened.detail;
      if (!slot.missed.has(opened.code)) this.tellFault(slot, opened.detail);
      slot.missed.add(opened.code);
      slot.timer = setTimeout(() => void this.look(slot), this.retryMs);
      return;
    }
    const device = opened.value;
    slot.device = device;
    device.listen({
      onReading: (reading) => this.user.onReading(slot.config.name, reading),
      onState: (state) => this.tell(slot, state.online ? undefined : state.detail),
      onFault: (fault, count) => {
        if (isTrouble(fault) && !slot.faults.has(fault)) this.tellFault(slot, faultText(fault, count));
        slot.faults.set(fault, count);
      },
      onRefused: ({ code, detail }) => {
        if (!slot.refused.has(code)) this.tellFault(slot, detail);
        slot.refused.set(code, detail);
      },
      onMeter: (state) => this.user.onMeter(slot.config.name, state),
    });
    this.tell(slot, undefined);
  }

  private tell(slot: Slot, fault: string | undefined): void {
    const { board, firmware } = slot.device!.identity;
    const detail = fault ?? (firmware === '' ? board : `${board}, firmware ${firmware}`);
    const isNews = slot.detail !== detail; // else a sensor more, or a board that was reset
    slot.detail = detail;
    slot.faults.clear(); // it tells them again
    if (isNews) slot.refused.clear();
    const isTold = isNews && slot.notices.take(performance.now());
    this.user.onState(slot.config.name, fault === undefined ? slot.device : null, isTold);
  }

  private tellFault(slot: Slot, sentence: string): void {
    if (slot.notices.take(performance.now())) this.user.onFault(slot.config.name, sentence);
  }
}

export const capabilityOf = (
  device: Device,
  name: string,
  direction: Capability['direction'],
): Capability | undefined =>
  device.capabilities.find((one) => one.name === name && one.direction === direction);
