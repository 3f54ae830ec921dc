/** What a pin of a Firmata board cannot do, and which pins can. */

/** Numbers of the protocol. */
export const MODES = { INPUT: 0, OUTPUT: 1, ANALOG: 2, PWM: 3, SERVO: 4 } as const;

const WORDS: Readonly<Record<number, string>> = {
  [MODES.INPUT]: 'be an input',
  [MODES.OUTPUT]: 'be an output',
  [MODES.ANALOG]: 'measure a voltage',
  [MODES.PWM]: 'do PWM',
  [MODES.SERVO]: 'drive a servo',
  6: 'be a two-wire bus',
  7: 'be a one-wire bus',
  11: 'be an input with pull-up',
};

type Board = {
  readonly pins: readonly { readonly supportedModes: readonly number[] }[];
  readonly analogPins: readonly number[];
};

export const pinsThatCan = (board: Board, mode: number): string[] => {
  if (mode === MODES.ANALOG) return board.analogPins.map((_, input) => `A${input}`);
  return board.pins.flatMap(({ supportedModes }, pin) =>
    supportedModes.includes(mode) ? [String(pin)] : [],
  );
};

/** Told with the part's name by whoever made the part. */
export class PinError extends Error {
  constructor(pin: number | string, mode: number, able: readonly string[]) {
    const what = WORDS[mode] ?? `do mode ${mode}`;
    super(
      `pin ${pin} cannot ${what}, ${able.length === 0 ? 'and no other can' : `these can: ${able.join(', ')}`}`,
    );
  }
}
