/** What the sentences of NMEA 0183 tell, as capabilities: name, kind, SenML unit, rounding, plausible range. */

import type { Quantity } from '../format.ts';

const SAFE = Number.MAX_SAFE_INTEGER;

/** `min` and `max` in whole units. */
const quantity = (
  name: string,
  kind: string,
  unit: string,
  exponent: number,
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
): Quantity => {
  const scale = 10 ** -exponent;
  return { name, kind, unit, exponent, min: Math.max(min * scale, -SAFE), max: Math.min(max * scale, SAFE) };
};

const temperature = (name: string): Quantity => quantity(name, 'temperature', 'Cel', -2, -100, 200);
const angle = (name: string, kind: string): Quantity => quantity(name, kind, 'deg', -3, -360, 360);
const speed = (name: string, kind: string): Quantity => quantity(name, kind, 'm/s', -3, 0, 200);

export const AIR_TEMPERATURE = temperature('air-temperature');
export const WATER_TEMPERATURE = temperature('water-temperature');
export const DEW_POINT = temperature('dew-point');
export const PRESSURE = quantity('barometric-pressure', 'pressure', 'Pa', 0, 30_000, 120_000);
export const HUMIDITY = quantity('humidity', 'humidity', '%RH', -2, 0, 100);
/** Over ground, from true or magnetic north. */
export const WIND_DIRECTION = angle('wind-direction', 'wind-direction');
export const WIND_DIRECTION_MAGNETIC = angle('wind-direction-magnetic', 'wind-direction-magnetic');
export const WIND_SPEED = speed('wind-speed', 'wind-speed');
/** From the bow, or from where a mast was pointed: as felt, and with the vessel's own motion taken out. */
export const RELATIVE_WIND_ANGLE = angle('relative-wind-angle', 'wind-angle');
export const RELATIVE_WIND_SPEED = speed('relative-wind-speed', 'wind-speed');
export const TRUE_WIND_ANGLE = angle('true-wind-angle', 'wind-angle');
export const TRUE_WIND_SPEED = speed('true-wind-speed', 'wind-speed');
export const HEADING = angle('heading', 'heading');
export const HEADING_MAGNETIC = angle('heading-magnetic', 'heading-magnetic');
export const SPEED_THROUGH_WATER = speed('speed-through-water', 'speed');
/** To 0.1 mm: RTK receivers tell eight decimals of a minute, 0.02 mm. */
export const LATITUDE = quantity('latitude', 'latitude', 'lat', -9, -90, 90);
export const LONGITUDE = quantity('longitude', 'longitude', 'lon', -9, -180, 180);
/** Over the mean sea. */
export const ALTITUDE = quantity('altitude', 'altitude', 'm', -3, -12_000, 100_000);
export const SATELLITES = quantity('satellites', 'satellites', 'count', 0, 0, 999);
export const SPEED_OVER_GROUND = quantity('speed-over-ground', 'speed', 'm/s', -3, 0, 12_000);
export const COURSE_OVER_GROUND = angle('course-over-ground', 'course');
/** Seconds since 1970 in UTC. */
export const UTC_TIME = quantity('utc-time', 'time', 's', -3, 0);

/** A transducer of XDR. */
export const transducer = (name: string, kind: string, unit: string, exponent: number): Quantity =>
  quantity(name, kind, unit, exponent);
