/** Where clients come in: MQTT over TCP, TLS or WebSocket. Each hands a byte stream to the same door. */

import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import { type Gate, peerOf } from './gate.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';

export type Transport = 'tcp' | 'tls' | 'ws' | 'wss';
export type Place = { readonly transport: Transport; readonly host: string; readonly port: number };
export type Listener = { readonly place: Place; readonly close: () => Promise<void> };

/** Key and certificate, PEM. */
export type Certificate = { readonly key: Buffer; readonly cert: Buffer };

/** What a listener needs of the broker behind it. */
export type Door = {
  readonly gate: Gate;
  readonly limits: Limits;
  readonly certificate: Certificate | undefined;
  readonly log: Log;
  readonly accept: (connection: Duplex, peer: string) => void;
};

/** MQTT 3.1.1 section 6: the subprotocol is "mqtt". */
const SUBPROTOCOL = 'mqtt';
/** Clients gather what waits into one WebSocket message, and `ws` holds it until its end has come. */
const WEBSOCKET_BYTES_MAX = 262_144;

/** Codes: key-file (unreadable, or a key that others can read). */
export const readCertificate = async (keyFile: string, certFile: string): Promise<Result<Certificate>> => {
  try {
    if (process.platform !== 'win32' && ((await stat(keyFile)).mode & 0o077) !== 0) {
      return refuse('key-file', `${keyFile} can be read by others: chmod 600 ${keyFile}`);
    }
    const certificate = { key: await readFile(keyFile), cert: await readFile(certFile) };
    pinOf(certificate); // raises where it is no certificate
    return ok(certificate);
  } catch (error) {
    return refuse('key-file', `${(error as Error).message}: name two PEM files, a key and its certificate`);
  }
};

/** What agents may pin: SHA-256 of the whole certificate. */
export const pinOf = ({ cert }: Certificate): string =>
  new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();

const acceptWebSockets = (server: HttpServer, door: Door): WebSocketServer => {
  const sockets = new WebSocketServer({
    server,
    maxPayload: WEBSOCKET_BYTES_MAX,
    perMessageDeflate: false, // readings are small, and each compressor holds 300 kB
    handleProtocols: () => SUBPROTOCOL,
    verifyClient: (info: { req: { headers: NodeJS.Dict<string | string[]> } }, answer) => {
      const offered = String(info.req.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
      answer(offered.includes(SUBPROTOCOL), 400, 'the subprotocol must be mqtt');
    },
  });
  sockets.on('connection', (socket, request) => {
    const options = { highWaterMark: door.limits.outboundBytesMax };
    door.accept(createWebSocketStream(socket, options), peerOf(request.socket));
  });
  sockets.on('error', () => undefined); // the HTTP server's, which listen() answers
  return sockets;
};

const serverOf = (transport: Transport, door: Door): Server => {
  // Small messages must not wait for each other: with Nagle's algorithm a paid stream ran at 180 readings/s.
  const socketOptions = { noDelay: true, highWaterMark: door.limits.outboundBytesMax };
  const tlsOptions = { ...door.certificate, minVersion: 'TLSv1.2' as const };
  if (transport === 'tcp') {
    return createTcpServer(socketOptions, (socket) => door.accept(socket, peerOf(socket)));
  }
  if (transport === 'tls') {
    // Not tls.createServer: its sockets do not take the high-water mark.
    const options = { ...socketOptions, isServer: true, secureContext: createSecureContext(tlsOptions) };
    return createTcpServer(socketOptions, (socket) =>
      door.accept(new TLSSocket(socket, options), peerOf(socket)),
    );
  }
  const explain: RequestListener = (_request, response) => {
    response.writeHead(426, { connection: 'close' }).end('MQTT over WebSocket only\n');
  };
  const server =
    transport === 'ws'
      ? createHttpServer(socketOptions, explain)
      : createHttpsServer({ ...socketOptions, ...tlsOptions }, explain);
  acceptWebSockets(server, door);
  return server;
};

const listenRefusal = (place: Place, error: NodeJS.ErrnoException): Refusal => {
  const where = `port ${place.port} on ${place.host}`;
  if (error.code === 'EADDRINUSE') {
    return refuse('port-in-use', `${where} is in use: stop what listens there, or choose another port`);
  }
  const remedy = error.code === 'EACCES' ? 'choose a port above 1023' : 'name an address of this machine';
  return refuse('config-invalid', `${where}: ${error.code ?? error.message}: ${remedy}`);
};

/** Codes: port-in-use, config-invalid, key-file (no certificate, or one that OpenSSL refuses). */
export const listen = async (place: Place, door: Door): Promise<Result<Listener>> => {
  const secure = place.transport === 'tls' || place.transport === 'wss';
  if (secure && door.certificate === undefined) {
    return refuse('key-file', `${place.transport} on port ${place.port} needs a key and a certificate`);
  }
  let server: Server;
  try {
    server = serverOf(place.transport, door);
  } catch (error) {
    return refuse('key-file', `the key and certificate do not work: ${(error as Error).message}`);
  }
  server.on('connection', (socket: Socket) => door.gate.enter(socket));
  return new Promise((resolve) => {
    server.on('error', (error) => {
      if (server.listening) door.log({ level: 'warn', event: 'accept-failed', detail: error.message });
      else resolve(listenRefusal(place, error));
    });
    server.listen(place.port, place.host, () => {
      const port = (server.address() as AddressInfo).port;
      const close = (): Promise<void> => new Promise((closed) => server.close(() => closed()));
      resolve(ok({ place: { ...place, port }, close }));
    });
  });
};
