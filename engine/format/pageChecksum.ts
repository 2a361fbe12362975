// The checksum in a page's header: 32 lanes, each a variant of FNV-1a over every 32nd word, folded together with the
// block number so that a page written to the wrong place shows (storage/checksum_impl.h). PostgreSQL 18 turns it on
// by default. It is computed when a page is written, and never for a page of zeroes.

import { BLCKSZ } from './controlFile.js'

const LANES = 32
const PRIME = 16777619
const SEEDS = Uint32Array.of(
  0x5b1f36e9,
  0xb8525960,
  0x02ab50aa,
  0x1de66d2a,
  0x79ff467a,
  0x9bb9f8a3,
  0x217e7cd2,
  0x83e13d2c,
  0xf8d4474f,
  0xe39eb970,
  0x42c6ae16,
  0x993216fa,
  0x7b093b5d,
  0x98daff3c,
  0xf718902a,
  0x0b1c9cdb,
  0xe58f764b,
  0x187636bc,
  0x5d7b3bb1,
  0xe73de7de,
  0x92bec979,
  0xcca6c0b2,
  0x304a0979,
  0x85aa43d4,
  0x783125bb,
  0x6ca8eaa2,
  0xe407eac6,
  0x4b5cfc3e,
  0x9fbf8c76,
  0x15ca20be,
  0xf2ca9fd3,
  0x959bd756,
)

/** The checksum that belongs on this page: 1 … 65535. `block` counts from the relation fork's start. */
export function pageChecksum(bytes: Uint8Array, block: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, BLCKSZ / 4)
  const kept = words[2] // pd_checksum and pd_flags share a word; the checksum counts as 0
  words[2] = kept & 0xffff0000
  let sum = 0
  // Four lanes a pass, each in a variable of its own: a processor works at all of them at once.
  for (let lane = 0; lane < LANES; lane += 4) {
    let [a, b, c, d] = [SEEDS[lane] | 0, SEEDS[lane + 1] | 0, SEEDS[lane + 2] | 0, SEEDS[lane + 3] | 0]
    for (let at = lane; at < BLCKSZ / 4; at += LANES) {
      a = mix(a ^ words[at])
      b = mix(b ^ words[at + 1])
      c = mix(c ^ words[at + 2])
      d = mix(d ^ words[at + 3])
    }
    sum ^= mix(mix(a)) ^ mix(mix(b)) ^ mix(mix(c)) ^ mix(mix(d))
  }
  words[2] = kept
  return (((sum ^ block) >>> 0) % 65535) + 1
}

const mix = (t: number): number => Math.imul(t, PRIME) ^ (t >>> 17)
