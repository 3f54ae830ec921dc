/** Where in the instance the matcher is, how much it may still do, and the failure that got furthest. */

type Step = string | number;

/** A message of ours takes some hundreds of steps; only a hostile pair of schema and instance takes more. */
const STEPS_MAX = 1_000_000;
/** Values nest at most 16 deep and each level passes a few names: more is a rule that never ends. */
const DEPTH_MAX = 400;

class GaveUp extends Error {}

export class Trail {
  private readonly path: Step[] = [];
  private worst: { readonly path: readonly Step[]; readonly reason: string } | undefined;
  private steps = 0;
  private depth = 0;

  /** One step of work, at most `DEPTH_MAX` inside each other. */
  work<T>(job: () => T): T {
    if (++this.steps > STEPS_MAX) throw new GaveUp(`gave up after ${STEPS_MAX} steps`);
    if (++this.depth > DEPTH_MAX) throw new GaveUp(`gave up ${DEPTH_MAX} types deep`);
    const result = job();
    this.depth--;
    return result;
  }

  /** False where the work grew beyond its bounds, with that as the failure. */
  attempt(job: () => boolean): boolean {
    try {
      return job();
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error;
      this.worst = { path: [...this.path], reason: error.message };
      return false;
    }
  }

  inside<T>(step: Step, job: () => T): T {
    this.path.push(step);
    const result = job();
    this.path.pop();
    return result;
  }

  /** For a question whose no is no failure: is this member meant at all? */
  silently<T>(job: () => T): T {
    const { worst } = this;
    const result = job();
    this.worst = worst;
    return result;
  }

  /**
   * Keeps the deepest failure; of equally deep ones the last in its array, then the latest (the widest
   * type). A remark is kept only where nothing as deep is known. */
  fail(reason: string, isRemark = false): false {
    const here = this.path.at(-1);
    const there = this.worst?.path.at(-1);
    const deeper = this.path.length - (this.worst?.path.length ?? -1);
    const later = typeof here !== 'number' || typeof there !== 'number' || here >= there;
    if (deeper > 0 || (deeper === 0 && later && !isRemark)) this.worst = { path: [...this.path], reason };
    return false;
  }

  failure(): { readonly path: string; readonly reason: string } {
    const { path, reason } = this.worst ?? { path: [], reason: 'does not match' };
    return {
      path: `$${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join('')}`,
      reason,
    };
  }
}
