/**
 * The archive: what is left of a lease when it is over, one record each, kept for good. A journal of its own
 * (kind `archive`), since the agent's journal forgets what has ended.
 *
 *     [role, name, lease, agreed or null, delivered, paid, paidNano, claimedNano, unpaidNano, reason, endedMs]
 */

import { toHex } from '../schemas/bytes.ts';
import type { Crypto } from '../schemas/crypto.ts';
import {
  amount,
  count,
  type Field,
  line,
  object,
  orNull,
  readFields,
  TEXT_BYTES_MAX,
  text,
  U32_MAX,
  writeFields,
} from '../schemas/fields.ts';
import { ok, type Result } from '../schemas/result.ts';
import { openLease, type Terms } from '../schemas/terms.ts';
import { type Journal, openJournal } from './journal.ts';
import type { EndedStatus } from './status.ts';

type Role = 'sale' | 'purchase';

/** Readings and nano as this side counted them. */
export type Figures = {
  readonly delivered: number;
  readonly paid: number;
  readonly paidNano: number;
  readonly claimedNano: number;
  readonly unpaidNano: number;
};

export type Ended = Figures & {
  readonly role: Role;
  /** Capability that was sold, or name of the demand. */
  readonly name: string;
  /** As both signed it. */
  readonly lease: Uint8Array;
  readonly agreed: Uint8Array | null;
  readonly reason: string;
  readonly endedMs: number;
};

export type EndedLease = Ended & { readonly id: Uint8Array; readonly terms: Terms };

const ROLES: readonly Role[] = ['sale', 'purchase'];
const OBJECT_BYTES_MAX = 4096;
const FIELDS: readonly Field[] = [
  count('role', ROLES.length - 1),
  text('name'),
  object('lease', OBJECT_BYTES_MAX),
  orNull(object('agreed', OBJECT_BYTES_MAX)),
  count('delivered', U32_MAX),
  count('paid', U32_MAX),
  amount('paidNano'),
  amount('claimedNano'),
  amount('unpaidNano'),
  line('reason', TEXT_BYTES_MAX),
  amount('endedMs'),
];

const encodeEnded = (ended: Ended): Uint8Array =>
  writeFields(
    'archive',
    [
      ROLES.indexOf(ended.role),
      ended.name,
      ended.lease,
      ended.agreed,
      ended.delivered,
      ended.paid,
      ended.paidNano,
      ended.claimedNano,
      ended.unpaidNano,
      ended.reason,
      ended.endedMs,
    ],
    FIELDS,
  );

const decodeEnded = (record: Uint8Array, crypto: Crypto): Result<EndedLease> => {
  const fields = readFields('archive', record, FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  const lease = openLease(f[2] as Uint8Array, crypto);
  if (!lease.ok) return lease;
  return ok({
    role: ROLES[f[0] as number]!,
    name: f[1] as string,
    lease: f[2] as Uint8Array,
    agreed: f[3] as Uint8Array | null,
    delivered: f[4] as number,
    paid: f[5] as number,
    paidNano: f[6] as number,
    claimedNano: f[7] as number,
    unpaidNano: f[8] as number,
    reason: f[9] as string,
    endedMs: f[10] as number,
    id: lease.value.id,
    terms: lease.value.terms,
  });
};

const statusOf = (ended: EndedLease): EndedStatus => ({
  lease: toHex(ended.id),
  role: ended.role,
  name: ended.name,
  delivered: ended.delivered,
  paid: ended.paid,
  paidNano: ended.paidNano,
  claimedNano: ended.claimedNano,
  unpaidNano: ended.unpaidNano,
  currency: ended.terms.currency,
  reason: ended.reason,
  statement: ended.agreed,
});

export class Archive {
  private readonly journal: Journal;
  private readonly leases: EndedLease[];
  private readonly known = new Set<string>();
  private readonly crypto: Crypto;

  constructor(journal: Journal, leases: EndedLease[], crypto: Crypto) {
    this.journal = journal;
    this.leases = leases;
    this.crypto = crypto;
    for (const lease of leases) this.known.add(keyOf(lease.role, lease.id));
  }

  /** In the order in which they ended. */
  all(): readonly EndedLease[] {
    return this.leases;
  }

  /** The newest, for people. */
  status(countMax: number): EndedStatus[] {
    return this.leases.slice(-countMax).map(statusOf);
  }

  holds(role: Role, id: Uint8Array): boolean {
    return this.known.has(keyOf(role, id));
  }

  /** Keeps a lease; one that is held already changes nothing. Codes: busy, storage-full, storage-failed. */
  add(ended: Ended): Result<unknown> {
    const record = encodeEnded(ended);
    const lease = decodeEnded(record, this.crypto);
    if (!lease.ok || this.holds(ended.role, lease.value.id)) return lease;
    const appended = this.journal.append(record);
    if (!appended.ok) return appended;
    this.leases.push(lease.value);
    this.known.add(keyOf(ended.role, lease.value.id));
    return this.journal.flush();
  }

  close(): Promise<Result<number>> {
    return this.journal.close();
  }
}

const keyOf = (role: Role, id: Uint8Array): string => `${role} ${toHex(id)}`;

/** Codes: those of `openJournal`, and of a record that is not what was written. */
export const openArchive = (path: string, crypto: Crypto): Result<Archive> => {
  const leases: EndedLease[] = [];
  let damage: Result<never> | undefined;
  const journal = openJournal(path, {
    kind: 'archive',
    onRecord: (record) => {
      const ended = decodeEnded(record, crypto);
      if (ended.ok) leases.push(ended.value);
      else damage ??= ended;
    },
  });
  if (!journal.ok) return journal;
  if (damage === undefined) return ok(new Archive(journal.value, leases, crypto));
  void journal.value.close();
  return damage;
};
