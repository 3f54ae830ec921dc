/** Credit lines: what each allows, what of it is reserved and owed, what is free, and who bears default. */

import { equalBytes, fromHex } from '../../../schemas/bytes.ts';
import { type Creditor, creditorName, lineAccount } from '../ledger/ledger.ts';
import { rootOf } from '../store/root.ts';
import { allRows, pages, type Reader } from '../store/store.ts';
import type { Balance, LineRow } from '../store/tables.ts';

export type LineState = {
  /** Who bears default; null is the settler. */
  readonly creditor: Creditor;
  readonly debtor: Uint8Array;
  readonly currency: string;
  /** 0 where no line was given or it was taken back: a debt may outlive its line, or come by novation. */
  readonly limitNano: bigint;
  readonly expiryS: number;
  readonly reservedNano: bigint;
  readonly owedNano: bigint;
  /** What a new grant may still reserve; 0 where the line has expired. */
  readonly freeNano: bigint;
};

type Used = { readonly reservedNano: bigint; readonly owedNano: bigint };

const placeOf = (creditor: Creditor, debtor: Uint8Array, currency: string): string =>
  `${lineAccount(creditor, debtor)} ${currency}`;

/** By line, from two scans of balances that lie together. */
const usedOf = async (reader: Reader): Promise<ReadonlyMap<string, Used>> => {
  const under = (prefix: string) =>
    pages<Balance>((after, countMax) => reader.balancesUnder(prefix, after, countMax));
  const owed = new Map<string, bigint>();
  for await (const { account, currency, nano } of under('owed/')) {
    owed.set(`line/${account.slice('owed/'.length)} ${currency}`, nano);
  }
  const used = new Map<string, Used>();
  for await (const { account, currency, nano } of under('line/')) {
    const place = `${account} ${currency}`;
    const owedNano = owed.get(place) ?? 0n;
    used.set(place, { owedNano, reservedNano: -nano - owedNano });
  }
  return used;
};

const NOTHING: Used = { reservedNano: 0n, owedNano: 0n };

const stateOf = (line: Omit<LineState, keyof Used | 'freeNano'>, used: Used, nowMs: number): LineState => {
  const left = line.limitNano - used.reservedNano - used.owedNano;
  const holds = line.expiryS === 0 || line.expiryS * 1000 > nowMs;
  return { ...line, ...used, freeNano: holds && left > 0n ? left : 0n };
};

/** A line in use that no row tells of. */
const unlinedOf = (place: string): Omit<LineState, keyof Used | 'freeNano'> => {
  const [account, currency] = place.split(' ') as [string, string];
  const [, creditor, debtor] = account.split('/') as [string, string, string];
  return {
    creditor: creditor === 'settler' ? null : fromHex(creditor)!,
    debtor: fromHex(debtor)!,
    currency,
    limitNano: 0n,
    expiryS: 0,
  };
};

/** Lines by creditor, the settler's first, then by debtor and currency. */
export const linesOf = async (reader: Reader, nowMs: number): Promise<readonly LineState[]> => {
  const root = await rootOf(reader);
  const used = new Map(await usedOf(reader));
  const states: LineState[] = [];
  const creditorOf = (line: LineRow): Creditor =>
    root.ok && equalBytes(line.creditor, root.value) ? null : line.creditor;
  for await (const row of allRows(reader, 'line')) {
    const { debtor, currency, limitNano, expiryS } = row;
    const creditor = creditorOf(row);
    const place = placeOf(creditor, debtor, currency);
    const line = { creditor, debtor, currency, limitNano: BigInt(limitNano), expiryS };
    states.push(stateOf(line, used.get(place) ?? NOTHING, nowMs));
    used.delete(place);
  }
  for (const [place, one] of used) {
    // line/settler itself is the other side of all that is owed to it.
    if (place.split('/').length < 3 || one.owedNano + one.reservedNano === 0n) continue;
    states.push(stateOf(unlinedOf(place), one, nowMs));
  }
  const order = ({ creditor, debtor, currency }: LineState) =>
    `${creditor === null ? ' ' : creditorName(creditor)} ${creditorName(debtor)} ${currency}`;
  return states.sort((a, b) => (order(a) < order(b) ? -1 : 1));
};
