/** One command of the settler, or what it is compared with, in a process of its own: `ledger-process.ts WHAT ARGUMENT...`. */

import { brokerHost } from '../../agent/broker-host.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { run } from '../../broker/settler/command.ts';
import { openStore } from '../../broker/settler/store/open.ts';
import { loadSqlite } from '../../broker/settler/store/sqlite-driver.ts';
import { concatBytes, equalBytes } from '../../schemas/bytes.ts';
import { must } from '../world/deal.ts';

export type LedgerRun = {
  readonly ms: number;
  /** Of all threads, with the start of the program: it is the same on a machine that others use too. */
  readonly cpuMs: number;
  readonly rssMb: number;
};

const PAGE_ROWS = 1000;

/** The rows in their order and the chain of their hashes, and nothing else. */
const readBare = async (place: string): Promise<void> => {
  const { sha256 } = nativeCrypto();
  const store = must(await openStore(place));
  let hash: Uint8Array = new Uint8Array(32);
  await store.read(async (reader) => {
    for (let from = 0; ; from += PAGE_ROWS) {
      const rows = await reader.journal(from, PAGE_ROWS);
      for (const row of rows) {
        hash = sha256(concatBytes([hash, row.bytes]));
        if (!equalBytes(hash, row.hash)) throw new Error(`row ${row.index} does not continue the chain`);
      }
      if (rows.length < PAGE_ROWS) return;
    }
  });
  await store.close();
};

/** SQLite's own copy of a database. */
const copyBare = async (place: string, to: string): Promise<void> => {
  const driver = must(await loadSqlite())(place);
  driver.exec(`VACUUM INTO '${to}'`);
  driver.close();
};

const settle = async (argv: readonly string[]): Promise<void> => {
  const host = { ...(await brokerHost()), print: () => undefined };
  const exit = must(await run(argv, host));
  if (exit !== 0) throw new Error(`settler ${argv.join(' ')} ended with ${exit}`);
};

const [what, ...rest] = process.argv.slice(2) as [string, ...string[]];
const startedMs = performance.now();
if (what === 'read') await readBare(rest[0]!);
else if (what === 'copy') await copyBare(rest[0]!, rest[1]!);
else await settle([what, ...rest]);
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const done: LedgerRun = {
  ms: performance.now() - startedMs,
  cpuMs: (userCPUTime + systemCPUTime) / 1000,
  rssMb: maxRSS / 1024,
};
process.send!(done);
process.disconnect();
