/**
 * A line that is an MQTT client over Wi-Fi: the module `tollbridge-radio`. One frame a message, as it would be on
 * a wire; the host's come at TOPIC/in, the board's go to TOPIC/out. Over Bluetooth no module is needed: Espruino's
 * `Bluetooth` is a line already.
 */

import type { Line } from './device.ts';

/** `require("MQTT")` and `require("tinyMQTT")`. */
type Client = {
  readonly connected: boolean;
  readonly on: ((event: 'connected', run: () => void) => void) &
    ((event: 'publish', take: (it: { readonly topic: string; readonly message: string }) => void) => void);
  readonly subscribe: (topic: string) => void;
  readonly publish: (topic: string, message: string) => void;
};

declare const exports: { line: (client: Client, topic: string) => Line };

/** Both clients call `toString()`, which makes "1,2,3" of bytes: they get a string of them. */
const binary = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
};

exports.line = (client, topic) => ({
  write: (bytes) => {
    if (client.connected) client.publish(topic + '/out', binary(bytes));
    return client.connected;
  },
  on: (_, take) => {
    client.on('connected', () => client.subscribe(topic + '/in'));
    client.on('publish', (it) => {
      if (it.topic === topic + '/in') take(it.message);
    });
  },
});
