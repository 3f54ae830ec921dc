/**
 * Files of what was bought, for whoever needs the readings and not this program: one SenML-JSON pack a line
 * (RFC 8428), in order, each complete in itself.
 *
 * The journal is what money stands on; this is a copy for others. A killed process may leave out the readings
 * of its last turn, and a disk that refuses loses lines here, which is told once.
 */

import { appendFileSync } from 'node:fs';
import type { Refusal } from '../schemas/result.ts';
import { exportJson, type Value } from '../schemas/senml.ts';
import { storageRefusal } from './host/storage.ts';

export class BoughtFile {
  private readonly path: string;
  private readonly onFault: (refusal: Refusal) => void;
  private lines: string[] = [];
  private faulty = false;

  constructor(path: string, onFault: (refusal: Refusal) => void) {
    this.path = path;
    this.onFault = onFault;
  }

  append(name: string, unit: string, value: Value, atMs: number): void {
    const series = { baseName: name, unit, baseTimeMs: atMs, periodMs: 0 };
    const pack = exportJson(series, [{ seq: 1, value, offsetMs: 0 }]);
    if (!pack.ok) {
      this.tell(pack);
      return;
    }
    if (this.lines.length === 0) setImmediate(() => this.flush());
    this.lines.push(pack.value.replaceAll('\n', ''));
  }

  flush(): void {
    if (this.lines.length === 0) return;
    const text = `${this.lines.join('\n')}\n`;
    this.lines = [];
    try {
      appendFileSync(this.path, text, { mode: 0o600 });
      this.faulty = false;
    } catch (raised) {
      this.tell(storageRefusal(raised, 'append to', this.path));
    }
  }

  private tell(refusal: Refusal): void {
    if (!this.faulty) this.onFault(refusal);
    this.faulty = true;
  }
}
