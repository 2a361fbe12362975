// Positions in the log, as fast-check makes them: multiples of eight, as records start and end there.

import fc from 'fast-check'

/** Where the first record of segment 1 starts: the lowest position a record can have in a cluster made by initdb. */
export const FIRST_RECORD = 0x1000028n

/** A position from `min` to `max`, a multiple of eight; smaller ones are the simpler ones. */
export function position(min: bigint = FIRST_RECORD, max: bigint = 0xffffffffn): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: (min + 7n) / 8n, max: max / 8n }).map((eighth) => eighth * 8n)
}

/** The length of a record with its padding: 24 bytes and more. */
export const paddedLength: fc.Arbitrary<bigint> = fc.integer({ min: 3, max: 128 }).map((n) => BigInt(n) * 8n)

/** Positions past 4 GiB of WAL, up to the last one there is. */
export const highPosition: fc.Arbitrary<bigint> = position(1n << 32n, (1n << 64n) - 8n)
