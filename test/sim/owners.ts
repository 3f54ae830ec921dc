/**
 * Owners: who has several devices signs each of them a budget; who has one is that device. Some buy on credit: the
 * settler's, or that of the sellers who trust them, so that debts run in circles.
 */

import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { signBudget, signEnrolment } from '../../schemas/budget.ts';
import { toHex } from '../../schemas/bytes.ts';
import { signConsent } from '../../schemas/consent.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { signLine } from '../../schemas/line.ts';
import { decodeRequest, encodeRequest, type Request } from '../../schemas/request.ts';
import { must } from '../world/deal.ts';
import type { Device } from './device.ts';
import type { Economy } from './economy.ts';
import type { Party } from './plan.ts';

/** An owner as the settler knows it. */
export type Owner = { readonly party: Party; readonly signer: Signer };

const CURRENCY = 'EUR';
const UNIT_NANO = 1_000_000_000;
const BUDGET_NANO = 1_000_000 * UNIT_NANO;
const LINE_NANO = 3 * UNIT_NANO;
const GUARANTEE_NANO = 600_000_000;
const FOREVER = { version: 1, expiryS: 0, currency: CURRENCY } as const;

type Word = Request & { readonly kind: 'enrol' | 'line' | 'consent' };

/** What an owner signs reaches the settler before the first day begins. */
const tell = async ({ office, robbing }: Economy, word: (id: Uint8Array) => Word): Promise<void> => {
  const answer = await office.ask('an owner', encodeRequest(word(robbing.bytes(8))));
  // It died meanwhile: who repairs it tells it all again.
  if (answer === undefined && !office.isUp) return;
  const reply = answer === undefined ? undefined : must(decodeRequest(answer));
  if (reply?.kind !== 'spending' && reply?.kind !== 'noted') throw new Error(`refused: ${reply?.parts}`);
};

const enrol = (economy: Economy, device: Device, settler: Uint8Array): Promise<void> => {
  const caps = { totalNano: BUDGET_NANO, dayNano: BUDGET_NANO, sellerNano: BUDGET_NANO };
  const key = { owner: device.owner.key, device: device.key, settler };
  const budget = signBudget({ ...key, ...FOREVER, ...caps }, device.owner);
  const enrolment = signEnrolment(budget, device.ports.signer);
  return tell(economy, (id) => ({ kind: 'enrol', id, parts: [enrolment] }));
};

/** Whoever trusts a debtor says up to what, and says less once it was let down. */
export type Trust = {
  /** null: the settler, who guarantees. */
  readonly creditor: Owner | null;
  readonly debtor: Owner;
  readonly version: number;
  readonly limitNano: number;
};

/** As the ledger calls the line. */
const lineOf = ({ creditor, debtor }: Trust): string =>
  `line/${creditor === null ? 'settler' : toHex(creditor.signer.key)}/${toHex(debtor.signer.key)}`;

/** Every credit line of an economy, as it was said last. */
export class Trusts {
  private readonly lines = new Map<string, Trust>();
  /** Every limit that was ever said. */
  private readonly said = new Set<string>();

  set(trust: Trust): void {
    this.lines.set(lineOf(trust), trust);
    this.said.add(`${lineOf(trust)} ${trust.limitNano}`);
  }

  hasSaid(line: string, limitNano: number): boolean {
    return this.said.has(`${line} ${limitNano}`);
  }

  all(): readonly Trust[] {
    return [...this.lines.values()];
  }

  /** One fifth less; the new word. */
  burnt(creditor: string, debtor: string): Trust | undefined {
    const trust = this.lines.get(`line/${creditor}/${debtor}`);
    if (trust === undefined) return undefined;
    const { version, limitNano } = trust;
    const less = { ...trust, version: version + 1, limitNano: Math.floor((limitNano * 4) / 5) };
    this.set(less);
    return less;
  }
}

export const openTrusts = (owners: readonly Owner[]): Trusts => {
  const trusts = new Trusts();
  for (const debtor of owners.filter(({ party }) => party.buysOnCredit)) {
    if (debtor.party.isGuaranteed)
      trusts.set({ creditor: null, debtor, version: 1, limitNano: GUARANTEE_NANO });
    for (const creditor of owners) {
      if (creditor === debtor || !creditor.party.sells) continue;
      trusts.set({ creditor, debtor, version: 1, limitNano: LINE_NANO });
    }
  }
  return trusts;
};

/** A line reaches the settler: signed by its creditor, or set by the settler's own operator. */
export const tellLine = async (economy: Economy, settler: Uint8Array, trust: Trust): Promise<void> => {
  const { creditor, debtor, version, limitNano } = trust;
  if (creditor === null) {
    const order = { debtor: debtor.signer.key, currency: CURRENCY, limitNano: BigInt(limitNano), expiryS: 0 };
    await economy.office.give({
      name: 'guarantee',
      work: (store, nowMs) => setGuarantee(store, order, nowMs, economy.crypto.sha256),
    });
    return;
  }
  const line = { creditor: creditor.signer.key, debtor: debtor.signer.key, settler, limitNano };
  const bytes = signLine({ ...line, ...FOREVER, version }, creditor.signer);
  await tell(economy, (id) => ({ kind: 'line', id, parts: [bytes] }));
};

export const openOwners = async (economy: Economy, settler: Uint8Array): Promise<void> => {
  for (const device of economy.devices.values()) {
    if (device.plan.party.isEnrolled) await enrol(economy, device, settler);
  }
  for (const { signer } of economy.owners.filter(({ party }) => party.buysOnCredit)) {
    const consent = { owner: signer.key, settler, counterpartyNano: UNIT_NANO, ...FOREVER };
    const signed = signConsent(consent, signer);
    await tell(economy, (id) => ({ kind: 'consent', id, parts: [signed] }));
  }
  for (const trust of economy.trusts.all()) await tellLine(economy, settler, trust);
};
