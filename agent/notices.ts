/** Notices: what a person should read, told at once, and the newest of them kept for a status. */

import type { Notice } from './status.ts';

const KEPT = 16;

export class Notices {
  readonly newest: Notice[] = [];
  private readonly tell: (notice: Notice) => void;

  constructor(tell: (notice: Notice) => void) {
    this.tell = tell;
  }

  add(notice: Notice): void {
    this.newest.push(notice);
    if (this.newest.length > KEPT) this.newest.shift();
    this.tell(notice);
  }
}
