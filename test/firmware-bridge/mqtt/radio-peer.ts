/** The board's end of a line over MQTT: any peer of the bench as a client of a broker, which looks for it until it is there. */

import mqtt, { type MqttClient } from 'mqtt';
import type { Peer } from '../../../hardware/bench/binding.ts';

const RECONNECT_MS = 10;

/** Resolves when it is connected and hears. */
export const onBroker = async (peer: Peer, url: string, topic: string): Promise<MqttClient> => {
  const client = mqtt.connect(url, { reconnectPeriod: RECONNECT_MS, queueQoSZero: false });
  client.on('error', () => {}); // the broker is away
  client.on('message', (_, payload) => peer.receive(payload));
  client.on('close', () => peer.close());
  await new Promise<void>((heard) => {
    client.on('connect', () => {
      peer.open((bytes) => client.publish(`${topic}/out`, Buffer.from(bytes)));
      client.subscribe(`${topic}/in`, () => heard());
    });
  });
  return client;
};
