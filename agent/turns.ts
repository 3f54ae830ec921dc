/**
 * Turns: what arrives together is stepped at once, written together, and only then answered.
 *
 * Messages are stepped as they come. When the event loop has no more of them, each lane that got some is told
 * to `flush` (one tick pays for all of them), one write hands all records to the journal, and what the lanes
 * asked for is sent in order. So a message costs a share of a write, and nothing leaves before its record.
 * Requests, and answers to them, wait for the disk as well: what a settler or a buyer builds on is not
 * forgotten by a power cut.
 *
 * A disk that refuses stops everything here: what was stepped waits, nothing more is stepped, and the write
 * is tried again on the timer. Peers repeat what was not answered, so nothing is lost but time.
 */

import type { Refusal, Result } from '../schemas/result.ts';
import type { Effect, Event, Mark } from './engine/effects.ts';
import type { Journal } from './journal.ts';

/** One sale or purchase. Its `step` owns the state. */
export type Lane = {
  readonly step: (event: Event, nowMs: number) => readonly Effect[];
  /** Carries out what is neither a record nor a mark. */
  readonly perform: (effect: Effect) => void;
  /** The records that say all of its state. */
  readonly records: () => readonly Uint8Array[];
  ended: boolean;
  /** For `Turns` alone: whether it has been stepped in this turn, and the newest mark the disk holds. */
  touched: boolean;
  mark: Mark | null;
};

/** What waits for the disk: until records 1 to `record` are on it. */
type Waiting = {
  readonly record: number;
  readonly performer: Pick<Lane, 'perform'>;
  readonly effect: Effect;
};
type Marked = { readonly record: number; readonly lane: Lane; readonly mark: Mark };

const FLUSH: Event = { kind: 'flush' };
/** Stands for an action that is no effect of a lane. */
const ACTION: Effect = { kind: 'notice', code: '', detail: '' };

/** A journal of this size begins anew with what is alive, or at eight times what that was the last time. */
const REWRITE_BYTES_MIN = 16 * 1024 * 1024;
const REWRITE_GROWTH = 8;

export class Turns<L extends Lane = Lane> {
  private readonly journal: Journal;
  private readonly nowMs: () => number | null;
  private readonly onBlocked: (refusal: Refusal | null) => void;
  private readonly lanes: Set<L>;
  private touched: Lane[] = [];
  /** Waiting for the write: performer i, a lane mostly, carries out effect i. */
  private performersOut: Pick<Lane, 'perform'>[] = [];
  private effectsOut: Effect[] = [];
  /** Records that the journal had no room for; nothing is stepped while there are any. */
  private heldBack: { readonly lane: Lane; readonly record: Uint8Array; readonly mark: Mark }[] = [];
  /** Marks in the order of their records, from `firstMark` on. */
  private marks: Marked[] = [];
  private firstMark = 0;
  private lastRecord = 0;
  private durableRecord = 0;
  private waiting: Waiting[] = [];
  private scheduled: NodeJS.Immediate | null = null;
  private closed = false;
  private blocked: Refusal | null = null;
  private journalBytes: number;
  private rewriteAtBytes = REWRITE_BYTES_MIN;

  constructor(
    journal: Journal,
    journalBytes: number,
    lanes: Set<L>,
    nowMs: () => number | null,
    onBlocked: (refusal: Refusal | null) => void,
  ) {
    this.journal = journal;
    this.journalBytes = journalBytes;
    this.lanes = lanes;
    this.nowMs = nowMs;
    this.onBlocked = onBlocked;
  }

  /** Whether events are taken: the time is proven and the disk writes. */
  get open(): boolean {
    return this.blocked === null && this.nowMs() !== null;
  }

  /** Steps a lane now; what it asks for happens at the end of this turn. Dropped where not `open`. */
  step(lane: Lane, event: Event): void {
    const nowMs = this.nowMs();
    if (nowMs === null || this.blocked !== null || lane.ended || this.closed) return;
    if (!lane.touched) {
      lane.touched = true;
      this.touched.push(lane);
    }
    if (this.collect(lane, lane.step(event, nowMs))) this.end();
    else this.schedule();
  }

  /** Effects of a lane that has just come about. */
  begin(lane: L, effects: readonly Effect[]): void {
    this.lanes.add(lane);
    this.collect(lane, effects);
    this.schedule();
  }

  /** What must not happen before the records of this turn are on the disk. */
  afterSync(action: () => void): void {
    this.performersOut.push({ perform: action });
    this.effectsOut.push(ACTION);
    this.schedule();
  }

  /** Records 1 to `record` are on the disk. */
  onDurable(record: number): void {
    this.durableRecord = record;
    this.sendWaiting();
    if (this.open) this.handBackMarks();
  }

  /** To be called by a timer: tries again what the disk refused, and keeps the journal short. */
  onTimer(): void {
    if (this.blocked !== null) this.end();
    else if (this.journalBytes >= this.rewriteAtBytes) this.rewrite();
  }

  /** Ends the turn now; what is still refused by the disk afterwards is not sent. */
  end(): void {
    if (this.scheduled !== null) clearImmediate(this.scheduled);
    this.scheduled = null;
    const nowMs = this.nowMs();
    if (nowMs !== null && this.blocked === null) {
      for (const lane of this.touched) {
        lane.touched = false;
        if (!lane.ended) this.collect(lane, lane.step(FLUSH, nowMs));
      }
      this.touched.length = 0;
    }
    const written = this.write();
    if (!written.ok) {
      this.block(written);
      return;
    }
    if (this.blocked !== null) {
      this.blocked = null;
      this.onBlocked(null);
      this.handBackMarks();
      this.schedule(); // for those that were stepped and not flushed
    }
    this.send();
  }

  /** Ends the last turn; nothing is stepped after it. */
  close(): void {
    this.end();
    this.closed = true;
    if (this.scheduled !== null) clearImmediate(this.scheduled);
  }

  private schedule(): void {
    if (this.scheduled === null) this.scheduled = setImmediate(() => this.end());
  }

  /** Whether the lane wants its turn to end now. */
  private collect(lane: Lane, effects: readonly Effect[]): boolean {
    let prompt = false;
    for (const effect of effects) {
      if (effect.kind === 'journal') this.append(lane, effect.record, effect.mark);
      else if (effect.kind === 'prompt') prompt = true;
      else {
        this.performersOut.push(lane);
        this.effectsOut.push(effect);
      }
    }
    return prompt;
  }

  private append(lane: Lane, record: Uint8Array, mark: Mark): void {
    const number = this.heldBack.length === 0 ? this.journal.append(record) : this.blocked!;
    if (number.ok) {
      this.journalBytes += record.length;
      this.lastRecord = number.value;
      this.marks.push({ record: number.value, lane, mark });
      return;
    }
    this.heldBack.push({ lane, record, mark });
    this.block(number);
  }

  private block(refusal: Refusal): void {
    if (this.blocked === null) this.onBlocked(refusal);
    this.blocked = refusal;
  }

  private write(): Result<number> {
    const again = this.heldBack;
    this.heldBack = [];
    for (const held of again) this.append(held.lane, held.record, held.mark);
    return this.heldBack.length === 0 ? this.journal.flush() : this.blocked!;
  }

  private send(): void {
    const performers = this.performersOut;
    const effects = this.effectsOut;
    this.performersOut = [];
    this.effectsOut = [];
    for (let i = 0; i < effects.length; i++) {
      const performer = performers[i]!;
      const effect = effects[i]!;
      if (effect.kind !== 'request' && effect !== ACTION) performer.perform(effect);
      else this.waiting.push({ record: this.lastRecord, performer, effect });
    }
    this.sendWaiting();
  }

  private sendWaiting(): void {
    while (this.waiting.length > 0 && this.waiting[0]!.record <= this.durableRecord) {
      const { performer, effect } = this.waiting.shift()!;
      performer.perform(effect);
    }
  }

  private handBackMarks(): void {
    const told: Lane[] = [];
    while (this.firstMark < this.marks.length && this.marks[this.firstMark]!.record <= this.durableRecord) {
      const marked = this.marks[this.firstMark++]!;
      if (marked.lane.mark === null) told.push(marked.lane);
      marked.lane.mark = marked.mark;
    }
    if (this.firstMark * 2 >= this.marks.length) {
      this.marks = this.marks.slice(this.firstMark);
      this.firstMark = 0;
    }
    for (const lane of told) {
      const mark = lane.mark!;
      lane.mark = null;
      this.step(lane, { kind: 'durable', mark });
    }
  }

  /** Begins the journal anew with what the living lanes still need. */
  private rewrite(): void {
    this.end();
    const records: Uint8Array[] = [];
    for (const lane of this.lanes) records.push(...lane.records());
    const rewritten = this.blocked ?? this.journal.rewrite(records);
    if (!rewritten.ok) {
      this.block(rewritten);
      return;
    }
    this.journalBytes = records.reduce((sum, record) => sum + record.length, 0);
    this.rewriteAtBytes = Math.max(REWRITE_BYTES_MIN, REWRITE_GROWTH * this.journalBytes);
  }
}
