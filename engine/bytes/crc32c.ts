// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as PostgreSQL stores it in WAL records, pg_control,
// two-phase files and relation maps. Eight tables let the loop take eight bytes a step ("slicing by eight"):
// it is the price of every byte of WAL, so it is the one place here that is written for speed.

const POLYNOMIAL = 0x82f63b78

const tables: Int32Array[] = Array.from({ length: 8 }, () => new Int32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  tables[0][byte] = crc
}
for (let byte = 0; byte < 256; byte++)
  for (let k = 1; k < 8; k++)
    tables[k][byte] = (tables[k - 1][byte] >>> 8) ^ tables[0][tables[k - 1][byte] & 0xff]
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables

/** The state before the first byte. */
export const CRC_INIT = -1

/** Feeds `bytes[start..end)` into a running state; finish with {@link crcFinish}. */
export function crcUpdate(state: number, bytes: Uint8Array, start: number, end: number): number {
  let crc = state
  let i = start
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24))
    crc =
      t7[low & 0xff] ^
      t6[(low >>> 8) & 0xff] ^
      t5[(low >>> 16) & 0xff] ^
      t4[low >>> 24] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]]
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
