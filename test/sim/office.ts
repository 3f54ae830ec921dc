/**
 * The office: the settler's process with its crashes and its clock, and the operator's jobs. A job that a crash
 * or a full disk cuts short is done again from its beginning, as an operator would.
 */

import { resumeStore } from '../../broker/settler/backup/resume.ts';
import type { OpenGap } from '../../broker/settler/backup/stale.ts';
import { createSettler, type Settler } from '../../broker/settler/settler.ts';
import type { Changes, Store } from '../../broker/settler/store/store.ts';
import type { Crypto, Signer } from '../../schemas/crypto.ts';
import type { Result } from '../../schemas/result.ts';
import { must } from '../world/deal.ts';
import type { Defect } from './defects.ts';
import { HOUR_MS } from './options.ts';
import { newHighWater } from './repair.ts';
import { type Life, SettlerDisk } from './settler-disk.ts';
import type { Timeline } from './timeline.ts';

/** A restored settler is noticed, and everybody told. */
const REPAIR_MS = 60_000;
const RETRY_MS = 10 * 60_000;
/** Between two sweeps: signs of life of the intake. An hour keeps a simulated day cheap. */
const SWEEP_MS = HOUR_MS;
/**
 * Most starts take requests one by one; every fourth groups them, as real ones do. A group waits for others on a
 * real timer of a millisecond: nothing that happens depends on it, but many would be idle time.
 */
const BATCHES = [16, 1, 1, 1] as const;

/** What a settler says of a fault of its own, which it survives. */
const ROLLED_BACK = 'rolled back';

export type Letter = {
  readonly from: string;
  readonly bytes: Uint8Array;
  readonly answer: (bytes: Uint8Array) => void;
};

/** What an operator does with the store of the running process. */
export type Job = {
  readonly name: string;
  readonly work: (store: Store, nowMs: number) => Promise<Result<unknown>>;
};

export type OfficeHost = {
  readonly time: Timeline;
  readonly crypto: Crypto;
  readonly signer: Signer;
  readonly onCommit: (changes: Changes) => void;
  readonly onRollback: (history: readonly Changes[]) => void;
  /** Its journal is older than what it signed: whoever holds something brings it in. */
  readonly onStale: () => Promise<void>;
  /** Of what is still missing then: which channels the operator gives up, by name. */
  readonly giveUp: (gaps: readonly OpenGap[]) => readonly string[];
};

export class Office {
  readonly disk: SettlerDisk;
  readonly highWater = newHighWater();
  /** Its journal is older than what it signed, until that was brought in. */
  isStale = false;
  /** How far its clock is off. */
  clockMs = 0;
  crashes = 0;
  private readonly host: OfficeHost;
  private life: Life = { isAlive: false, hasSpoken: false, number: 0 };
  private settler: Settler | null = null;
  private letters: Letter[] = [];
  private readonly jobs: Job[] = [];
  /** After the next death: how long it stays down, and what its disk has lost by then. */
  private downMs = 0;
  private lost = 0;
  /** What broke at a commit. */
  private found: unknown = null;
  /** No backup is older: a bank file that went out is not forgotten. */
  private commitsMin = 1;

  constructor(host: OfficeHost, defect: Defect | null) {
    this.host = host;
    const nowMs = (): number => host.time.nowMs;
    this.disk = new SettlerDisk(
      defect,
      nowMs,
      (changes) => this.watch(changes),
      () => this.die(),
    );
  }

  /** A settler survives what is thrown inside of its transactions: what the auditor found there is thrown again outside. */
  private watch(changes: Changes): void {
    try {
      this.host.onCommit(changes);
    } catch (error) {
      this.found ??= error;
      throw error;
    }
  }

  private throwFound(): void {
    if (this.found !== null) throw this.found;
  }

  timeMs(): number {
    return this.host.time.nowMs + this.clockMs;
  }

  get isUp(): boolean {
    return this.settler !== null;
  }

  async open(): Promise<void> {
    const life = { isAlive: true, hasSpoken: false, number: this.life.number + 1 };
    this.life = life;
    const { crypto, signer } = this.host;
    const settler = await createSettler({
      store: this.disk.openFor(life),
      root: signer.key,
      signer: { signer, certificate: null },
      crypto,
      nowMs: () => this.timeMs(),
      log: (line) => {
        if (line.includes(ROLLED_BACK)) this.found ??= new Error(line);
      },
      currencies: ['EUR', 'USD'],
      highWater: this.highWater,
      limits: {
        ...{ lingerMs: 0, sweepMs: 0, batchMax: BATCHES[life.number % BATCHES.length]! },
        // Robbers shall fail for better reasons than that they come too often.
        ...{ claimsPerS: 10_000, opensPerS: 10_000, intakeGapMs: 2 * SWEEP_MS },
      },
    });
    if (!life.isAlive) return;
    if (!settler.ok) {
      this.die();
      return;
    }
    this.settler = settler.value;
    this.host.time.after(SWEEP_MS, () => this.sweep(life));
    await this.workOn(life);
  }

  private async sweep(life: Life): Promise<void> {
    if (!life.isAlive) return;
    await this.settler!.sweep();
    this.throwFound();
    this.host.time.after(SWEEP_MS, () => this.sweep(life));
  }

  /** Dies at one of the commits to come. */
  crashLater(commits: number, when: 'before' | 'after', forMs: number): void {
    this.disk.doom = { commits, when };
    this.downMs = forMs;
  }

  /** No fault happens to it any more. */
  calm(): void {
    this.clockMs = 0;
    this.disk.doom = null;
    this.disk.full = 0;
  }

  /** Dies now; the disk had confirmed more than it held. */
  async lie(lost: number, forMs: number): Promise<void> {
    this.downMs = forMs;
    this.lost = lost;
    this.die();
  }

  /** An older backup is put back. */
  async restore(ageMs: number): Promise<void> {
    this.lost = this.disk.commits - this.disk.commitsBefore(this.host.time.nowMs - ageMs);
    this.die();
  }

  private die(): void {
    if (!this.life.isAlive) return;
    this.life.isAlive = false;
    this.settler = null;
    this.disk.doom = null;
    this.crashes++;
    const { lost, downMs } = this;
    this.lost = 0;
    this.downMs = 0;
    this.host.time.after(downMs, async () => {
      if (lost > 0) {
        await this.disk.keep(Math.max(this.commitsMin, this.disk.commits - lost));
        this.host.onRollback(this.disk.history());
        this.isStale = true;
      }
      await this.open();
      if (this.isStale) this.host.time.after(REPAIR_MS, () => this.repair());
    });
  }

  /** A bank file goes out. */
  handOut(): void {
    this.commitsMin = this.disk.commits;
  }

  private async repair(): Promise<void> {
    if (!this.isStale) return;
    const { life } = this;
    if (life.isAlive) {
      await this.host.onStale();
      if (life.isAlive) await this.resume(this.disk.openFor(life));
    }
    if (this.isStale) this.host.time.after(RETRY_MS, () => this.repair());
  }

  /** As an operator does: looks at what is missing, and gives up what nobody holds. */
  private async resume(store: Store): Promise<void> {
    const said = await resumeStore(store, [], this.highWater);
    if (!said.ok) return;
    const names = said.value.resumed ? [] : this.host.giveUp(said.value.gaps);
    const last = names.length === 0 ? said : await resumeStore(store, names, this.highWater);
    if (last.ok && last.value.resumed) this.isStale = false;
  }

  /** Requests that come at one time are handled together. */
  receive(letter: Letter): void {
    if (this.letters.length === 0) this.host.time.after(0, () => this.handleAll());
    this.letters.push(letter);
  }

  private async handleAll(): Promise<void> {
    const letters = this.letters.splice(0);
    const { settler, life } = this;
    if (settler === null) return;
    const answers = await Promise.all(letters.map(({ from, bytes }) => settler.handle(from, bytes)));
    this.throwFound();
    // A process that died while it worked has said nothing, unless it spoke too early (a planted defect).
    if (!life.isAlive && !life.hasSpoken) return;
    letters.forEach(({ answer }, i) => {
      const bytes = answers[i];
      if (bytes !== undefined) answer(bytes);
    });
  }

  /** One request, handled now. */
  async ask(from: string, bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const { settler, life } = this;
    if (settler === null) return undefined;
    const answer = await settler.handle(from, bytes);
    this.throwFound();
    return life.isAlive ? answer : undefined;
  }

  async give(job: Job): Promise<void> {
    this.jobs.push(job);
    if (this.jobs.length === 1) await this.workOn(this.life);
  }

  private async workOn(life: Life): Promise<void> {
    while (this.jobs.length > 0 && life.isAlive) {
      const [job] = this.jobs;
      const done = await job!.work(this.disk.openFor(life), this.timeMs());
      if (!life.isAlive) return;
      if (done.ok) {
        this.jobs.shift();
        continue;
      }
      if (!done.code.startsWith('storage-') && done.code !== 'journal-stale') must(done);
      this.host.time.after(RETRY_MS, () => this.workOn(life));
      return;
    }
  }
}
