/**
 * One user of a foreign broker: what its files must say so that the grammar of topics holds (`schemas/spec/topic.md`).
 * The user name is the id; the rules follow from it, and from whether the user is the settler.
 */

import { pbkdf2Sync } from 'node:crypto';
import {
  ANY,
  demandTopic,
  inTopic,
  leaseTopic,
  profileTopic,
  settlerTopic,
  statusTopic,
} from '../../../schemas/topic.ts';

export type Role = 'agent' | 'settler';

export type BrokerUser = {
  readonly id: string;
  readonly role: Role;
  /** null where it proves itself by a certificate whose common name is the id. */
  readonly password: string | null;
};

/** Filters of all that the user may write and read. */
const rightsOf = (id: string, role: Role): { readonly write: string[]; readonly read: string[] } =>
  role === 'settler'
    ? { write: [inTopic(ANY, id), settlerTopic(ANY, id)], read: [settlerTopic(ANY, ANY)] }
    : {
        write: [
          statusTopic(id),
          profileTopic(id),
          demandTopic(id),
          inTopic(ANY, id),
          settlerTopic(ANY, id),
          leaseTopic(id, ANY, ANY, 'r'),
          leaseTopic(ANY, id, ANY, 'p'),
        ],
        read: [
          statusTopic(ANY),
          profileTopic(ANY),
          demandTopic(ANY),
          inTopic(id, ANY),
          leaseTopic(ANY, id, ANY, 'r'),
          leaseTopic(id, ANY, ANY, 'p'),
        ],
      };

/** PBKDF2-HMAC-SHA512, what mosquitto_passwd of 2.0 does: the password is random, so its 101 rounds are enough. */
const ROUNDS = 101;
export const SALT_BYTES = 12;
const HASH_BYTES = 64;

/** A line of Mosquitto's password file, as `mosquitto_passwd` writes it; `salt` is 12 random bytes. */
export const mosquittoPassword = (id: string, password: string, salt: Uint8Array): string => {
  const hash = pbkdf2Sync(password, salt, ROUNDS, HASH_BYTES, 'sha512');
  return `${id}:$7$${ROUNDS}$${Buffer.from(salt).toString('base64')}$${hash.toString('base64')}`;
};

/** Lines of Mosquitto's acl file: none for an agent, whose rights the patterns there give it. */
export const mosquittoAcl = ({ id, role }: BrokerUser): readonly string[] =>
  role === 'agent' ? [] : [`user ${id}`, ...rightsOf(id, role).read.map((filter) => `topic read ${filter}`)];

/** MQTT's '/' is NATS's '.', and '+' is '*'. */
const subjectOf = (filter: string): string => filter.replaceAll('/', '.').replaceAll('+', '*');

/** Where a NATS server delivers to a subscription of QoS 1. Nobody can subscribe to that over MQTT. */
const DELIVERIES = '$MQTT.sub.>';

/** An item of `users` in a NATS configuration. Over MQTT alone: a NATS client could read the deliveries of others. */
export const natsUser = ({ id, role, password }: BrokerUser): string => {
  const { write, read } = rightsOf(id, role);
  const list = (filters: readonly string[]): string =>
    filters.map((filter) => JSON.stringify(filter)).join(', ');
  const login =
    password === null
      ? `user: ${JSON.stringify(`CN=${id}`)}`
      : `user: ${JSON.stringify(id)}, password: ${JSON.stringify(password)}`;
  const subjects = list(write.map(subjectOf));
  const readable = list([...read.map(subjectOf), DELIVERIES]);
  return `{ ${login}, allowed_connection_types: ["MQTT"], permissions: { publish: [${subjects}], subscribe: [${readable}] } }`;
};
