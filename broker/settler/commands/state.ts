/** Where a subcommand finds what is kept of a settler outside its database. */

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { HighWater } from '../backup/high-water.ts';
import { highWaterFile, highWaterPlace } from '../backup/high-water-file.ts';
import { DEFAULT_DATABASE } from './on-store.ts';

/** For a database that is not a file: the state of the broker, or of a worker. */
export const STATE_OPTION = { state: { type: 'string', default: dirname(DEFAULT_DATABASE) } } as const;

/** Asked before money moves: a run that cannot be noted has no bank file. Code: config-invalid. */
export const highWaterOf = ({
  db,
  state,
}: {
  readonly db: string;
  readonly state: string;
}): Result<HighWater> => {
  const place = highWaterPlace(db, state);
  if (existsSync(dirname(place))) return ok(highWaterFile(place));
  const wanted = 'write --state with the state directory of the broker or of a worker, always the same one';
  return refuse('config-invalid', `${dirname(place)} is not there: ${wanted}`);
};
