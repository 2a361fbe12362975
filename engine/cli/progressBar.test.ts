import { expect, test } from 'vitest'
import { recoveryProgress } from './progressBar.js'
import { testIo } from './testing/io.js'

const MEGABYTE = 1n << 20n

test('where in the log, and how fast since the phase began, not since the first news of it', () => {
  const io = testIo({ isTTY: true })
  let time = 0
  const bar = recoveryProgress(io, io.stdout, () => time)
  const step = (
    ms: number,
    phase: 'survey' | 'replay',
    done: bigint,
    records: number,
    end?: bigint,
  ): void => {
    time += ms
    bar.update({ phase, position: done, begin: 0n, end, records })
  }
  step(1000, 'survey', 50n * MEGABYTE, 400_000)
  expect(io.err()).toContain('reading  0/3200000, 50 MB/s, 400,000 records/s')
  expect(io.err()).not.toContain('%')
  step(1000, 'survey', 100n * MEGABYTE, 900_000)
  step(2000, 'replay', 20n * MEGABYTE, 160_000, 100n * MEGABYTE)
  expect(io.err()).toContain('20% 0/1400000, 10 MB/s, 80,000 records/s')
  bar.print('LOG:  a sentence')
  expect(io.out()).toBe('LOG:  a sentence\n')
  bar.stop()
})

test('no terminal, nothing drawn', () => {
  const io = testIo()
  const bar = recoveryProgress(io, io.stdout)
  bar.update({ phase: 'replay', position: 1n, begin: 0n, end: 2n, records: 1 })
  bar.print('a line')
  bar.stop()
  expect([io.out(), io.err()]).toEqual(['a line\n', ''])
})
