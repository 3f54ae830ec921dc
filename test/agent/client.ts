/** Connections of agents, and what they tell, for tests to wait for. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, type ConnectionOptions, connect } from '../../agent/connection.ts';
import { toHex } from '../../schemas/bytes.ts';
import { brokerKey, crypto, signerOf } from '../broker/harness.ts';

export const TRUST = { ca: null, pin: null, certificate: null, key: null };

export type Client = {
  readonly connection: Connection;
  /** 'connected', 'code: detail' and 'topic: hex', in the order in which they came. */
  readonly events: string[];
  /** The first event that matches, come or to come; it is not matched again. */
  readonly heard: (pattern: RegExp) => Promise<string>;
};

export const folder = mkdtempSync(join(tmpdir(), 'connection-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
const clients: Client[] = [];
let files = 0;

export const client = (seed: number, url: string, options: Partial<ConnectionOptions> = {}): Client => {
  const events: string[] = [];
  let waiting: { readonly pattern: RegExp; readonly resolve: (event: string) => void }[] = [];
  const tell = (event: string): void => {
    events.push(event);
    const first = waiting.find(({ pattern }) => pattern.test(event));
    if (first === undefined) return;
    waiting = waiting.filter((one) => one !== first);
    first.resolve(event);
  };
  let matched = 0;
  const heard = (pattern: RegExp): Promise<string> => {
    const at = events.findIndex((event, i) => i >= matched && pattern.test(event));
    if (at >= 0) {
      matched = at + 1;
      return Promise.resolve(events[at]!);
    }
    matched = events.length;
    return new Promise((resolve) => {
      const done = (event: string): void => {
        matched = events.length;
        resolve(event);
      };
      waiting.push({ pattern, resolve: done });
    });
  };
  const connection = connect(
    {
      url,
      brokerKey,
      login: null,
      trust: TRUST,
      numberFile: join(folder, `connections-${++files}`),
      ...options,
    },
    { crypto, signer: signerOf(seed) },
    {
      onConnected: () => tell('up'),
      onMessage: (topic, payload) => tell(`${topic}: ${toHex(payload)}`),
      onNotice: (code, detail) => tell(`${code}: ${detail}`),
    },
  );
  const made = { connection, events, heard };
  clients.push(made);
  return made;
};

export const closeClients = async (): Promise<void> => {
  for (const { connection } of clients.splice(0)) await connection.close();
};
