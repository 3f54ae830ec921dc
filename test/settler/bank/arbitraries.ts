/** What bank files are made of, at random: parties, ids, amounts, days, and texts that no bank wants. */

import * as fc from 'fast-check';
import { composeIBAN } from 'ibantools';
import type { AchAccount } from '../../../broker/settler/bank/ach-account.ts';
import { TRANSFER_CENTS_MAX } from '../../../broker/settler/bank/cents.ts';
import type { Party } from '../../../broker/settler/bank/party.ts';
import type { SepaAccount } from '../../../broker/settler/bank/sepa-account.ts';

const digits = (count: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: count, maxLength: count });

const ibans: fc.Arbitrary<string> = fc.oneof(
  digits(18).map((bban) => composeIBAN({ countryCode: 'DE', bban })!),
  digits(16).map((bban) => composeIBAN({ countryCode: 'AT', bban })!),
  digits(10).map((bban) => composeIBAN({ countryCode: 'NL', bban: `ABNA${bban}` }) ?? 'NL91ABNA0417164300'),
);

const bics = fc.constantFrom(null, 'SOGEDEFF', 'NDEAFIHHXXX', 'ABNANL2A');

/** Anything that can be typed, with a letter that a bank can print in front. */
const names = fc.string({ unit: 'grapheme', maxLength: 100 }).map((text) => `N${text}`);

export const sepaParties: fc.Arbitrary<Party<SepaAccount>> = fc.record({
  name: names,
  account: fc.record({ scheme: fc.constant('sepa' as const), iban: ibans, bic: bics }),
});

/** The eight digits of a bank with the ninth that makes them a routing number. */
export const routingOf = (eight: string): string => {
  const sum = [3, 7, 1, 3, 7, 1, 3, 7].reduce((total, weight, i) => total + weight * Number(eight[i]), 0);
  return `${eight}${(10 - (sum % 10)) % 10}`;
};

export const achParties: fc.Arbitrary<Party<AchAccount>> = fc.record({
  name: names,
  account: fc.record({
    scheme: fc.constant('ach' as const),
    routing: digits(7).map((seven) => routingOf(`1${seven}`)),
    number: fc.integer({ min: 1, max: 17 }).chain(digits),
    kind: fc.constantFrom('checking' as const, 'savings' as const),
  }),
});

/** Mostly small, sometimes the largest. */
export const amounts = fc.oneof(
  fc.bigInt(1n, 100_000n),
  fc.bigInt(1n, TRANSFER_CENTS_MAX),
  fc.constant(TRANSFER_CENTS_MAX),
);

export const texts = fc.string({ unit: 'grapheme', maxLength: 200 });

export const days = fc
  .integer({ min: 0, max: 20_000 })
  .map((day) => new Date(Date.UTC(2020, 0, 1) + day * 86_400_000).toISOString().slice(0, 10));

export const moments = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2070, 0, 1) });
