/** How a reader of bank files stops: deep inside it throws a refusal, at its edge that is a result again. */

import { type Code, ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { Refused } from '../refused.ts';

/** A bank's value in a sentence: longer ones are cut, and nothing in them can move a terminal's cursor. */
const SHOWN_LENGTH_MAX = 60;

export const shown = (value: string): string => {
  const plain = value.slice(0, SHOWN_LENGTH_MAX).replace(/[^\x20-\x7e]/g, '?');
  return value.length > SHOWN_LENGTH_MAX ? `"${plain}..."` : `"${plain}"`;
};

/** Leaves the reader that runs inside `refusable`. */
export const stop = (code: Code, detail: string): never => {
  throw new Refused(refuse(code, detail) as Refusal);
};

/** The value of a result, or `stop` with its refusal, told where it was found. */
export const need = <T>(result: Result<T>, where: string): T =>
  result.ok ? result.value : stop(result.code, `${where}: ${result.detail}`);

/** What `read` answers, or what it stopped with. Anything else it throws is a programmer's error and goes on. */
export const refusable = <T>(read: () => T): Result<T> => {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
};
