/** A disk with a journal: what is written survives a killed process, what is synced survives a power cut. */

import type { Mark } from '../../agent/engine/effects.ts';
import type { Chance } from './chance.ts';

type Written = { readonly record: Uint8Array; readonly mark: Mark };

export class Disk {
  private written: Written[] = [];
  private synced = 0;

  append(record: Uint8Array, mark: Mark): void {
    this.written.push({ record, mark });
  }

  /** The newest mark that is durable now, or null where nothing new is. */
  sync(): Mark | null {
    if (this.synced === this.written.length) return null;
    this.synced = this.written.length;
    return this.written[this.synced - 1]!.mark;
  }

  /** A power cut: of what was not synced, some of the first records may have reached the disk. */
  cutPower(chance: Chance): void {
    this.keep(this.synced + chance.below(this.written.length - this.synced + 1));
  }

  /** A power cut that takes all that was not synced. */
  loseUnsynced(): void {
    this.keep(this.synced);
  }

  /** An older copy is put back: only the first `count` records are there. */
  keep(count: number): void {
    this.written.length = Math.min(count, this.written.length);
    this.synced = this.written.length;
  }

  get length(): number {
    return this.written.length;
  }

  /** What all its records together say, or null where there are none. */
  get mark(): Mark | null {
    return this.written.at(-1)?.mark ?? null;
  }

  records(): Uint8Array[] {
    return this.written.map((each) => each.record);
  }
}
