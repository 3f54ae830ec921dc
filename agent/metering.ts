/**
 * Selling through a meter on the board (`schemas/spec/meter.md`): the chip delivers on credit, and this keeps its credit
 * in step with the sale. The engine knows nothing of it: what the buyer's ticks pay is handed on after each turn.
 *
 *     taken by the sale + lost = delivered by the chip
 *     paid by the buyer + lost = base + index, but for less than half a window
 *
 * What is lost (a reading damaged on its way, one without a lease) nobody pays for; a new installation forgives it.
 */

import type { Meter } from '../firmware-bridge/device.ts';
import type { Position } from '../schemas/evidence.ts';
import { U16_MAX } from '../schemas/fields.ts';
import { readingsPaidFloor } from '../schemas/price.ts';
import { type Code, ok, type Refusal, type Result } from '../schemas/result.ts';
import type { Installation, MeterState } from '../schemas/serial.ts';
import { LINK_BYTES } from '../schemas/tick.ts';
import { newestOf } from './engine/backlog.ts';
import type { Sale } from './engine/sale/state.ts';
import type { SaleLane } from './lanes.ts';

export type MeteringPorts = {
  /** The mac of whoever has the meter's key. */
  readonly authorise: (installation: Installation) => Promise<Result<Uint8Array>>;
  /** A number that no installation ever had, above one that the chip has seen. */
  readonly nextNumber: (above: number) => Result<number>;
  readonly onNotice: (code: Code, detail: string) => void;
  readonly monotonicMs: () => number;
};

/** An installation wears the chip's EEPROM: 200,000 of them, and of one chain never more often than this. */
const RENEW_MS = 30_000;
/** After one that failed. */
const RETRY_MS = 1000;
/** Refused for good: asked again only of a board that comes online. */
const FINAL: readonly Code[] = ['signature-invalid', 'not-authorised', 'voucher-stale', 'value-out-of-range'];
/** Of a voucher without a chain: nobody has ticks for it, its base pays. */
const NO_ANCHOR = new Uint8Array(LINK_BYTES);

const takenBy = (sale: Sale): number => newestOf(sale.backlog) + sale.waiting.length;

const paidBy = (sale: Sale): number =>
  Math.min(readingsPaidFloor(sale.lease.terms.price, sale.verifiedNano), sale.lease.terms.readingsMax);

/** Whether more readings would be of use. */
const isHungry = (sale: Sale): boolean =>
  sale.phase === 'selling' && takenBy(sale) < sale.lease.terms.readingsMax;

export class Metering {
  private readonly ports: MeteringPorts;
  private meter: Meter | null = null;
  private lane: SaleLane | null = null;
  private window = 1;
  /** In force, as far as the chip has shown. */
  private credit: Installation | null = null;
  /** The newest that was asked for. */
  private asked: Installation | null = null;
  private asking = false;
  private refused = false;
  /** What failed since it last went well: told once of a kind, tried every second. */
  private readonly told = new Set<Code>();
  /** Not before this is another asked for; not before that of the same chain. */
  private retryAtMs = 0;
  private renewAtMs = 0;
  /** Newest tick of the chain in force, and readings delivered that the sale does not have. */
  private index = 0;
  private lost = 0;

  constructor(ports: MeteringPorts) {
    this.ports = ports;
  }

  /** It came, or went (null). */
  onDevice(meter: Meter | null): void {
    this.meter = meter;
    this.refused = false;
    this.told.clear();
    if (meter !== null && meter.state !== null) this.onMeter(meter.state);
  }

  /** One sale at a time: all sensors of a board share its credit. `window` in readings. */
  begin(lane: SaleLane, window: number): void {
    this.lane = lane;
    this.window = Math.min(window, U16_MAX);
    this.credit = null;
    this.asked = null;
    this.lost = 0;
    this.settle();
  }

  isOf(lane: SaleLane): boolean {
    return this.lane === lane;
  }

  end(lane: SaleLane): void {
    if (this.lane === lane) this.lane = null;
  }

  /** All readings that the chip counts have arrived, or are lost. */
  onMeter(state: MeterState): void {
    if (this.asked !== null && state.number === this.asked.number) {
      this.credit = this.asked;
      this.asked = null;
      this.index = 0;
    }
    if (this.lane !== null && state.number === this.credit?.number)
      this.lost = state.delivered - takenBy(this.lane.state);
    this.settle();
  }

  /** To be called after each turn of the sale, and by a timer. */
  settle(): void {
    const { lane, meter, credit } = this;
    const state = meter?.state ?? null;
    const position = lane?.state.held?.current ?? null;
    if (lane === null || state === null || position === null || this.refused || this.asking) return;
    if (!isHungry(lane.state)) return;
    const isInForce = credit !== null && credit.number === state.number;
    if (isInForce) this.relay(credit, lane.state, state);
    if (!isInForce || this.lacks(credit, lane.state, position, state))
      void this.install(lane, position, state);
  }

  private relay(credit: Installation, sale: Sale, state: MeterState): void {
    const positions = [sale.held?.current, sale.held?.previous];
    const newest = positions.find((one) => one?.voucher.seq === credit.seq);
    if (!newest) return;
    this.index = newest.index;
    if (newest.index > state.index)
      this.meter?.pay({ seq16: credit.seq % 65_536, index: newest.index, x: newest.x });
  }

  /** Whether half of the window, or all that there is, waits for what is paid or lost already. */
  private lacks(credit: Installation, sale: Sale, position: Position, state: MeterState): boolean {
    const uncredited = this.lost + paidBy(sale) - credit.base - this.index;
    const starved = state.room === 0 && state.index >= this.index && paidBy(sale) >= takenBy(sale);
    if (2 * uncredited < this.window && !starved) return false;
    return position.voucher.seq !== credit.seq || this.ports.monotonicMs() >= this.renewAtMs;
  }

  private async install(lane: SaleLane, position: Position, state: MeterState): Promise<void> {
    const { meter } = this;
    if (meter === null || this.ports.monotonicMs() < this.retryAtMs) return;
    const isRenewal = this.credit?.seq === position.voucher.seq;
    this.asking = true;
    const installed = await this.ask(meter, lane, position, state);
    this.asking = false;
    const nowMs = this.ports.monotonicMs();
    if (this.asked !== null) this.retryAtMs = nowMs + RETRY_MS; // the chip does not show it
    if (installed.ok) {
      this.renewAtMs = isRenewal ? nowMs + RENEW_MS : 0;
      this.told.clear();
    } else {
      this.retryAtMs = nowMs + RETRY_MS;
      this.refused = this.meter === meter && FINAL.includes(installed.code);
      if (meter.state !== null) this.tell(installed); // else it is away, which is told
    }
    this.settle();
  }

  private tell({ code, detail }: Refusal): void {
    if (!this.told.has(code)) this.ports.onNotice(code, detail);
    this.told.add(code);
  }

  private async ask(
    meter: Meter,
    lane: SaleLane,
    { voucher, index }: Position,
    state: MeterState,
  ): Promise<Result<void>> {
    const number = this.ports.nextNumber(state.number);
    if (!number.ok) return number;
    const { held } = lane.state;
    const installation: Installation = {
      number: number.value,
      channel: held!.channel,
      seq: voucher.seq,
      anchor: voucher.anchor ?? NO_ANCHOR,
      ticks: voucher.anchor === null ? 1 : held!.ticks,
      base: Math.max(0, this.lost + paidBy(lane.state) - index),
      window: this.window,
    };
    const mac = await this.ports.authorise(installation);
    if (!mac.ok) return mac;
    if (this.lane !== lane) return ok(undefined); // over while its owner was asked
    this.asked = installation;
    return meter.install(installation, mac.value);
  }
}
