import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELP } from '../../broker/settler/command.ts';
import { didKey } from '../../schemas/identity.ts';
import { type Commanded, commanded, jsonOf, runOn } from './commanded.ts';
import {
  agreedOf,
  claimRequest,
  evidenceFor,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  statementRequest,
  UNIT,
} from './parties.ts';

const command = commanded(suite<Commanded>('settler command'));

const payer = didKey(PAYER.key);
const payee = didKey(PAYEE.key);

command('leads from a deposit to a bank file, beside a running settler', async ({ db, folder, house }) => {
  assert.equal(await jsonOf(db, `deposit --account ${payer} --amount 10.00 --reference R-1`), {
    row: 0,
    nano: '10000000000',
    currency: 'EUR',
    reference: 'R-1',
    repeated: false,
  });
  assert.match(
    (await runOn(db, `deposit --account ${payer} --amount 10 --reference R-1`)).text,
    /booked before/,
  );
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  await house.ask(statementRequest(agreedOf(channel, UNIT, 10)));
  assert.match((await runOn(db, 'balances')).text, new RegExp(`earned ${payee} +1\\.00 +EUR`));
  assert.match((await runOn(db, 'channels')).text, /open +5\.00 +1\.00 +EUR/);
  assert.is((await jsonOf(db, 'report')).leases[0].disputedNano, 0);
  await runOn(db, 'account set --account settler --name Settler --iban DE75512108001245126199');
  await runOn(db, `account set --account ${payee} --name Station --iban FI1410093000123458`);
  const out = join(folder, 'payout.xml');
  const paid = await jsonOf(db, `payout --out ${out}`);
  assert.equal(
    [paid.run, paid.transfers, paid.nano, paid.executionDate],
    ['2026-11-20-1', 1, '1000000000', '2026-11-23'],
  );
  const first = readFileSync(out, 'utf8');
  assert.match(first, /<InstdAmt Ccy="EUR">1\.00</);
  assert.match((await runOn(db, `payout --out ${out}`)).text, /the same file again/);
  assert.is(readFileSync(out, 'utf8'), first);
  const [{ id }] = paid.payouts;
  assert.is((await jsonOf(db, `settle --run ${paid.run} --payout ${id} --as posted`)).state, 'posted');
  assert.is((await jsonOf(db, 'verify')).rows, 6);
});

command('books nothing in a currency that the settler does not keep', async ({ db }) => {
  for (const booking of [
    `deposit --account ${payer} --amount 1 --reference R`,
    `line set --account ${payer} --limit 1`,
    'clearing',
  ]) {
    assert.is((await runOn(db, `${booking} --currency JPY`)).code, 'currency-unknown', booking);
    assert.is((await runOn(db, `${booking} --currency usd`)).code, 'currency-unknown', booking);
    assert.is((await runOn(db, `${booking} --currency USD`)).code, '0', booking);
  }
  assert.is((await jsonOf(db, 'verify')).rows, 2, 'there is nothing to clear');
});

command('books nothing where no settler has ever looked', async ({ folder }) => {
  const path = join(folder, 'empty.db');
  writeFileSync(path, '');
  const deposit = await runOn(path, `deposit --account ${payer} --amount 1 --reference R`);
  assert.is(deposit.code, 'config-invalid');
});

command('refuses what it does not understand and names it', async ({ db }) => {
  const codeOf = async (args: string, at = db) => (await runOn(at, args)).code;
  assert.is(await codeOf('frobnicate'), 'config-invalid');
  assert.is(await codeOf('toString'), 'config-invalid');
  assert.is(await codeOf('deposit --amount 1'), 'config-invalid');
  assert.is(await codeOf(`deposit --account ${payer} --amount 1,5 --reference R`), 'value-out-of-range');
  assert.is(
    await codeOf(`deposit --account ${payer} --amount 1 --reference R --currency eur`),
    'currency-unknown',
  );
  assert.is(await codeOf('deposit --account did:key:zNo --amount 1 --reference R'), 'key-unacceptable');
  assert.is(await codeOf(`account set --account ${payer} --name A --iban DE00`), 'bank-details');
  assert.is(await codeOf('report --from yesterday'), 'value-out-of-range');
  assert.is(await codeOf('report --from 2026-11-20 --to 2026-11-20'), 'value-out-of-range');
  assert.is(await codeOf('settle --run r --payout p --as maybe'), 'config-invalid');
  assert.is(await codeOf('payout --out x --sequence second'), 'config-invalid');
  assert.is(await codeOf('settle --run r --payout p --as posted'), 'payout-unknown');
  assert.is(
    await codeOf('payout --out x --threshold -1').catch((error: Error & { code: string }) => error.code),
    'ERR_PARSE_ARGS_INVALID_OPTION_VALUE',
  );
});

command('keeps its files from everybody else', ({ db }) => {
  for (const file of [db, `${db}-wal`]) assert.is(statSync(file).mode & 0o777, 0o600, file);
});

command('makes no database out of a mistyped path', async ({ folder }) => {
  const path = join(folder, 'typo.db');
  assert.is((await runOn(path, 'balances')).code, 'storage-failed');
  assert.is(existsSync(path), false);
});

command('never writes a bank file over another one', async ({ db, folder, house }) => {
  await house.deposit(10, 'R');
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  await runOn(db, 'account set --account settler --name Settler --iban DE75512108001245126199');
  await runOn(db, `account set --account ${payee} --name Station --iban FI1410093000123458`);
  const taken = join(folder, 'taken.xml');
  writeFileSync(taken, 'something else');
  assert.is((await runOn(db, `payout --out ${taken}`)).code, 'config-invalid');
  assert.is(readFileSync(taken, 'utf8'), 'something else');
  assert.is((await runOn(db, `payout --out ${join(folder, 'no', 'folder.xml')}`)).code, 'storage-failed');
  assert.is((await runOn(db, `payout --out ${join(folder, 'free.xml')}`)).code, '0');
});

command('makes nothing pending where no file can be written, or for a day that is over', async (context) => {
  const { db, folder, house } = context;
  await house.deposit(10, 'R');
  await runOn(db, 'account set --account settler --name Settler --iban DE75512108001245126199');
  await runOn(db, `account set --account ${payer} --name Farm --iban FI1410093000123458`);
  await runOn(db, `withdraw --account ${payer} --amount 5 --reference W`);
  await runOn(db, `mandate set --account ${payer} --id M --signed 2026-11-01`);
  for (const run of ['payout', `collect --account ${payer} --amount 5`]) {
    assert.is((await runOn(db, `${run} --out ${folder}`)).code, 'config-invalid', run);
    assert.is((await runOn(db, `${run} --out ${join(folder, 'no', 'run.xml')}`)).code, 'storage-failed', run);
    const past = `${run} --out ${join(folder, 'run.xml')} --execution-date 2026-11-19`;
    assert.is((await runOn(db, past)).code, 'value-out-of-range', run);
  }
  assert.is((await jsonOf(db, 'verify')).rows, 2);
  assert.is((await jsonOf(db, `payout --out ${join(folder, 'run.xml')}`)).transfers, 1);
  assert.is(statSync(join(folder, 'run.xml')).mode & 0o777, 0o600, 'names and accounts are in it');
});

command('says when there is nothing to pay out, and who waits', async ({ db, folder, house }) => {
  await house.deposit(10, 'R');
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  await runOn(db, 'account set --account settler --name Settler --iban DE75512108001245126199');
  const out = join(folder, 'none.xml');
  const { text } = await runOn(db, `payout --out ${out}`);
  assert.match(text, new RegExp(`waits for bank details: earned ${payee}\nnothing to pay out`));
  assert.is(existsSync(out), false);
});

command('explains every subcommand', () => {
  const names = 'deposit|withdraw|top-up|account set|owners|spending|line set|lines|repay|default|balances';
  const more = 'channels|report|disputes|verify|payout|settle|clear|work|certify|broker-user';
  for (const name of `${names}|${more}`.split('|')) assert.match(HELP, new RegExp(`^  ${name}\\b`, 'm'));
});

command.run();
