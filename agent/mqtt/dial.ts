/** The way to a broker: TCP, TLS or WebSocket, and whom TLS trusts. */

import { createHash } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { DIAL_MS_MAX, hostOf, opened, serverNameOf } from '../../firmware-bridge/mqtt/dial.ts';
import { equalBytes } from '../../schemas/bytes.ts';

export type Trust = {
  /** PEM certificates of who may certify the broker; null for those of the system. */
  readonly ca: Uint8Array | null;
  /**
   * Pins the broker instead of asking who certifies it: the SHA-256 of its certificate or of its public key
   * (SubjectPublicKeyInfo), or the Ed25519 key that its certificate holds. 32 bytes, null for no pin.
   */
  readonly pin: Uint8Array | null;
  /** PEM, for brokers that know their clients by certificates. */
  readonly certificate: Uint8Array | null;
  readonly key: Uint8Array | null;
};

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };

/** RFC 8410: a SubjectPublicKeyInfo of an Ed25519 key ends with its 32 bytes. */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

const isPinned = (socket: TLSSocket, pin: Uint8Array): boolean => {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return false;
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  return (
    equalBytes(sha256(certificate.raw), pin) ||
    equalBytes(sha256(spki), pin) ||
    equalBytes(spki, Buffer.concat([SPKI_ED25519, pin]))
  );
};

const tlsOptions = (url: URL, trust: Trust) => ({
  minVersion: 'TLSv1.2' as const,
  servername: serverNameOf(url),
  rejectUnauthorized: trust.pin === null,
  ...(trust.ca === null ? {} : { ca: Buffer.from(trust.ca) }),
  ...(trust.certificate === null ? {} : { cert: Buffer.from(trust.certificate) }),
  ...(trust.key === null ? {} : { key: Buffer.from(trust.key) }),
});

const UNPINNED = 'the certificate is not the pinned one: a wrong broker, or a new certificate to be pinned';

/** Nothing is sent before `secureConnect`, so nothing is told to a broker that is not the pinned one. */
const dialTls = async (url: URL, host: string, port: number, trust: Trust): Promise<Duplex> => {
  const socket = await opened(connectTls({ host, port, ...tlsOptions(url, trust) }), 'secureConnect');
  if (trust.pin === null || isPinned(socket, trust.pin)) return socket;
  socket.destroy();
  throw new Error(UNPINNED);
};

const dialWebSocket = async (url: URL, trust: Trust): Promise<Duplex> => {
  const { createWebSocketStream, WebSocket } = await import('ws'); // few come this way
  const options = {
    perMessageDeflate: false,
    handshakeTimeout: DIAL_MS_MAX,
    ...(url.protocol === 'wss:' ? tlsOptions(url, trust) : {}),
  };
  const webSocket = new WebSocket(url, ['mqtt'], options);
  return new Promise((resolve, reject) => {
    webSocket.once('error', reject);
    webSocket.once('upgrade', ({ socket }) => {
      socket.setNoDelay(true);
      if (trust.pin === null || isPinned(socket as TLSSocket, trust.pin)) return;
      reject(new Error(UNPINNED));
      webSocket.terminate();
    });
    webSocket.once('open', () => {
      webSocket.off('error', reject);
      resolve(createWebSocketStream(webSocket));
    });
  });
};

/** A connected stream. Rejects with an Error whose message is a sentence's end. */
export const dial = async (address: string, trust: Trust): Promise<Duplex> => {
  const url = new URL(address);
  const host = hostOf(url);
  const port = Number(url.port) || PORTS[url.protocol];
  if (port === undefined) throw new TypeError(`no way to a broker with ${url.protocol}//`);
  if (url.protocol === 'mqtt:') return opened(connectTcp({ host, port }), 'connect');
  if (url.protocol === 'mqtts:') return dialTls(url, host, port, trust);
  return dialWebSocket(url, trust);
};
