/**
 * The grammar of MQTT topics and who may use which (`spec/topic.md`).
 *
 *     tb1/<id>/status   tb1/<id>/profile   tb1/<id>/demand      retained, written by <id>
 *     tb1/<to>/in/<from>                                        requests and replies, written by <from>
 *     tb1/s/<shard>/in/<from>                                   to the settler, written by <from>
 *     tb1/l/<payee>/<payer>/<lease>/r                           readings, written by the payee
 *     tb1/l/<payee>/<payer>/<lease>/p                           payments, written by the payer
 *
 * The writer's id is a level of its own, so the user name alone decides every question on any broker.
 * A filter is a topic with '+' for any of the levels in angle brackets; '#' is never needed and refused.
 */

import { toHex } from './bytes.ts';
import { isId } from './identity.ts';
import { ok, type Result, refuse } from './result.ts';

type LeaseSide = 'r' | 'p';

/** A parsed topic, or a parsed filter where levels may be ANY. */
export type Topic =
  | { readonly kind: 'status' | 'profile' | 'demand'; readonly id: string }
  | { readonly kind: 'in'; readonly to: string; readonly from: string }
  | { readonly kind: 'settler'; readonly shard: string; readonly from: string }
  | {
      readonly kind: 'lease';
      readonly payee: string;
      readonly payer: string;
      readonly lease: string;
      readonly side: LeaseSide;
    };

/** In a builder it makes a filter: `profileTopic(ANY)`, `inTopic(self, ANY)`. */
export const ANY = '+';

/** The longest is a lease's: "tb1/l/" + three ids of 26 + "/" after each + one letter. */
export const TOPIC_LENGTH_MAX = 88;

const HEX = '0123456789abcdef';

const isShard = (text: string): boolean =>
  text.length === 2 && HEX.indexOf(text.charAt(0)) >= 0 && HEX.indexOf(text.charAt(1)) >= 0;

const idLevel = (text: string): string => {
  if (text !== ANY && !isId(text)) throw new TypeError('topic level expected an id, got "' + text + '"');
  return text;
};

export const statusTopic = (id: string): string => 'tb1/' + idLevel(id) + '/status';
export const profileTopic = (id: string): string => 'tb1/' + idLevel(id) + '/profile';
export const demandTopic = (id: string): string => 'tb1/' + idLevel(id) + '/demand';

export const inTopic = (to: string, from: string): string => 'tb1/' + idLevel(to) + '/in/' + idLevel(from);

/** `lease` is the label of the lease's hash (`labelOf`). */
export const leaseTopic = (payee: string, payer: string, lease: string, side: LeaseSide): string =>
  'tb1/l/' + idLevel(payee) + '/' + idLevel(payer) + '/' + idLevel(lease) + '/' + side;

export const settlerTopic = (shard: string, from: string): string => {
  if (shard !== ANY && !isShard(shard)) throw new TypeError('shard expected two hex digits, got ' + shard);
  return 'tb1/s/' + shard + '/in/' + idLevel(from);
};

/** The shard of a channel: the first byte of its 32-byte id, two hexadecimal digits. */
export const shardOf = (channel: Uint8Array): string => toHex(channel.subarray(0, 1));

const parse = (text: string, wild: boolean): Topic | undefined => {
  if (text.length > TOPIC_LENGTH_MAX) return undefined;
  const levels = text.split('/');
  const isLevel = (at: number): boolean => (wild && levels[at] === ANY) || isId(levels[at]!);
  if (levels[0] !== 'tb1') return undefined;
  const second = levels[1];
  if (levels.length === 3 && isLevel(1)) {
    const kind = levels[2];
    if (kind === 'status' || kind === 'profile' || kind === 'demand') return { kind: kind, id: second! };
  }
  if (levels.length === 4 && levels[2] === 'in' && isLevel(1) && isLevel(3)) {
    return { kind: 'in', to: second!, from: levels[3]! };
  }
  if (levels.length === 5 && second === 's' && levels[3] === 'in' && isLevel(4)) {
    const shard = levels[2]!;
    if ((wild && shard === ANY) || isShard(shard)) return { kind: 'settler', shard: shard, from: levels[4]! };
  }
  if (levels.length === 6 && second === 'l' && isLevel(2) && isLevel(3) && isLevel(4)) {
    const side = levels[5];
    if (side === 'r' || side === 'p')
      return { kind: 'lease', payee: levels[2]!, payer: levels[3]!, lease: levels[4]!, side: side };
  }
  return undefined;
};

const malformed = (what: string, text: string): Result<Topic> =>
  refuse('topic-malformed', '"' + text.slice(0, TOPIC_LENGTH_MAX) + '" is no ' + what + ' of spec/topic.md');

/** A topic one may publish to. Code: topic-malformed. */
export const parseTopic = (text: string): Result<Topic> => {
  const topic = parse(text, false);
  return topic === undefined ? malformed('topic', text) : ok(topic);
};

/** A filter one may subscribe to; levels may be ANY. Code: topic-malformed. */
export const parseFilter = (text: string): Result<Topic> => {
  const filter = parse(text, true);
  return filter === undefined ? malformed('filter', text) : ok(filter);
};

/** Whether the client with that id may write the topic. */
export const mayPublish = (id: string, topic: Topic): boolean => {
  if (topic.kind === 'in' || topic.kind === 'settler') return topic.from === id;
  if (topic.kind === 'lease') return (topic.side === 'r' ? topic.payee : topic.payer) === id;
  return topic.id === id;
};

/** Whether the client with that id may read the filter: hints are public, the rest is for its reader alone. */
export const maySubscribe = (id: string, filter: Topic, settlerId: string): boolean => {
  if (filter.kind === 'in') return filter.to === id;
  if (filter.kind === 'settler') return id === settlerId;
  if (filter.kind === 'lease') return (filter.side === 'r' ? filter.payer : filter.payee) === id;
  return true;
};
