/**
 * Owners: who has several devices signs each of them a budget; who has one is that device. Some buy on credit: the
 * settler's, or that of the sellers who trust them, so that debts run in circles.
 */

import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { signBudget, signEnrolment } from '../../schemas/budget.ts';
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
const GUARANTEE_NANO = 600_000_000n;
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

export const openOwners = async (economy: Economy, settler: Uint8Array): Promise<void> => {
  for (const device of economy.devices.values()) {
    if (device.plan.party.isEnrolled) await enrol(economy, device, settler);
  }
  const debtors = economy.owners.filter(({ party }) => party.buysOnCredit);
  for (const { signer, party } of debtors) {
    const consent = { owner: signer.key, settler, counterpartyNano: UNIT_NANO, ...FOREVER };
    const signed = signConsent(consent, signer);
    await tell(economy, (id) => ({ kind: 'consent', id, parts: [signed] }));
    for (const creditor of economy.owners) {
      if (creditor.party === party || !creditor.party.sells) continue;
      const line = { creditor: creditor.signer.key, debtor: signer.key, settler, limitNano: LINE_NANO };
      const bytes = signLine({ ...line, ...FOREVER }, creditor.signer);
      await tell(economy, (id) => ({ kind: 'line', id, parts: [bytes] }));
    }
  }
  const guaranteed = debtors.filter(({ party }) => party.isGuaranteed);
  for (const { signer } of guaranteed) {
    const order = { debtor: signer.key, currency: CURRENCY, limitNano: GUARANTEE_NANO, expiryS: 0 };
    await economy.office.give({
      name: 'guarantee',
      work: (store, nowMs) => setGuarantee(store, order, nowMs, economy.crypto.sha256),
    });
  }
};
