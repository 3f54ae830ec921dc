/**
 * Writes to a disk that is full in the middle of a write, which `ulimit -f` is: `disk-child.ts FOLDER`. Prints as JSON
 * the code of each writer, or how many credentials it counted.
 */

import { join } from 'node:path';
import { openCounterFile } from '../../broker/counter-file.ts';
import { highWaterFile } from '../../broker/settler/backup/high-water-file.ts';
import { writeBankFile } from '../../broker/settler/bank/bank-file.ts';
import { writeObligations } from '../../broker/settler/clearing/obligations-file.ts';
import { idOf } from '../../schemas/identity.ts';
import type { Result } from '../../schemas/result.ts';
import { crypto, PAYEE } from './parties.ts';

const USER = idOf(PAYEE.key, crypto.sha256);

const [folder = '', bytesMax = ''] = process.argv.slice(2);
const place = (name: string): string => join(folder, name);
const said = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);
const beyond = Number(bytesMax) + 1000;

const bank = said(writeBankFile(place('bank.xml'), 'x'.repeat(beyond)));
const obligation = { debtor: 'a', creditor: 'b', nano: 1_000_000_000n };
const cleared = said(writeObligations(place('left.csv'), Array(beyond).fill(obligation), 2));
const run = said(highWaterFile(place('settler')).reserve({ name: '2026-11-20-1', content: null }));

const counters = await openCounterFile(place('counters'), 1000);
if (!counters.ok) throw new Error(counters.detail);
let counted = 0;
while ((await counters.value.raise(USER, counted + 1)).ok) counted++;
console.log(JSON.stringify({ bank, cleared, run, counted }));
