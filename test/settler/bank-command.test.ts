import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELP, run } from '../../broker/settler/command.ts';
import { RETURN_PERIODS } from '../../broker/settler/settings.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { didKey } from '../../schemas/identity.ts';
import { must } from '../world/deal.ts';
import { achEntries, achReturns, bookings, orderedIn, paidIn, statusFile } from './bank/answers.ts';
import { notification } from './bank/iso-documents.ts';
import { invalidities, lintMissing } from './bank/lint.ts';
import { leaves } from './bank/reading.ts';
import { checkBooks, setSettler } from './bank/treasurer.ts';
import {
  claimRequest,
  crypto,
  DAY_MS,
  evidenceFor,
  type House,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  START_MS,
  UNIT,
} from './parties.ts';

const PAIN001 = 'pain.001.001.09';
const reason = lintMissing(PAIN001);
if (reason !== undefined) console.log(`skip: ${reason}`);

type Context = { folder: string; db: string; store: Store; house: House; clock: { nowMs: number } };
type Tool = (args: string) => Promise<{ text: string; code: string }>;

const command = suite<Context>('settler command, with banks');

/** The broker goes on running on the same database, as it would. */
command.before.each(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tb-bank-command-'));
  context.db = join(context.folder, 'settler.db');
  context.store = must(await openSqliteStore(context.db));
  await setSettler(context.store);
  context.clock = { nowMs: START_MS };
  context.house = await houseOver(context.store, {}, { nowMs: () => context.clock.nowMs });
});
command.after.each(async ({ folder, store, house }) => {
  await house.settler.close();
  await checkBooks(store);
  await store.close();
  rmSync(folder, { recursive: true });
});

const toolOf =
  ({ db, clock }: Context): Tool =>
  async (args) => {
    const printed: string[] = [];
    const host = { print: (text: string) => void printed.push(text), nowMs: () => clock.nowMs, crypto };
    const exit = await run([...args.split(' '), '--db', db], host);
    return { text: printed.join(''), code: exit.ok ? String(exit.value) : exit.code };
  };
const jsonOf = async (tool: Tool, args: string) => JSON.parse((await tool(`${args} --json`)).text);

const payer = didKey(PAYER.key);
const payee = didKey(PAYEE.key);

/** A file of the bank in the test's folder. */
const fileOf = ({ folder }: Context, text: string): string => {
  const path = join(folder, 'from-bank');
  writeFileSync(path, text);
  return path;
};

/** The payee earns so much by a claim on the payer's deposit. */
const earn = async ({ house }: Context, units: number, currency: string): Promise<void> => {
  const channel = openOf({ limitNano: units * UNIT, currency });
  assert.is((await house.ask(openRequest(channel))).code, undefined);
  assert.is((await house.ask(claimRequest(channel, evidenceFor(channel, 1, units * UNIT)))).code, undefined);
};

command(
  'leads from a transfer that names an owner to a transfer that its seller is paid by',
  async (context) => {
    const { folder, store } = context;
    const tool = toolOf(context);
    const { reference } = await jsonOf(tool, `deposit-reference --account ${payer}`);
    const deposit = fileOf(context, notification(paidIn('20.00', `deposit ${reference}`)));
    const dry = await tool(`import ${deposit} --dry-run`);
    assert.match(dry.text, /1 booked; nothing was booked: --dry-run/);
    assert.match(
      (await tool(`import ${deposit}`)).text,
      /received BOOK +deposit +20\.00 EUR +booked +deposit of did/,
    );
    assert.match((await tool(`import ${deposit}`)).text, /1 known before/);
    await earn(context, 12, 'EUR');
    await tool(`account set --account ${payee} --name Station --iban FI1410093000123458`);
    const out = join(folder, 'payout.xml');
    const paid = await jsonOf(tool, `payout --out ${out}`);
    assert.equal([paid.files, paid.nano, paid.left], [[out], '12000000000', 0]);
    const waiting = await jsonOf(tool, 'transfers');
    assert.equal(
      waiting.transfers.map((one: { id: string; state: string }) => [one.id, one.state]),
      [[paid.payouts[0].id, 'pending']],
    );
    const written = readFileSync(out, 'utf8');
    if (reason === undefined) assert.is(invalidities(PAIN001, [written]), '');
    const [ordered] = orderedIn(written);
    const [message] = leaves(written, 'MsgId');
    const status = fileOf(context, statusFile(message!, [{ ...ordered!, status: 'ACSC' }]));
    const told = await jsonOf(tool, `import ${status}`);
    assert.equal(told.counts, { booked: 1, known: 0, noted: 0, unknown: 0, person: 0 });
    assert.is(told.lines[0].about, ordered!.id);
    assert.is((await tool('transfers')).text, 'no transfer waits for the bank\n');
    assert.match((await tool('transfers --all')).text, /12\.00 +EUR +posted +2026/);
    const back = fileOf(context, bookings({ ...ordered!, what: 'returned', reason: 'AC04' }));
    assert.match((await tool(`import ${back}`)).text, /returned BOOK AC04 .* payout returned/);
    const again = await jsonOf(tool, `payout --out ${out}.again --sequence 2`);
    assert.is(again.nano, '12000000000');
    const [id] = again.payouts.map((one: { id: string }) => one.id);
    assert.is.not(id, ordered!.id);
    const settled = await jsonOf(tool, `settle --run ${again.run} --payout ${id} --as voided --reason AC01`);
    assert.equal([settled.state, settled.reason], ['voided', 'AC01']);
    await checkBooks(store);
  },
);

command('pays in dollars, and takes back what an American bank returns', async (context) => {
  const tool = toolOf(context);
  await tool(`deposit --account ${payer} --amount 20 --reference R --currency USD`);
  await earn(context, 15, 'USD');
  const account = `account set --account ${payee} --name Station --routing 231380104 --number 744-5678-99`;
  assert.equal(await jsonOf(tool, `${account} --holder company`), {
    account: payee,
    scheme: 'ach',
    name: 'STATION',
    bank: 'ach:231380104:744-5678-99:checking',
    holder: 'company',
  });
  const out = join(context.folder, 'payout.ach');
  assert.match(
    (await tool(`payout --out ${out} --currency USD`)).text,
    /run 2026-11-20-1-USD: 1 transfer, 15\.00 USD/,
  );
  const [entry] = achEntries(readFileSync(out, 'latin1'));
  const back = fileOf(context, achReturns({ trace: entry!.trace, cents: entry!.cents }));
  assert.match((await tool(`import ${back}`)).text, /returned R03 .* 15\.00 USD +booked +payout returned/);
  assert.match((await tool('balances')).text, new RegExp(`earned ${payee} +15\\.00 +USD`));
});

command('collects with a mandate, and what is final by time is a deposit', async (context) => {
  const tool = toolOf(context);
  await tool(`account set --account ${payer} --name Farm --iban FI1410093000123458`);
  assert.is((await tool(`collect --out x --account ${payer} --amount 50.00`)).code, 'bank-details');
  assert.match(
    (await tool(`mandate set --account ${payer} --id M-1 --signed 2026-11-01`)).text,
    /signed on 2026-11-01: collected 0 times/,
  );
  const out = join(context.folder, 'collect.xml');
  assert.match(
    (await tool(`collect --out ${out} --account ${payer} --amount 50.00`)).text,
    /run C-2026-11-20-1: 1 collection, 50\.00 EUR, on 2026-11-23/,
  );
  const [ordered] = orderedIn(readFileSync(out, 'utf8'));
  await tool(`import ${fileOf(context, bookings({ ...ordered!, what: 'collected' }))}`);
  assert.match((await tool('balances')).text, new RegExp(`held ${payer} +50\\.00 +EUR`));
  assert.match((await tool('collect --finalise')).text, /nothing is due yet/);
  context.clock.nowMs += RETURN_PERIODS.sepaMs + DAY_MS;
  assert.is((await jsonOf(tool, 'collect --finalise')).booked, 1);
  assert.match((await tool('balances')).text, new RegExp(`deposit ${payer} +50\\.00 +EUR`));
  assert.match(
    (await tool(`collect --out ${out}.2 --debts`)).text,
    /nothing to collect: no file was written/,
  );
  assert.is(existsSync(`${out}.2`), false);
});

command('ends with 1 where somebody has to look at a file, and books the rest of it', async (context) => {
  const tool = toolOf(context);
  const { reference } = await jsonOf(tool, `deposit-reference --account ${payer}`);
  const entries = paidIn('1.00', reference) + paidIn('2.00', 'rent\u009b2J', 'IN-2');
  const imported = await tool(`import ${fileOf(context, notification(entries))}`);
  assert.is(imported.code, '1');
  assert.match(
    imported.text,
    /unknown +no known owner is named, from Payer: "rent\?2J": find out whose it is/,
  );
  assert.match(imported.text, /1 booked, 1 unknown/);
  assert.match((await tool('balances')).text, new RegExp(`deposit ${payer} +1\\.00 +EUR`));
});

command('refuses what it does not understand and names it', async (context) => {
  const tool = toolOf(context);
  const cases: readonly (readonly [args: string, code: string])[] = [
    ['import', 'config-invalid'],
    ['import --dry-run', 'config-invalid'],
    ['import nowhere.xml', 'storage-failed'],
    [`import ${fileOf(context, '%PDF-1.7')}`, 'protocol-unsupported'],
    ['settle --run r --payout p --as final', 'config-invalid'],
    ['settle --run r --payout p --as posted --reason', 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE'],
    ['collect', 'config-invalid'],
    [`collect --debts --account ${payer}`, 'config-invalid'],
    [`collect --account ${payer} --amount 1,5`, 'value-out-of-range'],
    [`mandate set --account ${payer} --id M-1 --signed yesterday`, 'value-out-of-range'],
    [`account set --account ${payer} --name A`, 'config-invalid'],
    [`account set --account ${payer} --name A --iban FI1410093000123458 --routing 1`, 'config-invalid'],
    [`account set --account ${payer} --name A --routing 1 --number 2`, 'bank-details'],
    [`account set --account ${payer} --name A --routing 231380104 --number 2 --holder dog`, 'config-invalid'],
    [`account set --account ${payer} --name A --routing 231380104 --number 2 --kind piggy`, 'bank-details'],
    [`account set --account ${payer} --name A --iban FI1410093000123458 --creditor-id X`, 'config-invalid'],
    ['account set --account settler --name A --iban FI1410093000123458 --creditor-id X', 'bank-details'],
    [
      'account set --account settler --name A --routing 231380104 --number 2 --company-id 1',
      'config-invalid',
    ],
    ['payout --out x --currency GBP', 'currency-unknown'],
  ];
  for (const [args, expected] of cases) {
    const { code } = await tool(args).catch((error: Error & { code: string }) => ({ code: error.code }));
    assert.is(code, expected, args);
  }
});

command('explains every subcommand', () => {
  for (const name of ['import', 'deposit-reference', 'mandate set', 'collect']) {
    assert.match(HELP, new RegExp(`^  ${name}\\b`, 'm'));
  }
});
command.run();
