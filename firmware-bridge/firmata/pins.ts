/** What a pin of a Firmata board cannot do, and which pins can. */

/** Numbers of the protocol. */
export const MODES = { INPUT: 0, OUTPUT: 1, ANALOG: 2, PWM: 3, SERVO: 4 } as const;

/** Methods of firmata-io that begin to use what not every firmware has, and its mode. */
export const BUSES = {
  i2cConfig: 6,
  sendOneWireConfig: 7,
  stepperConfig: 8,
  accelStepperConfig: 8,
  serialConfig: 10,
} as const;

const WORDS: ReadonlyMap<number, string> = new Map([
  [MODES.INPUT, 'be an input'],
  [MODES.OUTPUT, 'be an output'],
  [MODES.ANALOG, 'measure a voltage'],
  [MODES.PWM, 'do PWM'],
  [MODES.SERVO, 'drive a servo'],
  [11, 'be an input with pull-up'],
]);

const BUS_WORDS: ReadonlyMap<number, string> = new Map([
  [BUSES.i2cConfig, 'a two-wire bus (I2C)'],
  [BUSES.sendOneWireConfig, 'a one-wire bus'],
  [BUSES.stepperConfig, 'steppers'],
  [BUSES.serialConfig, 'serial ports'],
]);

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
    const what = WORDS.get(mode) ?? `do mode ${mode}`;
    super(
      `pin ${pin} cannot ${what}, ${able.length === 0 ? 'and no other can' : `these can: ${able.join(', ')}`}`,
    );
  }
}

export class BusError extends Error {
  constructor(mode: number) {
    super(`it needs ${BUS_WORDS.get(mode)}, which the board's firmware has not: flash ConfigurableFirmata`);
  }
}
