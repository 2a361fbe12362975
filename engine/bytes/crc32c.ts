// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as PostgreSQL stores it in WAL records, pg_control,
// two-phase files and relation maps. Sixteen tables let the loop take sixteen bytes a step ("slicing by sixteen"):
// table k holds what a byte amounts to when k more bytes follow it. It is the price of every byte of WAL, so it is the
// one place here that is written for speed.

import { viewOf } from './layout.js'

const POLYNOMIAL = 0x82f63b78

const tables: Int32Array[] = Array.from({ length: 16 }, () => new Int32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  tables[0][byte] = crc
}
for (let byte = 0; byte < 256; byte++)
  for (let k = 1; k < tables.length; k++)
    tables[k][byte] = (tables[k - 1][byte] >>> 8) ^ tables[0][tables[k - 1][byte] & 0xff]
const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = tables

/** The state before the first byte. */
export const CRC_INIT = -1

/** From so many bytes on it is worth it to ask somebody else. */
const LONG = 512
let ofLong: ((bytes: Uint8Array, crc: number) => number) | undefined

/**
 * From now on somebody else computes the CRC of long pieces: most processors have an instruction for it, out of reach
 * from here. He gets the finished CRC of what came before, and returns that of both together.
 */
export function computeLongWith(other: typeof ofLong): void {
  ofLong = other
}

/** Feeds `bytes[start..end)` into a running state; finish with {@link crcFinish}. `view`: of the same memory. */
export function crcUpdate(
  state: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  view: DataView = viewOf(bytes),
): number {
  if (ofLong && end - start >= LONG) return ofLong(bytes.subarray(start, end), crcFinish(state)) ^ -1
  let crc = state
  let i = start
  for (; i + 16 <= end; i += 16) {
    const a = crc ^ view.getInt32(i, true)
    const b = view.getInt32(i + 4, true)
    const c = view.getInt32(i + 8, true)
    const d = view.getInt32(i + 12, true)
    crc =
      t15[a & 0xff] ^
      t14[(a >>> 8) & 0xff] ^
      t13[(a >>> 16) & 0xff] ^
      t12[a >>> 24] ^
      t11[b & 0xff] ^
      t10[(b >>> 8) & 0xff] ^
      t9[(b >>> 16) & 0xff] ^
      t8[b >>> 24] ^
      t7[c & 0xff] ^
      t6[(c >>> 8) & 0xff] ^
      t5[(c >>> 16) & 0xff] ^
      t4[c >>> 24] ^
      t3[d & 0xff] ^
      t2[(d >>> 8) & 0xff] ^
      t1[(d >>> 16) & 0xff] ^
      t0[d >>> 24]
  }
  for (; i + 4 <= end; i += 4) {
    const a = crc ^ view.getInt32(i, true)
    crc = t3[a & 0xff] ^ t2[(a >>> 8) & 0xff] ^ t1[(a >>> 16) & 0xff] ^ t0[a >>> 24]
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 0xff]
  return crc
}

/** The finished checksum, as an unsigned 32-bit number. */
export function crcFinish(state: number): number {
  return (state ^ -1) >>> 0
}

/** CRC-32C of `bytes[start..end)`. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  return crcFinish(crcUpdate(CRC_INIT, bytes, start, end))
}
