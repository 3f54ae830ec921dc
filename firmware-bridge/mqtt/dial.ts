/** The way to a broker where nobody brings another: TCP or TLS. */

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** A connected stream; rejects with an Error whose message is a sentence's end. */
export type Dial = (address: string) => Promise<Duplex>;

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };
/** A slow radio link with a TLS handshake; an unreachable host would take minutes. */
export const DIAL_MS_MAX = 15_000;

/** Addresses of IPv6 stand in brackets in a URL. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** Addresses have no names (RFC 6066). */
export const serverNameOf = (url: URL): string => (isIP(hostOf(url)) === 0 ? url.hostname : '');

/** The socket once it says so; it is destroyed if that takes too long. */
export const opened = <S extends Socket>(socket: S, event: 'connect' | 'secureConnect'): Promise<S> =>
  new Promise((resolve, reject) => {
    socket.setNoDelay(true);
    socket.setTimeout(DIAL_MS_MAX, () => socket.destroy(new Error(`no answer for ${DIAL_MS_MAX} ms`)));
    socket.once('error', reject);
    socket.once(event, () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });

/** `ca` is a PEM of who certifies the broker, where the system does not know. */
export const dialWith =
  (ca: Uint8Array | undefined): Dial =>
  async (address) => {
    const url = new URL(address);
    const host = hostOf(url);
    const usual = PORTS[url.protocol];
    if (usual === undefined) throw new TypeError(`there is no way to a broker with ${url.protocol}//`);
    const port = Number(url.port) || usual;
    if (url.protocol === 'mqtt:') return opened(connectTcp({ host, port }), 'connect');
    const trust = { minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca: Buffer.from(ca) }) };
    return opened(connectTls({ host, port, servername: serverNameOf(url), ...trust }), 'secureConnect');
  };
