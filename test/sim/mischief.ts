/** Mischief: the faults of the schedule, as they happen. */

import type { Device } from './device.ts';
import type { Economy } from './economy.ts';
import type { Fault, FaultKind } from './schedule.ts';
import { count } from './tally.ts';
import type { Trade } from './trade.ts';

/** Between two messages of a robber. */
const STRIKE_EVERY_MS = 40;

type Of<K extends FaultKind> = Fault & { readonly kind: K };

/** Party and trade of the next hostile message: its own, as far as it has any that runs or ended lately. */
const preyOf = (economy: Economy, robber: Device | null): Trade | undefined => {
  const prey = economy.prey();
  const own = prey.filter(({ devices }) => devices.buyer === robber || devices.seller === robber);
  const among = own.length > 0 ? own : prey;
  return among[economy.robbing.below(among.length)];
};

const strike = (economy: Economy, robber: Device | null, left: number): void => {
  if (left === 0 || economy.isCalm) return;
  economy.time.after(economy.robbing.below(STRIKE_EVERY_MS), async () => {
    const trade = preyOf(economy, robber);
    if (trade !== undefined) await economy.strike(trade, robber);
    strike(economy, robber, left - 1);
  });
};

const ACTS: {
  readonly [K in FaultKind]: (economy: Economy, fault: Of<K>, device: Device) => void | Promise<void>;
} = {
  // Counted by the network, message by message.
  loss: ({ network }, fault, device) => network.arm(device, fault),
  repetition: ({ network }, fault, device) => network.arm(device, fault),
  delay: ({ network }, fault, device) => network.arm(device, fault),
  partition: ({ time }, { forMs }, device) => {
    device.cutUntilMs = Math.max(device.cutUntilMs, time.nowMs + forMs);
    time.after(forMs, () => {
      if (!device.isCut) device.reconnect();
    });
  },
  crash: (_, fault, device) => device.crashLater(fault),
  clock: ({ time }, { jumpMs, forMs }, device) => {
    device.jump(jumpMs);
    time.after(forMs, () => {
      if (device.isWrong) device.crash(0);
    });
  },
  copy: (_, { share }, device) => device.putBack(share),
  'settler-crash': ({ office }, { commits, when, forMs }) => office.crashLater(commits, when, forMs),
  'settler-full': ({ office }, { commits }) => {
    office.disk.full += commits;
  },
  'settler-clock': ({ office, time }, { jumpMs, forMs }) => {
    office.clockMs += jumpMs;
    time.after(forMs, () => {
      office.clockMs = 0;
    });
  },
  'settler-lie': ({ office }, { lost, forMs }) => office.lie(lost, forMs),
  'settler-backup': ({ office }, { ageMs }) => office.restore(ageMs),
  'bank-reject': ({ bank }) => {
    bank.armed.rejects++;
  },
  'bank-late': ({ bank }, { forMs }) => void bank.armed.lateMs.push(forMs),
  'bank-return': ({ bank }, { afterMs }) => void bank.armed.returnsMs.push(afterMs),
  'debit-return': ({ bank }, { afterMs }) => void bank.armed.debitReturnsMs.push(afterMs),
  dispute: ({ quarrels }, fault) => quarrels.begin(fault),
  default: ({ lender, owners }, { share }, { plan }) => {
    const debtor = owners.find(({ party }) => party === plan.party);
    return debtor === undefined ? undefined : lender.default(debtor, share);
  },
  'clearing-race': ({ lender }) => {
    lender.races++;
  },
  'office-crash': ({ office }, { commits, when, forMs }) => office.crashLater(commits, when, forMs),
  'bank-repeat': ({ treasury }) => treasury.repeatBank(),
  'file-again': ({ treasury }) => treasury.sendFileAgain(),
  robbery: (economy, { cases, device }, robber) => strike(economy, device === null ? null : robber, cases),
};

const COUNTED_ELSEWHERE: ReadonlySet<FaultKind> = new Set(['loss', 'repetition', 'delay']);

/** A fault happens. One of a party that was left out does not. */
export const happen = (economy: Economy, fault: Fault): void | Promise<void> => {
  const number = 'device' in fault ? fault.device : null;
  const device = number === null ? undefined : economy.devices.get(number);
  if (number !== null && device === undefined) return undefined;
  if (!COUNTED_ELSEWHERE.has(fault.kind)) count(economy.tally.faults, fault.kind);
  const act = ACTS[fault.kind] as (economy: Economy, fault: Fault, device: Device) => void | Promise<void>;
  return act(economy, fault, device as Device);
};
