/** The pins of an ATmega328P by their names (PB5, PD2): levels that it drives, levels that wires give them. */

import { AVRIOPort, type CPU, portBConfig, portCConfig, portDConfig } from 'avr8js';

export type Level = 0 | 1;

/** PB0 to PD7. */
export type PinName = `P${'B' | 'C' | 'D'}${number}`;

const PORTS = [
  { letter: 'B', config: portBConfig },
  { letter: 'C', config: portCConfig },
  { letter: 'D', config: portDConfig },
] as const;

type Port = {
  io: AVRIOPort | undefined;
  /** Sets of bits: what a wire drives and those that it drives high, which are outputs, the register, what the pins put out and see. */
  driven: number;
  wires: number;
  outputs: number;
  register: number;
  output: number;
  input: number;
};

export class ChipPins {
  readonly #onPin: (pin: PinName, level: Level) => void;
  readonly #ports = PORTS.map(
    (): Port => ({ io: undefined, driven: 0, wires: 0, outputs: 0, register: 0, output: 0, input: 0 }),
  );

  /** `onPin`: an output pin changed, by the program or by a timer; an input counts as low. */
  constructor(onPin: (pin: PinName, level: Level) => void) {
    this.#onPin = onPin;
  }

  /** Of a chip that starts: a reset turns every pin into an input. */
  attach(cpu: CPU): void {
    for (const [index, { letter, config }] of PORTS.entries()) {
      const port = this.#ports[index]!;
      const io = new AVRIOPort(cpu, config);
      port.io = io;
      port.input = 0;
      const update = (levels: number): void => {
        port.outputs = cpu.data[config.DDR]!;
        this.#report(letter, port, levels & port.outputs);
        port.register = cpu.data[config.PORT]!;
        look(port);
      };
      io.addListener(update);
      update(0);
    }
  }

  /** A wire on an input: its level, or null where nothing is at its end and the pull-up decides, else 0. */
  drive(pin: PinName, level: Level | null): void {
    const { port, mask } = this.#find(pin);
    port.driven = level === null ? port.driven & ~mask : port.driven | mask;
    port.wires = level === 1 ? port.wires | mask : port.wires & ~mask;
    look(port);
  }

  /** Whether the program drives it low. */
  sinks(pin: PinName): boolean {
    const { port, mask } = this.#find(pin);
    return (port.outputs & ~port.register & mask) !== 0;
  }

  #find(pin: PinName): { readonly port: Port; readonly mask: number } {
    const port = this.#ports[PORTS.findIndex(({ letter }) => letter === pin.charAt(1))];
    const bit = Number(pin.slice(2));
    if (port === undefined || !(bit >= 0 && bit < 8)) throw new RangeError(`${pin} is no pin: PB0 to PD7`);
    return { port, mask: 1 << bit };
  }

  #report(letter: string, port: Port, output: number): void {
    const changed = output ^ port.output;
    port.output = output;
    for (let bit = 0; bit < 8; bit++) {
      if (changed & (1 << bit)) this.#onPin(`P${letter}${bit}` as PinName, output & (1 << bit) ? 1 : 0);
    }
  }
}

/** The register of an input's port is its pull-up (datasheet section 13.2.1). */
const look = (port: Port): void => {
  const input = (port.wires & port.driven) | (port.register & ~port.driven);
  const changed = input ^ port.input;
  port.input = input;
  for (let bit = 0; bit < 8; bit++) {
    if (changed & (1 << bit)) port.io?.setPin(bit, (input & (1 << bit)) !== 0);
  }
};
