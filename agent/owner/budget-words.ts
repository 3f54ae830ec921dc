/** What subcommands of `tollbridge budget` share: keys and amounts in, a budget out. */

import type { Budget } from '../../schemas/budget.ts';
import { didKey, keyOfDid } from '../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { moneyText, nanoOfText } from '../money.ts';

const jsonOf = ({ owner, device, settler, ...rest }: Budget) => ({
  ...{ owner: didKey(owner), device: didKey(device), settler: didKey(settler) },
  ...rest,
});

const linesOf = (budget: Budget): string[] => {
  const { currency, totalNano, dayNano, sellerNano, expiryS, version } = budget;
  return [
    `owner    ${didKey(budget.owner)}`,
    `device   ${didKey(budget.device)}`,
    `settler  ${didKey(budget.settler)}`,
    `total    ${moneyText(totalNano, currency)}, ${moneyText(dayNano, currency)} a day, ` +
      `${moneyText(sellerNano, currency)} to one seller`,
    `until    ${expiryS === 0 ? 'there is a newer one' : new Date(expiryS * 1000).toISOString()}`,
    `version  ${version}`,
  ];
};

/** For a person, or a program. */
export const print = (budget: Budget, json: boolean): Result<number> => {
  console.log(json ? JSON.stringify(jsonOf(budget)) : linesOf(budget).join('\n'));
  return ok(0);
};

/** Codes: config-invalid. */
export const keyFor = (option: string, text: string): Result<Uint8Array> => {
  const key = keyOfDid(text);
  return key.ok ? key : refuse('config-invalid', `--${option} ${key.detail}`);
};

/** No sign and no exponent: 1e3 is how a typing error becomes a thousand. */
const AMOUNT = /^\d+(\.\d+)?$/;

/** `null`: not given. Code: config-invalid. */
export const nanoFor = (option: string, text: string | undefined): Result<number | null> => {
  if (text === undefined) return ok(null);
  const nano = AMOUNT.test(text) ? nanoOfText(text) : undefined;
  if (nano?.ok) return nano;
  return refuse('config-invalid', `--${option} "${text}": write digits with at most nine decimals, 200.00`);
};
