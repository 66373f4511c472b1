/** Rows for the benchmarks' tables. */

const DIGITS = Array.from({ length: 10 }, (_value, digit) => `select ${digit} as d`).join(' union ')

/** A table expression: `n` from 1 to 100,000. */
export const NUMBERS = `(select 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d as n
  from (${DIGITS}) a, (${DIGITS}) b, (${DIGITS}) c, (${DIGITS}) e, (${DIGITS}) f)`
