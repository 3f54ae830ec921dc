/** What ends a restore: a file that does not hold what it should. */

import { type Refusal, refuse } from '../../../schemas/result.ts';

export const corrupt = (path: string, why: string): Refusal =>
  refuse('journal-corrupt', `${path}: ${why}; take another backup`);
