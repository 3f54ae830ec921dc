/** `tollbridge budget set`: a person says to a running owner's agent what one of its devices may spend. */

import { openBudget } from '../../schemas/budget.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { orderBudget } from '../control.ts';
import type { HostCrypto } from '../host/host-crypto.ts';
import { keyFor, nanoFor, print } from './budget-words.ts';

export const SET_OPTIONS = {
  device: { type: 'string' },
  settler: { type: 'string' },
  total: { type: 'string' },
  'per-day': { type: 'string' },
  'per-seller': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

type Values = {
  readonly device?: string;
  readonly settler?: string;
  readonly total?: string;
  readonly 'per-day'?: string;
  readonly 'per-seller'?: string;
  readonly json: boolean;
};

const DEFAULT_STATE = '.tollbridge/agent';

/** Codes: config-invalid, timeout, storage-*, time-unproven, those of `openBudget`. */
export const setBudget = async (
  values: Values,
  [state = DEFAULT_STATE, ...more]: readonly string[],
  crypto: HostCrypto,
): Promise<Result<number>> => {
  if (more.length > 0)
    return refuse('config-invalid', `"${more[0]}" is one too many: name one state directory`);
  if (values.device === undefined || values.total === undefined)
    return refuse(
      'config-invalid',
      `--${values.device === undefined ? 'device' : 'total'} is missing: see budget --help`,
    );
  const device = keyFor('device', values.device);
  if (!device.ok) return device;
  const settler = values.settler === undefined ? ok(null) : keyFor('settler', values.settler);
  if (!settler.ok) return settler;
  const total = nanoFor('total', values.total);
  if (!total.ok) return total;
  const day = nanoFor('per-day', values['per-day']);
  if (!day.ok) return day;
  const seller = nanoFor('per-seller', values['per-seller']);
  if (!seller.ok) return seller;
  const ordered = await orderBudget(state, {
    device: device.value,
    settler: settler.value,
    totalNano: total.value!,
    dayNano: day.value,
    sellerNano: seller.value,
  });
  if (!ordered.ok) return ordered;
  const budget = openBudget(ordered.value, crypto.verify);
  return budget.ok ? print(budget.value, values.json) : budget;
};
