/** What an account holds. */

import type { Store } from '../../broker/settler/store/store.ts';
import { must } from '../world/deal.ts';

export const balanceOf = async (store: Store, account: string, currency = 'EUR'): Promise<bigint> =>
  must(await store.read((reader) => reader.get('balance', [[account, currency]])))[0]?.nano ?? 0n;
