/** What a configuration says of owners: whose this agent is, which devices it owns, whom it trusts. */

import { toHex } from '../../schemas/bytes.ts';
import { didKey } from '../../schemas/identity.ts';
import { type Infer, s } from '../host/shape.ts';
import { currency, twice } from '../shapes.ts';
import type { OwnConfig } from './owning.ts';
import type { CompressionConfig, TrustConfig } from './promises.ts';

const owner = s.object(
  {
    key: s.key({ about: 'Who lets this agent spend, and is paid what it earns' }),
    budgetFile: s.optional(
      s.path({
        about: 'A first budget that the owner signed (tollbridge budget); else its agent is asked for one',
        example: './station.budget',
      }),
    ),
  },
  { about: 'The owner of this agent, where it is not its own' },
);

const own = s.object(
  {
    device: s.key({ about: 'A device of this owner, which names it as its owner' }),
    settler: s.optional(s.key({ about: 'With which settler it spends; left out: the first of settlers' })),
    currency,
    total: s.money({ about: 'All that it may spend, ever', example: '200.00' }),
    perDay: s.optional(s.money({ about: 'Of that in one day, UTC', example: '10.00' })),
    perSeller: s.optional(s.money({ about: 'Of that to one seller', example: '50.00' })),
    days: s.integer({
      about: 'A budget ends after this and is renewed before; 0: it does not end',
      min: 0,
      max: 36_500,
      default: 365,
    }),
    refill: s.optional(
      s.object(
        {
          upTo: s.money({ about: 'The total rises to this without a person', example: '500.00' }),
          step: s.money({ about: 'By this much at a time', example: '50.00' }),
        },
        { about: 'What a device that runs low gets; left out: a person is asked, in tollbridge status' },
      ),
    ),
  },
  { about: 'A device of this owner' },
);

const trusted = s.object(
  {
    account: s.key({ about: 'Owner of buyers whose default is borne here' }),
    settler: s.optional(s.key({ about: 'Through which settler; left out: the first of settlers' })),
    currency,
    limit: s.money({ about: 'Most that it may owe, reserved channels included', example: '50.00' }),
  },
  { about: 'A line of credit' },
);

const compressed = s.object(
  {
    settler: s.optional(s.key({ about: 'Which settler may; left out: the first of settlers' })),
    currency,
    counterparty: s.money({
      about: 'Most of a new debt to or from one other owner who consents as well',
      example: '20.00',
    }),
  },
  { about: 'A consent to compression' },
);

export const OWNER_FIELDS = {
  owner: s.optional(owner),
  owns: s.list(own, { about: 'Devices of this owner, and what each may spend' }),
  trust: s.list(trusted, { about: 'Lines: who may buy on credit from the sellers of this owner' }),
  compression: s.list(compressed, {
    about: 'Lets a settler put new debts in the place of old ones, where that saves payments',
  }),
};

type File = { readonly [K in keyof typeof OWNER_FIELDS]: Infer<(typeof OWNER_FIELDS)[K]> } & {
  readonly settlers: readonly { readonly key: Uint8Array }[];
};

export type OwnerConfig = {
  /** null: this agent is its own owner. */
  readonly owner: { readonly key: Uint8Array; readonly budgetFile: string | null } | null;
  readonly owns: readonly OwnConfig[];
  readonly trust: readonly TrustConfig[];
  readonly compression: readonly CompressionConfig[];
};

const keysOf = (file: File, ...keys: readonly (Uint8Array | null)[]): string =>
  keys.map((key) => toHex(key ?? file.settlers[0]!.key)).join(' ');

/** What an owner signs, twice or not at all, would never count. */
export const ownerProblem = (file: File): string | undefined => {
  const settlers = file.settlers.map((one) => toHex(one.key));
  for (const { settler } of [...file.owns, ...file.trust, ...file.compression]) {
    if (settler !== null && !settlers.includes(toHex(settler)))
      return `${didKey(settler)} is not in settlers: pin it there`;
  }
  if (file.owner !== null && file.owns.length + file.trust.length + file.compression.length > 0)
    return 'owner and owns, trust or compression exclude each other: what an owner signs is signed by its own agent';
  if (twice(file.owns.map((one) => keysOf(file, one.device, one.settler))) !== undefined)
    return 'a device stands twice in owns with one settler: it has one budget there';
  if (
    twice(file.trust.map((one) => `${keysOf(file, one.account, one.settler)} ${one.currency}`)) !== undefined
  )
    return 'an account stands twice in trust with one settler and currency: it has one line there';
  if (twice(file.compression.map((one) => `${keysOf(file, one.settler)} ${one.currency}`)) !== undefined)
    return 'a settler stands twice in compression with one currency: it has one consent';
  for (const { device, total, perDay, perSeller, refill } of file.owns) {
    const name = didKey(device);
    if (refill !== null && (refill.step === 0 || refill.upTo < total))
      return `the refill of ${name} must rise: a step above 0, and upTo of the total or more`;
    const mostNano = refill?.upTo ?? total;
    if ((perDay ?? 0) > mostNano || (perSeller ?? 0) > mostNano)
      return `perDay and perSeller of ${name} are at most its total: leave them out, or write less`;
  }
  return undefined;
};

/** The same in the units of the code. */
export const ownerConfig = (file: File): OwnerConfig => ({
  owner: file.owner,
  owns: file.owns.map((one) => ({
    device: one.device,
    settler: one.settler ?? file.settlers[0]!.key,
    currency: one.currency,
    totalNano: one.total,
    dayNano: one.perDay,
    sellerNano: one.perSeller,
    days: one.days,
    refill: one.refill === null ? null : { upToNano: one.refill.upTo, stepNano: one.refill.step },
  })),
  trust: file.trust.map((one) => ({
    debtor: one.account,
    settler: one.settler ?? file.settlers[0]!.key,
    currency: one.currency,
    limitNano: one.limit,
  })),
  compression: file.compression.map((one) => ({
    settler: one.settler ?? file.settlers[0]!.key,
    currency: one.currency,
    counterpartyNano: one.counterparty,
  })),
});
