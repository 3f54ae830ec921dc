/**
 * Credit for readings (`schemas/spec/meter.md`): a board whose meter key is set delivers only what was paid
 * for, and a window more. The twin of `hardware/core/meter.c`.
 *
 * What must survive a reset is a `Memory`: the key, the message of the installation in force, and marks of
 * how far it was paid.
 */

import { equalBytes } from '../../schemas/bytes.ts';
import type { Sha256 } from '../../schemas/crypto.ts';
import { installationMac, roomOf } from '../../schemas/meter.ts';
import type { Installation } from '../../schemas/serial.ts';
import { CHAIN_TICKS_MAX, chainBlock, linkBefore } from '../../schemas/tick.ts';
import { decodeItems, type Item } from './cbor.ts';

/** What a walk came to: nothing to walk, not there yet, through, or no tick of the chain. */
const IDLE = 0;
const WALKING = 1;
export const ARRIVED = 2;
export const ASTRAY = 3;

/** The role of a meter whose key is set. */
export const METERED = 2;
const INSTALL = 7;
const METER = 9;
/** What a provision may set: the meter's key. */
const PROVISION_KEY = 1;
const KEY_BYTES = 32;
const U16_MAX = 65535;
/** 2^32 - 1, less a whole chain and the widest window. */
const BASE_MAX = 4294900736;
/** Paid ticks between two marks: what a reset may cost, against the life of the memory!. */
const STRIDE = 16;

/** Numbers of the one table of codes (`schemas/result.ts`). */
const DONE = 0;
const SIGNATURE_INVALID = 22;
const OUT_OF_RANGE = 25;
const VOUCHER_STALE = 60;
const NOT_AUTHORISED = 93;
const STORAGE_FAILED = 112;

/** Slots of a memory: two for installations by turns, and the meter's key. */
const SLOT_KEY = 2;

/** What survives a reset. Each write is durable when it returns, and there wholly or not at all. */
export type Memory = {
  /** What was written to slot 0, 1 or 2; undefined where nothing was. */
  readonly read: (slot: number) => Uint8Array | undefined;
  /** False where it failed. */
  readonly write: (slot: number, bytes: Uint8Array) => boolean;
  /** The newest mark: of which installation, its index, and how many starts there were since it was paid, 31 at most. */
  readonly mark: () => readonly [number: number, index: number, starts: number] | undefined;
  readonly append: (number: number, index: number, starts: number) => void;
};

export type Meter = {
  /** 0 without a memory, 1 with one, 3 once its key is set. */
  readonly roles: () => number;
  /** An installation or a provision: the code that acknowledges it. */
  readonly request: (items: readonly Item[], message: Uint8Array) => number;
  readonly tick: (items: readonly Item[]) => void;
  /** One hash further on a tick's way: IDLE, WALKING, ARRIVED, ASTRAY. */
  readonly walk: () => number;
  /** The message that tells it. */
  readonly state: () => Item[];
  /** Readings that it would deliver now; without a key there is always room. */
  readonly room: () => number;
  readonly deliver: () => void;
};

type Installed = Installation & { readonly mac: Uint8Array };
type Walk = { readonly index: number; readonly x: Uint8Array; at: number; link: Uint8Array };

/** Of an install message; false where a field is out of its range. */
const installedOf = (items: readonly Item[]): Installed | false => {
  const it = {
    number: items[2] as number,
    channel: items[3] as Uint8Array,
    seq: items[4] as number,
    anchor: items[5] as Uint8Array,
    ticks: items[6] as number,
    base: items[7] as number,
    window: items[8] as number,
    mac: items[9] as Uint8Array,
  };
  return (
    it.number > 0 &&
    it.ticks > 0 &&
    it.ticks <= CHAIN_TICKS_MAX &&
    it.base <= BASE_MAX &&
    it.window > 0 &&
    it.window <= U16_MAX &&
    it
  );
};

export const openMeter = (sha256: Sha256, memory: Memory | undefined): Meter => {
  let key = memory && memory.read(SLOT_KEY);
  let credit: Installed | undefined;
  let slot = 0; // where it is kept
  let block: Uint8Array; // of its chain: a tick's hash input
  let held: Uint8Array; // the link of tick `heldIndex`
  let heldIndex = 0;
  let index = 0; // above `heldIndex` after a start only: paid, but the link is not known any more
  let marked = 0; // -1: this start has not seen a tick yet
  let delivered = 0;
  let window = 0;
  let walking: Walk | undefined;
  let waiting: readonly Item[] | undefined;

  const isGenuine = (it: Installed): boolean => equalBytes(installationMac(sha256, key!, it), it.mac);

  const adopt = (it: Installed): void => {
    credit = it;
    block = chainBlock(it.channel, it.seq);
    held = it.anchor;
    heldIndex = 0;
    index = 0;
    marked = 0;
    window = it.window;
    walking = undefined;
    waiting = undefined;
  };

  const mark = (starts: number): void => {
    memory!.append(credit!.number, index, starts);
    marked = starts ? -1 : index;
  };

  /** The newest installation that this key made, as far as it is marked as paid. */
  const resume = (): void => {
    for (let i = 0; i < 2; i++) {
      const message = memory!.read(i);
      const items = message && decodeItems(message);
      const it = items && installedOf(items);
      if (!it || !isGenuine(it) || (credit && it.number < credit.number)) continue;
      adopt(it);
      slot = i;
    }
    if (!credit) return;
    const last = memory!.mark();
    let starts = 0;
    if (last && last[0] === credit.number) {
      index = last[1];
      starts = last[2];
    }
    window >>= starts;
    delivered = credit.base + index;
    mark(starts + 1);
  };

  const install = (items: readonly Item[], message: Uint8Array): number => {
    if (!key) return NOT_AUTHORISED;
    const it = installedOf(items);
    if (!it) return OUT_OF_RANGE;
    if (!isGenuine(it)) return SIGNATURE_INVALID;
    if (credit && it.number <= credit.number) {
      return equalBytes(it.mac, credit.mac) ? DONE : VOUCHER_STALE;
    }
    if (!memory!.write(1 - slot, message)) return STORAGE_FAILED;
    slot = 1 - slot;
    if (!credit || !equalBytes(it.channel, credit.channel)) delivered = it.base;
    adopt(it);
    return DONE;
  };

  const provision = (number: number, bytes: Uint8Array): number => {
    if (number !== PROVISION_KEY) return NOT_AUTHORISED;
    if (bytes.length !== KEY_BYTES) return OUT_OF_RANGE;
    if (key) return equalBytes(key, bytes) ? DONE : NOT_AUTHORISED;
    if (!memory!.write(SLOT_KEY, bytes)) return STORAGE_FAILED;
    key = bytes;
    return DONE;
  };

  /** The tick that waits sets out, unless it leads nowhere. */
  const setOut = (items: readonly Item[]): number => {
    const to = items[2] as number;
    const x = items[3] as Uint8Array;
    if (!credit || items[1] !== (credit.seq & U16_MAX) || to <= index) return ARRIVED;
    if (to > credit.ticks) return ASTRAY;
    walking = { index: to, x: x, at: to, link: x };
    return WALKING;
  };

  const arrive = (from: Walk): number => {
    walking = undefined;
    if (!equalBytes(from.link, held)) return ASTRAY;
    held = from.x;
    heldIndex = from.index;
    index = from.index;
    window = credit!.window;
    if (marked < 0 || index - marked >= STRIDE) mark(0);
    return ARRIVED;
  };

  const walk = (): number => {
    if (!walking) {
      const items = waiting;
      waiting = undefined;
      return items ? setOut(items) : IDLE;
    }
    walking.link = linkBefore(sha256, block, walking.at, walking.link);
    walking.at--;
    return walking.at > heldIndex ? WALKING : arrive(walking);
  };

  const room = (): number => (!key ? 1 : credit ? roomOf(credit, index, window, delivered) : 0);

  if (key) resume();
  return {
    roles: () => (key ? 3 : memory ? 1 : 0),
    request: (items, message) =>
      items[0] === INSTALL ? install(items, message) : provision(items[2] as number, items[3] as Uint8Array),
    tick: (items) => {
      waiting = items;
    },
    walk: walk,
    state: () => {
      const number = credit ? credit.number : 0;
      return [METER, number, credit ? credit.seq : 0, index, delivered, room()];
    },
    room: room,
    deliver: () => {
      delivered++;
    },
  };
};
