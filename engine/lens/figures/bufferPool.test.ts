import { expect, test } from 'vitest'
import { BufferPool } from '../../buffers/bufferPool.js'
import { memoryDisk } from '../../disk/memoryDisk.js'
import { initPage } from '../../format/page.js'
import { drawBufferPool } from './bufferPool.js'
import { boxesOf, expectSoundFigure, wordsOf } from './testing/figure.js'

function poolWithThreePages(): BufferPool {
  const disk = memoryDisk([['base/5/16384', new Uint8Array(3 * 8192)]])
  const pool = new BufferPool(disk, { checksums: false, flushLogTo: () => {} })
  const file = pool.relation(1663, 5, 16384, 0)
  pool.read(file, 0)
  const changed = pool.read(file, 1)
  initPage(changed, 0)
  pool.markDirty(changed)
  return pool
}

test('a square a page; a changed one becomes like the others when it is written', () => {
  const pool = poolWithThreePages()
  const svg = drawBufferPool(pool, { 16384: 'accounts' })
  expectSoundFigure(svg)
  expect(svg).toContain('1 changed in memory only, 1 in memory as on disk, 1 on disk only')
  expect(wordsOf(svg)).toContain('base/5/16384 accounts')
  const squares = boxesOf(svg).slice(3) // after the legend
  expect(new Set(squares.map(({ fill }) => fill)).size).toBe(3)
  pool.flushAll()
  expect(drawBufferPool(pool)).toContain('0 changed in memory only, 2 in memory as on disk')
})

test('a large file goes over several lines and stays in the figure', () => {
  const disk = memoryDisk([['base/5/16384', new Uint8Array(150 * 8192)]])
  const pool = new BufferPool(disk, { checksums: false, flushLogTo: () => {} })
  pool.read(pool.relation(1663, 5, 16384, 0), 149)
  const svg = drawBufferPool(pool)
  expectSoundFigure(svg)
  expect(boxesOf(svg).length).toBe(150 + 3)
})
