/**
 * Units of SenML: the primary registry of IANA (RFC 8428 section 12.1, RFC 8798 section 2).
 *
 * Primary units only: what a station measures in hPa is sold in Pa, an exponent away. So two profiles can
 * be compared by unit without a table of conversions.
 */

const UNITS = (
  'm kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l m/s m/s2 m3/s' +
  ' l/s W/m2 cd/m2 bit bit/s lat lon pH dB dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m' +
  ' B VA VAs var vars J/m kg/m3 deg'
).split(' ');

/** Whether the text is a registered primary unit, letter by letter. */
export const isUnit = (text: string): boolean => UNITS.indexOf(text) >= 0;
