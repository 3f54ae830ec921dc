/**
 * What the root hands to the broker and the settler: their configuration file and the machine under them. The
 * types are theirs (`BrokerHost`, `WorkHost`); agent and broker never import each other.
 */

import { mkdirSync } from 'node:fs';
import { ok, type Result } from '../schemas/result.ts';
import { printExample, readConfig } from './host/config-file.ts';
import { loadCrypto } from './host/crypto.ts';
import { ended } from './host/ended.ts';
import { loadKey } from './host/key-file.ts';
import { lockDirectory } from './host/lock.ts';
import { type Infer, s } from './host/shape.ts';
import { readText, storageRefusal } from './host/storage.ts';
import { currencies } from './shapes.ts';
import { openSigner } from './signer.ts';
import { exampleWorkFile, readWorkFile } from './work-file.ts';

const limit = (about: string, example: number | undefined) =>
  s.optional(s.integer({ about, min: 1, max: 2_147_483_647, ...(example !== undefined && { example }) }));

/** Only what the file says: the broker knows its own defaults. */
const given = (limits: Readonly<Record<string, number | null>>): Record<string, number> => {
  const said: Record<string, number> = {};
  for (const [name, value] of Object.entries(limits)) if (value !== null) said[name] = value;
  return said;
};

/** `limits` are the broker's own, which its example shows. */
const shapeWith = (limits: Readonly<Record<string, number>>) =>
  s.object(
    {
      state: s.path({ about: 'Directory of the counters of credentials', default: '.tollbridge/broker' }),
      key: s.path({
        about: 'Private key, made by the first start',
        default: '.tollbridge/broker/broker.key',
      }),
      listen: s.list(s.text({ about: 'Where', example: 'tcp://127.0.0.1:1883' }), {
        about: 'Where clients come in: tcp, tls, ws or wss; off loopback only tls and wss',
        min: 1,
        max: 16,
      }),
      tls: s.optional(
        s.object(
          {
            keyFile: s.path({ about: 'Private key, PEM, mode 0600', example: './tls.key' }),
            certificateFile: s.path({ about: 'Certificate chain, PEM', example: './tls.crt' }),
          },
          { about: 'For tls and wss' },
        ),
      ),
      plainOffLoopback: s.boolean({
        about: 'Allows tcp and ws off loopback, on a network that is secured otherwise',
        default: 'false',
      }),
      settler: s.object(
        {
          database: s.database({
            about: 'Accounts and ledger: a file, or a PostgreSQL database (postgres://user@host/database)',
            default: '.tollbridge/broker/settler.db',
          }),
          currencies,
        },
        { about: 'The settler inside' },
      ),
      limits: s.object(
        {
          payloadBytesMax: limit('Of one message', limits.payloadBytesMax),
          messagesPerSecondMax: limit('Of one client', limits.messagesPerSecondMax),
          connectionsMax: limit('Clients at once', limits.connectionsMax),
          addressConnectionsMax: limit('From one address', limits.addressConnectionsMax),
          retainedBytesMax: limit('Retained messages together', limits.retainedBytesMax),
        },
        { about: 'What clients may take from this box' },
      ),
    },
    { about: 'A broker of tollbridge with its settler.' },
  );

const SHAPE = shapeWith({});

const brokerFile = (file: Infer<typeof SHAPE>) => ({
  state: file.state,
  key: file.key,
  listen: file.listen,
  tls: file.tls,
  plainOffLoopback: file.plainOffLoopback,
  database: file.settler.database,
  currencies: file.settler.currencies,
  limits: given(file.limits),
});

const readFile = (path: string): Result<ReturnType<typeof brokerFile>> => {
  const text = readText(path);
  if (!text.ok) return text;
  const file = readConfig(path, text.value, SHAPE);
  return file.ok ? ok(brokerFile(file.value)) : file;
};

export const brokerHost = async () => {
  const crypto = await loadCrypto(process.env.TOLLBRIDGE_CRYPTO);
  return {
    crypto,
    nowMs: Date.now,
    print: (text: string) => process.stdout.write(text),
    readFile,
    exampleFile: (limits: Readonly<Record<string, number>>) => printExample(shapeWith(limits)),
    openSigner: (path: string) => openSigner(path, crypto),
    loadSigner: (path: string) => {
      const seed = loadKey(path);
      return seed.ok ? ok(crypto.signerOf(seed.value)) : seed;
    },
    readText,
    readWorkFile,
    exampleWorkFile,
    lockDirectory: async (path: string) => {
      try {
        mkdirSync(path, { recursive: true, mode: 0o700 });
      } catch (raised) {
        return storageRefusal(raised, 'make', path);
      }
      return lockDirectory(path);
    },
    ended,
  };
};
