/**
 * Shapes: what a configuration may say, declared once. A shape reads its part of a file, says what is wrong
 * where, and prints itself as an example.
 *
 *     const broker = s.object({
 *       url: s.text({ about: 'Where the broker listens', example: 'mqtts://box.local:8883' }),
 *       timeoutMs: s.integer({ about: 'Wait for an answer', min: 1, max: 60000, default: 5000 }),
 *     }, { about: 'The broker' });
 *     type Broker = Infer<typeof broker>;   // { readonly url: string; readonly timeoutMs: number }
 */

import { list, object, optional, refine, variant } from './shape-groups.ts';
import { boolean, choice, database, decimal, integer, key, money, path, text } from './shape-scalars.ts';

export type { Infer } from './shape-groups.ts';

export const s = {
  text,
  integer,
  boolean,
  choice,
  money,
  decimal,
  key,
  path,
  database,
  optional,
  list,
  object,
  variant,
  refine,
};
