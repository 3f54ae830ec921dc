/**
 * The bank's word on a message of ours: ISO 20022 pain.002, customer payment status report. The status of a message
 * holds for all its blocks, that of a block for all its payments, unless a narrower one is given.
 */

import { type About, type BankFact, type BankFacts, bareFact, type FactKind } from './bank-fact.ts';
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
} from './element.ts';
import { amountOf, codeAt, referenceAt } from './iso-parts.ts';
import { shown } from './refusing.ts';

/** ISO 20022 external codes: payment group, payment information and transaction status. */
const KINDS: ReadonlyMap<string, FactKind> = new Map([
  ['RCVD', 'accepted'],
  ['ACTC', 'accepted'],
  ['ACFC', 'accepted'],
  ['ACCP', 'accepted'],
  ['ACWC', 'accepted'],
  ['ACWP', 'accepted'],
  ['ACSP', 'accepted'],
  ['PATC', 'accepted'],
  ['PDNG', 'accepted'],
  ['ACSC', 'posted'],
  ['ACCC', 'posted'],
  ['RJCT', 'rejected'],
  ['CANC', 'rejected'],
]);

/** Some of these are so, some are not: the payments say which. */
const MIXED = 'PART';

/** What was sent before was sent before: turning away the repetition takes nothing back of the first. */
const REPETITIONS = new Set(['AM05', 'DU01', 'DU02', 'DU03', 'DU04', 'DU05', 'DUPL']);

type Word = { readonly status: string | null; readonly reason: string | null; readonly text: string };

/** The status of one level and the first of its reasons; what it leaves out is that of the level above. */
const wordOf = (element: Element, statusName: string, above: Word): Word => {
  const infos = childrenOf(element, 'StsRsnInf');
  const reasons = infos.map((info) => codeAt(info, 'Rsn')).filter((reason) => reason !== null);
  const status = textAt(element, statusName);
  if (status === null && infos.length === 0) return above;
  return {
    status: status ?? above.status,
    reason: reasons[0] ?? (status === null ? above.reason : null),
    text: oneLine([...reasons.slice(1), ...infos.map((info) => lineOf(info, 'AddtlInf'))]),
  };
};

const factOf = (element: Element, about: About, { status, reason, text }: Word): BankFact => {
  const kind = status === null ? undefined : KINDS.get(status);
  if (status === null || kind === undefined) {
    const known = [...KINDS.keys(), MIXED].join(', ');
    return stopAt(element, `the status ${shown(status ?? '')} is none of ${known}`);
  }
  const repeated = kind === 'rejected' && reason !== null && REPETITIONS.has(reason);
  return { ...bareFact(repeated ? 'accepted' : kind, about, status, element.line), reason, text };
};

const paymentFact = (element: Element, above: Word): BankFact => {
  const endToEndId = referenceAt(element, 'OrgnlEndToEndId');
  if (endToEndId === null) {
    return stopAt(element, 'it names no payment: OrgnlEndToEndId is missing');
  }
  const word = wordOf(element, 'TxSts', above);
  const ordered = childAt(element, 'OrgnlTxRef', 'Amt', 'InstdAmt');
  return {
    ...factOf(element, { by: 'payment', endToEndId }, word),
    amount: ordered === null ? null : amountOf(ordered),
    bankReference: referenceAt(element, 'AcctSvcrRef'),
  };
};

/** Nothing where this level has no status of its own, or a mixed one. */
const ownFact = (element: Element, statusName: string, about: About, word: Word): readonly BankFact[] => {
  const status = textAt(element, statusName);
  return status === null || status === MIXED ? [] : [factOf(element, about, word)];
};

const NO_WORD: Word = { status: null, reason: null, text: '' };

/** Stops with object-malformed or value-out-of-range. */
export const readPain002 = (root: Element, format: string): BankFacts => {
  const report = needChild(root, 'CstmrPmtStsRpt');
  const header = needChild(report, 'GrpHdr');
  const group = needChild(report, 'OrgnlGrpInfAndSts');
  const messageId = idAt(group, 'OrgnlMsgId') ?? stopAt(group, 'it names no message: OrgnlMsgId is missing');
  const groupWord = wordOf(group, 'GrpSts', NO_WORD);
  const payments: BankFact[] = [];
  const blocks: BankFact[] = [];
  for (const block of childrenOf(report, 'OrgnlPmtInfAndSts')) {
    const blockId =
      idAt(block, 'OrgnlPmtInfId') ?? stopAt(block, 'it names no block: OrgnlPmtInfId is missing');
    const word = wordOf(block, 'PmtInfSts', groupWord);
    for (const payment of childrenOf(block, 'TxInfAndSts')) payments.push(paymentFact(payment, word));
    blocks.push(...ownFact(block, 'PmtInfSts', { by: 'block', messageId, blockId }, word));
  }
  const whole = ownFact(group, 'GrpSts', { by: 'message', messageId }, groupWord);
  const facts = [...payments, ...blocks, ...whole];
  if (facts.length === 0) stopAt(group, 'the report has no status: GrpSts, PmtInfSts or TxSts is expected');
  return { format, messageId: idAt(header, 'MsgId') ?? '', facts, skipped: 0 };
};
