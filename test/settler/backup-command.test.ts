import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELP } from '../../broker/settler/command.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import { toHex } from '../../schemas/bytes.ts';
import { didKey } from '../../schemas/identity.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { must } from '../world/deal.ts';
import { type Commanded, commanded, jsonOf, runOn } from './commanded.ts';
import {
  claimRequest,
  evidenceFor,
  type House,
  houseOver,
  openOf,
  openRequest,
  PAYEE,
  ROOT,
  UNIT,
} from './parties.ts';

const command = commanded(suite<Commanded>('settler commands of backup and proof'));

const CHANNEL = openOf();

/** A receipt of the channel after one tick more. */
const claimTick = async (house: House, index: number): Promise<Uint8Array> => {
  const { bytes } = await house.ask(claimRequest(CHANNEL, evidenceFor(CHANNEL, 1, UNIT, index)));
  const reply = must(decodeRequest(bytes));
  if (reply.kind !== 'receipt') throw new Error(reply.kind);
  return reply.parts[0];
};

const trade = async (house: House): Promise<void> => {
  await house.deposit(10, 'R');
  await house.ask(openRequest(CHANNEL));
  await claimTick(house, 1);
};

command(
  'audit counts what was proved, and ends with 1 where something is not',
  async ({ db, house, store }) => {
    await trade(house);
    const { text, code } = await runOn(db, 'audit');
    assert.is(code, '0');
    assert.match(
      text,
      /^3 rows, 3 signatures, 1 ticks\n {2}deposit +1\n {2}grant +1\n {2}claim +1\neverything holds/,
    );
    assert.equal((await jsonOf(db, 'audit')).kinds, { deposit: 1, grant: 1, claim: 1 });
    const [row] = must(await store.read((reader) => reader.journal(2, 1)));
    const forged = { ...row!, index: 3, key: 'claim/x', hash: row!.hash };
    must(await store.transact(async () => ({ changes: { journal: [forged] }, value: null })));
    const bad = await runOn(db, 'audit --json');
    assert.is(bad.code, '1');
    const { fault } = JSON.parse(bad.text);
    assert.equal([fault.row, fault.kind, fault.subject], [3, 'claim', toHex(CHANNEL.id)]);
    assert.match(
      (await runOn(db, 'audit')).text,
      /\nrow 3, claim [0-9a-f]{64}: its bytes are not what its event writes/,
    );
  },
);

command('verify begins at a snapshot where that is asked', async ({ db, house }) => {
  await trade(house);
  assert.equal(await jsonOf(db, 'snapshot'), { rows: 3 });
  const { rows, from } = await jsonOf(db, 'verify --since-snapshot');
  assert.equal([rows, from], [4, 3]);
  assert.match(
    (await runOn(db, 'verify --since-snapshot')).text,
    /^rows 3 to 3 replay from the newest snapshot/,
  );
  assert.is((await jsonOf(db, 'verify')).snapshots, 1);
  await claimTick(house, 2);
  assert.equal(await jsonOf(db, 'snapshot'), { rows: 5 });
});

command(
  'backup, restore and resume lead from a lost database to payouts again',
  async ({ db, folder, house }) => {
    await trade(house);
    const [file, again] = [join(folder, 'day.backup'), join(folder, 'again.db')];
    assert.is((await jsonOf(db, `backup --out ${file}`)).rows, 3);
    const receipt = await claimTick(house, 9);
    const restored = await jsonOf(again, `restore --from ${file}`);
    assert.equal([restored.rows, restored.of, restored.settler], [3, 3, didKey(ROOT.key)]);
    assert.is((await jsonOf(again, 'verify')).rows, 3);
    const out = join(folder, 'payout.xml');
    await runOn(again, 'account set --account settler --name Settler --iban DE75512108001245126199');
    await runOn(again, `account set --account ${didKey(PAYEE.key)} --name Station --iban FI1410093000123458`);
    assert.is((await runOn(again, `payout --out ${out}`)).code, 'journal-stale');
    assert.is(existsSync(out), false);
    const store = must(await openSqliteStore(again));
    const settler = await houseOver(store);
    const presented = {
      kind: 'present' as const,
      id: new Uint8Array(8),
      parts: [CHANNEL.id, receipt] as const,
    };
    assert.is((await settler.ask(encodeRequest(presented))).code, 'journal-stale');
    const waiting = await runOn(again, 'resume');
    assert.is(waiting.code, '1');
    assert.match(waiting.text, /evidence of 0\.000008 EUR more than is booked\nnothing is noted/);
    await claimTick(settler, 9);
    assert.is((await runOn(again, 'resume')).code, '1', 'runs that were handed out are known to nobody');
    assert.equal((await jsonOf(again, 'resume --accept notes')).resumed, true);
    assert.match((await runOn(again, 'resume')).text, /nothing has stopped/);
    assert.is((await runOn(again, `payout --out ${out}`)).code, '0');
    assert.match(readFileSync(out, 'utf8'), /1\.00</);
    assert.match(readFileSync(`${again}.runs`, 'utf8'), /^2026-11-20-1 1 1000000000 [0-9a-f]{8}\n$/);
    await settler.settler.close();
    await store.close();
  },
);

command('resume names the transfers of a run that did not come back', async ({ db, folder, house }) => {
  await trade(house);
  await runOn(db, 'account set --account settler --name Settler --iban DE75512108001245126199');
  await runOn(db, `account set --account ${didKey(PAYEE.key)} --name Station --iban FI1410093000123458`);
  const [file, again] = [join(folder, 'day.backup'), join(folder, 'again.db')];
  await runOn(db, `backup --out ${file}`);
  const { payouts } = await jsonOf(db, `payout --out ${join(folder, 'payout.xml')}`);
  await runOn(again, `restore --from ${file}`);
  for (const kept of ['high-water', 'runs']) copyFileSync(`${db}.${kept}`, `${again}.${kept}`);
  const begun = payouts[0].id.slice(0, 8);
  const { text, code } = await runOn(again, 'resume');
  assert.is(code, '1');
  assert.match(
    text,
    `\nrun 2026-11-20-1 was handed out; 1 of its 1 transfers, 1.00, are missing: ${begun}…; `,
  );
  const none = { here: 0, hereNano: '0' };
  const missing = { missing: [begun], missingNano: '1000000000' };
  const json = JSON.parse((await runOn(again, 'resume --json')).text);
  assert.equal(json.runs, [{ run: '2026-11-20-1', ...none, ...missing }]);
  assert.is((await runOn(again, 'resume --accept 2026-11-20-1')).code, '0');
});

command('resume goes on without a channel that is given up by name', async ({ db, folder, house }) => {
  await trade(house);
  const [file, again] = [join(folder, 'day.backup'), join(folder, 'again.db')];
  await runOn(db, `backup --out ${file}`);
  const receipt = await claimTick(house, 9);
  await runOn(again, `restore --from ${file} --to-row 2`);
  const store = must(await openSqliteStore(again));
  const settler = await houseOver(store);
  const presented = {
    kind: 'present' as const,
    id: new Uint8Array(8),
    parts: [CHANNEL.id, receipt] as const,
  };
  await settler.ask(encodeRequest(presented));
  assert.is((await runOn(again, 'resume --accept 2026-11-20-1')).code, 'config-invalid');
  const { code } = await runOn(again, `resume --accept notes --accept ${toHex(CHANNEL.id).slice(0, 12)}`);
  assert.is(code, '0');
  await settler.settler.close();
  await store.close();
});

command('restore names what it does not understand', async ({ db, folder, house }) => {
  await trade(house);
  const file = join(folder, 'day.backup');
  await runOn(db, `backup --out ${file}`);
  const codeOf = async (place: string, args: string) => (await runOn(join(folder, place), args)).code;
  assert.is(await codeOf('a.db', 'restore'), 'config-invalid');
  assert.is(await codeOf('a.db', `restore --from ${file} --to-row x`), 'config-invalid');
  assert.is(await codeOf('b.db', `restore --from ${file} --to-row 99999`), 'config-invalid');
  assert.is(await codeOf('a.db', `restore --from ${file} --to-time yesterday`), 'config-invalid');
  assert.is(await codeOf('a.db', `restore --from ${file} --to-row 1 --to-time 2026-11-20`), 'config-invalid');
  assert.is(existsSync(join(folder, 'a.db')), false);
  assert.is((await runOn(db, `restore --from ${file}`)).code, 'config-invalid');
  assert.is((await runOn(db, `backup --out ${file}`)).code, 'config-invalid');
  assert.is((await runOn(db, 'backup')).code, 'config-invalid');
  assert.is(await codeOf('b.db', `restore --from ${file} --to-time 2026-11-19T23:59:59Z`), '0');
});

command('are explained', () => {
  for (const name of 'audit|verify|snapshot|backup|restore|resume'.split('|'))
    assert.match(HELP, new RegExp(`^  ${name}\\b`, 'm'));
});

command.run();
