/** What comes back through the ACH network: returns (addenda 99) and notifications of change (addenda 98), as facts. */

import { type AchKind, isAccountNumber, isRouting } from './ach-account.ts';
import { type BankFact, type BankFacts, bareFact, type Correction } from './bank-fact.ts';
import { isCredit, type NachaAddendum, type NachaEntry } from './nacha-entry.ts';
import { type NachaBatch, readNacha } from './nacha-reader.ts';
import { breaks, digitsField, field, type NachaRecord } from './nacha-record.ts';
import { shown } from './refusing.ts';

const RETURN = /^R(?:0[1-9]|[1-7]\d|8[0-5])$/;
/** We, or our bank, refused the return: the payment stands after all. */
const DISHONOURED = /^R(?:6[1-9]|70)$/;

/** The addendum names our entry by its trace number, in the same columns for every kind of return. */
const traceOf = (record: NachaRecord): string => {
  digitsField(record, 7, 21, 'original-trace');
  return field(record, 7, 21);
};

/** What every answer has, whatever it answers. */
const answered = (
  kind: BankFact['kind'],
  entry: NachaEntry,
  record: NachaRecord,
  batch: NachaBatch,
): BankFact => {
  const reason = field(record, 4, 6);
  return {
    ...bareFact(kind, { by: 'trace', trace: traceOf(record) }, reason, record.line),
    reason,
    bankReference: entry.trace,
    day: batch.effectiveDay,
  };
};

/** Returned credits come in again, returned debits go out again; a dishonoured return goes the other way. */
const returnFact = (entry: NachaEntry, record: NachaRecord, batch: NachaBatch): BankFact => {
  const reason = field(record, 4, 6);
  if (!RETURN.test(reason)) breaks(record, 'return-code', `${shown(reason)} is none of R01 to R85`);
  const stands = DISHONOURED.test(reason);
  return {
    ...answered(stands ? 'posted' : 'returned', entry, record, batch),
    amount: { cents: entry.cents, currency: 'USD' },
    direction: isCredit(entry.code) === stands ? 'out' : 'in',
    // Dishonoured and contested returns have dates and traces of theirs before, or instead of, a text.
    text: (stands
      ? field(record, 59, 79)
      : reason < 'R71' || reason > 'R77'
        ? field(record, 36, 79)
        : ''
    ).trim(),
  };
};

type Columns = { readonly [part in keyof Correction]?: readonly [from: number, to: number] };

/** Where the corrected data (columns 36 to 64) has what, counted from its own first column. */
const CHANGES: { readonly [code: string]: Columns } = {
  C01: { number: [1, 17] },
  C02: { routing: [1, 9] },
  C03: { routing: [1, 9], number: [13, 29] },
  C04: { name: [1, 22] },
  C05: { kind: [1, 2] },
  C06: { number: [1, 17], kind: [21, 22] },
  C07: { routing: [1, 9], number: [10, 26], kind: [27, 28] },
  // International entries alone; and an individual's id, which is ours to give: nothing to correct here.
  C08: {},
  C09: {},
};

const kindOf = (record: NachaRecord, code: string | null): AchKind | null => {
  if (code === null) return null;
  if (/^2[1-46-9]$/.test(code)) return 'checking';
  return /^3[1-46-9]$/.test(code) ? 'savings' : breaks(record, 'corrected-data', `${shown(code)} is no code`);
};

const correctionOf = (record: NachaRecord, columns: Columns): Correction => {
  const data = field(record, 36, 64);
  const part = (name: keyof Correction): string | null => {
    const range = columns[name];
    if (range === undefined) return null;
    const found = data.slice(range[0] - 1, range[1]).trim();
    return found === ''
      ? breaks(record, 'corrected-data', `the new ${name} is blank in ${shown(data)}`)
      : found;
  };
  const routing = part('routing');
  if (routing !== null && !isRouting(routing)) {
    breaks(record, 'corrected-data', `${shown(routing)} is no routing number`);
  }
  const number = part('number');
  if (number !== null && !isAccountNumber(number)) {
    breaks(record, 'corrected-data', `${shown(number)} is no account number`);
  }
  return { routing, number, kind: kindOf(record, part('kind')), name: part('name') };
};

const changeFact = (entry: NachaEntry, record: NachaRecord, batch: NachaBatch): BankFact => {
  const code = field(record, 4, 6);
  const columns = CHANGES[code];
  if (columns === undefined) return breaks(record, 'change-code', `${shown(code)} is none of C01 to C09`);
  const text = field(record, 36, 64).trim();
  return { ...answered('changed', entry, record, batch), text, correction: correctionOf(record, columns) };
};

const factOf = (entry: NachaEntry, batch: NachaBatch): BankFact => {
  const answer: NachaAddendum | undefined = entry.addenda.find(({ type }) => type !== '05');
  if (answer === undefined) {
    return breaks(entry, 'answer', 'an entry that is no return and no change: this file goes to a bank');
  }
  return answer.type === '99'
    ? returnFact(entry, answer.record, batch)
    : changeFact(entry, answer.record, batch);
};

/** Stops as `readNacha` does. A file without batches says that nothing came back. */
export const readNachaAnswer = (bytes: Uint8Array): BankFacts => {
  const file = readNacha(bytes);
  const { origin, createdDay, createdTime, modifier } = file;
  return {
    format: 'nacha',
    messageId: `${origin} ${createdDay} ${createdTime} ${modifier}`,
    facts: file.batches.flatMap((batch) => batch.entries.map((entry) => factOf(entry, batch))),
    skipped: 0,
  };
};
