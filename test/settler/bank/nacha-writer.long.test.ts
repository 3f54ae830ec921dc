import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeNacha } from '../../../broker/settler/bank/nacha-writer.ts';
import { sure } from './reading.ts';

const nacha = suite('writeNacha');

nacha('splits what outgrows the largest file that is read again', () => {
  const account = { scheme: 'ach' as const, routing: '231380104', number: '1', kind: 'checking' as const };
  const payments = Array.from({ length: 100_000 }, (_, i) => ({
    id: `P${i}`,
    cents: 1n,
    party: { name: 'WEATHER STATION', account },
    sec: 'PPD' as const,
    direction: 'credit' as const,
    description: 'PAYOUT',
    effectiveDate: '2026-11-23',
    remittance: 'EARNINGS',
  }));
  const { files, traces } = sure(
    writeNacha({
      destination: { routing: '031300012', name: 'FEDERAL RESERVE BANK' },
      origin: { id: '1234567890', name: 'TOLLBRIDGE' },
      odfiRouting: '121042882',
      company: { name: 'TOLLBRIDGE', id: '1234567890' },
      createdMs: Date.UTC(2026, 10, 20),
      modifier: 'A',
      firstTrace: 1,
      offset: null,
      lineEnd: '\n',
      payments,
    }),
  );
  assert.equal(
    files.map((file) => file.length / 95),
    [200_000, 10],
  );
  assert.is(traces.size, 100_000);
});

nacha.run();
