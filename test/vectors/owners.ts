/** The vectors of owners: budgets and what was spent of them, lines, consents, what is noted, disputes. */

import { type Budget, signBudget } from '../../schemas/budget.ts';
import type { Consent } from '../../schemas/consent.ts';
import type { Dispute } from '../../schemas/dispute.ts';
import type { Line } from '../../schemas/line.ts';
import type { Noted } from '../../schemas/noted.ts';
import type { Spending } from '../../schemas/spending.ts';
import { settled } from './channels.ts';
import {
  badInside,
  CHANNEL,
  fileOf,
  type Good,
  good,
  NANO_MAX,
  NOW_S,
  OTHER_CHANNEL,
  SMALL_ORDER_KEY,
  spoiled,
  TEXT_64,
  TEXT_65,
  U32_MAX,
} from './file.ts';
import { bad, badEnvelopes, badFields, badSignatures, payloadOf, resign } from './hostile.ts';
import { hex, type Json } from './notation.ts';
import { filled, keyOf, signer } from './parties.ts';

export const BUDGET: Budget = {
  owner: keyOf('owner'),
  device: keyOf('buyer'),
  settler: keyOf('root'),
  currency: 'EUR',
  version: 3,
  totalNano: 200000000000,
  dayNano: 10000000000,
  sellerNano: 50000000000,
  expiryS: NOW_S + 365 * 86400,
};

const LARGEST_BUDGET: Budget = {
  ...BUDGET,
  version: U32_MAX,
  totalNano: NANO_MAX,
  dayNano: NANO_MAX,
  sellerNano: NANO_MAX,
  expiryS: U32_MAX,
};

export const budgetFile = (): Json => {
  const enrolled = (name: string, budget: Budget): Good =>
    good('enrolment', name, { ...budget, budget: signBudget(budget, signer('owner')) }, { signer: 'buyer' });
  const budget = good('budget', 'an owner lets its device spend', BUDGET, { signer: 'owner' });
  const taken = enrolled('the device takes it', BUDGET);
  return fileOf(
    'owners',
    [
      budget,
      taken,
      good('budget', 'the largest budget', LARGEST_BUDGET, { signer: 'owner' }),
      enrolled('the largest enrolment', LARGEST_BUDGET),
      good(
        'budget',
        'nothing more, without an expiry',
        { ...BUDGET, version: 4, totalNano: 0, dayNano: 0, sellerNano: 0, expiryS: 0 },
        { signer: 'owner' },
      ),
    ],
    [
      ...spoiled(budget, undefined, [
        [0, 'an owner of small order', SMALL_ORDER_KEY, 'well-formed'],
        [0, 'an owner who is the device', keyOf('buyer'), 'well-formed'],
        [1, 'a device by name', 'meter'],
        [2, 'a settler of 31 bytes', filled(3, 31)],
        [3, 'a currency in small letters', 'eur'],
        [4, 'version 2^32', U32_MAX + 1],
        [5, 'a negative total', -1],
        [6, 'no limit for a day', null],
        [7, 'a limit for a seller of text', '50'],
        [8, 'an expiry in 2106', U32_MAX + 1],
      ]),
      ...badEnvelopes(taken),
      ...badSignatures(taken),
      ...badInside(taken, badFields(budget, [[5, 'a negative total', -1]])),
      bad(
        taken,
        'over a budget that a stranger signed',
        'signature-invalid',
        resign(taken, resign(budget, payloadOf(budget.bytes), 'stranger')),
        true,
      ),
      bad(taken, 'signed by the owner', 'signature-invalid', resign(taken, budget.bytes, 'owner'), true),
      bad(taken, 'the budget itself, without the device', 'cose-malformed', budget.bytes),
    ],
  );
};

export const SPENDING: Spending = {
  issuedS: NOW_S,
  owner: keyOf('owner'),
  currency: 'EUR',
  budgetVersion: 3,
  totalNano: 200000000000,
  spentNano: 41500000000,
  reservedNano: 3500000000,
  todayNano: 7000000000,
  depositNano: 120000000000,
  journalIndex: 4711,
};

export const spendingFile = (): Json =>
  settled(
    'spending',
    SPENDING,
    {
      issuedS: U32_MAX,
      owner: keyOf('owner'),
      currency: 'EUR',
      budgetVersion: U32_MAX,
      totalNano: NANO_MAX,
      spentNano: NANO_MAX,
      reservedNano: NANO_MAX,
      todayNano: NANO_MAX,
      depositNano: NANO_MAX,
      journalIndex: NANO_MAX,
    } satisfies Spending,
    [hex(keyOf('buyer')), hex(keyOf('seller'))],
    [
      [2, 'an owner of small order', SMALL_ORDER_KEY, 'well-formed'],
      [3, 'no currency', null],
      [4, 'budget version -1', -1],
      [5, 'a total of 2^53 in text', '9007199254740992'],
      [6, 'less than nothing spent', -1],
      [7, 'reserved: true', true],
      [8, 'less than nothing today', -1],
      [9, 'a negative deposit', -1],
      [10, 'no journal index', null],
    ],
    'owners',
  );

export const LINE: Line = {
  creditor: keyOf('owner'),
  debtor: keyOf('stranger'),
  settler: keyOf('root'),
  currency: 'EUR',
  version: 1,
  limitNano: 50000000000,
  expiryS: 0,
};

export const lineFile = (): Json => {
  const usual = good('line', 'an owner bears the default of another', LINE, { signer: 'owner' });
  const largest: Line = { ...LINE, version: U32_MAX, limitNano: NANO_MAX, expiryS: U32_MAX };
  return fileOf(
    'credit',
    [
      usual,
      good('line', 'the largest', largest, { signer: 'owner' }),
      good('line', 'no more credit', { ...LINE, version: 2, limitNano: 0 }, { signer: 'owner' }),
    ],
    spoiled(usual, undefined, [
      [0, 'a creditor of small order', SMALL_ORDER_KEY, 'well-formed'],
      [0, 'a creditor who is the debtor', keyOf('stranger'), 'well-formed'],
      [1, 'a debtor of 33 bytes', filled(1, 33)],
      [2, 'no settler', null],
      [3, 'a currency of two letters', 'EU'],
      [4, 'version -1', -1],
      [5, 'a limit in text', '50 EUR'],
      [6, 'an expiry in 2106', U32_MAX + 1],
    ]),
  );
};

export const CONSENT: Consent = {
  owner: keyOf('owner'),
  settler: keyOf('root'),
  currency: 'EUR',
  version: 1,
  counterpartyNano: 20000000000,
  expiryS: 0,
};

export const consentFile = (): Json => {
  const usual = good('consent', 'an owner lets debts be compressed', CONSENT, { signer: 'owner' });
  const largest: Consent = { ...CONSENT, version: U32_MAX, counterpartyNano: NANO_MAX, expiryS: U32_MAX };
  return fileOf(
    'credit',
    [
      usual,
      good('consent', 'the largest', largest, { signer: 'owner' }),
      good('consent', 'taken back', { ...CONSENT, version: 2, counterpartyNano: 0 }, { signer: 'owner' }),
    ],
    spoiled(usual, undefined, [
      [0, 'an owner of small order', SMALL_ORDER_KEY, 'well-formed'],
      [1, 'a settler by name', 'settler'],
      [2, 'a currency of digits', '978'],
      [3, 'version 2^32', U32_MAX + 1],
      [4, 'a negative limit', -1],
      [5, 'a negative expiry', -1],
    ]),
  );
};

export const NOTED: Noted = { issuedS: NOW_S, hash: filled(0x44), journalIndex: 4711 };

export const notedFile = (): Json =>
  settled(
    'noted',
    NOTED,
    { issuedS: U32_MAX, hash: filled(0xff), journalIndex: NANO_MAX } satisfies Noted,
    undefined,
    [
      [2, 'a hash of 16 bytes', filled(0x44, 16)],
      [3, 'a negative journal index', -1],
    ],
    'credit',
  );

export const DISPUTE: Dispute = {
  party: keyOf('seller'),
  version: 1,
  open: true,
  delivered: 300,
  totalNano: 15000000,
  head: filled(0x77),
  reason: 'the head of the last voucher differs',
};

export const disputeFile = (): Json => {
  const known = { signer: 'seller', subject: CHANNEL } as const;
  const usual = good('dispute', 'the payee opens a dispute', DISPUTE, known);
  return fileOf(
    'dispute',
    [
      usual,
      good(
        'dispute',
        'the payer says otherwise',
        { ...DISPUTE, party: keyOf('buyer'), delivered: 290 },
        { signer: 'buyer', subject: CHANNEL },
      ),
      good('dispute', 'withdrawn', { ...DISPUTE, version: 2, open: false }, known),
      good(
        'dispute',
        'the largest',
        { ...DISPUTE, version: U32_MAX, delivered: U32_MAX, totalNano: NANO_MAX, reason: TEXT_64 },
        known,
      ),
    ],
    spoiled(usual, good('dispute', '', DISPUTE, { ...known, subject: OTHER_CHANNEL }), [
      [0, 'a party of small order', SMALL_ORDER_KEY, 'well-formed'],
      [1, 'version 2^32', U32_MAX + 1],
      [2, 'open 1', 1],
      [3, 'a negative number delivered', -1],
      [4, 'a total of text', '15'],
      [5, 'a head of 31 bytes', filled(0x77, 31)],
      [6, 'no reason', ''],
      [6, 'a reason of 65 bytes in 64 letters', TEXT_65],
    ]),
  );
};
