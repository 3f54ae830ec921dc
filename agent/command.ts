/** `tollbridge agent`: one gateway, as its configuration file says. */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { startAgent } from './agent.ts';
import { AGENT_SHAPE, agentConfig } from './config.ts';
import { openDevice } from './drivers/drivers.ts';
import { printExample, readConfig } from './host/config-file.ts';
import { loadCrypto } from './host/crypto.ts';
import { ended } from './host/ended.ts';
import { storageRefusal } from './host/storage.ts';
import { openSigner } from './signer.ts';
import type { Notice } from './status.ts';

export const HELP = `tollbridge agent --config FILE: owns the devices of a gateway, sells and buys readings

  --config FILE      YAML; every mistake in it is told with line and column
  --example-config   prints a file with every key, its meaning and its default
  --quiet            no notices on standard output

Its key is its identity and its account: keep a copy of the file. SIGINT and SIGTERM end it in order; leases
stay open, and the next start goes on with them. What it does: tollbridge status --help
`;

const noticeLine = ({ atMs, code, detail }: Notice): string =>
  `${new Date(atMs).toISOString()} ${code}: ${detail}`;

/** Codes: config-invalid, key-file, locked, storage-*. */
export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      'example-config': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  });
  if (values['example-config']) {
    process.stdout.write(printExample(AGENT_SHAPE));
    return ok(0);
  }
  if (values.config === undefined)
    return refuse('config-invalid', '--config is missing: tollbridge agent --example-config > agent.yaml');
  let text: string;
  try {
    text = readFileSync(values.config, 'utf8');
  } catch (raised) {
    return storageRefusal(raised, 'read', values.config);
  }
  const file = readConfig(values.config, text, AGENT_SHAPE);
  if (!file.ok) return file;
  const crypto = await loadCrypto(process.env.TOLLBRIDGE_CRYPTO);
  const signer = openSigner(file.value.key, crypto);
  if (!signer.ok) return signer;
  const agent = await startAgent(agentConfig(file.value), {
    crypto,
    signer: signer.value,
    openDevice,
    onNotice: (notice) => {
      if (!values.quiet) console.log(noticeLine(notice));
    },
  });
  if (!agent.ok) return agent;
  await ended();
  await agent.value.stop();
  return ok(0);
};
