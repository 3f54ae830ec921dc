/** Suites: what every board is asked, whatever it is made of. A check is a claim and the function that tries it. */

import type { Workbench } from './workbench.ts';

export type Absence = string | undefined;

export type Check = {
  readonly claim: string;
  /** Why it cannot be tried on this board; undefined where it can. */
  readonly absent?: (bench: Workbench) => Absence | Promise<Absence>;
  /** Throws a `Failure` where the claim does not hold. */
  readonly run: (bench: Workbench) => Promise<void>;
};

export type Suite = { readonly name: string; readonly about: string; readonly checks: readonly Check[] };

export const needsReset = ({ rig }: Workbench): Absence =>
  rig.reset === undefined ? 'its reset pin is out of reach' : undefined;

export const needsPower = ({ rig }: Workbench): Absence =>
  rig.cyclePower === undefined ? 'its power is out of reach: give hub, or powerOff and powerOn' : undefined;

/** Nothing is moved that the rig file does not list: it might be a gate. */
export const needsOutput = ({ wired }: Workbench): Absence =>
  wired.some(({ output }) => output !== undefined) ? undefined : 'no output is wired in the rig file';
