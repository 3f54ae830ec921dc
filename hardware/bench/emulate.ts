/** `tollbridge emulate`: one board of ours on an emulated chip, behind a pseudo-terminal, in its own process. */

import { parseArgs } from 'node:util';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import type { Chip } from './chip.ts';
import { type BoardName, committedHex, loadBoards, readFirmware, SERIALS } from './firmware.ts';
import { startPace } from './pace.ts';
import { openPty } from './pty.ts';
import { readWeather } from './weather.ts';

export const HELP = `tollbridge emulate --board station|valve|firmata --link PATH: a board of this project without the board

Runs the firmware on an emulated ATmega328P and offers its serial line as a terminal, to which PATH becomes a
link. Prints one JSON line when ready, and one for each change of an output pin.

  --board NAME        station (BME280 and anemometer), valve (an output at PB0), or firmata (an Uno for
                      johnny-five, a TMP36 at A0, a BME280 at 0x76)
  --link PATH         where to put the link to the serial port
  --hex FILE          other firmware than the committed one
  --series NAME       weather of station and firmata: seattle, nyc or a CSV file (default seattle)
  --skip N            samples of the series to begin after (default 0)
  --hold N            measurements per sample of the series (default 1: each shows the next hour; of firmata seconds)
  --speed N           chip seconds per second (default 1)
  --serial HEX        8 bytes, the board's serial number (default by board)
  --until-stdin-ends  exit with whoever holds the other end of standard input
`;

const SPEED_MAX = 1000;
/** The exit code. Codes: config-invalid, module-missing, device-failed, storage-failed. */
export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const settings = readSettings(argv);
  if (!settings.ok) return settings;
  const unsent: number[] = [];
  const built = await buildBoard(settings.value, (byte) => unsent.push(byte));
  if (!built.ok) return built;
  const chip = built.value;
  const ended = until(settings.value.untilStdinEnds);
  const pty = await openPty({
    link: settings.value.link,
    onData: (bytes) => chip.receive(bytes),
    onClose: () => ended.end(refuse('device-failed', 'the pseudo-terminal ended: start the emulator again')),
  });
  if (!pty.ok) return pty;
  const pace = startPace(chip, settings.value.speed, () => {
    if (unsent.length > 0) pty.value.write(Uint8Array.from(unsent.splice(0)));
  });
  print({ ready: true, board: settings.value.board, link: settings.value.link, tty: pty.value.path });
  const outcome = await ended.promise;
  pace.stop();
  pty.value.close();
  return outcome;
};

type Settings = {
  readonly board: BoardName;
  readonly link: string;
  readonly hex: string;
  readonly series: string;
  readonly skip: number;
  readonly hold: number;
  readonly speed: number;
  readonly serial: Buffer;
  readonly untilStdinEnds: boolean;
};

const readSettings = (argv: readonly string[]): Result<Settings> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      board: { type: 'string' },
      link: { type: 'string' },
      hex: { type: 'string' },
      series: { type: 'string', default: 'seattle' },
      skip: { type: 'string', default: '0' },
      hold: { type: 'string', default: '1' },
      speed: { type: 'string', default: '1' },
      serial: { type: 'string' },
      'until-stdin-ends': { type: 'boolean', default: false },
    },
  });
  const board = values.board;
  if (board !== 'station' && board !== 'valve' && board !== 'firmata') {
    return refuse('config-invalid', `--board ${board ?? '(missing)'}: station, valve or firmata`);
  }
  if (values.link === undefined)
    return refuse('config-invalid', '--link is missing: a path for the serial port');
  const skip = Number(values.skip);
  if (!Number.isSafeInteger(skip) || skip < 0)
    return refuse('config-invalid', `--skip ${values.skip}: 0 or more`);
  const hold = Number(values.hold);
  if (!Number.isSafeInteger(hold) || hold < 1)
    return refuse('config-invalid', `--hold ${values.hold}: 1 or more`);
  const speed = Number(values.speed);
  if (!(speed > 0 && speed <= SPEED_MAX)) {
    return refuse('config-invalid', `--speed ${values.speed}: above 0, at most ${SPEED_MAX}`);
  }
  const serial = values.serial ?? SERIALS[board];
  if (!/^[0-9a-f]{16}$/i.test(serial))
    return refuse('config-invalid', `--serial ${serial}: 16 hexadecimal digits`);
  return ok({
    board,
    link: values.link,
    hex: values.hex ?? committedHex(board),
    series: values.series,
    skip,
    hold,
    speed,
    serial: Buffer.from(serial, 'hex'),
    untilStdinEnds: values['until-stdin-ends'],
  });
};

const buildBoard = async (settings: Settings, onSend: (byte: number) => void): Promise<Result<Chip>> => {
  const program = readFirmware(settings.hex, 'name a HEX file with --hex');
  if (!program.ok) return program;
  const boards = await loadBoards();
  if (boards === undefined) {
    return refuse(
      'module-missing',
      'the emulator needs avr8js, which only a checkout installs: npm i -D avr8js@0.21.1',
    );
  }
  const wiring = { program: program.value, serial: settings.serial, onSend };
  const onPin = (pin: string, level: number): void => print({ pin, level });
  if (settings.board === 'valve') return ok(boards.buildValve({ ...wiring, onPin }));
  const weather = readWeather(settings.series);
  if (!weather.ok) return weather;
  const begin = settings.skip % weather.value.length;
  const samples = [...weather.value.slice(begin), ...weather.value.slice(0, begin)];
  const series = { weather: samples, hold: settings.hold };
  if (settings.board === 'firmata') return ok(boards.buildThermometer({ ...wiring, onPin, ...series }));
  return ok(boards.buildStation({ ...wiring, ...series }));
};

/** A promise that ends with a signal, with standard input when asked, or when told. */
const until = (
  stdinToo: boolean,
): { promise: Promise<Result<number>>; end: (how: Result<number>) => void } => {
  let end: (how: Result<number>) => void = () => {};
  const promise = new Promise<Result<number>>((resolve) => {
    end = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(ok(0)));
  if (stdinToo) process.stdin.once('end', () => end(ok(0))).resume();
  return { promise, end };
};

const print = (line: object): void => console.log(JSON.stringify(line));
