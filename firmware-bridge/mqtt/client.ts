/**
 * mqtt.js over a connected stream, with its queues left empty and its own reconnecting left out: what it cannot send it
 * would keep in memory, and lose with the process. Whoever uses it hands over what the line takes now, and no more.
 */

import type { Duplex } from 'node:stream';
import type { IClientOptions, MqttClient } from 'mqtt';
import mqtt from 'mqtt/lib/client'; // the class alone: all of the package would take 2 MB more

/** From the first byte to CONNACK: a slow radio link with a TLS handshake. */
const CONNACK_MS_MAX = 15_000;
const GOODBYE_MS_MAX = 1000;
/** What a SUBACK says of a filter that is refused (section 3.9.3). */
const UNREADABLE = 128;

/** Who it is and what it leaves behind; MQTT 3.1.1, a clean session. */
export const clientOver = (
  stream: Duplex,
  hello: Pick<IClientOptions, 'clientId' | 'keepalive' | 'username' | 'password' | 'will'>,
): MqttClient =>
  new mqtt.default(() => stream, {
    protocolVersion: 4,
    clean: true,
    connectTimeout: CONNACK_MS_MAX,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    writeCache: false, // else a buffer for each of the 65,536 lengths and ids is kept: 6 MB
    ...hello,
  });

/** Of the filters in a SUBSCRIBE those that the broker does not let us read; none where it did not answer. */
export const unreadableOf = (
  filters: readonly string[],
  suback: { readonly granted: readonly unknown[] } | undefined,
): readonly string[] => filters.filter((_, i) => suback?.granted[i] === UNREADABLE);

/** So that the broker sends no will; resolves when the connection has ended. */
export const sayGoodbye = async (client: MqttClient, stream: Duplex): Promise<void> => {
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  const late = setTimeout(() => stream.destroy(), GOODBYE_MS_MAX);
  client.end();
  await closed;
  clearTimeout(late);
};
