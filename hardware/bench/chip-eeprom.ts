/** The EEPROM of an emulated chip: 1,024 bytes that outlive it, how often each was written, and power cuts. */

import type { EEPROMMemoryBackend } from 'avr8js';

const EEPROM_BYTES = 1024;
/** What a cell bears (datasheet section 8.4). */
export const EEPROM_WRITES_MAX = 100_000;
/** A byte is erased, then written: 3.6 ms in avr8js, 3.4 ms by the datasheet (table 8-1). */
const HALF_WRITE_CYCLES = 28_800;
const ERASED = 0xff;

type Backend = Pick<EEPROMMemoryBackend, keyof EEPROMMemoryBackend>;

export class ChipEeprom implements Backend {
  readonly memory = new Uint8Array(EEPROM_BYTES).fill(ERASED);
  /** By address, since the chip was made. */
  readonly writes = new Uint32Array(EEPROM_BYTES);
  #last: { readonly address: number; readonly before: number; readonly cycles: number } | undefined;
  readonly #now: () => number;

  /** `now`: the chip's cycles. */
  constructor(content: Uint8Array, now: () => number) {
    this.memory.set(content);
    this.#now = now;
  }

  readMemory(address: number): number {
    return this.memory[address]!;
  }

  eraseMemory(address: number): void {
    this.#last = { address, before: this.memory[address]!, cycles: this.#now() };
    this.memory[address] = ERASED;
    this.writes[address]!++;
  }

  writeMemory(address: number, value: number): void {
    this.memory[address]! &= value;
  }

  /**
   * The power is gone. A byte that was being erased is left with some of its bits, and one that was being
   * written is still erased; the firmware must live with either.
   */
  cut(): void {
    if (this.#last === undefined) return;
    const { address, before, cycles } = this.#last;
    const elapsed = this.#now() - cycles;
    if (elapsed < HALF_WRITE_CYCLES) this.memory[address] = before | 0x55;
    else if (elapsed < 2 * HALF_WRITE_CYCLES) this.memory[address] = ERASED;
    this.#last = undefined;
  }
}
