/**
 * What happened on the settler's account: ISO 20022 camt.054 (notification) and camt.053 (statement), whose entries
 * are alike. Only booked entries are facts; the versions differ in where they say `booked`, amounts and names.
 */

import {
  type About,
  type Amount,
  type BankFact,
  type BankFacts,
  bareFact,
  type FactKind,
  type Payer,
} from './bank-fact.ts';
import {
  childAt,
  childrenOf,
  type Element,
  idAt,
  lineOf,
  needChild,
  oneLine,
  stopAt,
  textAt,
  textOf,
} from './element.ts';
import { amountOf, codeAt, dayAt, referenceAt } from './iso-parts.ts';
import { shown } from './refusing.ts';

/** What an entry says for all its details. */
type Entry = {
  readonly element: Element;
  readonly amount: Amount;
  readonly direction: 'in' | 'out';
  readonly reversal: boolean;
  readonly reference: string | null;
  readonly day: string | null;
  readonly account: string | null;
};

/** Bank transaction sub-families: a transfer or a collection of ours came back (external code list). */
const RETURNS = new Set(['RRTN', 'RPCR', 'UPDD', 'PRDD', 'RCDD']);
/** Family of collections that the account's owner asked for. */
const COLLECTED = 'IDDT';
const directionOf = (element: Element): 'in' | 'out' | null => {
  const indicator = childAt(element, 'CdtDbtInd');
  if (indicator === null) return null;
  const text = textOf(indicator);
  if (text === 'CRDT') return 'in';
  return text === 'DBIT' ? 'out' : stopAt(indicator, `${shown(text)} is neither CRDT nor DBIT`);
};

/** BOOK, PDNG, INFO, FUTR: in an element of its own since version 5. */
const bookingOf = (entry: Element): string => {
  const status = needChild(entry, 'Sts');
  return status.children.length === 0 ? textOf(status) : (codeAt(entry, 'Sts') ?? '');
};

const entryOf = (element: Element, account: string | null): Entry => ({
  element,
  amount: amountOf(needChild(element, 'Amt')),
  direction: directionOf(element) ?? stopAt(element, 'it has no CdtDbtInd'),
  reversal: textAt(element, 'RvslInd') === 'true',
  reference: referenceAt(element, 'AcctSvcrRef'),
  day: dayAt(element, 'BookgDt'),
  account,
});

/** The amount of one detail in the currency of the account; a single detail is worth its entry. */
const detailAmount = (detail: Element, { amount }: Entry, single: boolean): Amount | null => {
  for (const path of [['Amt'], ['AmtDtls', 'TxAmt', 'Amt'], ['AmtDtls', 'InstdAmt', 'Amt']]) {
    const element = childAt(detail, ...path);
    if (element === null) continue;
    const own = amountOf(element);
    if (own.currency === amount.currency) return own;
  }
  return single ? amount : null;
};

/** The party itself since version 8 is in an element of its own. */
const payerOf = (detail: Element): Payer => {
  const party = childAt(detail, 'RltdPties', 'Dbtr', 'Pty') ?? childAt(detail, 'RltdPties', 'Dbtr');
  const id = childAt(detail, 'RltdPties', 'DbtrAcct', 'Id');
  const name = party === null ? '' : lineOf(party, 'Nm');
  return { name: name === '' ? null : name, account: id === null ? null : accountAt(id) };
};

/** An IBAN, or another number of an account. */
const accountAt = (id: Element): string | null => idAt(id, 'IBAN') ?? idAt(id, 'Othr', 'Id');

const remittanceOf = (detail: Element): string => {
  const remittance = childAt(detail, 'RmtInf');
  if (remittance === null) return '';
  const plain = lineOf(remittance, 'Ustrd');
  if (plain !== '') return plain;
  return oneLine(childrenOf(remittance, 'Strd').map((one) => textAt(one, 'CdtrRefInf', 'Ref') ?? ''));
};

const familyOf = (detail: Element, entry: Element, ...path: readonly string[]): string | null =>
  textAt(detail, 'BkTxCd', 'Domn', 'Fmly', ...path) ?? textAt(entry, 'BkTxCd', 'Domn', 'Fmly', ...path);

/** A whole block or message booked as one entry. */
const batchOf = (element: Element, name: string): About => {
  const messageId = referenceAt(element, name, 'MsgId');
  const blockId = referenceAt(element, name, 'PmtInfId');
  if (blockId !== null) return { by: 'block', messageId, blockId };
  return messageId === null ? { by: 'nothing' } : { by: 'message', messageId };
};

/** A message id is ours only where the bank took money out for it; with one of several details it would be too wide. */
const aboutOf = (detail: Element, kind: FactKind, single: boolean): About => {
  const endToEndId = referenceAt(detail, 'Refs', 'EndToEndId');
  if (endToEndId !== null) return { by: 'payment', endToEndId };
  return kind === 'posted' && single ? batchOf(detail, 'Refs') : { by: 'nothing' };
};

/** Money in is ours by the bank's word (a collection), not by an id that its payer may have chosen. */
const kindOf = (
  detail: Element,
  entry: Entry,
  direction: 'in' | 'out',
): 'posted' | 'returned' | 'received' => {
  const returned =
    entry.reversal ||
    childAt(detail, 'RtrInf') !== null ||
    RETURNS.has(familyOf(detail, entry.element, 'SubFmlyCd') ?? '');
  if (returned) return 'returned';
  if (direction === 'out') return 'posted';
  const collected =
    familyOf(detail, entry.element, 'Cd') === COLLECTED || textAt(detail, 'Refs', 'MndtId') !== null;
  return collected ? 'posted' : 'received';
};

/** A detail's own reference; of several that share their entry's, the place among them is added. */
const detailReference = (detail: Element, { reference }: Entry, i: number, count: number): string | null => {
  const own = referenceAt(detail, 'Refs', 'AcctSvcrRef') ?? reference;
  return count > 1 && own !== null && own === reference ? `${own}/${i + 1}` : own;
};

const detailFact = (detail: Element, entry: Entry, i: number, count: number): BankFact => {
  const direction = directionOf(detail) ?? entry.direction;
  const kind = kindOf(detail, entry, direction);
  const returned = childAt(detail, 'RtrInf');
  const texts = [
    returned === null ? '' : lineOf(returned, 'AddtlInf'),
    remittanceOf(detail),
    lineOf(detail, 'AddtlTxInf'),
    lineOf(entry.element, 'AddtlNtryInf'),
  ];
  return {
    ...bareFact(kind, aboutOf(detail, kind, count === 1), 'BOOK', detail.line),
    amount: detailAmount(detail, entry, count === 1),
    direction,
    reason: returned === null ? null : codeAt(returned, 'Rsn'),
    text: texts.find((text) => text !== '') ?? '',
    bankReference: detailReference(detail, entry, i, count),
    day: entry.day,
    account: entry.account,
    payer: kind === 'received' ? payerOf(detail) : null,
  };
};

/** An entry that has no details: perhaps a whole block or message of ours, booked as one. */
const plainFact = (entry: Entry, about: About): BankFact => {
  const kind = kindOf(entry.element, entry, entry.direction);
  return {
    ...bareFact(kind, about, 'BOOK', entry.element.line),
    amount: entry.amount,
    direction: entry.direction,
    text: lineOf(entry.element, 'AddtlNtryInf'),
    bankReference: entry.reference,
    day: entry.day,
    account: entry.account,
    payer: kind === 'received' ? { name: null, account: null } : null,
  };
};

const has = (name: string) => (element: Element) => childAt(element, name) !== null;

/** Details that do not say what is whose, or do not add up to their entry though nothing was charged, are not believed. */
const addUp = (entry: Entry, details: readonly Element[], facts: readonly BankFact[]): boolean => {
  let cents = 0n;
  for (const { amount, direction } of facts) {
    if (amount === null) return false;
    cents += direction === entry.direction ? amount.cents : -amount.cents;
  }
  return cents === entry.amount.cents || has('Chrgs')(entry.element) || details.some(has('Chrgs'));
};

const factsOf = (entry: Entry): readonly BankFact[] => {
  const groups = childrenOf(entry.element, 'NtryDtls');
  const details = groups.flatMap((group) => childrenOf(group, 'TxDtls'));
  const facts = details.map((detail, i) => detailFact(detail, entry, i, details.length));
  if (details.length > 0 && addUp(entry, details, facts)) return facts;
  const batched = details.length === 0 ? groups.find(has('Btch')) : undefined;
  return [plainFact(entry, batched === undefined ? { by: 'nothing' } : batchOf(batched, 'Btch'))];
};

/** Some banks give several bookings of a file one reference: those after the first are numbered, in the bank's order. */
const numberRepeated = (facts: readonly BankFact[]): readonly BankFact[] => {
  const counts = new Map<string, number>();
  return facts.map((fact) => {
    if (fact.bankReference === null) return fact;
    const key = `${fact.account} ${fact.bankReference}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 ? fact : { ...fact, bankReference: `${fact.bankReference}#${count}` };
  });
};

/** `message` and `part`: BkToCstmrStmt and Stmt, or BkToCstmrDbtCdtNtfctn and Ntfctn. Stops as pain.002 does. */
export const readCamt = (root: Element, format: string, message: string, part: string): BankFacts => {
  const content = needChild(root, message);
  const messageId = idAt(needChild(content, 'GrpHdr'), 'MsgId') ?? '';
  const facts: BankFact[] = [];
  let skipped = 0;
  for (const statement of childrenOf(content, part)) {
    const account = accountAt(needChild(statement, 'Acct', 'Id'));
    for (const element of childrenOf(statement, 'Ntry')) {
      const entry = entryOf(element, account);
      if (bookingOf(element) === 'BOOK' && entry.amount.cents > 0n) facts.push(...factsOf(entry));
      else skipped += 1;
    }
  }
  return { format, messageId, facts: numberRepeated(facts), skipped };
};
