/** A status as lines for a person. */

import { moneyText } from '../money.ts';
import type { AgentStatus, DeviceStatus, EndedStatus, LeaseStatus } from '../status.ts';
import { ownerLines } from './owner.ts';
import type { Styles } from './style.ts';
import { tableLines } from './table.ts';

const LEASE_COLUMNS = [
  { title: 'lease' },
  { title: 'side' },
  { title: 'what' },
  { title: 'phase' },
  { title: 'delivered', right: true },
  { title: 'paid', right: true },
  { title: 'worth', right: true },
  { title: 'at risk', right: true },
  { title: 'window', right: true },
  { title: 'in a crash', right: true },
  { title: 'claimed', right: true },
  { title: 'default borne by' },
];

const ENDED_COLUMNS = [
  { title: 'lease' },
  { title: 'side' },
  { title: 'what' },
  { title: 'ended by' },
  { title: 'delivered', right: true },
  { title: 'paid', right: true },
  { title: 'worth', right: true },
  { title: 'unpaid', right: true },
];

const short = (lease: string): string => lease.slice(0, 12);

/** What is unpaid, and what was paid but is not on the disk yet: a buyer may forget that with us. */
const lossInCrash = ({ unpaidNano, paidNano, durableNano }: LeaseStatus): number =>
  unpaidNano + paidNano - durableNano;

const leaseRow = (lease: LeaseStatus): string[] => [
  short(lease.lease),
  lease.role,
  lease.name,
  lease.phase,
  `${lease.delivered}/${lease.readingsMax}`,
  String(lease.paid),
  moneyText(lease.paidNano, lease.currency),
  moneyText(lease.unpaidNano, lease.currency),
  moneyText(lease.windowNano, lease.currency),
  lease.role === 'sale' ? moneyText(lossInCrash(lease), lease.currency) : '',
  lease.role === 'sale' ? moneyText(lease.claimedNano, lease.currency) : '',
  lease.defaultBorneBy,
];

const endedRow = (ended: EndedStatus): string[] => [
  short(ended.lease),
  ended.role,
  ended.name,
  ended.reason,
  String(ended.delivered),
  String(ended.paid),
  moneyText(ended.paidNano, ended.currency),
  moneyText(ended.unpaidNano, ended.currency),
];

const mark = (good: boolean, styles: Styles): string => (good ? styles.green('●') : styles.red('●'));

/** Frames that did not arrive whole were refused by their CRC: nothing wrong was sold, but something was lost. */
const lineTrouble = ({ health }: DeviceStatus): string => {
  if (health === null || health.checkErrors + health.lostReadings === 0) return '';
  const { checkErrors, lostReadings } = health;
  return `; ${checkErrors} damaged messages, ${lostReadings} readings lost: check its cable and its supply`;
};

/** A board without an installation, or without room, is silent in full health. */
const meterText = ({ meter }: DeviceStatus): string => {
  if (meter === null) return '';
  if (meter.number === 0) return '; its meter waits for a sale';
  return `; its meter has delivered ${meter.delivered}, room for ${meter.room}`;
};

/** A mapping that finds nothing, a line that is damaged: a person can only mend what is told. */
const refusedLines = ({ refused, health }: DeviceStatus): string[] =>
  refused.length === 0 ? [] : [`${health?.strays ?? 0} messages were of no use; the newest:`, ...refused];

export const statusLines = (status: AgentStatus, styles: Styles): string[] => {
  const lines = [
    `${styles.bold(status.did)}`,
    `${mark(status.connected, styles)} ${status.connected ? 'connected' : 'not connected'}` +
      `   ${mark(status.timeProven, styles)} time ${status.timeProven ? 'proven' : 'not proven yet'}` +
      `   ${mark(status.blocked === null, styles)} ${status.blocked ?? 'journal writes'}`,
  ];
  for (const device of status.devices)
    lines.push(
      `${mark(device.ready, styles)} device ${device.name}: ${device.detail}${meterText(device)}${styles.yellow(lineTrouble(device))}`,
      ...device.faults.map((fault) => styles.yellow(`  ${fault}`)),
      ...refusedLines(device).map((line) => styles.yellow(`  ${line}`)),
    );
  for (const demand of status.demands)
    lines.push(`  demand ${demand.name}: ${demand.state}, ${demand.detail}`);
  for (const rule of status.rules)
    lines.push(
      `  rule ${rule.name}: ${rule.acknowledged ?? `${rule.wanted}, not acknowledged`} (${rule.reason})`,
    );
  lines.push(...ownerLines(status.owner, styles));
  if (status.leases.length > 0)
    lines.push('', ...tableLines(LEASE_COLUMNS, status.leases.map(leaseRow), styles));
  if (status.ended.length > 0)
    lines.push('', ...tableLines(ENDED_COLUMNS, status.ended.map(endedRow), styles));
  if (status.notices.length > 0) lines.push('');
  for (const notice of status.notices)
    lines.push(styles.yellow(`${new Date(notice.atMs).toISOString()} ${notice.code}: ${notice.detail}`));
  return lines;
};
