import { expect, test } from 'vitest'
import { initPage, pageOf } from '../format/page.js'
import { testWorld } from '../redo/testing/context.js'
import { walRecord } from '../redo/testing/records.js'
import { applyRecord } from './replay.js'

test('damage found by redo says which record, which operation and which page', () => {
  const world = testWorld()
  const page = pageOf()
  initPage(page, 0)
  world.put(0, page)
  // A lock on line pointer 7 of an empty page.
  const main = new Uint8Array([0, 3, 0, 0, 7, 0, 0, 0])
  const record = walRecord({ rmid: 10, info: 0x60, xid: 700, blocks: [{ block: 0 }], main })
  expect(() => applyRecord(record, world.context)).toThrow(
    /\(WAL redo at 0\/2000028 for Heap\/LOCK: base\/5\/16384 block 0\)$/,
  )
})
