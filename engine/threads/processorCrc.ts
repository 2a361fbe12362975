// The processor's own instruction for CRC-32C, by way of a native library: with it a full-page image costs a third. It
// is there for most systems; where it is not, or does not load, the loop in bytes/crc32c.ts does everything.

import { createRequire } from 'node:module'
import { computeLongWith, crc32c } from '../bytes/crc32c.js'

/** What `@node-rs/crc32` has. */
export interface NativeCrc {
  crc32c(bytes: Uint8Array, crc: number): number
}

const library = (): NativeCrc => createRequire(import.meta.url)('@node-rs/crc32') as NativeCrc

/** Lets the processor compute the CRC of long pieces, if it can; returns whether it does. */
export function useProcessorCrc(load = library): boolean {
  const sample = Uint8Array.from({ length: 999 }, (_, i) => i * 7)
  try {
    const native = load()
    const agrees = native.crc32c(sample.subarray(100), crc32c(sample, 0, 100)) === crc32c(sample)
    if (agrees) computeLongWith((bytes, crc) => native.crc32c(bytes, crc))
    return agrees
  } catch {
    return false // the loop is right, too
  }
}
