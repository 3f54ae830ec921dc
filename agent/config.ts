/** What an agent is told: its file, checked whole, and what the rest of the agent makes of it. */

import { equalBytes } from '../schemas/bytes.ts';
import { compareDecimals } from '../schemas/decimal.ts';
import { BACKINGS, BACKINGS_USUAL, backingBit } from '../schemas/grant.ts';
import { type Price, TIERS_MAX } from '../schemas/price.ts';
import { CAPABILITIES_MAX, SETTLERS_MAX } from '../schemas/profile.ts';
import { LEASE_READINGS_MAX } from '../schemas/terms.ts';
import { CHAIN_TICKS_MAX } from '../schemas/tick.ts';
import type { BuyConfig } from './buying.ts';
import { DEVICE, type DeviceConfig, placeOf } from './drivers/drivers.ts';
import { type Infer, s } from './host/shape.ts';
import { OWNER_FIELDS, type OwnerConfig, ownerConfig, ownerProblem } from './owner/shape.ts';
import type { RuleConfig } from './rule.ts';
import type { SellConfig, SettlerConfig } from './selling.ts';
import { currency, kind, name, twice, unit } from './shapes.ts';

const DAY_S = 86_400;
const DAY_MS = 86_400_000;
const broker = s.object(
  {
    url: s.text({
      about: 'Where the broker listens',
      pattern: /^(mqtt|mqtts|ws|wss):\/\/\S+$/,
      expected: 'mqtt://, mqtts://, ws:// or wss:// with a host and a port',
      example: 'mqtts://box.local:8883',
    }),
    key: s.optional(
      s.key({
        about: 'Key of a broker of ours, for which credentials are signed; a foreign broker has none',
      }),
    ),
    pin: s.optional(
      s.text({
        about:
          'Its certificate by SHA-256 (of the whole, or of its public key), instead of who certifies it; ' +
          'our broker says it when it starts',
        pattern: /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i,
        expected: '64 hexadecimal digits, with colons or without',
        example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      }),
    ),
    caFile: s.optional(
      s.path({ about: 'PEM of who certifies it, where the system does not know', example: './ca.crt' }),
    ),
    user: s.optional(
      s.text({
        about:
          'User name on a foreign broker; left out: the id of this agent, as tollbridge key show says it',
        example: 'station',
      }),
    ),
    passwordFile: s.optional(
      s.path({ about: 'File with the password on a foreign broker', example: './password' }),
    ),
    certificateFile: s.optional(
      s.path({ about: 'PEM of ours, where a foreign broker asks for one', example: './agent.crt' }),
    ),
    certificateKeyFile: s.optional(s.path({ about: 'PEM of its private key', example: './agent-tls.key' })),
  },
  { about: 'The MQTT broker' },
);

const settler = s.object(
  {
    key: s.key({ about: 'Root key of a settler whose grants count here' }),
    exposure: s.money({ about: 'Most that may be owed through it', default: '100.00' }),
    backings: s.list(
      s.choice(BACKINGS, {
        about:
          'Who may bear the default of a buyer: deposit: nobody, guaranteed: the settler, bilateral: this seller; ' +
          'left out: deposit and guaranteed, and bilateral where trust gives a line through this settler',
      }),
      { about: 'Backings of its grants that count here', max: BACKINGS.length },
    ),
    claimS: s.integer({
      about: 'Earnings are claimed this often while a lease runs; a settler of millions asks for hours',
      min: 1,
      max: DAY_S,
      default: 5,
    }),
  },
  { about: 'A settler' },
);

const tier = s.object(
  {
    from: s.integer({ about: 'The first reading at this price', min: 2, max: LEASE_READINGS_MAX }),
    price: s.money({ about: 'Of each reading from there on', example: '0.001' }),
  },
  { about: 'A rebate' },
);

const offer = s.object(
  {
    name: name('What it is called on the market', 'outdoor-temperature'),
    device: name('Name of a device', 'station'),
    sensor: name('Name of a sensor on it', 'temperature'),
    price: s.money({ about: 'Of one reading', example: '0.002' }),
    tiers: s.list(tier, { about: 'Other prices for later readings, rising in "from"', max: TIERS_MAX - 1 }),
    currency,
    window: s.integer({ about: 'Most readings delivered and unpaid', min: 1, max: 65_536, default: 16 }),
    ticks: s.integer({
      about: 'Payments between two signatures',
      min: 1,
      max: CHAIN_TICKS_MAX,
      default: 1024,
    }),
    slots: s.integer({ about: 'Leases at once', min: 1, max: 4096, default: 64 }),
    periodMs: s.optional(
      s.integer({ about: 'Between two readings; else what the board does', min: 10, max: DAY_MS }),
    ),
  },
  { about: 'Something to sell' },
);

const wish = s.object(
  {
    name: name('What it is called here', 'temperature'),
    kind: kind('temperature'),
    unit: unit('Cel'),
    currency,
    priceMax: s.money({ about: 'Most that one reading may cost', example: '0.005' }),
    readings: s.integer({ about: 'How many', min: 1, max: LEASE_READINGS_MAX, example: 86_400 }),
    budget: s.money({ about: 'Most that all of them may cost', example: '100.00' }),
    durationS: s.integer({
      about: 'A lease ends after this',
      min: 300,
      max: 366 * DAY_S,
      default: 30 * DAY_S,
    }),
    repeat: s.boolean({ about: 'Buys as many again, for as much again, when it has them', default: 'false' }),
    file: s.optional(
      s.path({
        about: 'What is bought is appended here, one SenML-JSON pack a line',
        example: 'temperature.jsonl',
      }),
    ),
  },
  { about: 'Something to buy' },
);

const rule = s.refine(
  s.object(
    {
      name: name('What it is called', 'irrigation'),
      on: name('Name of something bought', 'temperature'),
      device: name('Name of a device', 'valve'),
      output: name('Name of an output on it', 'valve'),
      openAt: s.decimal({ about: 'Opens at this value or beyond', example: '28.0' }),
      closeAt: s.decimal({ about: 'Closes at this value or beyond, on the other side', example: '24.5' }),
      silenceS: s.integer({
        about: 'Closes without a reading for this long',
        min: 1,
        max: DAY_S,
        default: 600,
      }),
    },
    { about: 'What is done with what is bought' },
  ),
  (value) =>
    compareDecimals(value.openAt, value.closeAt) === 0
      ? 'openAt and closeAt must differ, or the output would tremble'
      : undefined,
);

const SHAPE = s.object(
  {
    state: s.path({
      about: 'Directory of journal, archive and control socket',
      default: '.tollbridge/agent',
    }),
    key: s.path({ about: 'Private key, made by the first start', default: '.tollbridge/agent/agent.key' }),
    broker,
    settlers: s.list(settler, { about: 'Settlers that are trusted, best first', min: 1, max: SETTLERS_MAX }),
    ...OWNER_FIELDS,
    devices: s.list(DEVICE, { about: 'Devices of this gateway' }),
    sell: s.list(offer, { about: 'What is sold', max: CAPABILITIES_MAX }),
    buy: s.list(wish, { about: 'What is bought' }),
    rules: s.list(rule, { about: 'What is done with it' }),
  },
  { about: 'An agent of tollbridge. Amounts are decimals of the currency unit; reload by a restart.' },
);

type File = Infer<typeof SHAPE>;

/** Names that nothing answers to are mistakes that a person wants to hear of at once. */
const wholeProblem = (file: File): string | undefined => {
  const devices = file.devices.map((one) => one.name);
  const bought = file.buy.map((one) => one.name);
  for (const [list, names] of [
    ['devices', devices],
    ['sell', file.sell.map((one) => one.name)],
    ['buy', bought],
  ] as const) {
    const repeated = twice(names);
    if (repeated !== undefined) return `"${repeated}" stands twice in ${list}: names must differ`;
  }
  const credit = ownerProblem(file);
  if (credit !== undefined) return credit;
  const place = twice(file.devices.flatMap((one) => placeOf(one) ?? []));
  if (place !== undefined) return `two devices have ${place}: a board has a place of its own`;
  for (const one of [...file.sell, ...file.rules]) {
    if (!devices.includes(one.device))
      return `"${one.name}" names the device "${one.device}", which is not in devices`;
  }
  for (const one of file.rules) {
    if (!bought.includes(one.on)) return `the rule "${one.name}" is on "${one.on}", which is not in buy`;
  }
  for (const one of file.sell) {
    if (priceOf(one).some((step, i, all) => step.priceNano < 1 || (i > 0 && step.from <= all[i - 1]!.from)))
      return `the price of "${one.name}" must be at least 0.000000001 and its tiers rise in "from"`;
  }
  return undefined;
};

const priceOf = (one: File['sell'][number]): Price => [
  { from: 1, priceNano: one.price },
  ...one.tiers.map((step) => ({ from: step.from, priceNano: step.price })),
];

export const AGENT_SHAPE = s.refine(SHAPE, wholeProblem);

export type AgentConfig = OwnerConfig & {
  readonly state: string;
  readonly broker: File['broker'];
  readonly settlers: readonly SettlerConfig[];
  readonly devices: readonly DeviceConfig[];
  readonly sell: readonly SellConfig[];
  readonly buy: readonly BuyConfig[];
  readonly rules: readonly RuleConfig[];
};

/** Whoever gives a line of credit through a settler means its grants to count. */
const backingsOf = (file: File, { key, backings }: File['settlers'][number]): number => {
  if (backings.length > 0) return backings.reduce((set, backing) => set | backingBit(backing), 0);
  const first = file.settlers[0]!.key;
  const trusts = file.trust.some((line) => equalBytes(line.settler ?? first, key));
  return trusts ? BACKINGS_USUAL | backingBit('bilateral') : BACKINGS_USUAL;
};

/** The same in the units of the code. */
export const agentConfig = (file: File): AgentConfig => ({
  state: file.state,
  broker: file.broker,
  settlers: file.settlers.map((one) => ({
    key: one.key,
    exposureNano: one.exposure,
    backings: backingsOf(file, one),
    claimEveryMs: one.claimS * 1000,
  })),
  ...ownerConfig(file),
  devices: file.devices,
  sell: file.sell.map((one) => ({
    name: one.name,
    device: one.device,
    sensor: one.sensor,
    price: priceOf(one),
    currency: one.currency,
    window: one.window,
    ticks: one.ticks,
    slots: one.slots,
    periodMs: one.periodMs,
  })),
  buy: file.buy.map((one) => ({
    name: one.name,
    kind: one.kind,
    unit: one.unit,
    currency: one.currency,
    priceNanoMax: one.priceMax,
    readings: one.readings,
    budgetNano: one.budget,
    durationS: one.durationS,
    repeat: one.repeat,
    file: one.file,
  })),
  rules: file.rules.map((one) => ({
    name: one.name,
    on: one.on,
    device: one.device,
    output: one.output,
    openAt: one.openAt,
    closeAt: one.closeAt,
    silenceMs: one.silenceS * 1000,
  })),
});
