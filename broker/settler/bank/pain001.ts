/**
 * SEPA credit transfers as ISO 20022 pain.001.001.09: one message, one debtor, one execution date.
 *
 * Written by hand: npm `sepa` 3.0.0 takes amounts as floats and a message's time from the clock, while ours
 * are integers and every file can be written again byte for byte.
 */

import { ok, type Result } from '../../../schemas/result.ts';
import { checkDate } from '../ledger/day.ts';
import { formatCents } from './cents.ts';
import {
  accountXml,
  agentXml,
  checkId,
  checkInstructed,
  checkPayments,
  groupHeader,
  type Instructed,
  partyXml,
  remittanceXml,
  totals,
} from './iso-message.ts';
import { checkSepaParty, type Party } from './party.ts';
import { need, refusable } from './refusing.ts';
import type { SepaAccount } from './sepa-account.ts';
import { leaf, leafWith, node, writeDocument, type Xml } from './xml-writer.ts';

export type Transfer = Instructed & { readonly creditor: Party<SepaAccount> };

export type CreditTransfers = {
  /** The same id again is the same message to a bank. At most 35 SEPA characters. */
  readonly messageId: string;
  readonly createdMs: number;
  /** YYYY-MM-DD */
  readonly executionDate: string;
  readonly debtor: Party<SepaAccount>;
  readonly transfers: readonly Transfer[];
};

const checkTransfer = (transfer: Transfer): Transfer => {
  need(checkInstructed(transfer), 'transfer');
  return { ...transfer, creditor: need(checkSepaParty(transfer.creditor), transfer.endToEndId) };
};

/** The message with its parties as the bank shows them. */
const check = (message: CreditTransfers): CreditTransfers => {
  need(checkId('the message id', message.messageId), 'message');
  need(checkDate(message.executionDate), 'execution date');
  need(checkPayments(message.transfers), 'message');
  const debtor = need(checkSepaParty(message.debtor), 'debtor');
  return { ...message, debtor, transfers: message.transfers.map(checkTransfer) };
};

const transferXml = (transfer: Transfer): Xml =>
  node(
    'CdtTrfTxInf',
    node('PmtId', leaf('EndToEndId', transfer.endToEndId)),
    node('Amt', leafWith('InstdAmt', 'Ccy', 'EUR', formatCents(transfer.cents))),
    transfer.creditor.account.bic === null ? null : agentXml('CdtrAgt', transfer.creditor),
    partyXml('Cdtr', transfer.creditor),
    accountXml('CdtrAcct', transfer.creditor),
    remittanceXml(transfer),
  );

const messageXml = (message: CreditTransfers): Xml => {
  const { debtor, transfers } = message;
  return node(
    'CstmrCdtTrfInitn',
    groupHeader(message, transfers, debtor),
    node(
      'PmtInf',
      leaf('PmtInfId', message.messageId),
      leaf('PmtMtd', 'TRF'),
      ...totals(transfers),
      node('PmtTpInf', node('SvcLvl', leaf('Cd', 'SEPA'))),
      node('ReqdExctnDt', leaf('Dt', message.executionDate)),
      partyXml('Dbtr', debtor),
      accountXml('DbtrAcct', debtor),
      agentXml('DbtrAgt', debtor),
      leaf('ChrgBr', 'SLEV'),
      transfers.map(transferXml),
    ),
  );
};

/**
 * The message as a UTF-8 document; the same arguments give the same bytes. Every party, amount, id and date
 * is checked again here. Codes: value-out-of-range, bank-details.
 */
export const writePain001 = (message: CreditTransfers): Result<string> => {
  const checked = refusable(() => check(message));
  if (!checked.ok) return checked;
  return ok(writeDocument('urn:iso:std:iso:20022:tech:xsd:pain.001.001.09', messageXml(checked.value)));
};
