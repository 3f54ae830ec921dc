/**
 * What files say about who sends them, beside its name and account. The settler's is set by its operator and is kept
 * in `meta`; each run keeps what its own files said, so that they can be written again.
 */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Reader } from '../store/store.ts';
import type { MetaRow } from '../store/tables.ts';
import { isRouting } from './ach-account.ts';
import { achText } from './ach-text.ts';
import { checkCreditorId } from './creditor-id.ts';

/** Who collects in SEPA. */
export type SepaSender = { readonly creditorId: string };

/** As the bank has agreed it with the company. */
export type AchSender = {
  /** Ten characters, often a 1 before the tax number. */
  readonly companyId: string;
  /** The bank that the file goes to, and its name. */
  readonly destination: string;
  readonly bankName: string;
  /** In the file header: nine digits, or ten characters. */
  readonly origin: string;
  /** Does the bank want an opposite entry on the settler's own account for each batch? */
  readonly balanced: boolean;
  /** Does the bank want lines to end with CR LF? */
  readonly crlf: boolean;
};

/** Of one run: what the numbers of its entries and the letters of its files begin with. */
export type AchRunSender = AchSender & { readonly firstTrace: number; readonly modifier: string };

const SEPA = 'sender-sepa';
const ACH = 'sender-ach';

/** Code: bank-details. */
export const sepaSenderMeta = (creditorId: string): Result<MetaRow> => {
  const checked = checkCreditorId(creditorId);
  return checked.ok ? ok({ name: SEPA, value: senderText({ creditorId: checked.value }) }) : checked;
};

/** Code: bank-details. */
export const achSenderMeta = (sender: AchSender): Result<MetaRow> => {
  const { companyId, destination, bankName, origin } = sender;
  const faults: readonly (readonly [boolean, string])[] = [
    [
      /^[0-9A-Z ]{0,9}[0-9A-Z]$/.test(companyId),
      `the company id "${companyId}": at most ten characters A to Z, 0 to 9`,
    ],
    [
      /^(?:\d{9}|[0-9A-Z]{10})$/.test(origin),
      `the origin "${origin}": the bank's nine digits or ten characters`,
    ],
    [isRouting(destination), `the destination "${destination}": a routing number of nine digits`],
    [/[A-Z0-9]/.test(achText(bankName, 23)), `the bank's name "${bankName}": letters that banks print`],
  ];
  const fault = faults.find(([isRight]) => !isRight);
  return fault === undefined
    ? ok({ name: ACH, value: senderText(sender) })
    : refuse('bank-details', fault[1]);
};

export const senderText = (sender: SepaSender | AchSender | AchRunSender): string => JSON.stringify(sender);

/** Of a text that `senderText` wrote. */
export const senderOfText = <S extends SepaSender | AchSender>(text: string): S => JSON.parse(text) as S;

/** Code: bank-details, naming what the operator has to set. */
const stored = async <S extends SepaSender | AchSender>(
  reader: Reader,
  name: string,
  options: string,
): Promise<Result<S>> => {
  const [row] = await reader.get('meta', [[name]]);
  if (row !== undefined) return ok(senderOfText<S>(row.value));
  return refuse('bank-details', `the bank asks for more: account set --account settler ${options}`);
};

export const sepaSender = (reader: Reader): Promise<Result<SepaSender>> =>
  stored(reader, SEPA, '--name … --iban … --creditor-id …');

export const achSender = (reader: Reader): Promise<Result<AchSender>> =>
  stored(reader, ACH, '--name … --routing … --number … --company-id … --bank-name …');
