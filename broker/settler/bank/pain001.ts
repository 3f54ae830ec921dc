/**
 * SEPA credit transfers as ISO 20022 pain.001.001.09: one message, one debtor, one execution date.
 *
 * Written by hand: npm `sepa` 3.0.0 takes amounts as floats and a message's time from the clock, while ours
 * are integers and every file can be written again byte for byte.
 */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { checkParty, type Party } from './party.ts';
import { sepaText } from './sepa-text.ts';

export type Transfer = {
  /** Comes back on the payee's statement and in the bank's status file: at most 35 SEPA characters. */
  readonly endToEndId: string;
  readonly cents: bigint;
  readonly creditor: Party;
  readonly remittance: string;
};

export type CreditTransfers = {
  /** The same id again is the same message to a bank. At most 35 SEPA characters. */
  readonly messageId: string;
  readonly createdMs: number;
  /** YYYY-MM-DD */
  readonly executionDate: string;
  readonly debtor: Party;
  readonly transfers: readonly Transfer[];
};

const NANO_PER_CENT = 10_000_000n;
/** The SEPA Credit Transfer rulebook's largest amount: 999,999,999.99 EUR. */
export const TRANSFER_CENTS_MAX = 99_999_999_999n;
const ID_LENGTH_MAX = 35;
const REMITTANCE_LENGTH_MAX = 140;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Whole cents that `nano` pays for, at most what one transfer may carry; the rest stays where it is. */
export const centsFloor = (nano: bigint): bigint => {
  const cents = nano / NANO_PER_CENT;
  return cents < TRANSFER_CENTS_MAX ? cents : TRANSFER_CENTS_MAX;
};

export const nanoOfCents = (cents: bigint): bigint => cents * NANO_PER_CENT;

export const formatCents = (cents: bigint): string =>
  `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;

/** Code: value-out-of-range. */
export const checkDate = (text: string): Result<string> => {
  const time = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return ok(text);
  return refuse('value-out-of-range', `"${text}" is no date: write it as 2026-11-20`);
};

const checkId = (what: string, id: string): Result<string> =>
  id.length > 0 && id.length <= ID_LENGTH_MAX && sepaText(id, ID_LENGTH_MAX) === id
    ? ok(id)
    : refuse('value-out-of-range', `${what} "${id}" must be 1 to ${ID_LENGTH_MAX} SEPA characters`);

const checkTransfer = (transfer: Transfer): Result<unknown> => {
  const { endToEndId, cents, creditor } = transfer;
  if (cents < 1n || cents > TRANSFER_CENTS_MAX) {
    return refuse(
      'value-out-of-range',
      `${endToEndId}: ${cents} cents are not between 1 and ${TRANSFER_CENTS_MAX}`,
    );
  }
  const id = checkId('the end-to-end id', endToEndId);
  return id.ok ? checkParty(creditor.name, creditor.iban, creditor.bic) : id;
};

const check = (file: CreditTransfers): Result<unknown> => {
  if (file.transfers.length === 0)
    return refuse('value-out-of-range', 'a message carries at least one transfer');
  const checks = [
    checkId('the message id', file.messageId),
    checkDate(file.executionDate),
    checkParty(file.debtor.name, file.debtor.iban, file.debtor.bic),
    ...file.transfers.map(checkTransfer),
  ];
  const ids = new Set(file.transfers.map((transfer) => transfer.endToEndId));
  if (ids.size < file.transfers.length) return refuse('value-out-of-range', 'an end-to-end id occurs twice');
  return checks.find((checked) => !checked.ok) ?? ok(null);
};

type Xml = readonly string[];

const ESCAPES: { readonly [letter: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (letter) => ESCAPES[letter]!);

const leaf = (name: string, text: string, attributes = ''): Xml => [
  `<${name}${attributes}>${escapeXml(text)}</${name}>`,
];
const node = (name: string, ...children: readonly Xml[]): Xml => [
  `<${name}>`,
  ...children.flat().map((line) => `  ${line}`),
  `</${name}>`,
];

const account = (name: string, party: Party): Xml => node(name, node('Id', leaf('IBAN', party.iban)));

/** SEPA needs no BIC; where an agent is mandatory the guidelines ask for NOTPROVIDED (EPC132-08). */
const agent = (name: string, party: Party): Xml =>
  node(
    name,
    node(
      'FinInstnId',
      party.bic === null ? node('Othr', leaf('Id', 'NOTPROVIDED')) : leaf('BICFI', party.bic),
    ),
  );

const transferXml = (transfer: Transfer): Xml =>
  node(
    'CdtTrfTxInf',
    node('PmtId', leaf('EndToEndId', transfer.endToEndId)),
    node('Amt', leaf('InstdAmt', formatCents(transfer.cents), ' Ccy="EUR"')),
    transfer.creditor.bic === null ? [] : agent('CdtrAgt', transfer.creditor),
    node('Cdtr', leaf('Nm', transfer.creditor.name)),
    account('CdtrAcct', transfer.creditor),
    node('RmtInf', leaf('Ustrd', sepaText(transfer.remittance, REMITTANCE_LENGTH_MAX))),
  );

/**
 * The message as a UTF-8 document; the same arguments give the same bytes. Every party, amount, id and date
 * is checked again here. Codes: value-out-of-range, bank-details.
 */
export const writePain001 = (file: CreditTransfers): Result<string> => {
  const checked = check(file);
  if (!checked.ok) return checked;
  const { debtor, transfers, messageId } = file;
  const count = leaf('NbOfTxs', String(transfers.length));
  const sum = leaf('CtrlSum', formatCents(transfers.reduce((total, transfer) => total + transfer.cents, 0n)));
  const created = `${new Date(file.createdMs).toISOString().slice(0, 19)}Z`;
  const document = node(
    'CstmrCdtTrfInitn',
    node(
      'GrpHdr',
      leaf('MsgId', messageId),
      leaf('CreDtTm', created),
      count,
      sum,
      node('InitgPty', leaf('Nm', debtor.name)),
    ),
    node(
      'PmtInf',
      leaf('PmtInfId', messageId),
      leaf('PmtMtd', 'TRF'),
      count,
      sum,
      node('PmtTpInf', node('SvcLvl', leaf('Cd', 'SEPA'))),
      node('ReqdExctnDt', leaf('Dt', file.executionDate)),
      node('Dbtr', leaf('Nm', debtor.name)),
      account('DbtrAcct', debtor),
      agent('DbtrAgt', debtor),
      leaf('ChrgBr', 'SLEV'),
      ...transfers.map(transferXml),
    ),
  );
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">',
    ...document.map((line) => `  ${line}`),
    '</Document>',
  ];
  return ok(`${lines.join('\n')}\n`);
};
