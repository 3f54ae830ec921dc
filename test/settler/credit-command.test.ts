import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { didKey } from '../../schemas/identity.ts';
import { type Commanded, commanded, jsonOf, runOn } from './commanded.ts';
import { claimRequest, evidenceFor, OTHER, openOf, openRequest, PAYEE, PAYER, UNIT } from './parties.ts';
import { disputeOf, disputeRequest, enrol, HEAD_B, lineOf, lineRequest, OWNER, SELLER } from './words.ts';

const owner = didKey(OWNER.key);
const seller = didKey(SELLER.key);
const device = didKey(PAYER.key);

const command = commanded(suite<Commanded>('settler command, credit'));

/** OWNER owes 3 to the settler, who guarantees 5, and 2 to SELLER. */
const indebted = async ({ db, house }: Commanded) => {
  await enrol(house, { device: PAYER, total: 50 });
  await enrol(house, { device: PAYEE, owner: SELLER });
  await runOn(db, `line set --account ${owner} --limit 5 --expires 2026-12-24`);
  await house.ask(lineRequest(lineOf({ limit: 9 })));
  const channels = [
    openOf({ nonce: 1, limitNano: 5 * UNIT }),
    openOf({ nonce: 2, limitNano: 4 * UNIT }),
  ] as const;
  for (const [i, channel] of channels.entries()) {
    house.clock.nowMs += 1000;
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, (3 - i) * UNIT)));
  }
  return channels;
};

command('sets the settler’s own line and shows every line with who bears default', async (context) => {
  const { db } = context;
  await indebted(context);
  assert.match(
    (await runOn(db, `line set --account ${owner} --limit 6`)).text,
    /stands in for did:key:\w+ up to 6\.00 EUR \(version 2, row \d+\)/,
  );
  const [own, sellers] = (await jsonOf(db, 'lines')).lines;
  assert.equal(own, {
    bearsDefault: 'settler',
    debtor: owner,
    currency: 'EUR',
    limitNano: '6000000000',
    reservedNano: '2000000000',
    owedNano: '3000000000',
    freeNano: '1000000000',
    expiryS: 0,
  });
  assert.equal([sellers.bearsDefault, sellers.owedNano], [seller, '2000000000']);
  const { text } = await runOn(db, 'lines');
  assert.match(text, new RegExp(`settler +${owner} +6\\.00 +2\\.00 +3\\.00 +1\\.00 +EUR +never`));
});

command('repays, writes off, withdraws and tops up, each once', async (context) => {
  const { db, house } = context;
  await indebted(context);
  await house.deposit(4, 'R', OWNER);
  const repaid = await jsonOf(db, `repay --account ${owner} --amount 4 --reference P-1`);
  assert.equal(repaid.parts, [
    { creditor: 'settler', nano: '3000000000' },
    { creditor: seller, nano: '1000000000' },
  ]);
  assert.match(
    (await runOn(db, `repay --account ${owner} --amount 4 --reference P-1`)).text,
    new RegExp(`^repaid before:\n3\\.00 EUR to settler\n1\\.00 EUR to ${seller}\n$`),
  );
  const loss = `default --account ${owner} --creditor ${seller} --amount 1 --reference D-1`;
  assert.match(
    (await runOn(db, loss)).text,
    new RegExp(`^written off in row \\d+: 1\\.00 EUR .*; ${seller} bears it`),
  );
  assert.match((await runOn(db, loss)).text, /^written off before/);
  const out = `withdraw --account ${seller} --amount 1 --reference W-1`;
  assert.is((await runOn(db, out)).code, 'deposit-insufficient');
  assert.is((await runOn(db, `top-up --account ${seller} --amount 4 --reference T-1`)).code, '0');
  assert.match((await runOn(db, out)).text, /^booked in row \d+: 1\.00 EUR of .*next payout takes\n$/);
  assert.match((await runOn(db, out)).text, /^booked before/);
  const owners = (await jsonOf(db, 'owners')).owners as { owner: string; [figure: string]: string }[];
  const sellers = owners.find((one) => one.owner === seller)!;
  assert.equal(
    [sellers.depositNano, sellers.earnedNano, sellers.owedNano],
    ['3000000000', '1000000000', '0'],
  );
  assert.is((await jsonOf(db, 'verify')).channels, 2);
});

command('shows owners with their devices, and what each device spends', async (context) => {
  const { db } = context;
  await indebted(context);
  const { text } = await runOn(db, 'owners');
  assert.match(text, new RegExp(`${owner} +0\\.00 +0\\.00 +0\\.00 +0\\.00 +5\\.00 +0\\.00 +EUR +1`));
  assert.match(
    text,
    new RegExp(`${device} +5\\.00 +4\\.00 +9\\.00 of 50\\.00 +9\\.00 of 1000\\.00 +EUR +version 1`),
  );
  for (const account of [owner, device]) {
    const { devices } = await jsonOf(db, `spending --account ${account}`);
    assert.equal([devices.length, devices[0].device, devices[0].spentNano], [1, device, '5000000000']);
    assert.equal(devices[0].sellers[0].seller, seller);
  }
  assert.match(
    (await runOn(db, `spending --account ${device}`)).text,
    new RegExp(`  to ${seller} +9\\.00 of`),
  );
  assert.is((await runOn(db, `spending --account ${didKey(OTHER.key)}`)).code, 'config-invalid');
});

command('shows disputes side by side, and says when there is none', async (context) => {
  const { db, house } = context;
  const [, channel] = await indebted(context);
  assert.is((await runOn(db, 'disputes')).text, 'nothing is disputed\n');
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE, { totalNano: 4 * UNIT })));
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { totalNano: 3 * UNIT, head: HEAD_B })));
  const { text } = await runOn(db, 'disputes');
  assert.match(text, /bilateral, open since 2026-11-20 00:00:02: they part in total, head; 2\.00 EUR stay/);
  assert.match(text, /payer +300 +3\.00 +bbbbbbbbbbbb +open: the head of voucher 7 differs/);
  assert.match(text, /payee +300 +4\.00 +aaaaaaaaaaaa +open/);
  assert.match(text, /booked +0 +2\.00 +[0-9a-f]{12} +voucher 1/);
  const { disputes } = await jsonOf(db, 'disputes');
  assert.equal(disputes[0].parts, ['totalNano', 'head']);
  const gone = disputeOf(channel, PAYEE, { version: 2, open: false });
  await house.ask(disputeRequest(channel, gone));
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { version: 2, open: false })));
  assert.is((await runOn(db, 'disputes')).text, 'nothing is disputed\n');
  assert.match((await runOn(db, 'disputes --all')).text, /resolved, opened .*\n[\s\S]*withdrawn/);
});

command('reports of an owner, of a lease, and as a spreadsheet', async (context) => {
  const { db } = context;
  await indebted(context);
  const all = await jsonOf(db, `report --owner ${owner}`);
  assert.equal(
    all.leases.map((lease: { bearsDefault: string }) => lease.bearsDefault).sort(),
    [seller, 'settler'].sort(),
  );
  const [{ lease }] = all.leases;
  assert.is((await jsonOf(db, `report --lease ${lease.slice(0, 12)}`)).leases.length, 2);
  const csv = (await runOn(db, 'report --csv')).text.trim().split('\n');
  assert.is(csv.length, 3);
  assert.match(csv[0]!, /^lease,channel,payer,payee,/);
  assert.is((await runOn(db, 'report --csv --json')).code, 'config-invalid');
  assert.is((await runOn(db, 'report --lease 12')).code, 'config-invalid');
});

command('refuses what it does not understand and names it', async ({ db }) => {
  const codeOf = async (args: string) => (await runOn(db, args)).code;
  assert.is(await codeOf(`line set --account ${owner}`), 'config-invalid');
  assert.is(await codeOf(`line set --account ${owner} --limit x`), 'value-out-of-range');
  assert.is(await codeOf(`line set --account ${owner} --limit 1 --currency eur`), 'currency-unknown');
  assert.is(await codeOf(`line set --account ${owner} --limit 1 --expires soon`), 'value-out-of-range');
  assert.is(await codeOf('line set --account settler --limit 1'), 'value-out-of-range');
  assert.is(await codeOf(`default --account ${owner} --amount 1 --reference R`), 'config-invalid');
  assert.is(
    await codeOf(`repay --account ${owner} --amount 1 --reference R --creditor me`),
    'key-unacceptable',
  );
  assert.is(await codeOf(`repay --account ${owner} --amount 1 --reference R`), 'value-out-of-range');
  assert.is(await codeOf(`withdraw --account ${owner} --amount 1`), 'config-invalid');
});

command.run();
