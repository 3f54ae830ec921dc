/** Who is paid, or pays: a name and an account, checked before money is sent there. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { BankAccount } from './account.ts';
import { type AchAccount, checkAchAccount } from './ach-account.ts';
import { achText } from './ach-text.ts';
import { checkSepaAccount, type SepaAccount } from './sepa-account.ts';
import { sepaText } from './sepa-text.ts';

export type Party<Account extends BankAccount = BankAccount> = {
  readonly name: string;
  readonly account: Account;
};

/** SEPA rulebooks allow 70 of ISO 20022's 140 characters in a name, a NACHA entry has room for 22. */
const SEPA_NAME_LENGTH_MAX = 70;
const ACH_NAME_LENGTH_MAX = 22;

const named = <Account extends BankAccount>(
  name: string,
  plainName: string,
  account: Result<Account>,
): Result<Party<Account>> => {
  if (!/[A-Za-z0-9]/.test(plainName)) {
    return refuse(
      'bank-details',
      `the name "${name}" has no letter that a bank can print: write it in Latin letters`,
    );
  }
  return account.ok ? ok({ name: plainName, account: account.value }) : account;
};

/** The party as a SEPA file shows it. Code: bank-details. */
export const checkSepaParty = ({ name, account }: Party<SepaAccount>): Result<Party<SepaAccount>> =>
  named(name, sepaText(name, SEPA_NAME_LENGTH_MAX), checkSepaAccount(account));

/** The party as a NACHA file shows it. Code: bank-details. */
export const checkAchParty = ({ name, account }: Party<AchAccount>): Result<Party<AchAccount>> =>
  named(name, achText(name, ACH_NAME_LENGTH_MAX), checkAchAccount(account));
