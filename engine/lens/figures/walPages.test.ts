import { expect, test } from 'vitest'
import { memoryDisk } from '../../disk/memoryDisk.js'
import { WalReader } from '../../wal/reader.js'
import { soleTimeline } from '../../wal/timelines.js'
import { WalWriter } from '../../wal/writer.js'
import { expectSoundFigure, wordsOf } from './testing/figure.js'
import { drawWalPages, layOutWalPages } from './walPages.js'

const SEGMENT = 1 << 20

/** A segment with records of these lengths, from its start. */
function segmentOf(lengths: readonly number[]): { bytes: Uint8Array; starts: bigint[] } {
  const disk = memoryDisk()
  disk.makeDirectory('pg_wal')
  const position = BigInt(SEGMENT)
  const options = { disk, segmentSize: SEGMENT, timeline: 1, systemIdentifier: 1n }
  const writer = new WalWriter({ ...options, position, previous: 40n })
  for (const length of lengths) writer.insert(10, 0, 700, new Uint8Array(length).fill(1))
  writer.sync()
  const reader = new WalReader({ disk, segmentSize: SEGMENT, timelines: soleTimeline(1) })
  reader.beginAt(position)
  const starts: bigint[] = []
  for (let read = reader.read(); read.kind === 'record'; read = reader.read()) starts.push(read.lsn)
  expect(starts.length).toBe(lengths.length)
  return { bytes: disk.read('pg_wal/000000010000000000000001', 0, SEGMENT), starts }
}

test('records begin where the reader says they begin', () => {
  const { bytes, starts } = segmentOf(Array.from({ length: 400 }, (_, i) => (i * 97) % 700))
  const drawn = layOutWalPages(bytes).flatMap(({ lsn, pieces }) =>
    pieces.filter(({ continued }) => !continued).map(({ from }) => lsn + BigInt(from)),
  )
  expect(drawn).toEqual(starts)
})

test('a record cut by a page end is told with its two lengths', () => {
  const { bytes } = segmentOf([8000, 500])
  const words = wordsOf(drawWalPages(bytes.subarray(0, 2 * 8192)))
  const first = 8192 - 40 - 8032 // what is left of the page: long header, 24 + 5 + 8000 bytes, aligned
  expect(words).toContain(`${first} of 529 bytes here`)
  expect(words).toContain(`xlp_rem_len ${529 - first}`)
})

test('the log’s end is marked where the first empty place is; pages of another log are not read', () => {
  const { bytes } = segmentOf([100])
  const words = wordsOf(drawWalPages(bytes.subarray(0, 2 * 8192)))
  expect(words).toContain(`no further record from 0/${(SEGMENT + 40 + 128).toString(16).toUpperCase()} on`)
  expect(words).toContain('not a page of this log: empty, or older')
})

test('a record of a recycled segment, whose xl_prev is another’s, is not drawn as part of the log', () => {
  const { bytes } = segmentOf([100, 100, 100])
  bytes[40 + 128 + 8] ^= 1
  expect(layOutWalPages(bytes.subarray(0, 8192))[0].pieces).toHaveLength(1)
})

test('the figure is sound', () => {
  expectSoundFigure(drawWalPages(segmentOf([8000, 500, 20000, 3, 3, 3]).bytes.subarray(0, 6 * 8192)))
})
