/** A spree: a lease under way, a robber at work in it, crashes now and then, everything checked after each step. */

import { differenceIn } from '../world/ending.ts';
import { World } from '../world/world.ts';
import { ROLES, Robber } from './robber.ts';

/** A robber strikes this often between two milliseconds. */
const STRIKES_PER_MS_MAX = 6;
const LEASE_READINGS = 30;
/** After the robber has gone, an honest end takes a few seconds: quiet lines are spoken to after one. */
const PEACE_MS = 8000;

export type Spree = {
  readonly seed: number;
  readonly cases: number;
  /** Robberies by move and kind of message. */
  readonly moves: ReadonlyMap<string, number>;
};

const maybeCrash = (world: World): void => {
  const { chance } = world;
  for (const party of ['seller', 'buyer'] as const) {
    const fate = chance.next();
    if (world.down[party]) {
      if (fate < 0.2) world.restart(party);
    } else if (fate < 0.004) world.crash(party, chance.holds(0.5));
    else if (fate < 0.008) world.tell(party, { kind: 'connected' });
  }
};

/** Without the robber the lease ends with zero differences, unless the robber had a party's pen, and so does the next. */
const endInPeace = async (world: World, robber: Robber): Promise<void> => {
  for (const party of ['seller', 'buyer'] as const) {
    if (world.down[party]) world.restart(party);
    world.tell(party, { kind: 'connected' });
  }
  await world.run(PEACE_MS);
  const reason = world.purchase?.reason ?? '';
  // A refusal is signed by nobody; and what both disks have lost, nobody can deliver again.
  const mayDiffer = robber.role !== 'outsider' || reason.startsWith('refused') || reason === 'reading-gap';
  const difference = mayDiffer ? null : differenceIn(world);
  if (difference !== null) throw new Error(`in the end ${difference}`);
  world.buyAgain();
  await world.run(PEACE_MS);
  const next = differenceIn(world);
  if (next !== null) throw new Error(`in the next lease ${next}`);
};

/** A lease that is over makes room for the next, and the robber remembers the old one. */
const goOn = (world: World, robber: Robber): void => {
  if (world.ended.buyer !== '' && !world.down.seller && !world.down.buyer) world.buyAgain();
  // A payer that robs signs what it likes: what is due says nothing about it.
  if (robber.role === 'payer') world.dueNano = Number.POSITIVE_INFINITY;
};

/** At least `casesMin` hostile messages. Throws with the seed, the step and the move that broke a promise. */
export const spree = async (seed: number, casesMin: number): Promise<Spree> => {
  const role = ROLES[seed % ROLES.length]!;
  const world = new World({ seed, readings: LEASE_READINGS, periodMs: 3, ticks: 4, window: 4 });
  const robber = new Robber(world, role, seed + 1);
  const moves = new Map<string, number>();
  let cases = 0;
  let last = 'nothing yet';
  try {
    await world.begin();
    while (cases < casesMin) {
      goOn(world, robber);
      await world.tick();
      maybeCrash(world);
      for (let i = world.chance.below(STRIKES_PER_MS_MAX); i > 0; i--) {
        const move = robber.move();
        if (move === null) continue;
        cases++;
        last = move.name;
        moves.set(move.name, (moves.get(move.name) ?? 0) + 1);
        await world.strike(move.message);
      }
    }
    last = 'peace';
    await endInPeace(world, robber);
  } catch (error) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const replay = `ROBBERY_SEED=${seed} node --import tsx test/robbery/random.test.ts`;
    throw new Error(`seed ${seed} (${role}), case ${cases}, after "${last}": ${told}\nreplay: ${replay}`);
  }
  return { seed, cases, moves };
};
