/** `tollbridge status`: what a running agent says about itself. */

import { parseArgs } from 'node:util';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { askStatus } from './control.ts';
import { statusLines } from './view/status.ts';
import { stylesFor } from './view/style.ts';

export const HELP = `tollbridge status [STATE_DIRECTORY]: what a running agent sells, buys and is owed

  STATE_DIRECTORY   as its configuration names it (default .tollbridge/agent)
  --json            everything, as one JSON object
`;

const DEFAULT_STATE = '.tollbridge/agent';

export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (positionals.length > 1)
    return refuse('config-invalid', `"${positionals[1]}" is one too many: name one state directory`);
  const status = await askStatus(positionals[0] ?? DEFAULT_STATE);
  if (!status.ok) return status;
  if (values.json) console.log(JSON.stringify(status.value, bytesAsHex));
  else console.log(statusLines(status.value, stylesFor(process.stdout.isTTY, process.env)).join('\n'));
  return ok(0);
};

/** A Buffer becomes an object before a replacer sees it. */
const bytesAsHex = (_key: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  const buffer = value as { type?: unknown; data?: unknown } | null;
  return buffer?.type === 'Buffer' ? Buffer.from(buffer.data as number[]).toString('hex') : value;
};
