/** The way to a broker where nobody brings another: TCP or TLS. */

import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** A connected stream; rejects with an Error whose message is a sentence's end. */
export type Dial = (address: string) => Promise<Duplex>;

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };
/** A slow radio link with a TLS handshake; an unreachable host would take minutes. */
const DIAL_MS_MAX = 15_000;

const socketTo = (url: URL, port: number, ca: Uint8Array | undefined): readonly [Socket, string] => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'mqtt:') return [connectTcp({ host, port }), 'connect'];
  const servername = /^[\d.:]+$/.test(host) ? '' : host; // no names for addresses (RFC 6066)
  const trust = ca === undefined ? {} : { ca: Buffer.from(ca) };
  return [connectTls({ host, port, servername, minVersion: 'TLSv1.2', ...trust }), 'secureConnect'];
};

/** `ca` is a PEM of who certifies the broker, where the system does not know. */
export const dialWith =
  (ca: Uint8Array | undefined): Dial =>
  async (address) => {
    const url = new URL(address);
    const usual = PORTS[url.protocol];
    if (usual === undefined) throw new TypeError(`there is no way to a broker with ${url.protocol}//`);
    const port = Number(url.port) || usual;
    const [socket, event] = socketTo(url, port, ca);
    return new Promise((resolve, reject) => {
      socket.setNoDelay(true);
      socket.setTimeout(DIAL_MS_MAX, () => socket.destroy(new Error(`no answer for ${DIAL_MS_MAX} ms`)));
      socket.once('error', reject);
      socket.once(event, () => {
        socket.setTimeout(0);
        socket.off('error', reject);
        resolve(socket);
      });
    });
  };
