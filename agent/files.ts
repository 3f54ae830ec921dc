/** What an agent holds on its disk while it runs: one process, one identity, one journal. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Refusal, type Result } from '../schemas/result.ts';
import { type Archive, openArchive } from './archive.ts';
import { brokerAccess } from './broker-access.ts';
import { type Clock, openClock } from './clock.ts';
import type { AgentConfig } from './config.ts';
import type { ConnectionOptions } from './connection.ts';
import type { HostCrypto } from './host/host-crypto.ts';
import { type Lock, lockDirectory } from './host/lock.ts';
import { storageRefusal } from './host/storage.ts';
import { type Journal, openJournal } from './journal.ts';
import { Restoring } from './restore.ts';

export type Files = {
  readonly lock: Lock;
  readonly access: ConnectionOptions;
  readonly clock: Clock;
  readonly archive: Archive;
  readonly journal: Journal;
  readonly restoring: Restoring;
  /** Who is told what the disk holds, once there is somebody. */
  readonly durable: { tell: (record: number) => void };
};

/** What is on its way to the disk gets there. */
export const closeFiles = async (files: Files): Promise<void> => {
  await files.journal.close();
  await files.archive.close();
  files.lock.release();
};

type Sources = Pick<Files, 'clock' | 'archive'>;

const openSources = (state: string, crypto: HostCrypto): Result<Sources> => {
  const clock = openClock(crypto, join(state, 'time'));
  if (!clock.ok) return clock;
  const archive = openArchive(join(state, 'archive.journal'), crypto);
  return archive.ok ? ok({ clock: clock.value, archive: archive.value }) : archive;
};

/** `onFault`: the disk did not take what it was given; it is tried again. Codes: locked, config-invalid, storage-*. */
export const openFiles = async (
  config: AgentConfig,
  crypto: HostCrypto,
  onFault: (refusal: Refusal) => void,
): Promise<Result<Files>> => {
  const { state } = config;
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 });
  } catch (raised) {
    return storageRefusal(raised, 'make', state);
  }
  const access = brokerAccess(config.broker, state);
  if (!access.ok) return access;
  const lock = await lockDirectory(state);
  if (!lock.ok) return lock;
  const sources = openSources(state, crypto);
  if (!sources.ok) {
    lock.value.release();
    return sources;
  }
  const restoring = new Restoring();
  const durable = { tell: (_record: number): void => {} };
  const journal = openJournal(join(state, 'leases.journal'), {
    kind: 'leases',
    onRecord: (record) => restoring.onRecord(record),
    onDurable: (record) => durable.tell(record),
    onFault,
  });
  if (!journal.ok) {
    await sources.value.archive.close();
    lock.value.release();
    return journal;
  }
  const opened = { lock: lock.value, access: access.value, journal: journal.value };
  return ok({ ...opened, ...sources.value, restoring, durable });
};
