// Whoever computes it, a CRC is the same; and where the library is missing or wrong, nobody asks it.

import { randomInt } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { computeLongWith, crc32c, crcFinish, crcUpdate, CRC_INIT } from '../bytes/crc32c.js'
import { useProcessorCrc } from './processorCrc.js'

afterEach(() => computeLongWith(undefined))

const seed = randomInt(2 ** 31)
/** Numbers that look random, from the seed (a linear congruential generator). */
function randoms(): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8
}

test(`the processor's CRC is that of the loop, in both kinds of memory (seed ${seed})`, () => {
  const next = randoms()
  for (const memory of [new ArrayBuffer(40_000), new SharedArrayBuffer(40_000)]) {
    const bytes = new Uint8Array(memory, 3).map(() => 0)
    bytes.forEach((_, i) => (bytes[i] = next()))
    const pieces = Array.from({ length: 200 }, () => {
      const [start, middle, end] = [next(), next(), next()].map((n) => n % bytes.length).sort((a, b) => a - b)
      return { start, middle, end }
    })
    const all = (): number[] =>
      pieces.map(({ start, middle, end }) => {
        const state = crcUpdate(CRC_INIT, bytes, start, middle)
        return crcFinish(crcUpdate(state, bytes, middle, end))
      })
    computeLongWith(undefined)
    const expected = all()
    expect(useProcessorCrc(), 'this system has the library').toBe(true)
    expect(all()).toEqual(expected)
  }
})

test('it is asked for long pieces only', () => {
  const asked: number[] = []
  computeLongWith((bytes, crc) => (asked.push(bytes.length, crc), 7))
  expect([crc32c(new Uint8Array(511)) === 7, crc32c(new Uint8Array(512)), asked]).toEqual([
    false,
    7,
    [512, 0],
  ])
})

test.each([
  ['is not there', () => { throw new Error('Cannot find module') }],
  ['is another one', () => ({}) as { crc32c(): number }],
  ['computes something else', () => ({ crc32c: () => 5 })],
] as const)('a library that %s is not used', (_, load) => {
  const bytes = new TextEncoder().encode('123456789'.repeat(100))
  const expected = crc32c(bytes)
  expect(useProcessorCrc(load)).toBe(false)
  expect(crc32c(bytes)).toBe(expected)
}) // prettier-ignore
