/** Where a subcommand finds what is kept of a settler outside its database. */

import { dirname } from 'node:path';
import type { HighWater } from '../backup/high-water.ts';
import { highWaterFile, highWaterPlace } from '../backup/high-water-file.ts';
import { DEFAULT_DATABASE } from './on-store.ts';

/** For a database that is not a file: the directory of the broker, or of a worker's key. */
export const STATE_OPTION = { state: { type: 'string', default: dirname(DEFAULT_DATABASE) } } as const;

export const highWaterOf = ({ db, state }: { readonly db: string; readonly state: string }): HighWater =>
  highWaterFile(highWaterPlace(db, state));
