import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkBankFile } from '../../../agent/demo/payout.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollbridge-payout-'));
const NANO_PER_CENT = 10_000_000n;

const check = (
  sums: readonly string[],
  amounts: readonly string[],
  cents: bigint,
  count = amounts.length,
) => {
  const path = join(folder, 'pain.xml');
  const transfers = amounts.map((amount) => `<Amt><InstdAmt Ccy="EUR">${amount}</InstdAmt></Amt>`);
  const heads = sums.map((sum) => `<NbOfTxs>${count}</NbOfTxs><CtrlSum>${sum}</CtrlSum>`);
  writeFileSync(path, `<Document>${heads.join('')}${transfers.join('')}</Document>`);
  return checkBankFile(path, cents * NANO_PER_CENT, null);
};

const test = suite('checkBankFile');

test.after(() => rmSync(folder, { recursive: true }));

test('accepts sums that are exact, where floats would not be', () => {
  assert.ok(check(['0.30', '0.30'], ['0.10', '0.20'], 30n).ok);
  assert.ok(check(['90071992547409.93'], ['90071992547409.92', '0.01'], 9007199254740993n).ok);
});

test('refuses a control sum, a count or a ledger that differs by a cent', () => {
  for (const wrong of [
    check(['0.30', '0.31'], ['0.10', '0.20'], 30n),
    check(['0.30'], ['0.10', '0.20'], 31n),
    check(['0.30'], ['0.10', '0.20'], 30n, 3),
    check([], ['0.10'], 10n),
    check(['0.3'], ['0.3'], 30n),
  ]) {
    assert.ok(!wrong.ok && wrong.code === 'bank-details');
  }
});

test.run();
