/** The three timers of an ATmega328P, and when a sleeping chip has to look at them again. */

import { AVRTimer, type CPU, timer0Config, timer1Config, timer2Config } from 'avr8js';

const CONFIGS = [timer0Config, timer1Config, timer2Config] as const;
type Config = (typeof CONFIGS)[number];

/** What avr8js keeps to itself. */
type Inside = {
  readonly count: () => void;
  readonly divider: number;
  readonly ocrA: number;
  readonly ocrB: number;
  readonly compA: number;
  readonly compB: number;
};
type Timer = { readonly timer: AVRTimer; readonly inside: Inside; readonly config: Config };

export class ChipTimers {
  readonly #cpu: CPU;
  readonly #timers: readonly Timer[];

  constructor(cpu: CPU) {
    this.#cpu = cpu;
    this.#timers = CONFIGS.map((config) => {
      const timer = new AVRTimer(cpu, config);
      return { timer, inside: timer as unknown as Inside, config };
    });
  }

  /**
   * avr8js visits a timer at each count, by a clock event; a sleeper need not wake before something happens.
   * The cycle of that; undefined where the event is no timer's.
   */
  nextCycle(callback: () => void, nextCount: number): number | undefined {
    const found = this.#timers.find(({ inside }) => inside.count === callback);
    return found && nextCount + (this.#counts(found) - 1) * found.inside.divider;
  }

  /** From now to the next value at which an interrupt is asked for or a pin changes; Infinity: there is none. */
  #counts({ timer, inside, config }: Timer): number {
    if (inside.divider === 0) return 1; // it is about to start
    const enabled = this.#cpu.data[config.TIMSK]!;
    const period = timer.TOP + 1;
    const to = (value: number): number => ((value - timer.debugTCNT - 1 + 2 * period) % period) + 1;
    const drives = inside.compA !== 0 || inside.compB !== 0;
    return Math.min(
      inside.compA !== 0 || enabled & config.OCIEA ? to(inside.ocrA) : Number.POSITIVE_INFINITY,
      inside.compB !== 0 || enabled & config.OCIEB ? to(inside.ocrB) : Number.POSITIVE_INFINITY,
      drives || enabled & config.TOIE ? to(0) : Number.POSITIVE_INFINITY,
    );
  }
}
