/**
 * Rules: what an owner does with what it bought. A value opens an output at one threshold and closes it at
 * the other; between the two it stays as it is, so that a value that trembles does not wear out a valve.
 *
 * What cannot be known is treated as closed: before the first reading, when readings stop, at the end.
 */

import { compareDecimals, type Decimal, decimalToText } from '../schemas/decimal.ts';
import type { Value } from '../schemas/senml.ts';
import type { RuleStatus } from './status.ts';

export type RuleConfig = {
  readonly name: string;
  /** Name of a purchase of this agent. */
  readonly on: string;
  readonly device: string;
  readonly output: string;
  /** Above `closeAt`: opens when it gets more. Below: opens when it gets less. */
  readonly openAt: Decimal;
  readonly closeAt: Decimal;
  readonly silenceMs: number;
};

/** Whether the output shall be open after this value. */
const decide = (rule: RuleConfig, open: boolean, value: Decimal): boolean => {
  const rising = compareDecimals(rule.openAt, rule.closeAt) > 0;
  const toOpen = compareDecimals(value, rule.openAt);
  const toClose = compareDecimals(value, rule.closeAt);
  if (rising ? toOpen >= 0 : toOpen <= 0) return true;
  if (rising ? toClose <= 0 : toClose >= 0) return false;
  return open;
};

/** Sets the output; true when the device has acknowledged it. */
export type Actuate = (open: boolean) => Promise<boolean>;

/** What a status shows: as many as a demand shows values. */
const RECENT_KEPT = 64;
/** An output that did not acknowledge is told again this often. */
const REPEAT_MS = 1000;

const word = (open: boolean): 'open' | 'closed' => (open ? 'open' : 'closed');

export class Rule {
  readonly config: RuleConfig;
  private readonly actuate: Actuate;
  private readonly monotonicMs: () => number;
  private wanted = false;
  private acknowledged: boolean | null = null;
  private reason = 'nothing bought yet';
  private switches = 0;
  private readonly recent: boolean[] = [];
  private lastReadingMs = Number.NEGATIVE_INFINITY;
  private toldMs = Number.NEGATIVE_INFINITY;
  private telling: Promise<void> | null = null;

  constructor(config: RuleConfig, actuate: Actuate, monotonicMs: () => number) {
    this.config = config;
    this.actuate = actuate;
    this.monotonicMs = monotonicMs;
  }

  /** The next reading, in order. */
  onValue(value: Value): void {
    this.lastReadingMs = this.monotonicMs();
    if (typeof value !== 'object') return;
    this.want(decide(this.config, this.wanted, value), 'as its rule says');
    this.recent.push(this.wanted);
    if (this.recent.length > RECENT_KEPT) this.recent.shift();
  }

  onEnd(): void {
    this.want(false, 'at the end of the lease');
  }

  onTimer(): void {
    const nowMs = this.monotonicMs();
    if (this.wanted && nowMs - this.lastReadingMs > this.config.silenceMs)
      this.want(false, `without a reading for ${this.config.silenceMs / 1000} s`);
    if (this.acknowledged !== this.wanted && nowMs - this.toldMs >= REPEAT_MS) this.tell();
  }

  /** The device came back, with an output in whatever state. */
  onDevice(): void {
    this.acknowledged = null;
    this.tell();
  }

  /** Closes, and waits until that has been tried once. */
  async stop(): Promise<void> {
    await this.telling;
    this.want(false, 'while the agent is stopped');
    await this.telling;
  }

  status(): RuleStatus {
    return {
      name: this.config.name,
      on: this.config.on,
      wanted: word(this.wanted),
      acknowledged: this.acknowledged === null ? null : word(this.acknowledged),
      reason: this.reason,
      switches: this.switches,
      openAt: decimalToText(this.config.openAt),
      closeAt: decimalToText(this.config.closeAt),
      recent: this.recent,
    };
  }

  private want(open: boolean, reason: string): void {
    this.reason = reason;
    if (open === this.wanted) return;
    this.wanted = open;
    this.switches++;
    this.acknowledged = null;
    this.tell();
  }

  /** One command at a time: the answer to an older one must not pass for that to a newer one. */
  private tell(): void {
    if (this.telling !== null) return;
    this.toldMs = this.monotonicMs();
    const told = this.wanted;
    this.telling = this.actuate(told).then((acknowledged) => {
      this.telling = null;
      this.acknowledged = acknowledged && told === this.wanted ? told : null;
      if (told !== this.wanted) this.tell();
    });
  }
}
