/**
 * Papers: what was signed beside the leases and must outlive them, the newest of a key each. A journal of its
 * own (kind `papers`):
 *
 *     [kind, key, [object or null, ...]]
 *
 * | kind | what      | key                       | objects                             |
 * |------|-----------|---------------------------|-------------------------------------|
 * | 0    | enrolment | settler                   | enrolment, newest spending or null  |
 * | 1    | budget    | device, settler           | budget, newest spending or null, line of "owns" carried out or null |
 * | 2    | line      | debtor, settler, currency | line, noted or null                 |
 * | 3    | consent   | settler, currency         | consent, noted or null              |
 * | 4    | dispute   | channel                   | dispute, noted or null, open         |
 * | 5    | sale      | channel                   | open, receipt, voucher, tick or null |
 */

import { toHex } from '../../schemas/bytes.ts';
import type { Cbor } from '../../schemas/cbor.ts';
import { count, type Field, isCount, object, readFields, writeFields } from '../../schemas/fields.ts';
import { OBJECT_BYTES_MAX } from '../../schemas/request.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { type Journal, openJournal } from '../journal.ts';

const KINDS = ['enrolment', 'budget', 'line', 'consent', 'dispute', 'sale'] as const;
export type PaperKind = (typeof KINDS)[number];

export type Paper = {
  readonly kind: PaperKind;
  readonly key: Uint8Array;
  readonly objects: readonly (Uint8Array | null)[];
};

/** A gateway's owner, or a day of sales; of more, the longest unchanged is forgotten. Some 0.8 kB each. */
const PAPERS_OF_KIND_MAX = 1024;
/** The longest key: two keys and a currency. */
const KEY_BYTES_MAX = 67;
const OBJECTS_MAX = 4;
/** A file with this many records that count no more begins anew, or with as many as count. */
const STALE_MIN = 256;

const isObject = (item: Cbor): boolean =>
  item === null || (item instanceof Uint8Array && item.length <= OBJECT_BYTES_MAX);

const OBJECTS: Field = {
  name: 'objects',
  expects: `1 to ${OBJECTS_MAX} objects`,
  holds: (value) => Array.isArray(value) && isCount(value.length, OBJECTS_MAX) && value.every(isObject),
};
const FIELDS = [count('kind', KINDS.length - 1), object('key', KEY_BYTES_MAX), OBJECTS];

const encodePaper = ({ kind, key, objects }: Paper): Uint8Array =>
  writeFields('paper', [KINDS.indexOf(kind), key, objects], FIELDS);

const decodePaper = (record: Uint8Array): Result<Paper> => {
  const fields = readFields('paper', record, FIELDS);
  if (!fields.ok) return fields;
  const [kind, key, objects] = fields.value;
  return ok({
    kind: KINDS[kind as number]!,
    key: key as Uint8Array,
    objects: objects as readonly (Uint8Array | null)[],
  });
};

export class Papers {
  private readonly journal: Journal;
  private readonly kept = new Map<PaperKind, Map<string, Paper>>(KINDS.map((kind) => [kind, new Map()]));
  private stale = 0;

  constructor(journal: Journal, papers: readonly Paper[]) {
    this.journal = journal;
    for (const paper of papers) this.keep(paper);
  }

  get(kind: PaperKind, key: Uint8Array): Paper | undefined {
    return this.kept.get(kind)!.get(toHex(key));
  }

  /** The longest unchanged first. */
  all(kind: PaperKind): readonly Paper[] {
    return [...this.kept.get(kind)!.values()];
  }

  /** In the system's hands when it answers; a power cut may lose it. Codes: busy, storage-full, storage-failed. */
  put(paper: Paper): Result<unknown> {
    const appended = this.journal.append(encodePaper(paper));
    if (!appended.ok) return appended;
    this.keep(paper);
    const flushed = this.journal.flush();
    if (!flushed.ok || this.stale < STALE_MIN) return flushed;
    const alive = [...this.kept.values()].flatMap((papers) => [...papers.values()]);
    if (this.stale < alive.length) return flushed;
    this.stale = 0;
    return this.journal.rewrite(alive.map(encodePaper));
  }

  close(): Promise<Result<number>> {
    return this.journal.close();
  }

  private keep(paper: Paper): void {
    const papers = this.kept.get(paper.kind)!;
    const name = toHex(paper.key);
    if (papers.delete(name)) this.stale++;
    papers.set(name, paper);
    if (papers.size <= PAPERS_OF_KIND_MAX) return;
    papers.delete(papers.keys().next().value!);
    this.stale++;
  }
}

/** Codes: those of `openJournal`, and of a record that is not what was written. */
export const openPapers = (path: string): Result<Papers> => {
  const papers: Paper[] = [];
  let damage: Result<never> | undefined;
  const journal = openJournal(path, {
    kind: 'papers',
    onRecord: (record) => {
      const paper = decodePaper(record);
      if (paper.ok) papers.push(paper.value);
      else damage ??= paper;
    },
  });
  if (!journal.ok) return journal;
  if (damage === undefined) return ok(new Papers(journal.value, papers));
  void journal.value.close();
  return damage;
};
