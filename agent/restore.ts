/** What the journal tells at a start: the sales and purchases that were going on. */

import { toHex } from '../schemas/bytes.ts';
import { ok, type Result } from '../schemas/result.ts';
import { purchaseFromRecords } from './engine/purchase/records.ts';
import { decodeRecord } from './engine/record.ts';
import { saleFromRecords } from './engine/sale/records.ts';
import { KIND_DEMAND, type LaneHost, type LeaseLane, purchaseLane, saleLane } from './lanes.ts';

type Group = { readonly role: 'sale' | 'purchase'; demand: string; readonly records: Uint8Array[] };

/** Gathers records, in order, until all have been read. */
export class Restoring {
  bytes = 0;
  private readonly groups = new Map<string, Group>();
  private damage: Result<never> | undefined;

  onRecord(record: Uint8Array): void {
    this.bytes += record.length;
    const decoded = decodeRecord(record);
    if (!decoded.ok) {
      this.damage ??= decoded;
      return;
    }
    const { handle, role, kind, parts } = decoded.value;
    const key = toHex(handle);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { role, demand: '', records: [] };
      this.groups.set(key, group);
    }
    if (kind === KIND_DEMAND) group.demand = parts[0] as string;
    else group.records.push(record.slice());
  }

  /** Codes: those of the records, which this program wrote: a damage that the journal's sums did not show. */
  lanes(host: LaneHost): Result<LeaseLane[]> {
    if (this.damage !== undefined) return this.damage;
    const lanes: LeaseLane[] = [];
    for (const { role, demand, records } of this.groups.values()) {
      if (role === 'sale') {
        const sale = saleFromRecords(host.ports, records);
        if (!sale.ok) return sale;
        lanes.push(saleLane(host, sale.value));
      } else if (records.length > 0) {
        const purchase = purchaseFromRecords(host.ports, records);
        if (!purchase.ok) return purchase;
        lanes.push(purchaseLane(host, demand, purchase.value));
      }
    }
    this.groups.clear();
    return ok(lanes);
  }
}
