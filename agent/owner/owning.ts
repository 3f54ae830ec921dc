/**
 * Owning: an owner's agent answers what its devices ask for, as far as its configuration allows, and knows what
 * they spent.
 */

import { type Budget, openBudget, signBudget } from '../../schemas/budget.ts';
import { concatBytes, equalBytes } from '../../schemas/bytes.ts';
import { didKey, idOf } from '../../schemas/identity.ts';
import type { RequestOf } from '../../schemas/request.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { openSpending, type Spending } from '../../schemas/spending.ts';
import { moneyText } from '../money.ts';
import { nextVersion, type OwnerPorts } from './ports.ts';
import type { OwnedStatus } from './status.ts';
import { NOTHING_USED, usedOf } from './used.ts';

export type OwnConfig = {
  readonly device: Uint8Array;
  readonly settler: Uint8Array;
  readonly currency: string;
  readonly totalNano: number;
  /** null: no limit but the total. */
  readonly dayNano: number | null;
  readonly sellerNano: number | null;
  /** 0: budgets do not expire. */
  readonly days: number;
  /** null: a person is asked. */
  readonly refill: { readonly upToNano: number; readonly stepNano: number } | null;
};

type Own = {
  readonly config: OwnConfig;
  readonly deviceId: string;
  readonly key: Uint8Array;
  budget: Budget | null;
  bytes: Uint8Array | null;
  spending: Spending | null;
  spendingBytes: Uint8Array | null;
  wantedNano: number;
};

const DAY_S = 86_400;

/** What was granted beyond the configured total stays granted, up to where the configuration refills. */
const totalNanoFor = ({ totalNano, refill }: OwnConfig, grantedNano: number): number =>
  refill === null ? totalNano : Math.max(totalNano, Math.min(grantedNano, refill.upToNano));

export class Owning {
  private readonly ports: OwnerPorts;
  private readonly owns: readonly Own[];

  constructor(ports: OwnerPorts, configs: readonly OwnConfig[]) {
    this.ports = ports;
    this.owns = configs.map((config) => this.recall(config));
  }

  /** Budgets that their devices' settler has not shown yet: a configuration that was changed, a lost answer. */
  news(nowMs: number): { readonly deviceId: string; readonly budget: Uint8Array }[] {
    return this.owns.flatMap((own) => {
      if (own.budget === null) return [];
      const budget = this.current(own, nowMs);
      const shown = own.spending?.budgetVersion ?? -1;
      return budget.ok && shown < own.budget.version
        ? [{ deviceId: own.deviceId, budget: budget.value }]
        : [];
    });
  }

  /**
   * The budget that answers a refill. Codes: not-authorised (no device of this owner), budget-exhausted (a person
   * must grant), storage-*, those of `openSpending`.
   */
  answer(from: string, { parts }: RequestOf<'refill'>, nowMs: number): Result<Uint8Array> {
    const [settler, currency, spending, wantedNano] = parts;
    const own = this.owns.find(
      (one) =>
        one.deviceId === from && equalBytes(one.config.settler, settler) && one.config.currency === currency,
    );
    if (own === undefined) {
      const sought = `with the settler ${didKey(settler)} in ${currency}`;
      return refuse('not-authorised', `this owner has no device ${from} ${sought}: name it in "owns"`);
    }
    const noted = spending === null ? ok(null) : this.note(own, spending);
    if (!noted.ok) return noted;
    const budget = this.current(own, nowMs);
    return budget.ok ? this.refill(own, budget.value, wantedNano, nowMs) : budget;
  }

  status(): OwnedStatus[] {
    return this.owns.map(({ config, budget, spending, wantedNano }) => ({
      device: didKey(config.device),
      settler: didKey(config.settler),
      currency: config.currency,
      version: budget?.version ?? 0,
      totalNano: budget?.totalNano ?? config.totalNano,
      dayNano: budget?.dayNano ?? config.dayNano ?? config.totalNano,
      sellerNano: budget?.sellerNano ?? config.sellerNano ?? config.totalNano,
      expiryS: budget?.expiryS ?? 0,
      ...(spending === null ? NOTHING_USED : usedOf(spending)),
      wantedNano,
    }));
  }

  private recall(config: OwnConfig): Own {
    const { crypto, papers, signer } = this.ports;
    const own: Own = {
      config,
      deviceId: idOf(config.device, crypto.sha256),
      key: concatBytes([config.device, config.settler]),
      budget: null,
      bytes: null,
      spending: null,
      spendingBytes: null,
      wantedNano: 0,
    };
    const [budget, spending] = papers.get('budget', own.key)?.objects ?? [];
    const opened = budget == null ? null : openBudget(budget, crypto.verify);
    if (opened?.ok === true && equalBytes(opened.value.owner, signer.key)) {
      own.budget = opened.value;
      own.bytes = budget!;
    }
    if (spending != null) this.read(own, spending);
    return own;
  }

  /** Reports may come late: the highest journal index counts. Codes: those of `openSpending`. */
  private read(own: Own, bytes: Uint8Array): Result<boolean> {
    const { device, settler, currency } = own.config;
    const opened = openSpending(bytes, device, settler, this.ports.crypto.verify);
    if (!opened.ok) return opened;
    const { journalIndex, owner } = opened.value;
    const isOurs = equalBytes(owner, this.ports.signer.key) && opened.value.currency === currency;
    if (!isOurs || journalIndex <= (own.spending?.journalIndex ?? -1)) return ok(false);
    own.spending = opened.value;
    own.spendingBytes = bytes;
    return ok(true);
  }

  private note(own: Own, bytes: Uint8Array): Result<unknown> {
    const isNews = this.read(own, bytes);
    return isNews.ok && isNews.value ? this.keep(own) : isNews;
  }

  private keep({ key, bytes, spendingBytes }: Own): Result<unknown> {
    return this.ports.papers.put({ kind: 'budget', key, objects: [bytes, spendingBytes] });
  }

  /** The newest budget, signed anew where the configuration says something else or it ends soon. */
  private current(own: Own, nowMs: number): Result<Uint8Array> {
    const { budget, bytes, spending, config } = own;
    // A directory that was lost is made up for by what the settler signed.
    const grantedNano = Math.max(budget?.totalNano ?? 0, spending?.totalNano ?? 0);
    const totalNano = totalNanoFor(config, grantedNano);
    const holds =
      budget !== null &&
      budget.version >= (spending?.budgetVersion ?? 0) &&
      budget.currency === config.currency &&
      budget.totalNano === totalNano &&
      budget.dayNano === (config.dayNano ?? totalNano) &&
      budget.sellerNano === (config.sellerNano ?? totalNano) &&
      this.lastsLongEnough(budget, config, nowMs);
    return holds ? ok(bytes!) : this.grant(own, totalNano, nowMs);
  }

  private lastsLongEnough({ expiryS }: Budget, { days }: OwnConfig, nowMs: number): boolean {
    if (days === 0 || expiryS === 0) return days === 0 && expiryS === 0;
    const leftS = expiryS - Math.floor(nowMs / 1000);
    return leftS > (days * DAY_S) / 4 && leftS <= days * DAY_S;
  }

  private grant(own: Own, totalNano: number, nowMs: number): Result<Uint8Array> {
    const { device, settler, currency, dayNano, sellerNano, days } = own.config;
    const last = Math.max(own.budget?.version ?? 0, own.spending?.budgetVersion ?? 0);
    const budget: Budget = {
      owner: this.ports.signer.key,
      device,
      settler,
      currency,
      version: nextVersion(last, nowMs),
      totalNano,
      dayNano: dayNano ?? totalNano,
      sellerNano: sellerNano ?? totalNano,
      expiryS: days === 0 ? 0 : Math.floor(nowMs / 1000) + days * DAY_S,
    };
    const bytes = signBudget(budget, this.ports.signer);
    const kept = this.keep({ ...own, bytes });
    if (!kept.ok) return kept;
    own.budget = budget;
    own.bytes = bytes;
    this.ports.notice('budget', `${didKey(device)} may spend ${moneyText(totalNano, currency)} in all`);
    return ok(bytes);
  }

  /**
   * One step for a device that has less than that, or than it wants. A device that has not shown the newest
   * budget to the settler asks because an answer was lost: it gets that one.
   */
  private refill(own: Own, bytes: Uint8Array, wantedNano: number, nowMs: number): Result<Uint8Array> {
    const { config, spending } = own;
    const { version, totalNano } = own.budget!;
    const leftNano = totalNano - (spending === null ? 0 : spending.spentNano + spending.reservedNano);
    const isNews = spending === null || spending.budgetVersion < version;
    const enoughNano = Math.max(wantedNano, config.refill?.stepNano ?? 0);
    const askedNano = own.wantedNano;
    own.wantedNano = 0;
    if (wantedNano === 0 || isNews || leftNano >= enoughNano) return ok(bytes);
    if (config.refill !== null && totalNano < config.refill.upToNano)
      return this.grant(own, Math.min(config.refill.upToNano, totalNano + config.refill.stepNano), nowMs);
    own.wantedNano = wantedNano;
    const words = `${moneyText(wantedNano, config.currency)} more is for a person to grant`;
    if (askedNano !== wantedNano)
      this.ports.notice(
        'budget-exhausted',
        `${didKey(config.device)}: ${words}, by a higher total in "owns"`,
      );
    return refuse('budget-exhausted', `the total is ${moneyText(totalNano, config.currency)}: ${words}`);
  }
}
