/**
 * An ATmega328P at 16 MHz that executes firmware: avr8js and around it what a board needs.
 *
 * Modelled: CPU, timers, USART0, ADC, two-wire bus, EEPROM, watchdog, ports B to D, reset, and sleep: an
 * idle chip jumps from one event to the next instead of counting cycles, so that it costs next to nothing.
 * Time is the chip's own, in cycles; `pace.ts` ties it to the wall clock.
 */

import {
  ADCMuxInputType,
  AVRADC,
  AVRClock,
  AVREEPROM,
  AVRTWI,
  AVRUSART,
  AVRWatchdog,
  adcConfig,
  avrInstruction,
  CPU,
  eepromConfig,
  twiConfig,
  usart0Config,
  watchdogConfig,
} from 'avr8js';
import { ChipEeprom } from './chip-eeprom.ts';
import { ChipPins, type Level, type PinName } from './chip-pins.ts';
import { ChipTimers } from './chip-timers.ts';

export const CHIP_HZ = 16_000_000;
const SRAM_BYTES = 2048;
const SRAM_START = 0x100;
/** Of memory that nothing has used since the power came on. */
const PAINT = 0xa5;
const ADC_VOLTS = 5;

/** What the host may send ahead of the line's speed: a second of it. More is dropped, as a full driver would. */
const RECEIVE_BYTES_MAX = 11_520;

const OPCODE_SLEEP = 0x9588;
const OPCODE_SEI = 0x9478;
const SMCR = 0x53;
const SLEEP_ENABLE = 1;
const MCUSR = 0x54;
const USART_RX_COMPLETE = 0x80;
const USART_RX_ENABLE = 0x10;
const TWI_ENABLE = 0x04;
const TWI_IDLE = 0xf8; // the status

/** MCUSR bits: why the chip started. */
export const RESET_POWER = 1;
export const RESET_EXTERNAL = 2;
const RESET_WATCHDOG = 8;

/** A peripheral on the two-wire bus; `write` says whether it acknowledges. */
export interface TwiDevice {
  start(write: boolean): void;
  write(byte: number): boolean;
  read(): number;
  /** The master lets go of the bus: of a start without it, it did not. */
  stop?(): void;
  /** For how long it holds the clock before it gives the byte that is read next. */
  stretchMs?(): number;
}

/** By address: what is plugged in now. */
export type TwiBus = { get(address: number): TwiDevice | undefined };

export type ChipOptions = {
  readonly program: Uint16Array;
  /** The first bytes of the EEPROM; the rest is erased. */
  readonly eeprom?: Uint8Array;
  readonly twi?: TwiBus;
  /** Volts at an ADC input. */
  readonly analog?: (input: number) => number;
  readonly onSend: (byte: number) => void;
  /** An output pin changed. */
  readonly onPin?: (pin: PinName, level: Level) => void;
};

type ClockEvent = { cycles: number; callback: () => void; next: ClockEvent | null };

type InterruptConfig = Parameters<CPU['setInterruptFlag']>[0];

/** The parts of one run from reset to reset. */
type Core = { cpu: CPU; usart: AVRUSART; timers: ChipTimers };

export class Chip {
  readonly #options: ChipOptions;
  readonly eeprom: ChipEeprom;
  #core: Core;
  #asleep = false;
  #sleptCycles = 0;
  #resetCause = 0;
  #received: number[] = [];
  readonly #pins: ChipPins;

  constructor(options: ChipOptions) {
    this.#options = options;
    this.#pins = new ChipPins((pin, level) => options.onPin?.(pin, level));
    this.eeprom = new ChipEeprom(options.eeprom ?? new Uint8Array(0), () => this.cycles);
    this.#core = this.#start(RESET_POWER, 0);
  }

  /** Cycles since power-on; resets do not restart them. */
  get cycles(): number {
    return this.#core.cpu.cycles;
  }

  get nowMs(): number {
    return this.cycles / (CHIP_HZ / 1000);
  }

  /** Cycles in which instructions were executed: what work costs, and what a battery would pay for. */
  get awakeCycles(): number {
    return this.cycles - this.#sleptCycles;
  }

  /** The most that the stack ever held since the last reset, above `staticBytes` of variables. */
  stackBytes(staticBytes: number): number {
    const memory = this.#core.cpu.data;
    let at = SRAM_START + staticBytes;
    while (at < memory.length && memory[at] === PAINT) at++;
    return memory.length - at;
  }

  /** With RESET_POWER the power was away for a moment: a byte that was being written to the EEPROM is damaged. */
  reset(cause: number): void {
    if (cause === RESET_POWER) this.eeprom.cut();
    this.#received = [];
    this.#core = this.#start(cause, this.cycles);
  }

  /** Damages a register or memory, as a voltage dip may: what does the firmware do then? */
  upset(address: number, byte: number): void {
    this.#core.cpu.writeData(address, byte);
  }

  /** Bytes from the host, which arrive at the speed of the line. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#received.length < RECEIVE_BYTES_MAX) this.#received.push(byte);
    }
    this.#feed();
  }

  /** A wire on an input pin: its level, or null where nothing is at its end. */
  drive(pin: PinName, level: Level | null): void {
    this.#pins.drive(pin, level);
  }

  /** Whether the chip draws a pin to ground, as it does with a line that others may draw too. */
  sinks(pin: PinName): boolean {
    return this.#pins.sinks(pin);
  }

  runMs(durationMs: number): void {
    this.run(this.cycles + durationMs * (CHIP_HZ / 1000));
  }

  /** Executes until the cycle count reaches `until`. */
  run(until: number): void {
    while (this.cycles < until) {
      if (this.#asleep) this.#sleep(until);
      else this.#execute();
      if (this.#resetCause !== 0) this.reset(this.#resetCause);
    }
  }

  #execute(): void {
    const cpu = this.#core.cpu;
    const opcode = cpu.progMem[cpu.pc];
    avrInstruction(cpu);
    if (opcode === OPCODE_SLEEP && cpu.data[SMCR]! & SLEEP_ENABLE) this.#asleep = true;
    // The instruction after SEI is executed before any interrupt (datasheet section 7.3.1).
    else if (opcode !== OPCODE_SEI) cpu.tick();
  }

  #sleep(until: number): void {
    const cpu = this.#core.cpu;
    const interrupted = cpu.interruptsEnabled && cpu.nextInterrupt >= 0;
    const from = cpu.cycles;
    if (!interrupted) cpu.cycles = Math.max(from, this.#nextEvent(until));
    this.#sleptCycles += cpu.cycles - from;
    const pc = cpu.pc;
    cpu.tick();
    this.#asleep = cpu.pc === pc; // an interrupt wakes, nothing else does
  }

  /** The cycle of the next thing that can happen, at most `until`. */
  #nextEvent(until: number): number {
    const { cpu, timers } = this.#core;
    let next = until;
    const first = (cpu as unknown as { nextClockEvent: ClockEvent | null }).nextClockEvent;
    for (let event = first; event !== null; event = event.next) {
      const cycles = timers.nextCycle(event.callback, event.cycles) ?? event.cycles;
      if (cycles < next) next = cycles;
    }
    return next;
  }

  #start(cause: number, cycles: number): Core {
    const cpu = new CPU(this.#options.program, SRAM_BYTES);
    cpu.cycles = cycles;
    cpu.data.fill(PAINT, SRAM_START);
    cpu.data[MCUSR] = cause;
    // avr8js resets the registers of the CPU alone; a chip resets its peripherals too.
    cpu.reset = () => {
      this.#resetCause = RESET_WATCHDOG;
    };
    this.#asleep = false;
    this.#resetCause = 0;
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, CHIP_HZ));
    new AVREEPROM(cpu, this.eeprom, eepromConfig);
    this.#pins.attach(cpu);
    this.#attachAnalog(cpu);
    this.#attachTwi(cpu);
    return { cpu, usart: this.#attachUsart(cpu), timers: new ChipTimers(cpu) };
  }

  #attachAnalog(cpu: CPU): void {
    const adc = new AVRADC(cpu, adcConfig);
    adc.onADCRead = (input) => {
      const volts =
        input.type === ADCMuxInputType.SingleEnded ? (this.#options.analog?.(input.channel) ?? 0) : 0;
      const raw = Math.min(Math.max(Math.floor((volts / ADC_VOLTS) * 1024), 0), 1023);
      cpu.addClockEvent(() => adc.completeADCRead(raw), adc.sampleCycles);
    };
  }

  #attachTwi(cpu: CPU): void {
    const twi = new AVRTWI(cpu, twiConfig, CHIP_HZ);
    // The status bits are read-only (datasheet section 21.9.3); avr8js lets a write of the prescaler clear them.
    cpu.writeHooks[twiConfig.TWSR] = (value, oldValue) => {
      cpu.data[twiConfig.TWSR] = (oldValue & 0xf8) | (value & 0x03);
      return true;
    };
    let device: TwiDevice | undefined;
    let action = (): void => {};
    let stretchedUntil = 0;
    const after = (bits: number, next: () => void): void => {
      action = next;
      cpu.addClockEvent(next, (bits * CHIP_HZ) / twi.sclFrequency);
    };
    // avr8js goes on when the unit is switched off; a chip lets go of the lines, and a device that holds one does not.
    const control = cpu.writeHooks[twiConfig.TWCR]!;
    cpu.writeHooks[twiConfig.TWCR] = (value, ...rest) => {
      if (!(value & TWI_ENABLE)) {
        cpu.clearClockEvent(action);
        (twi as unknown as { busy: boolean }).busy = false;
        cpu.data[twiConfig.TWSR]! |= TWI_IDLE;
        device = undefined;
        const held = stretchedUntil - cpu.cycles;
        if (held > 0) {
          this.drive('PC5', 0);
          cpu.addClockEvent(() => this.drive('PC5', null), held);
        }
      }
      return control(value, ...rest);
    };
    twi.eventHandler = {
      start: () => after(1, () => twi.completeStart()),
      stop: () => {
        device?.stop?.();
        device = undefined;
        after(1, () => twi.completeStop());
      },
      connectToSlave: (address, write) => {
        device = this.#options.twi?.get(address);
        device?.start(write);
        const acknowledged = device !== undefined;
        after(9, () => twi.completeConnect(acknowledged));
      },
      writeByte: (byte) => {
        const acknowledged = device?.write(byte) ?? false;
        after(9, () => twi.completeWrite(acknowledged));
      },
      readByte: () => {
        const stretchedS = (device?.stretchMs?.() ?? 0) / 1000;
        stretchedUntil = cpu.cycles + stretchedS * CHIP_HZ;
        const byte = device?.read() ?? 0xff;
        after(9 + stretchedS * twi.sclFrequency, () => twi.completeRead(byte));
      },
    };
  }

  #attachUsart(cpu: CPU): AVRUSART {
    const usart = new AVRUSART(cpu, usart0Config, CHIP_HZ);
    usart.onByteTransmit = this.#options.onSend;
    usart.onRxComplete = () => this.#feed();
    const { RXC, UDRE } = usart as unknown as Record<'RXC' | 'UDRE', InterruptConfig>;
    // Executing the interrupt does not clear UDRE, only writing UDR0 does (datasheet section 19.6.3).
    UDRE.constant = true;
    // avr8js drops a received byte whenever UCSR0B is written; a chip keeps it.
    const hook = cpu.writeHooks[usart0Config.UCSRB]!;
    cpu.writeHooks[usart0Config.UCSRB] = (value, oldValue, address, mask) => {
      const waiting = cpu.data[usart0Config.UCSRA]! & USART_RX_COMPLETE;
      const done = hook(value, oldValue, address, mask);
      if (waiting && value & USART_RX_ENABLE) cpu.setInterruptFlag(RXC);
      return done;
    };
    return usart;
  }

  /** One byte at a time onto the line; without a receiver they are lost, as on a wire. */
  #feed(): void {
    const usart = this.#core.usart;
    if (!usart.rxEnable) this.#received = [];
    else if (!usart.rxBusy && this.#received.length > 0) usart.writeByte(this.#received.shift()!);
  }
}
