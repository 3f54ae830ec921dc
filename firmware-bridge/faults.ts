/** A board's own trouble in words (`schemas/spec/serial.md` section 4). */

const FAULTS = [
  'the sensor does not answer: check its wires',
  'the sensor stopped in a measurement: check its wires and its supply',
  'a quantity is not measured: there is no sensor for it, or it is broken',
  'requests were damaged on their way to the board: check the cable',
  'the board was too busy to take all bytes: send it less',
  'a reading found no room on the line: choose a longer period',
  'readings were skipped, a measurement takes longer than the period: choose a longer one',
  'its watchdog restarted the board: check its supply',
  'a payment was no tick of the installed chain: look at the gateway',
] as const;

/** A board without a humidity sensor or an anemometer tells this at each start, in full health. */
const NOT_MEASURED = 3;

/** Whether somebody should look at the board. */
export const isTrouble = (fault: number): boolean => fault !== NOT_MEASURED;

/** `count` times since the board's reset. A newer board may know faults that we do not. */
export const faultText = (fault: number, count: number): string => {
  const times = count === 1 ? 'once' : `${count} times`;
  return `${FAULTS[fault - 1] ?? `fault ${fault}, which this program does not know`} (${times})`;
};
