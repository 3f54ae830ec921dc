/**
 * Owning: an owner's agent answers what its devices ask for, as far as its configuration allows, and knows what
 * they spent. What a device may spend is what the newest budget says that was signed for it: `limits.ts`.
 */

import { type Budget, openBudget, signBudget } from '../../schemas/budget.ts';
import { concatBytes, equalBytes } from '../../schemas/bytes.ts';
import { didKey, idOf } from '../../schemas/identity.ts';
import type { RequestOf } from '../../schemas/request.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { openSpending, type Spending } from '../../schemas/spending.ts';
import { moneyText } from '../money.ts';
import { isSame, type Limits, limitsOfLine, lineOf, withTotal } from './limits.ts';
import type { BudgetOrder } from './order.ts';
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
  /** The line of "owns" that was carried out last; null where none is known to have been. */
  carriedOut: Uint8Array | null;
  wantedNano: number;
};

const DAY_S = 86_400;

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

  /**
   * Signs what a person orders, for the device to be told. Codes: config-invalid (no device of this owner, limits
   * above the total), storage-*.
   */
  order({ device, settler, totalNano, dayNano, sellerNano }: BudgetOrder, nowMs: number): Result<Uint8Array> {
    const found = this.owns.filter(
      ({ config }) =>
        equalBytes(config.device, device) && (settler === null || equalBytes(config.settler, settler)),
    );
    const [own, another] = found;
    if (own === undefined) {
      const where = settler === null ? '' : ` with the settler ${didKey(settler)}`;
      return refuse('config-invalid', `this agent owns no ${didKey(device)}${where}: name it in "owns"`);
    }
    if (another !== undefined) {
      const settlers = found.map(({ config }) => didKey(config.settler)).join(' or ');
      return refuse('config-invalid', `it has a budget with several settlers: say --settler ${settlers}`);
    }
    const kept = withTotal(this.limits(own), own.config, totalNano);
    const limits = {
      totalNano,
      dayNano: dayNano ?? kept.dayNano,
      sellerNano: sellerNano ?? kept.sellerNano,
    };
    if (limits.dayNano > totalNano || limits.sellerNano > totalNano)
      return refuse('config-invalid', 'what it may spend in a day or to one seller is at most the total');
    own.wantedNano = 0;
    return this.grant(own, limits, nowMs);
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
      carriedOut: null,
      wantedNano: 0,
    };
    const [budget, spending, line] = papers.get('budget', own.key)?.objects ?? [];
    const opened = budget == null ? null : openBudget(budget, crypto.verify);
    if (opened?.ok === true && equalBytes(opened.value.owner, signer.key)) {
      own.budget = opened.value;
      own.bytes = budget!;
      own.carriedOut = line ?? null;
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

  private keep({ key, bytes, spendingBytes, carriedOut }: Own): Result<unknown> {
    return this.ports.papers.put({ kind: 'budget', key, objects: [bytes, spendingBytes, carriedOut] });
  }

  /** The newest word on what it may spend: the line of "owns" where that is new, else what was signed last. */
  private limits({ budget, spending, config, carriedOut }: Own): Limits {
    const grantedNano = Math.max(budget?.totalNano ?? 0, spending?.totalNano ?? 0);
    const isCarriedOut = carriedOut !== null && equalBytes(carriedOut, lineOf(config));
    if (budget === null || !isCarriedOut) return limitsOfLine(config, grantedNano);
    // A directory that was lost, or is an older copy, is made up for by what the settler signed.
    const isOlder = spending !== null && spending.budgetVersion > budget.version;
    return isOlder ? withTotal(budget, config, spending.totalNano) : budget;
  }

  /** The newest budget, signed anew where the newest word is another, or it ends soon. */
  private current(own: Own, nowMs: number): Result<Uint8Array> {
    const { budget, bytes, spending, config } = own;
    const limits = this.limits(own);
    const holds =
      budget !== null &&
      budget.version >= (spending?.budgetVersion ?? 0) &&
      budget.currency === config.currency &&
      isSame(budget, limits) &&
      this.lastsLongEnough(budget, config, nowMs);
    if (!holds) return this.grant(own, limits, nowMs);
    if (own.carriedOut !== null && equalBytes(own.carriedOut, lineOf(config))) return ok(bytes!);
    const kept = this.keep({ ...own, carriedOut: lineOf(config) });
    if (!kept.ok) return kept;
    own.carriedOut = lineOf(config);
    return ok(bytes!);
  }

  private lastsLongEnough({ expiryS }: Budget, { days }: OwnConfig, nowMs: number): boolean {
    if (days === 0 || expiryS === 0) return days === 0 && expiryS === 0;
    const leftS = expiryS - Math.floor(nowMs / 1000);
    return leftS > (days * DAY_S) / 4 && leftS <= days * DAY_S;
  }

  private grant(own: Own, limits: Limits, nowMs: number): Result<Uint8Array> {
    const { device, settler, currency, days } = own.config;
    const last = Math.max(own.budget?.version ?? 0, own.spending?.budgetVersion ?? 0);
    const budget: Budget = {
      owner: this.ports.signer.key,
      device,
      settler,
      currency,
      version: nextVersion(last, nowMs),
      totalNano: limits.totalNano,
      dayNano: limits.dayNano,
      sellerNano: limits.sellerNano,
      expiryS: days === 0 ? 0 : Math.floor(nowMs / 1000) + days * DAY_S,
    };
    const carriedOut = lineOf(own.config);
    const bytes = signBudget(budget, this.ports.signer);
    const kept = this.keep({ ...own, bytes, carriedOut });
    if (!kept.ok) return kept;
    own.budget = budget;
    own.bytes = bytes;
    own.carriedOut = carriedOut;
    const words = `${didKey(device)} may spend ${moneyText(limits.totalNano, currency)} in all`;
    this.ports.notice('budget', words);
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
    if (config.refill !== null && totalNano < config.refill.upToNano) {
      const raisedNano = Math.min(config.refill.upToNano, totalNano + config.refill.stepNano);
      return this.grant(own, withTotal(own.budget!, config, raisedNano), nowMs);
    }
    own.wantedNano = wantedNano;
    const words = `${moneyText(wantedNano, config.currency)} more is for a person to grant`;
    if (askedNano !== wantedNano)
      this.ports.notice('budget-exhausted', `${didKey(config.device)}: ${words}: tollbridge budget set`);
    return refuse('budget-exhausted', `the total is ${moneyText(totalNano, config.currency)}: ${words}`);
  }
}
