/**
 * A refusal on its way out of code that can only throw: a walk through a file, a projection of a row. Where such a walk
 * begins, it is a result again. What else is thrown there is a programmer's error, and goes on.
 */

import type { Refusal, Result } from '../../schemas/result.ts';

/** As RangeErrors are, it is thrown by what does not hold: a replay takes it for a row that no settler wrote. */
export class Refused extends RangeError {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** The value of a result, or its refusal thrown. */
export const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Refused(result);
  return result.value;
};
