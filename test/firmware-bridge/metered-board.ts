/**
 * A board with a meter, as schemas/spec/meter.md says it, without a chip: the model that hosts are tested against.
 * Its EEPROM outlives `reset`; losses on the line and resets happen when a test wants them.
 */

import { equalBytes } from '../../schemas/bytes.ts';
import { checkInstall, roomOf } from '../../schemas/meter.ts';
import { CODES } from '../../schemas/result.ts';
import {
  type Capability,
  type Identity,
  type Install,
  type Installation,
  type MeterState,
  ROLE,
  type SerialMessage,
  type SerialTick,
} from '../../schemas/serial.ts';
import { chainBlock, walkBack } from '../../schemas/tick.ts';
import { crypto } from '../vectors/parties.ts';
import { ScriptedBoard } from './scripted-board.ts';

const STRIDE = 16;

const THERMOMETER: Capability = {
  ...{ channel: 0, name: 'temperature', kind: 'temperature', unit: 'Cel', exponent: -2 },
  ...{ direction: 'sensor', periodMs: 10 },
};

export class MeteredBoard extends ScriptedBoard {
  readonly key: Uint8Array;
  credit: Installation | null = null;
  index = 0;
  delivered = 0;
  /** What it wrote to its EEPROM: the index there, and starts since a tick was paid. */
  #mark = 0;
  #starts = 0;
  #link: Uint8Array = new Uint8Array(16);
  #seq = 0;
  /** Installations and ticks that it is to lose, as a bad line does. */
  deaf = 0;
  installs = 0;
  /** Ticks that did not chain. */
  faults = 0;

  constructor(key: Uint8Array) {
    super();
    this.key = key;
    this.capabilities = [THERMOMETER];
    this.answer = (message) => this.#onMessage(message);
  }

  override identity(nonce: number): Identity {
    return { ...super.identity(nonce), roles: ROLE.meter | ROLE.meterKey };
  }

  get room(): number {
    return this.credit === null ? 0 : roomOf(this.credit, this.index, this.#window, this.delivered);
  }

  get state(): MeterState {
    const { credit, index, delivered, room } = this;
    return { type: 'meter', number: credit?.number ?? 0, seq: credit?.seq ?? 0, index, delivered, room };
  }

  /** True where there was room for it; `lost`: it went out and never arrived. */
  measure(mantissa: number, lost = false): boolean {
    if (this.room === 0) return false;
    this.delivered++;
    const seq = this.#seq++;
    if (!lost) this.reading(seq, mantissa);
    return true;
  }

  /** Power gone and come back, without a word. */
  reset(): void {
    this.#starts++;
    this.#seq = 0;
    this.index = this.#mark;
    if (this.credit === null) return;
    this.#link = this.credit.anchor;
    this.delivered = this.credit.base + this.index;
  }

  get #window(): number {
    return (this.credit?.window ?? 0) >> Math.max(0, this.#starts - 1);
  }

  #onMessage(message: SerialMessage): SerialMessage | undefined {
    if (message.type === 'hello') {
      this.say(this.identity(message.nonce));
      return this.state;
    }
    if (message.type !== 'install' && message.type !== 'tick') return this.usual(message);
    if (this.deaf > 0) {
      this.deaf--;
      return undefined;
    }
    if (message.type === 'install') return this.#install(message);
    if (!this.#pay(message)) this.say({ type: 'fault', fault: 9, count: ++this.faults });
    return this.state;
  }

  #install(install: Install): SerialMessage {
    const isSame = this.credit?.number === install.number;
    const checked = checkInstall(crypto.sha256, this.key, isSame ? 0 : (this.credit?.number ?? 0), install);
    if (!checked.ok) return { type: 'ack', id: install.id, code: CODES[checked.code] };
    this.say({ type: 'ack', id: install.id, code: 0 });
    if (isSame) return this.state;
    this.installs++;
    if (this.credit === null || !equalBytes(this.credit.channel, install.channel))
      this.delivered = install.base;
    this.credit = install;
    this.index = 0;
    this.#link = install.anchor;
    this.#mark = 0;
    this.#starts = 0;
    return this.state;
  }

  /** False where it does not chain. */
  #pay({ seq16, index, x }: SerialTick): boolean {
    const { credit } = this;
    if (credit === null || seq16 !== credit.seq % 65_536 || index <= this.index) return true;
    const fromAnchor = this.#link === credit.anchor;
    const block = chainBlock(credit.channel, credit.seq);
    const link = walkBack(crypto.sha256, block, index, fromAnchor ? 0 : this.index, x);
    if (index > credit.ticks || !equalBytes(link, this.#link)) return false;
    this.index = index;
    this.#link = x;
    this.#starts = 0;
    if (index - this.#mark >= STRIDE) this.#mark = index;
    return true;
  }
}
