/** `tollbridge settler account set`: where an owner is paid, and what the settler's bank asks for. */

import { didKey } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { AchKind } from '../bank/ach-account.ts';
import { type AchDetails, type SepaDetails, setOwner } from '../bank/owners.ts';
import { achSenderMeta, sepaSenderMeta } from '../bank/sender.ts';
import type { Store } from '../store/store.ts';
import type { Holder, MetaRow } from '../store/tables.ts';
import { keyOfAccount } from './account.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  account: { type: 'string' },
  name: { type: 'string' },
  iban: { type: 'string' },
  bic: { type: 'string' },
  routing: { type: 'string' },
  number: { type: 'string' },
  kind: { type: 'string', default: 'checking' },
  holder: { type: 'string', default: 'person' },
  'creditor-id': { type: 'string' },
  'company-id': { type: 'string' },
  'bank-name': { type: 'string' },
  destination: { type: 'string' },
  origin: { type: 'string' },
  balanced: { type: 'boolean', default: false },
  crlf: { type: 'boolean', default: false },
} as const;

type Values = { readonly [K in keyof typeof OPTIONS]?: string | boolean | undefined };
const textIn = (values: Values, name: keyof typeof OPTIONS): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

/** Codes: config-invalid. */
const detailsOf = (values: Values, name: string): Result<SepaDetails | AchDetails> => {
  const [iban, routing, number] = [
    textIn(values, 'iban'),
    textIn(values, 'routing'),
    textIn(values, 'number'),
  ];
  if (iban !== undefined && routing === undefined && number === undefined) {
    return ok({ name, iban, bic: textIn(values, 'bic') ?? null });
  }
  if (iban !== undefined || routing === undefined || number === undefined) {
    return refuse('config-invalid', 'write --iban for euro, or --routing and --number for dollars');
  }
  const holder = textIn(values, 'holder');
  if (holder !== 'person' && holder !== 'company') {
    return refuse('config-invalid', `--holder is "${holder}": write person or company`);
  }
  const kind = textIn(values, 'kind') as AchKind;
  return ok({ name, routing, number, kind, holder: holder satisfies Holder });
};

/** What only the settler's own account comes with. Codes: config-invalid, bank-details. */
const senderOf = (
  values: Values,
  isSettler: boolean,
  routing: string | undefined,
): Result<readonly MetaRow[]> => {
  const [creditorId, companyId] = [textIn(values, 'creditor-id'), textIn(values, 'company-id')];
  if (creditorId === undefined && companyId === undefined) return ok([]);
  if (!isSettler)
    return refuse('config-invalid', '--creditor-id and --company-id are of --account settler alone');
  if (creditorId !== undefined) {
    const meta = sepaSenderMeta(creditorId);
    return meta.ok ? ok([meta.value]) : meta;
  }
  const given = need({ 'bank-name': textIn(values, 'bank-name'), routing }, 'bank-name', 'routing');
  if (!given.ok) return given;
  const meta = achSenderMeta({
    companyId: companyId!,
    destination: textIn(values, 'destination') ?? given.value.routing,
    bankName: given.value['bank-name'],
    origin: textIn(values, 'origin') ?? companyId!,
    balanced: values.balanced === true,
    crlf: values.crlf === true,
  });
  return meta.ok ? ok([meta.value]) : meta;
};

const putMeta = (store: Store, meta: readonly MetaRow[]): Promise<Result<null>> =>
  store.transact(async () => ({ changes: { put: { meta } }, value: null }));

export const run = onStore(OPTIONS, async (store, options) => {
  const given = need(options, 'account', 'name');
  if (!given.ok) return given;
  const key = await keyOfAccount(store, given.value.account);
  if (!key.ok) return key;
  const details = detailsOf(options, given.value.name);
  if (!details.ok) return details;
  const routing = 'routing' in details.value ? details.value.routing : undefined;
  const sender = senderOf(options, given.value.account === 'settler', routing);
  if (!sender.ok) return sender;
  const set = await setOwner(store, key.value, details.value);
  if (!set.ok) return set;
  const noted = await putMeta(store, sender.value);
  if (!noted.ok) return noted;
  const { key: _, ...party } = set.value;
  const [, ...bank] = party.bank.split(':').filter((part) => part !== '');
  const does = given.value.account === 'settler' ? 'pays' : 'is paid';
  const text = `${didKey(key.value)} ${does} as ${party.name}, ${bank.join(' ')}`;
  return ok({ text, json: { account: didKey(key.value), ...party } });
});
