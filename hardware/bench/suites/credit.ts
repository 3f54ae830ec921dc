/** Credit for a board with a meter: an installation under its key, and the ticks that pay. */

import { createHash, randomBytes } from 'node:crypto';
import type { Device } from '../../../firmware-bridge/device.ts';
import type { Board } from '../../../firmware-bridge/frames.ts';
import { installationMac } from '../../../schemas/meter.ts';
import { type Installation, SLOT } from '../../../schemas/serial.ts';
import { buildChain, linkAt, type Tick } from '../../../schemas/tick.ts';
import { Failure } from './bell.ts';

const SEQ = 1;
const TICKS = 64;
const LINK_BYTES = 16;
const CHANNEL_BYTES = 32;

const sha256 = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(bytes).digest());

export type Credit = {
  readonly installation: Installation;
  readonly mac: Uint8Array;
  readonly tick: (index: number) => Tick;
};

/** The numbers of a chip rise for ever (meter.md section 4), also from one run of the bench to the next. */
const freshNumber = (device: Device): number =>
  Math.max((device.meter?.state?.number ?? 0) + 1, Math.floor(Date.now() / 1000));

/** A channel that nobody had before; nothing of it is delivered yet. */
export const draftCredit = (device: Device, key: Uint8Array, window: number): Credit => {
  const channel = Uint8Array.from(randomBytes(CHANNEL_BYTES));
  const links = buildChain(sha256, channel, SEQ, Uint8Array.from(randomBytes(LINK_BYTES)), TICKS);
  const installation: Installation = {
    number: freshNumber(device),
    channel,
    seq: SEQ,
    anchor: linkAt(links, 0),
    ticks: TICKS,
    base: 0,
    window,
  };
  return {
    installation,
    mac: installationMac(sha256, key, installation),
    tick: (index) => ({ seq16: SEQ, index, x: linkAt(links, index) }),
  };
};

export const install = async (device: Device, { installation, mac }: Credit): Promise<void> => {
  if (device.meter === null) throw new Failure('the board has no meter');
  const installed = await device.meter.install(installation, mac);
  if (!installed.ok) throw new Failure(`installation ${installation.number}: ${installed.detail}`);
};

/** Gives the board its key where it has none, for ever. */
export const setKey = async (board: Board, key: Uint8Array): Promise<void> => {
  if (board.meter === null) throw new Failure('the board has no meter');
  if (board.meter.keySet) return;
  const set = await board.provision(SLOT.meterKey, key);
  if (!set.ok) throw new Failure(`the meter does not take its key: ${set.detail}`);
};
