/** `tollbridge settler audit`: every signature, tick, rule and hash again, from the journal alone. */

import { ok } from '../../../schemas/result.ts';
import { type Audited, auditStore } from '../reports/audit.ts';
import { attended } from './attended.ts';
import { onStore } from './on-store.ts';

const textOf = ({ rows, hash, kinds, signatures, ticks, fault }: Audited): string => {
  const counts = Object.entries(kinds).map(([kind, count]) => `  ${kind.padEnd(20)} ${count}`);
  const checked = [`${rows} rows, ${signatures} signatures, ${ticks} ticks`, ...counts];
  if (fault === null) return [...checked, `everything holds; the last hash is ${hash}`].join('\n');
  const what = fault.kind === null ? '' : `, ${fault.kind} ${fault.subject}`;
  return [...checked, `row ${fault.row}${what}: ${fault.why}`].join('\n');
};

export const run = onStore({}, async (store, _, host) => {
  const audited = await attended((watch) => auditStore(store, { crypto: host.crypto, watch }));
  if (!audited.ok) return audited;
  const exit = audited.value.fault === null ? 0 : 1;
  return ok({ text: textOf(audited.value), json: audited.value, exit });
});
