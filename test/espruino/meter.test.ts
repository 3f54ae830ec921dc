/** The meter as it ships, on a stage: what schemas/spec/meter.md asks of a board, and what a power cut may do to it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  encodeSerial,
  type Installation,
  type MeterState,
  type SerialMessage,
} from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { crypto, filled } from '../vectors/parties.ts';
import { faults, KEY, readings, type StagedBoard, seqs, stagedBoard } from './staged-board.ts';

const TICKS = 1024;
const WINDOW = 8;
const STRIDE = 16;
const SEQ = 65_540;
const SEQ16 = 4;
const CHANNEL = filled(0xc1);
const LINKS = buildChain(crypto.sha256, CHANNEL, SEQ, filled(0x5a, 16), TICKS);
const x = (index: number): Uint8Array => linkAt(LINKS, index);

const CREDIT: Installation = {
  ...{ number: 5, channel: CHANNEL, seq: SEQ, anchor: x(0), ticks: TICKS },
  ...{ base: 100, window: WINDOW },
};

const TEMPERATURE = 0;
const VALVE = 2;

/** Starts it, greets it, and lets it measure every 10 ms. */
const begin = (board: StagedBoard): SerialMessage[] => {
  board.stage.boot(true);
  const said = [...board.greet()];
  board.setPeriod(TEMPERATURE, 10);
  return said;
};

const metered = async (): Promise<StagedBoard> => {
  const board = await stagedBoard();
  board.stage.boot(true);
  board.provision(1, KEY);
  begin(board);
  return board;
};

const stateOf = (board: StagedBoard): MeterState => board.meter(board.greet())!;

/** Lets it deliver what it may, and asks how much that is in all. */
const spent = (board: StagedBoard): number => {
  board.during(3000);
  return stateOf(board).delivered;
};

const pay = (board: StagedBoard, index: number): MeterState | undefined => {
  board.send({ type: 'tick', seq16: SEQ16, index, x: x(index) });
  return board.meter(board.during(1));
};

const meter = suite('meter');

meter('delivers freely until its key is set, and then nothing without an installation', async () => {
  const board = await stagedBoard();
  begin(board);
  assert.is(board.identity().roles, 1);
  assert.ok(readings(board.during(3000), TEMPERATURE).length >= 299);
  assert.is(board.install(CREDIT), 'not-authorised');
  assert.is(board.provision(1, KEY), 'done');
  assert.is(board.identity().roles, 3);
  assert.equal(board.during(3000), []);
  const { number, index, room } = stateOf(board);
  assert.equal([number, index, room], [0, 0, 0]);
});

meter('is provisioned once: the same again is acknowledged, another and another slot are not', async () => {
  const board = await metered();
  assert.is(board.provision(1, KEY), 'done');
  assert.is(board.provision(1, filled(1)), 'not-authorised');
  assert.is(board.provision(0, filled(1, 8)), 'not-authorised');
  assert.is(board.provision(2, filled(1)), 'not-authorised');
  begin(board);
  assert.is(board.provision(1, filled(1)), 'not-authorised');
});

meter('gives a window of readings on credit, and one more a tick', async () => {
  const board = await metered();
  assert.is(board.install(CREDIT), 'done');
  assert.is(spent(board), 100 + WINDOW);
  for (const index of [1, 2, 7, 8, 200]) {
    assert.is(pay(board, index)!.index, index);
    assert.is(spent(board), 100 + index + WINDOW);
  }
  assert.is(pay(board, 1024)!.room, 824);
  assert.equal(faults(board.during(2000)), {});
});

meter('neither measures nor uses up numbers while there is no room', async () => {
  const board = await metered();
  board.install(CREDIT);
  const before = seqs(board.during(3000), TEMPERATURE);
  board.stage.measures(TEMPERATURE, null);
  assert.equal(board.during(3000), [], 'it does not look');
  board.stage.measures(TEMPERATURE, 7);
  board.send({ type: 'tick', seq16: SEQ16, index: 3, x: x(3) });
  const last = before.at(-1)!;
  assert.equal(seqs(board.during(3000), TEMPERATURE), [last + 1, last + 2, last + 3]);
});

meter('counts no state of an actuator', async () => {
  const board = await metered();
  board.install(CREDIT);
  assert.is(board.command(VALVE, 0), 'done');
  assert.is(spent(board), 100 + WINDOW, 'of the sensor');
  const { code, said } = board.ask({ type: 'command', id: 77, channel: VALVE, value: 1 });
  assert.is(code, 'done');
  assert.equal(readings(said, VALVE), [1]);
  assert.is(stateOf(board).delivered, 100 + WINDOW);
});

meter('counts a tick only of its chain, above the one held, and not beyond the chain', async () => {
  const board = await metered();
  board.install({ ...CREDIT, ticks: 100 });
  pay(board, 10);
  assert.is(board.tick(SEQ16, 10, x(10))!.index, 10);
  assert.is(board.tick(SEQ16, 9, x(9))!.index, 10);
  assert.is(board.tick(SEQ16 + 1, 11, x(11))!.index, 10);
  assert.equal(faults(board.during(2000)), {}, 'late is not wrong');
  assert.is(board.tick(SEQ16, 11, x(12))!.index, 10);
  assert.is(board.tick(SEQ16, 101, x(101))!.index, 10);
  assert.equal(faults(board.during(2000)), { 9: 2 });
  assert.is(board.tick(SEQ16, 11, x(11))!.index, 11);
});

meter('lets a later tick wait while it walks, and a still later one take its place', async () => {
  const board = await metered();
  board.install(CREDIT);
  for (const index of [500, 600, 700]) board.send({ type: 'tick', seq16: SEQ16, index, x: x(index) });
  const told = board.during(1).filter((one): one is MeterState => one.type === 'meter');
  assert.equal(
    told.map((one) => one.index),
    [500, 700],
  );
});

meter('takes an installation of its key alone, and never one that it has had', async () => {
  const board = await metered();
  assert.is(board.install(CREDIT, filled(1)), 'signature-invalid');
  assert.is(board.install(CREDIT), 'done');
  assert.is(spent(board), 100 + WINDOW);
  assert.is(board.install(CREDIT), 'done', 'the one in force is acknowledged again');
  assert.is(spent(board), 100 + WINDOW, 'and changes nothing');
  assert.is(board.install({ ...CREDIT, window: 9 }), 'voucher-stale');
  assert.is(board.install({ ...CREDIT, number: 4 }), 'voucher-stale');
  begin(board);
  assert.is(board.install({ ...CREDIT, number: 4 }), 'voucher-stale');
  assert.is(board.install(CREDIT), 'done');
});

meter('keeps what it delivered on a channel, and begins another at its base', async () => {
  const board = await metered();
  board.install(CREDIT);
  assert.is(spent(board), 100 + WINDOW);
  board.install({ ...CREDIT, number: 6, base: 103 });
  assert.is(spent(board), 103 + WINDOW);
  board.install({ ...CREDIT, number: 7, channel: filled(0xc2), base: 50 });
  assert.is(spent(board), 50 + WINDOW);
});

meter('gives away the ticks since its mark and a window at a reset, and less each time after', async () => {
  const board = await metered();
  board.install(CREDIT);
  pay(board, 30);
  pay(board, 30 + STRIDE - 1);
  assert.is(spent(board), 100 + 45 + WINDOW);
  for (const credit of [8, 4, 2, 1, 0, 0]) {
    const state = board.meter(begin(board))!;
    assert.equal([state.index, state.delivered, state.room], [30, 130, credit]);
    assert.is(spent(board), 130 + credit);
  }
  assert.is(pay(board, 31)!.index, 31);
  assert.is(spent(board), 131 + WINDOW);
  assert.is(board.meter(begin(board))!.room, WINDOW, 'a paid tick ends it');
});

meter('a new installation ends the counting of starts', async () => {
  const board = await metered();
  board.install(CREDIT);
  for (let i = 0; i < 6; i++) begin(board);
  assert.is(spent(board), 100);
  board.install({ ...CREDIT, number: 6, channel: filled(0xc2) });
  assert.is(spent(board), 100 + WINDOW);
});

meter('the first tick after a start is on record, however few it pays', async () => {
  const board = await metered();
  board.install(CREDIT);
  for (let i = 0; i < 4; i++) begin(board);
  pay(board, 1);
  const state = board.meter(begin(board))!;
  assert.equal([state.index, state.room], [1, WINDOW]);
});

meter('believes no installation in its memory that its key did not make', async () => {
  const board = await metered();
  board.install(CREDIT);
  const forged = { ...CREDIT, id: 1, number: 9, window: 65_535, mac: filled(0, 16) };
  board.stage.memory().write(0, encodeSerial({ type: 'install', ...forged }));
  board.stage.memory().write(1, encodeSerial({ type: 'install', ...forged, number: 8 }));
  assert.is(board.meter(begin(board))!.number, 0);
});

meter('takes no mark of another installation for its own', async () => {
  const board = await metered();
  board.install(CREDIT);
  pay(board, 500);
  board.install({ ...CREDIT, number: CREDIT.number + 65_536, channel: filled(0xc2) });
  assert.is(board.meter(begin(board))!.index, 0);
});

meter('keeps its marks over more paid readings than its files hold', async () => {
  const board = await metered();
  for (let number = 5; number < 35; number++) {
    const base = (number - 5) * TICKS;
    board.install({ ...CREDIT, number, base });
    for (let index = STRIDE; index <= TICKS; index += 4 * STRIDE) pay(board, index);
    const state = board.meter(begin(board))!;
    assert.equal(
      [state.number, state.index, state.delivered],
      [number, TICKS - 3 * STRIDE, base + TICKS - 3 * STRIDE],
    );
  }
});

meter.run();

const power = suite('power cut');

type Work = {
  readonly prepare: (board: StagedBoard) => void;
  readonly work: (board: StagedBoard) => void;
  /** After so many bytes. */
  readonly look: (board: StagedBoard, bytes: number) => void;
};

const CUT = 'power is cut';
const MARK_BYTES = 8;
/** More than any work here writes. */
const BYTES_MAX = 300;

/** Cuts the power after 0, 1, 2… bytes, and looks at what the next start finds, until nothing is cut. */
const atEveryByte =
  ({ prepare, work, look }: Work) =>
  async (): Promise<void> => {
    const board = await metered();
    prepare(board);
    const flash = board.stage.save();
    for (let bytes = 0; bytes < BYTES_MAX; bytes++) {
      let isCut = false;
      board.stage.restore(flash);
      begin(board);
      board.stage.cutAfter(bytes);
      try {
        work(board);
      } catch (error) {
        isCut = (error as Error).message === CUT;
        if (!isCut) throw error;
      }
      look(board, bytes);
      if (!isCut) {
        assert.ok(bytes >= MARK_BYTES, 'something was written');
        return;
      }
    }
    throw new Error('it never ends');
  };

power(
  'at any byte of a key leaves none, which may be written again, or all of it',
  atEveryByte({
    prepare: (board) => board.stage.restore({}),
    work: (board) => board.provision(1, KEY),
    look: (board) => {
      begin(board);
      assert.is(board.provision(1, KEY), 'done');
      assert.is(board.install(CREDIT), 'done');
    },
  }),
);

power(
  'at any byte of an installation leaves the one before or the new one',
  atEveryByte({
    prepare: (board) => {
      board.install(CREDIT);
      board.install({ ...CREDIT, number: 6, base: 120 });
      pay(board, 40);
    },
    work: (board) => board.install({ ...CREDIT, number: 7, base: 160 }),
    look: (board) => {
      const state = board.meter(begin(board))!;
      const expected = state.number === 7 ? [7, 0, 160] : [6, 40, 160];
      assert.equal([state.number, state.index, state.delivered], expected);
      const again = board.install({ ...CREDIT, number: 6, base: 120 });
      assert.is(again, state.number === 6 ? 'done' : 'voucher-stale');
      assert.is(board.install({ ...CREDIT, number: 8, base: 160 }), 'done');
    },
  }),
);

for (const marks of [0, 1, 509, 510, 511, 512, 1021, 1022, 1023, 1024]) {
  power(
    `at any byte of the mark after ${marks} leaves the one before, or it`,
    atEveryByte({
      prepare: (board) => {
        board.install(CREDIT);
        const memory = board.stage.memory();
        for (let i = 0; i < marks; i++) memory.append(CREDIT.number, 1 + (i % 900), 0);
      },
      work: (board) => pay(board, 1000),
      look: (board, bytes) => {
        const { index } = board.meter(begin(board))!;
        const marked = marks === 0 ? 0 : 1 + ((marks - 1) % 900);
        assert.is(index, bytes < MARK_BYTES ? marked : 1000);
        assert.is(pay(board, 1001)!.index, 1001);
        assert.is(board.meter(begin(board))!.index, 1001);
      },
    }),
  );
}

power('at start after start gives no window away twice', async () => {
  const board = await metered();
  board.install(CREDIT);
  pay(board, STRIDE);
  let total = 0;
  for (let i = 0; i < 60; i++) {
    try {
      board.stage.boot(true, i % 10);
    } catch (error) {
      assert.is((error as Error).message, CUT);
      continue; // before the start was on record: nothing was delivered
    }
    board.greet();
    board.setPeriod(TEMPERATURE, 10);
    total += spent(board) - 100 - STRIDE;
  }
  assert.ok(total > 0 && total < 2 * WINDOW, `${total} readings`);
});

power.run();
