/**
 * Affairs: what an agent has to settle with owners and settlers beside its leases: what it may spend, what its
 * devices spent, what it promised, what it disputes, and what a settler has forgotten.
 */

import { join } from 'node:path';
import type { Crypto, Signer } from '../../schemas/crypto.ts';
import { idOf } from '../../schemas/identity.ts';
import type { Request, RequestOf } from '../../schemas/request.ts';
import { CODES, ok, type Result, refuse } from '../../schemas/result.ts';
import { inTopic } from '../../schemas/topic.ts';
import type { AgentConfig } from '../config.ts';
import type { LeaseLane } from '../lanes.ts';
import { Disputes } from './disputes.ts';
import type { BudgetOrder } from './order.ts';
import type { Owning } from './owning.ts';
import { openPapers, type Papers } from './papers.ts';
import type { OwnerPorts } from './ports.ts';
import { Presenting } from './presenting.ts';
import type { Promises } from './promises.ts';
import type { Purse } from './purse.ts';
import { Questions } from './questions.ts';
import type { OwnerStatus } from './status.ts';

/** What the agent gives. */
export type AffairsHost = {
  readonly crypto: Crypto;
  readonly signer: Signer;
  readonly nowMs: () => number | null;
  /** Dropped where there is no connection. */
  readonly request: (topic: string, request: Request) => void;
  readonly notice: (code: string, detail: string) => void;
  readonly paidToNano: (seller: Uint8Array, settler: Uint8Array) => number;
  readonly wantedNano: () => number;
};

/** What only some agents need, and is loaded by them alone. */
type Parts = {
  readonly papers: Papers;
  readonly purse: ((ports: OwnerPorts, host: AffairsHost) => Purse) | null;
  readonly owning: ((ports: OwnerPorts) => Owning) | null;
  readonly promises: ((ports: OwnerPorts) => Promises) | null;
};

/** The same sentence again says nothing new for this long. */
const TOLD_MS = 3_600_000;
const TOLD_MAX = 64;

export class Affairs {
  /** null: this agent has no owner but itself, and spends what its demands say. */
  readonly purse: Purse | null;
  private readonly host: AffairsHost;
  private readonly ports: OwnerPorts;
  private readonly papers: Papers;
  private readonly questions: Questions;
  private readonly owning: Owning | null;
  private readonly promises: Promises | null;
  private readonly disputes: Disputes;
  private readonly presenting: Presenting;
  private readonly told = new Map<string, number>();
  private isNewsDue = false;

  constructor(parts: Parts, host: AffairsHost) {
    const { crypto, signer, request } = host;
    const monotonicMs = (): number => performance.now();
    this.host = host;
    this.papers = parts.papers;
    this.questions = new Questions({ random: crypto.random, monotonicMs, request });
    this.ports = {
      ...{ crypto, signer, monotonicMs, papers: parts.papers, questions: this.questions },
      self: idOf(signer.key, crypto.sha256),
      notice: (code, detail) => this.notice(code, detail),
    };
    this.purse = parts.purse?.(this.ports, host) ?? null;
    this.owning = parts.owning?.(this.ports) ?? null;
    this.promises = parts.promises?.(this.ports) ?? null;
    this.disputes = new Disputes(this.ports);
    this.presenting = new Presenting(this.ports);
  }

  onConnected(): void {
    this.questions.onConnected();
    this.purse?.onConnected();
    this.promises?.onConnected();
    this.disputes.onConnected();
    this.presenting.onConnected();
    this.isNewsDue = true;
  }

  /** Four times a second, while there is a connection and the time is known. */
  onTimer(lanes: Iterable<LeaseLane>, nowMs: number): void {
    for (const lane of lanes) this.disputes.watch(lane, nowMs, false);
    this.purse?.onTimer(nowMs);
    this.promises?.onTimer(nowMs);
    if (this.isNewsDue) this.tellNews(nowMs);
    this.questions.onTimer();
  }

  onRequest(from: string, request: Request): void {
    if (this.questions.onAnswer(from, request)) return;
    if (request.kind === 'refill') this.onRefill(from, request);
    if (request.kind !== 'budget' || this.purse?.isOwner(from) !== true) return;
    const taken = this.purse.take(request.parts[0]);
    if (!taken.ok) this.notice(taken.code, taken.detail);
  }

  /** What the engine says of a lease. */
  onLaneNotice(lane: LeaseLane, code: string): void {
    this.disputes.onNotice(lane, code);
    if (lane.role === 'sale') this.presenting.onNotice(lane, code);
  }

  onEnded(lane: LeaseLane): void {
    const nowMs = this.host.nowMs();
    if (nowMs !== null) this.disputes.watch(lane, nowMs, true);
    const kept = lane.role === 'sale' ? this.presenting.keep(lane) : null;
    if (kept?.ok === false) this.notice(kept.code, kept.detail);
  }

  status(): OwnerStatus {
    return {
      budgets: this.purse?.status() ?? [],
      devices: this.owning?.status() ?? [],
      lines: this.promises?.lines() ?? [],
      consents: this.promises?.consents() ?? [],
      disputes: this.disputes.status(),
    };
  }

  /** The budget that a person ordered for a device, which is told of it. Codes: time-unproven, those of `Owning.order`. */
  order(order: BudgetOrder): Result<Uint8Array> {
    const nowMs = this.host.nowMs();
    if (nowMs === null)
      return refuse(
        'time-unproven',
        'no settler has told the time yet, which budgets bear: connect the agent',
      );
    if (this.owning === null) return refuse('config-invalid', 'this agent owns no device: name it in "owns"');
    const ordered = this.owning.order(order, nowMs);
    this.isNewsDue ||= ordered.ok;
    return ordered;
  }

  async close(): Promise<void> {
    await this.papers.close();
  }

  /** Who owns nothing does not answer: it would tell strangers that it is there. */
  private onRefill(from: string, request: RequestOf<'refill'>): void {
    const nowMs = this.host.nowMs();
    if (this.owning === null || nowMs === null) return;
    const budget = this.owning.answer(from, request, nowMs);
    const { id } = request;
    this.host.request(
      inTopic(from, this.ports.self),
      budget.ok
        ? { kind: 'budget', id, parts: [budget.value] }
        : { kind: 'refusal', id, parts: [CODES[budget.code], budget.detail] },
    );
  }

  /** Budgets that were signed while their devices were away: unasked, so under an id that nobody waits for. */
  private tellNews(nowMs: number): void {
    this.isNewsDue = false;
    for (const { deviceId, budget } of this.owning?.news(nowMs) ?? []) {
      const id = this.host.crypto.random(8);
      this.host.request(inTopic(deviceId, this.ports.self), { kind: 'budget', id, parts: [budget] });
    }
  }

  private notice(code: string, detail: string): void {
    const words = `${code} ${detail}`;
    const nowMs = performance.now();
    const lastMs = this.told.get(words) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < TOLD_MS) return;
    this.told.delete(words);
    this.told.set(words, nowMs);
    if (this.told.size > TOLD_MAX) this.told.delete(this.told.keys().next().value!);
    this.host.notice(code, detail);
  }
}

type Source = Pick<
  AgentConfig,
  'state' | 'settlers' | 'owner' | 'owns' | 'trust' | 'compression' | 'buy' | 'sell'
>;

const purseOf = async ({ owner, settlers, buy, sell }: Source): Promise<Result<Parts['purse']>> => {
  if (owner === null) return ok(null);
  const [{ Purse }, { readBudgetFile }] = await Promise.all([
    import('./purse.ts'),
    import('./budget-file.ts'),
  ]);
  const budget = owner.budgetFile === null ? ok(null) : readBudgetFile(owner.budgetFile);
  if (!budget.ok) return budget;
  const currency = (buy[0] ?? sell[0])?.currency ?? 'EUR';
  const keys = settlers.map((settler) => settler.key);
  return ok((ports, { paidToNano, wantedNano }) => {
    const config = { owner: owner.key, budget: budget.value, currency };
    return new Purse({ ...ports, paidToNano, wantedNano }, config, keys);
  });
};

export type OpenAffairs = (host: AffairsHost) => Affairs;

/** Codes: those of `openPapers`, storage-failed (no budget file), those of `openBudget`. */
export const openAffairs = async (config: Source): Promise<Result<OpenAffairs>> => {
  const purse = await purseOf(config);
  if (!purse.ok) return purse;
  const papers = openPapers(join(config.state, 'papers.journal'));
  if (!papers.ok) return papers;
  const { owns, trust, compression } = config;
  const owning = owns.length === 0 ? null : (await import('./owning.ts')).Owning;
  const promised = papers.value.all('line').length + papers.value.all('consent').length;
  const promises =
    trust.length + compression.length + promised === 0 ? null : (await import('./promises.ts')).Promises;
  const parts: Parts = {
    papers: papers.value,
    purse: purse.value,
    owning: owning && ((ports) => new owning(ports, owns)),
    promises: promises && ((ports) => new promises(ports, trust, compression)),
  };
  return ok((host) => new Affairs(parts, host));
};
