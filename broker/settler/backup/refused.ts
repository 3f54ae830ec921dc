/** What ends a restore from inside the lines of a file. */

import { type Refusal, type Result, refuse } from '../../../schemas/result.ts';

export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

export const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Refused(result);
  return result.value;
};

export const corrupt = (path: string, why: string): Refusal =>
  refuse('journal-corrupt', `${path}: ${why}; take another backup`);
