/** `tollbridge settler import`: books what a bank's file says. */

import { closeSync, openSync, readSync } from 'node:fs';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { formatCents, nanoOfCents } from '../bank/cents.ts';
import type { ImportLine, ImportOutcome } from '../bank/import-line.ts';
import { type Imported, importBankFile } from '../bank/imports.ts';
import { tableOf } from '../reports/table.ts';
import { fileRefusal } from '../whole-file.ts';
import { type CommandHost, onStore, type Run } from './on-store.ts';

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  apply: { type: 'boolean', default: false },
} as const;

/** One more than a reader takes, so that it can say so. */
const READ_BYTES_MAX = 32 * 1024 * 1024 + 1;

/** Code: storage-failed. */
const readFile = (path: string): Result<Uint8Array> => {
  try {
    const opened = openSync(path, 'r');
    try {
      const chunks: Buffer[] = [];
      for (let length = 0; length < READ_BYTES_MAX; ) {
        const chunk = Buffer.alloc(Math.min(1 << 20, READ_BYTES_MAX - length));
        const count = readSync(opened, chunk);
        if (count === 0) break;
        chunks.push(chunk.subarray(0, count));
        length += count;
      }
      return ok(Buffer.concat(chunks));
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    return fileRefusal(error, (message) => `${path}: ${message}`);
  }
};

const HEAD = ['line', 'the bank says', 'about', 'amount', 'outcome', ''];

const rowOf = ({ line, fact, subject, outcome, detail }: ImportLine): readonly string[] => {
  const { kind, status, reason, amount } = fact;
  const said = [kind, status, reason === status ? null : reason].filter((part) => part !== null).join(' ');
  const money = amount === null ? '' : `${formatCents(amount.cents)} ${amount.currency}`;
  return [String(line), said, subject, money, outcome, detail];
};

const OUTCOMES: readonly ImportOutcome[] = ['booked', 'known', 'noted', 'unknown', 'person'];
const TOLD: { readonly [O in ImportOutcome]: string } = {
  booked: 'booked',
  known: 'known before',
  noted: 'with nothing to book',
  unknown: 'unknown',
  person: 'for a person to decide',
};

const countsOf = (lines: readonly ImportLine[]): { readonly [O in ImportOutcome]?: number } =>
  Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, lines.filter((line) => line.outcome === outcome).length]),
  );

const textOf = ({ format, skipped, lines }: Imported, dryRun: boolean): string => {
  const counts = countsOf(lines);
  const said = OUTCOMES.filter((outcome) => counts[outcome] !== 0).map(
    (one) => `${counts[one]} ${TOLD[one]}`,
  );
  if (skipped > 0) said.push(`${skipped} announced only`);
  const end = `${format}: ${said.length === 0 ? 'says nothing' : said.join(', ')}`;
  const tables = lines.length === 0 ? [] : [tableOf([HEAD, ...lines.map(rowOf)], [0, 3]), ''];
  return [...tables, dryRun ? `${end}; nothing was booked: --dry-run` : end].join('\n');
};

const jsonOf = ({ format, messageId, skipped, lines }: Imported, dryRun: boolean): object => ({
  format,
  message: messageId,
  dryRun,
  counts: countsOf(lines),
  skipped,
  lines: lines.map(({ line, fact, subject, outcome, booked, code, detail }) => ({
    line,
    kind: fact.kind,
    status: fact.status,
    reason: fact.reason,
    about: subject,
    nano: fact.amount === null ? null : String(nanoOfCents(fact.amount.cents)),
    currency: fact.amount?.currency ?? null,
    day: fact.day,
    bankReference: fact.bankReference,
    outcome,
    booked,
    code,
    detail,
  })),
});

/** So that a script notices that somebody has to look. */
const PERSON_NEEDED = 1;
const needsPerson = ({ outcome }: ImportLine): boolean => outcome === 'unknown' || outcome === 'person';

const importing = (path: string): Run<CommandHost> =>
  onStore(OPTIONS, async (store, options, host) => {
    const bytes = readFile(path);
    if (!bytes.ok) return bytes;
    const dryRun = options['dry-run'] === true;
    const how = { dryRun, apply: options.apply === true };
    const imported = await importBankFile(store, bytes.value, how, host.nowMs(), host.crypto.sha256);
    if (!imported.ok) return imported;
    return ok({
      text: textOf(imported.value, dryRun),
      json: jsonOf(imported.value, dryRun),
      exit: imported.value.lines.some(needsPerson) ? PERSON_NEEDED : 0,
    });
  });

/** Codes: config-invalid, and those of `importBankFile`. */
export const run: Run<CommandHost> = async ([path, ...argv], host) =>
  path === undefined || path.startsWith('-')
    ? refuse('config-invalid', 'import takes a file first: write settler import FILE')
    : importing(path)(argv, host);
