/** Planted defects that take days to show: of money that comes back, is collected, or is written off. */

import { suite } from 'uvu';
import { checkPlanted } from './planted.ts';

const SHAPE = { days: 5, parties: 4 } as const;

const defects = suite('a planted defect, of days');

defects('double-return is found, and minimised to a return and its repetition', () =>
  checkPlanted('double-return', {
    ...SHAPE,
    invariants: ['deposits are the bank’s'],
    faults: ['bank-return', 'bank-repeat'],
  }),
);

defects('hurried-collection is found, and minimised to a repetition', () =>
  checkPlanted('hurried-collection', {
    ...SHAPE,
    invariants: ['held money backs nothing'],
    faults: ['bank-repeat'],
  }),
);

defects('owed-after-default is found, and minimised to a default', () =>
  checkPlanted('owed-after-default', {
    ...SHAPE,
    invariants: ['balances are the journal’s', 'the store verifies'],
    faults: ['default'],
  }),
);

defects.run();
