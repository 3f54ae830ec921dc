/**
 * Purse: what the owner of this device lets it spend. It obeys before it makes an offer; the settler enforces the
 * same across sellers.
 *
 * With each settler: a budget of the owner, countersigned (the enrolment), which the settler answers with what was
 * spent. What was begun since that report was asked for counts as reserved until the next one.
 */

import { openBudget, openEnrolment, signEnrolment } from '../../schemas/budget.ts';
import { equalBytes } from '../../schemas/bytes.ts';
import { didKey, idOf } from '../../schemas/identity.ts';
import type { Request } from '../../schemas/request.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { openSpending, type Spending } from '../../schemas/spending.ts';
import { inTopic } from '../../schemas/topic.ts';
import type { PurchaseLane } from '../lanes.ts';
import { moneyText } from '../money.ts';
import { Pocket, WAIT_MS } from './pocket.ts';
import { type OwnerPorts, settlerTopicFor } from './ports.ts';
import type { BudgetStatus } from './status.ts';
import { NOTHING_USED, usedOf } from './used.ts';

/** An owner hears of a device at least once a day. */
const REPORT_MS = 20 * 3_600_000;
/** An owner that gave nothing more is asked again, ever more slowly. */
const ASK_MS_MAX = 300_000;
/** What has ended is released at the settler a while later: while too little is left it is asked ever more slowly. */
const SHORT_MS_MAX = 60_000;
/** Below a fifth of the total a device asks for more. */
const LOW_SHARE = 5;

export type PurseConfig = {
  readonly owner: Uint8Array;
  /** A first budget, or null where the owner is asked for one. */
  readonly budget: Uint8Array | null;
  /** Of what is bought and sold here. */
  readonly currency: string;
};

export type PursePorts = OwnerPorts & {
  /** Paid and reserved to a seller through a settler, by this device's own books. */
  readonly paidToNano: (seller: Uint8Array, settler: Uint8Array) => number;
  /** What the demands that are still open may cost. */
  readonly wantedNano: () => number;
};

export class Purse {
  private readonly ports: PursePorts;
  private readonly config: PurseConfig;
  private readonly ownerId: string;
  private readonly pockets: readonly Pocket[];

  constructor(ports: PursePorts, config: PurseConfig, settlers: readonly Uint8Array[]) {
    const { sha256 } = ports.crypto;
    this.ports = ports;
    this.config = config;
    this.ownerId = idOf(config.owner, sha256);
    this.pockets = settlers.map((settler) => this.recall(new Pocket(settler, idOf(settler, sha256))));
    const first = config.budget === null ? null : openBudget(config.budget, ports.crypto.verify);
    const known = first?.ok === true ? this.pocketOf(first.value.settler) : undefined;
    // A file stays where it is while the budget in it grows old.
    if (first?.ok === true && first.value.version <= (known?.enrolment?.version ?? -1)) return;
    const taken = config.budget === null ? ok(null) : this.take(config.budget);
    if (!taken.ok) ports.notice(taken.code, taken.detail);
  }

  onConnected(): void {
    for (const pocket of this.pockets) {
      if (pocket.enrolment !== null) this.enrol(pocket);
      else this.askOwner(pocket, this.ports.wantedNano());
    }
  }

  onTimer(nowMs: number): void {
    const monotonicMs = this.ports.monotonicMs();
    for (const pocket of this.pockets) {
      if (pocket.enrolment === null || this.ports.questions.has(`enrol ${pocket.name}`)) continue;
      const isBooked = [...pocket.begun.keys()].some(isKnownToSettler);
      const isShort = pocket.shortNano > 0 && monotonicMs - pocket.enrolledMs >= pocket.shortWaitMs;
      if (isShort) pocket.shortWaitMs = Math.min(2 * pocket.shortWaitMs, SHORT_MS_MAX);
      if (isBooked || isShort || monotonicMs - pocket.reportedMs >= REPORT_MS) this.enrol(pocket);
      else if (monotonicMs - pocket.askedMs >= pocket.askWaitMs) {
        const wantedNano = this.missingNano(pocket, nowMs);
        if (wantedNano > 0) this.askOwner(pocket, wantedNano);
      }
    }
  }

  /** What the next channel to that seller may reserve. */
  roomNano(settler: Uint8Array, seller: Uint8Array, currency: string, nowMs: number): number {
    const pocket = this.pocketOf(settler);
    const enrolment = pocket?.enrolment ?? null;
    if (pocket === undefined || enrolment === null || enrolment.currency !== currency) return 0;
    const { totalNano, todayNano } = pocket.left(nowMs);
    const sellerNano = enrolment.sellerNano - this.ports.paidToNano(seller, settler);
    return Math.max(0, Math.min(totalNano, todayNano, sellerNano));
  }

  /** A lease would have reserved that much, and the budget left less. */
  short(settler: Uint8Array, limitNano: number): void {
    const pocket = this.pocketOf(settler);
    if (pocket !== undefined) pocket.shortNano = limitNano;
  }

  begun(lane: PurchaseLane, limitNano: number): void {
    const pocket = this.pocketOf(lane.terms.settler);
    if (pocket === undefined) return;
    pocket.begun.set(lane, limitNano);
    pocket.shortNano = 0;
    pocket.shortWaitMs = WAIT_MS;
  }

  /** The owner's word, asked for or not. Codes: not-authorised, settler-unpinned, version-stale, storage-*, those of `openBudget`. */
  take(bytes: Uint8Array): Result<null> {
    const { crypto, signer } = this.ports;
    const opened = openBudget(bytes, crypto.verify);
    if (!opened.ok) return opened;
    const budget = opened.value;
    if (!equalBytes(budget.owner, this.config.owner) || !equalBytes(budget.device, signer.key)) {
      const whose = `a budget of ${didKey(budget.owner)} for ${didKey(budget.device)}`;
      return refuse('not-authorised', `${whose} is not this owner's for this device: ask the owner for one`);
    }
    const pocket = this.pocketOf(budget.settler);
    if (pocket === undefined)
      return refuse('settler-unpinned', `the budget is with ${didKey(budget.settler)}: pin it in "settlers"`);
    const last = pocket.enrolment?.version ?? -1;
    if (budget.version < last) {
      const versions = `version ${budget.version} of the budget came after ${last}`;
      return refuse('version-stale', `${versions}: the owner signs a higher one`);
    }
    return budget.version === last ? ok(null) : this.enter(pocket, bytes);
  }

  status(): BudgetStatus[] {
    return this.pockets.flatMap(({ enrolment, enrolled, spending }) => {
      if (enrolment === null) return [];
      const { currency, version, totalNano, dayNano, sellerNano, expiryS } = enrolment;
      return {
        ...{ owner: didKey(enrolment.owner), settler: didKey(enrolment.settler), enrolled },
        ...{ currency, version, totalNano, dayNano, sellerNano, expiryS },
        ...(spending === null ? NOTHING_USED : usedOf(spending)),
      };
    });
  }

  /** Ids of who may hand in a budget. */
  isOwner(id: string): boolean {
    return id === this.ownerId;
  }

  private pocketOf(settler: Uint8Array): Pocket | undefined {
    return this.pockets.find((pocket) => equalBytes(pocket.settler, settler));
  }

  private recall(pocket: Pocket): Pocket {
    const [enrolment, spending] = this.ports.papers.get('enrolment', pocket.settler)?.objects ?? [];
    const opened = enrolment == null ? null : openEnrolment(enrolment, this.ports.crypto.verify);
    // Another owner's has ended with the configuration that named it.
    if (opened?.ok !== true || !equalBytes(opened.value.owner, this.config.owner)) return pocket;
    pocket.enrolment = opened.value;
    pocket.enrolmentBytes = enrolment!;
    if (spending != null) this.read(pocket, spending);
    return pocket;
  }

  private enter(pocket: Pocket, budget: Uint8Array): Result<null> {
    const enrolment = signEnrolment(budget, this.ports.signer);
    const opened = openEnrolment(enrolment, this.ports.crypto.verify);
    if (!opened.ok) return opened;
    pocket.enrolment = opened.value;
    pocket.enrolmentBytes = enrolment;
    pocket.enrolled = false;
    pocket.shortNano = 0;
    pocket.askWaitMs = WAIT_MS;
    pocket.askedMs = Number.NEGATIVE_INFINITY;
    const { totalNano, currency, version } = opened.value;
    this.ports.notice('budget', `version ${version}: ${moneyText(totalNano, currency)} in all`);
    const kept = this.keep(pocket);
    this.enrol(pocket);
    return kept.ok ? ok(null) : kept;
  }

  private keep({ settler, enrolmentBytes, spendingBytes }: Pocket): Result<unknown> {
    const objects = [enrolmentBytes, spendingBytes];
    return this.ports.papers.put({ kind: 'enrolment', key: settler, objects });
  }

  /** Tells the settler of the enrolment, and so asks what was spent. */
  private enrol(pocket: Pocket): void {
    const reported = [...pocket.begun.keys()].filter(isKnownToSettler);
    pocket.enrolledMs = this.ports.monotonicMs();
    this.ports.questions.ask(`enrol ${pocket.name}`, {
      topic: settlerTopicFor(this.ports, this.ports.signer.key),
      from: pocket.settlerId,
      asking: { kind: 'enrol', parts: [pocket.enrolmentBytes!] },
      take: (answer) => answer.kind === 'spending' && this.onSpending(pocket, answer.parts[0], reported),
      refused: (code, detail) =>
        this.ports.notice(code ?? 'object-malformed', `settler, on enrol: ${detail}`),
    });
  }

  private onSpending(pocket: Pocket, bytes: Uint8Array, reported: readonly PurchaseLane[]): boolean {
    const read = this.read(pocket, bytes);
    if (!read.ok) {
      this.ports.notice(read.code, read.detail);
      return false;
    }
    for (const lane of reported) pocket.begun.delete(lane);
    const version = pocket.enrolment?.version ?? -1;
    pocket.enrolled = read.value.budgetVersion >= version;
    const kept = this.keep(pocket);
    if (!kept.ok) this.ports.notice(kept.code, kept.detail);
    const isDue = this.ports.monotonicMs() - pocket.reportedMs >= REPORT_MS;
    // A settler that holds a newer budget than we do has it from our owner, through another state of ours.
    if (isDue || read.value.budgetVersion > version) this.askOwner(pocket, 0);
    return pocket.enrolled;
  }

  private read(pocket: Pocket, bytes: Uint8Array): Result<Spending> {
    const { crypto, signer } = this.ports;
    const opened = openSpending(bytes, signer.key, pocket.settler, crypto.verify);
    if (!opened.ok) return opened;
    if (!equalBytes(opened.value.owner, this.config.owner))
      return refuse('not-authorised', `the settler has this device under ${didKey(opened.value.owner)}`);
    pocket.spending = opened.value;
    pocket.spendingBytes = bytes;
    return opened;
  }

  /** What an owner should add: 0 while enough is left for the next lease and a fifth of the total. */
  private missingNano(pocket: Pocket, nowMs: number): number {
    const leftNano = pocket.left(nowMs).totalNano;
    const lowNano = Math.floor(pocket.enrolment!.totalNano / LOW_SHARE);
    const enoughNano = Math.max(pocket.shortNano, this.ports.wantedNano() > 0 ? lowNano : 0);
    return leftNano < enoughNano ? enoughNano : 0;
  }

  /** Shows the newest report; `wantedNano` 0 only reports. */
  private askOwner(pocket: Pocket, wantedNano: number): void {
    const monotonicMs = this.ports.monotonicMs();
    if (wantedNano > 0 && pocket.enrolment !== null) {
      pocket.askedMs = monotonicMs;
      pocket.askWaitMs = Math.min(2 * pocket.askWaitMs, ASK_MS_MAX);
    }
    if (pocket.spendingBytes !== null) pocket.reportedMs = monotonicMs;
    const currency = pocket.enrolment?.currency ?? this.config.currency;
    this.ports.questions.ask(`refill ${pocket.name}`, {
      topic: inTopic(this.ownerId, this.ports.self),
      from: this.ownerId,
      asking: { kind: 'refill', parts: [pocket.settler, currency, pocket.spendingBytes, wantedNano] },
      take: (answer) => this.onBudget(answer),
      refused: (code, detail) => this.ports.notice(code ?? 'object-malformed', `owner, on refill: ${detail}`),
    });
  }

  private onBudget(answer: Request): boolean {
    if (answer.kind !== 'budget') return false;
    const taken = this.take(answer.parts[0]);
    if (!taken.ok) this.ports.notice(taken.code, taken.detail);
    return taken.ok || taken.code === 'version-stale';
  }
}

/** The settler has reserved it, or never will: a report that is asked for now has it. */
const isKnownToSettler = (lane: PurchaseLane): boolean => lane.state.grantBytes !== null || lane.ended;
