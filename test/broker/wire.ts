/** MQTT 3.1.1 in bytes, for clients that misbehave. */

import type { Socket } from 'node:net';
import { type Bench, type Login, loginOf, openSocket } from './harness.ts';

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const counted = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);

/** An MQTT packet: its first byte, the remaining length, the body. */
export const packet = (first: number, body: Buffer): Buffer => {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([first, ...length]), body]);
};

/** MQTT 3.1.1 section 3.1: user name, password, clean session. */
export const connectPacket = (login: Login, keepaliveS = 30): Buffer =>
  packet(
    0x10,
    Buffer.concat([
      counted(Buffer.from('MQTT')),
      Buffer.from([4, 0xc2]),
      u16(keepaliveS),
      counted(Buffer.from(login.clientId)),
      counted(Buffer.from(login.username)),
      counted(login.password),
    ]),
  );

export const publishPacket = (topic: string, payload: Buffer): Buffer =>
  packet(0x30, Buffer.concat([counted(Buffer.from(topic)), payload]));

const answerTo = async (socket: Socket, bytes: Buffer): Promise<Buffer> => {
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.write(bytes);
  return answer;
};

/** A client that has been admitted. */
export const admitted = async (
  bench: Pick<Bench, 'port'>,
  seed: number,
  keepaliveS?: number,
): Promise<Socket> => {
  const socket = await openSocket(bench.port);
  const connack = await answerTo(socket, connectPacket(loginOf(seed), keepaliveS));
  if (connack.toString('hex') !== '20020000') throw new Error(`CONNACK ${connack.toString('hex')}`);
  return socket;
};

/** The granted QoS, or 128. */
export const subscribe = async (socket: Socket, filter: string, qos: number): Promise<number> => {
  const body = Buffer.concat([u16(1), counted(Buffer.from(filter)), Buffer.from([qos])]);
  return (await answerTo(socket, packet(0x82, body))).at(-1)!;
};
