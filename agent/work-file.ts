/** The configuration file of a settler's worker: its shape, and what the worker is handed of it. */

import { ok, type Result } from '../schemas/result.ts';
import { brokerAccess } from './broker-access.ts';
import { printExample, readConfig } from './host/config-file.ts';
import { type Infer, s } from './host/shape.ts';
import { readText } from './host/storage.ts';
import { dial } from './mqtt/dial.ts';
import { currencies } from './shapes.ts';

const SHAPE = s.object(
  {
    name: s.text({
      about: 'What it is called, unlike any other worker of this settler',
      pattern: /^[0-9a-z]{1,16}$/,
      expected: '1 to 16 of 0 to 9 and a to z',
      example: 'a',
    }),
    database: s.database({
      about: 'Accounts and ledger: a file for one worker alone, or a PostgreSQL database for many',
      example: 'postgres://settler@db.local/settler',
    }),
    state: s.path({
      about: 'Directory of what this worker knows outside the database: how far the journal came',
      default: '.tollbridge/work',
    }),
    key: s.path({ about: 'Private key of the settler, or one that it has certified', example: './work.key' }),
    certificate: s.optional(
      s.object(
        {
          file: s.path({ about: 'What settler certify wrote for the key', example: './work.certificate' }),
          settler: s.key({ about: 'Root key of the settler' }),
        },
        { about: 'Where the key is a certified one' },
      ),
    ),
    currencies,
    leaseS: s.integer({
      about: 'Without a sign of life for this long, others take its shards',
      min: 1,
      max: 300,
      default: 10,
    }),
    broker: s.object(
      {
        url: s.text({
          about: 'Where it listens; the user name there is the id of the settler',
          pattern: /^(mqtt|mqtts|ws|wss):\/\/\S+$/,
          expected: 'mqtt://, mqtts://, ws:// or wss:// with a host and a port',
          example: 'mqtts://mqtt.local:8883',
        }),
        protocol: s.choice(['3.1.1', '5'], { about: 'Which MQTT', default: '3.1.1' }),
        qos: s.choice(['0', '1'], {
          about: 'Of its subscriptions; 0 on NATS, which keeps a consumer for each of 1',
          default: '1',
        }),
        passwordFile: s.optional(s.path({ about: 'File with its password', example: './password' })),
        certificateFile: s.optional(
          s.path({ about: 'PEM of a certificate, where the broker knows it by one', example: './work.crt' }),
        ),
        certificateKeyFile: s.optional(
          s.path({ about: 'PEM of its private key', example: './work-tls.key' }),
        ),
        caFile: s.optional(
          s.path({
            about: 'PEM of who certifies the broker, if the system does not know',
            example: './ca.crt',
          }),
        ),
        pin: s.optional(
          s.text({
            about: "The broker's certificate by SHA-256, instead of who certifies it",
            pattern: /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i,
            expected: '64 hexadecimal digits, with colons or without',
            example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
          }),
        ),
      },
      { about: 'The MQTT broker' },
    ),
  },
  { about: 'A worker of a settler, beside an MQTT broker of any make.' },
);

type File = Infer<typeof SHAPE>;

const brokerOf = ({ broker }: File) => {
  const access = brokerAccess({ ...broker, key: null, user: null }, '');
  if (!access.ok) return access;
  const { trust, login } = access.value;
  return ok({
    url: broker.url,
    protocol: broker.protocol,
    qos: broker.qos === '1' ? (1 as const) : (0 as const),
    password: login === null ? null : login.password,
    dial: () => dial(broker.url, trust),
  });
};

const workFile = (file: File) => {
  const broker = brokerOf(file);
  if (!broker.ok) return broker;
  const { leaseS, ...same } = file;
  return ok({
    ...same,
    leaseMs: leaseS * 1000,
    broker: broker.value,
  });
};

type WorkFile = Extract<ReturnType<typeof workFile>, { readonly ok: true }>['value'];

/** Codes: config-invalid, storage-failed (a file that cannot be read). */
export const readWorkFile = (path: string): Result<WorkFile> => {
  const text = readText(path);
  if (!text.ok) return text;
  const file = readConfig(path, text.value, SHAPE);
  return file.ok ? workFile(file.value) : file;
};

export const exampleWorkFile = (): string => printExample(SHAPE);
