/**
 * What an application sees of capabilities, whether they are at the end of a serial line here or leased
 * from an agent elsewhere: readings out, commands in.
 *
 * Values are integers: value = mantissa * 10^exponent in the capability's unit.
 */

import type { Refusal, Result } from '../schemas/result.ts';
import type { Capability, Installation, MeterState } from '../schemas/serial.ts';
import type { Tick } from '../schemas/tick.ts';

export type DeviceIdentity = {
  readonly board: string;
  readonly firmware: string;
  /** 16 hexadecimal digits: an identifier, never a secret. */
  readonly serial: string;
};

export type DeviceReading = {
  readonly channel: number;
  /** Rises by one per reading of the channel; a gap is a loss. From 0 again when the device restarts. */
  readonly seq: number;
  readonly mantissa: number;
  readonly exponent: number;
};

/** Counted since the device was opened. */
export type DeviceHealth = {
  /** Intact frames, lines or MQTT messages. */
  readonly messages: number;
  /** Bytes that were none of them. */
  readonly noiseBytes: number;
  /** What came with a wrong CRC or checksum. */
  readonly checkErrors: number;
  /** Times that a good message followed noise. */
  readonly resyncs: number;
  /** Intact messages that said nothing we know, or nothing for us. */
  readonly strays: number;
  /** Readings missing in their sequence. */
  readonly lostReadings: number;
  readonly reconnects: number;
};

export type DeviceState =
  /** Also when the identity or the capabilities have changed while online: read them again. */
  { readonly online: true } | { readonly online: false; readonly code: string; readonly detail: string };

/** Called in the order of arrival, never after `close`. What a listener throws is the program's end. */
export type DeviceListener = {
  readonly onReading?: (reading: DeviceReading) => void;
  readonly onState?: (state: DeviceState) => void;
  /** The device's own trouble: a number of serial.md section 4 and how often since its reset. */
  readonly onFault?: (fault: number, count: number) => void;
  readonly onNoise?: (bytes: Uint8Array) => void;
  /** A message or a line that is of no use, and why. The stream goes on. */
  readonly onRefused?: (refusal: Refusal) => void;
  /** The meter's own account, after all readings that it counts. */
  readonly onMeter?: (state: MeterState) => void;
};

/** Credit on a board that delivers what is paid for and a window more (`schemas/spec/meter.md`). */
export type Meter = {
  /** Whether its key is set: without, the board delivers freely. */
  readonly keySet: boolean;
  /** What it told last on this connection, or null. */
  readonly state: MeterState | null;
  /**
   * Resolves when the meter shows it. Codes: signature-invalid, voucher-stale, not-authorised,
   * value-out-of-range, timeout, device-failed (offline), busy (too many waiting).
   */
  readonly install: (installation: Installation, mac: Uint8Array) => Promise<Result<void>>;
  /** Repeated until the meter shows it; a later tick takes its place. Of another chain: dropped. */
  readonly pay: (tick: Tick) => void;
};

export interface Device {
  readonly identity: DeviceIdentity;
  readonly capabilities: readonly Capability[];
  readonly online: boolean;
  readonly health: DeviceHealth;
  /** null where the device has none. */
  readonly meter: Meter | null;
  /** Returns the function that ends it. */
  listen(listener: DeviceListener): () => void;
  /**
   * Sets an actuator and waits for its acknowledgement. Codes: channel-unknown (no such actuator),
   * value-out-of-range, timeout, device-failed (offline), busy (too many waiting).
   */
  command(channel: number, value: number): Promise<Result<void>>;
  /** Time between two readings; 0 stops them. Codes: those of `command`. */
  setPeriod(channel: number, periodMs: number): Promise<Result<void>>;
  close(): Promise<void>;
}
