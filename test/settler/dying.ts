/** A machine that dies at the n-th write of SQLite: that write and all that follow fail, until it is opened again. */

import type { OpenSqlite } from '../../broker/settler/store/sqlite-driver.ts';

export const dyingAt = (openSqlite: OpenSqlite, n: number): { open: OpenSqlite; writes: () => number } => {
  let writes = 0;
  const die = (): never => {
    throw Object.assign(new Error('the power is gone'), { code: 'SQLITE_IOERR' });
  };
  const open: OpenSqlite = (path) => {
    const driver = openSqlite(path);
    return {
      exec: (sql) => {
        if (sql === 'COMMIT' && ++writes >= n) die();
        if (writes >= n && sql === 'ROLLBACK') die();
        driver.exec(sql);
      },
      prepare: (sql) => {
        const statement = driver.prepare(sql);
        const run: typeof statement.run = (...values) => {
          if (++writes >= n) die();
          statement.run(...values);
        };
        return { run, all: statement.all };
      },
      close: driver.close,
    };
  };
  return { open, writes: () => writes };
};
