/** `tollbridge budget`: an owner says what a device may spend, to its running agent, or in a file that is signed. */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Budget, openBudget, signBudget } from '../../schemas/budget.ts';
import { U32_MAX } from '../../schemas/fields.ts';
import { didKey } from '../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { loadCrypto } from '../host/crypto.ts';
import type { HostCrypto } from '../host/host-crypto.ts';
import { raiseNumber } from '../host/rising-number.ts';
import { openSigner } from '../signer.ts';
import { readBudgetFile, writeBudgetFile } from './budget-file.ts';
import { SET_OPTIONS, setBudget } from './budget-set.ts';
import { keyFor, nanoFor, print } from './budget-words.ts';
import { nextVersion } from './ports.ts';

export const HELP = `tollbridge budget set [STATE_DIRECTORY] --device DID --total 200.00: what a device may spend from now on
tollbridge budget --key FILE --device DID --settler DID --total 200.00 --out FILE: the same, by an owner without an agent
tollbridge budget show FILE: what a budget says

  --key FILE           private key of the owner; the version of the newest budget is kept beside it
  --device DID         who may spend: its agent names this owner in "owner"
  --settler DID        from the owner's deposit at this settler
  --total 200.00       all that it may ever spend, what it has spent already included
  --per-day 10.00      of that in one day, UTC (default: the total)
  --per-seller 50.00   of that to one seller (default: the total)
  --days 365           the budget ends after this; 0: it does not end
  --currency EUR
  --out FILE           written over: a budget that is signed later counts before one that was signed earlier
  --json               one JSON object; amounts in nano (10^-9 of the unit)

The file goes to the device ("owner: {key: ..., budgetFile: ...}"), which takes it at its next start.
An owner whose agent runs names its devices in "owns", and needs no file: "set" takes --device, --total and, where they
change, --per-day and --per-seller, and --settler where the device spends with several. The running agent (its state in
STATE_DIRECTORY, default .tollbridge/agent) signs at once and tells the device. It holds over restarts, until the next
"set" or until the device's line in "owns" is changed. DID is did:key:z6Mk...
`;

const OPTIONS = {
  key: { type: 'string' },
  device: { type: 'string' },
  settler: { type: 'string' },
  total: { type: 'string' },
  'per-day': { type: 'string' },
  'per-seller': { type: 'string' },
  days: { type: 'string', default: '365' },
  currency: { type: 'string', default: 'EUR' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

const NEEDED = ['key', 'device', 'settler', 'total', 'out'] as const;
const DAYS_MAX = 36_500;
const DAY_S = 86_400;

/** Codes: storage-failed, those of `openBudget`. */
const show = (path: string, json: boolean, crypto: HostCrypto): Result<number> => {
  const bytes = readBudgetFile(path);
  if (!bytes.ok) return bytes;
  const budget = openBudget(bytes.value, crypto.verify);
  if (budget.ok) return print(budget.value, json);
  return refuse(
    budget.code,
    `${path} is no budget: ${budget.detail}; tollbridge budget --out FILE signs one`,
  );
};

type Amounts = Pick<Budget, 'totalNano' | 'dayNano' | 'sellerNano'>;

const amountsOf = (options: Options): Result<Amounts> => {
  const total = nanoFor('total', options.total);
  if (!total.ok) return total;
  const totalNano = total.value!;
  const day = nanoFor('per-day', options['per-day']);
  if (!day.ok) return day;
  const seller = nanoFor('per-seller', options['per-seller']);
  if (!seller.ok) return seller;
  const dayNano = day.value ?? totalNano;
  const sellerNano = seller.value ?? totalNano;
  if (dayNano > totalNano || sellerNano > totalNano)
    return refuse(
      'config-invalid',
      '--per-day and --per-seller are at most --total: leave them out, or write less',
    );
  return ok({ totalNano, dayNano, sellerNano });
};

/** Seconds since 1970, or 0. */
const expiryOf = (days: string, nowMs: number): Result<number> => {
  const count = /^\d{1,5}$/.test(days) ? Number(days) : DAYS_MAX + 1;
  if (count > DAYS_MAX)
    return refuse('config-invalid', `--days "${days}": write a whole number from 0 to ${DAYS_MAX}`);
  return ok(count === 0 ? 0 : Math.min(U32_MAX, Math.floor(nowMs / 1000) + count * DAY_S));
};

type Keys = Pick<Budget, 'device' | 'settler' | 'currency'>;

const keysOf = (options: Options): Result<Keys> => {
  const device = keyFor('device', options.device!);
  if (!device.ok) return device;
  const settler = keyFor('settler', options.settler!);
  if (!settler.ok) return settler;
  const { currency } = options;
  if (!/^[A-Z]{3}$/.test(currency))
    return refuse('config-invalid', `--currency "${currency}": write three capital letters, EUR`);
  return ok({ device: device.value, settler: settler.value, currency });
};

const sign = (options: Options, crypto: HostCrypto, nowMs: number): Result<number> => {
  const missing = NEEDED.find((name) => options[name] === undefined);
  if (missing !== undefined) return refuse('config-invalid', `--${missing} is missing: see budget --help`);
  const keys = keysOf(options);
  if (!keys.ok) return keys;
  const amounts = amountsOf(options);
  if (!amounts.ok) return amounts;
  const expiry = expiryOf(options.days, nowMs);
  if (!expiry.ok) return expiry;
  const path = options.key!;
  if (!existsSync(path))
    return refuse('key-file', `there is no key file ${path}: tollbridge key create ${path} makes one`);
  const owner = openSigner(path, crypto);
  if (!owner.ok) return owner;
  if (didKey(owner.value.key) === didKey(keys.value.device))
    return refuse(
      'config-invalid',
      '--device is the owner itself: it needs no budget to spend what is its own',
    );
  const version = raiseNumber(`${path}.budgets`, (last) => nextVersion(Math.max(last, 0), nowMs));
  if (!version.ok) return version;
  const budget: Budget = {
    owner: owner.value.key,
    ...keys.value,
    version: version.value,
    ...amounts.value,
    expiryS: expiry.value,
  };
  const written = writeBudgetFile(options.out!, signBudget(budget, owner.value));
  return written.ok ? print(budget, options.json) : written;
};

/** Codes: config-invalid, key-file, storage-*, timeout, those of `openBudget` and of an order. */
export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const [word, ...rest] = argv;
  const crypto = await loadCrypto(process.env.TOLLBRIDGE_CRYPTO);
  if (word === 'set') {
    const { values, positionals } = parseArgs({ args: rest, options: SET_OPTIONS, allowPositionals: true });
    return setBudget(values, positionals, crypto);
  }
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const [action, file, ...more] = positionals;
  if (action === undefined) return sign(values, crypto, Date.now());
  if (action === 'show' && file !== undefined && more.length === 0) return show(file, values.json, crypto);
  return refuse(
    'config-invalid',
    'write: tollbridge budget set, tollbridge budget show FILE, or no words but options: see budget --help',
  );
};
