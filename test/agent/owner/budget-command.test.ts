import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openControl } from '../../../agent/control.ts';
import { createKey } from '../../../agent/host/key-file.ts';
import { HELP, run } from '../../../agent/owner/budget-command.ts';
import type { BudgetOrder } from '../../../agent/owner/order.ts';
import { type Budget, openBudget, signBudget } from '../../../schemas/budget.ts';
import { didKey } from '../../../schemas/identity.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import { must } from '../../world/deal.ts';
import { crypto, signerOf } from './bench.ts';

const OWNER = 7;
const EUR = 1_000_000_000;
const folder = mkdtempSync(join(tmpdir(), 'tollbridge-budget-'));
const at = (name: string): string => join(folder, name);
must(createKey(at('owner.key'), new Uint8Array(32).fill(OWNER), new Uint8Array(8)));
process.once('exit', () => rmSync(folder, { recursive: true }));

const GIVEN: Readonly<Record<string, string>> = {
  key: at('owner.key'),
  device: didKey(signerOf(2).key),
  settler: didKey(signerOf(200).key),
  total: '200.00',
  out: at('device.budget'),
};

/** What it prints, or the refusal. */
const said = async (args: readonly string[]): Promise<string> => {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    const done = await run(args);
    return done.ok ? lines.join('\n') : `${done.code}: ${done.detail}`;
  } finally {
    console.log = log;
  }
};

const sign = (other: Readonly<Record<string, string | undefined>> = {}): Promise<string> =>
  said(
    Object.entries({ ...GIVEN, ...other }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    ),
  );

const written = (): Budget =>
  must(openBudget(new Uint8Array(readFileSync(at('device.budget'))), crypto.verify));

const budget = suite('tollbridge budget');

budget('signs what it was told, and rises in version each time', async () => {
  assert.match(
    await sign({ 'per-day': '10', 'per-seller': '50.5' }),
    /200\.00 EUR, 10\.00 EUR a day, 50\.50 EUR/,
  );
  const first = written();
  assert.equal(
    { ...first, version: 0, expiryS: 0 },
    {
      owner: signerOf(OWNER).key,
      device: signerOf(2).key,
      settler: signerOf(200).key,
      currency: 'EUR',
      ...{ version: 0, totalNano: 200 * EUR, dayNano: 10 * EUR, sellerNano: 50.5 * EUR, expiryS: 0 },
    },
  );
  const leftS = first.expiryS - Date.now() / 1000;
  assert.ok(leftS > 364 * 86_400 && leftS <= 365 * 86_400);
  await sign({ days: '0' });
  assert.ok(written().version > first.version);
  assert.equal([written().expiryS, written().dayNano, written().sellerNano], [0, 200 * EUR, 200 * EUR]);
});

budget('keeps its version where the clock goes back', async () => {
  writeFileSync(at('owner.key.budgets'), '4294967000\n');
  await sign();
  assert.is(written().version, 4_294_967_001);
});

budget('shows what a file says, for people and for programs', async () => {
  await sign({ currency: 'USD' });
  assert.match(await said(['show', at('device.budget')]), /total +200\.00 USD/);
  const shown = JSON.parse(await said(['show', at('device.budget'), '--json']));
  assert.equal(
    [shown.owner, shown.totalNano, shown.currency],
    [didKey(signerOf(OWNER).key), 200 * EUR, 'USD'],
  );
});

budget('names the option that is missing or wrong, and writes nothing', async () => {
  rmSync(at('device.budget'));
  for (const name of Object.keys(GIVEN)) {
    const missing = new RegExp(`^config-invalid: --${name} is missing`);
    assert.match(await sign({ [name]: undefined }), missing);
  }
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['device', 'did:key:z6Mk', /^config-invalid: --device "did:key:z6Mk"/],
    ['settler', 'box', /^config-invalid: --settler "box"/],
    ['total', '1e3', /^config-invalid: --total "1e3": write digits/],
    ['per-day', '-1', /per-day/],
    ['per-day', '200.01', /^config-invalid: --per-day and --per-seller are at most --total/],
    ['days', '1.5', /^config-invalid: --days "1\.5"/],
    ['currency', 'eur', /^config-invalid: --currency "eur"/],
    ['key', at('none.key'), /^key-file: there is no key file .*none\.key: tollbridge key create/],
    ['device', didKey(signerOf(OWNER).key), /^config-invalid: --device is the owner itself/],
    ['out', at('none/device.budget'), /^storage-failed: /],
  ];
  for (const [name, value, pattern] of wrong) {
    const told = await sign({ [name]: value }).catch((raised: Error) => raised.message);
    assert.match(told, pattern);
  }
  assert.not.ok(existsSync(at('device.budget')));
});

budget('shows no file that is none', async () => {
  assert.match(await said(['show', at('none')]), /^storage-failed: /);
  assert.match(await said(['show', at('owner.key')]), /is no budget/);
  writeFileSync(at('large'), new Uint8Array(2000));
  assert.match(await said(['show', at('large')]), /^object-malformed: .* is no budget/);
  assert.match(await said(['show']), /^config-invalid: /);
});

budget('set hands an order to the running agent, and shows what it signed', async () => {
  const orders: BudgetOrder[] = [];
  const owner = signerOf(OWNER);
  const answer = (order: BudgetOrder): Result<Uint8Array> => {
    orders.push(order);
    const { device, totalNano } = order;
    const limits = {
      totalNano,
      dayNano: order.dayNano ?? totalNano,
      sellerNano: order.sellerNano ?? totalNano,
    };
    const given = { owner: owner.key, device, settler: signerOf(200).key, currency: 'EUR', version: 3 };
    return ok(signBudget({ ...given, ...limits, expiryS: 0 }, owner));
  };
  const none = (): never => {
    throw new Error('nobody asks for a status');
  };
  const set = ['set', folder, '--device', GIVEN.device!];
  assert.match(await said([...set, '--total', '300']), /^storage-failed: no agent runs on/);
  const control = must(await openControl(folder, { status: none, budget: answer }));
  assert.match(await said([...set, '--total', '300.50', '--per-day', '7']), /300\.50 EUR, 7\.00 EUR a day/);
  const all = [...set, '--total', '9', '--per-seller', '0', '--settler', GIVEN.settler!, '--json'];
  assert.is(JSON.parse(await said(all)).totalNano, 9 * EUR);
  const [device, settler] = [signerOf(2).key, signerOf(200).key];
  assert.equal(orders.splice(0), [
    { device, settler: null, totalNano: 300.5 * EUR, dayNano: 7 * EUR, sellerNano: null },
    { device, settler, totalNano: 9 * EUR, dayNano: null, sellerNano: 0 },
  ]);
  for (const [args, pattern] of [
    [['set', folder, '--total', '9'], /^config-invalid: --device is missing/],
    [set, /^config-invalid: --total is missing/],
    [[...set, '--total', '1e3'], /^config-invalid: --total "1e3"/],
    [[...set, 'more', '--total', '9'], /^config-invalid: "more" is one too many/],
  ] as const)
    assert.match(await said(args), pattern);
  assert.equal(orders, []);
  await control.close();
});

budget('explains every option that it takes', () => {
  for (const option of [...Object.keys(GIVEN), 'per-day', 'per-seller', 'days', 'currency', 'json'])
    assert.match(HELP, new RegExp(`--${option}\\b`));
});

budget.run();
