// Records that no PostgreSQL writes, and whose checksum is right: each is refused in words, whatever its manager.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { resourceManagers } from './resourceManagers.js'
import { testWorld } from './testing/context.js'
import { walRecord } from './testing/records.js'

/** Bytes of main data that redo reads first, by manager and operation. */
const needed: ReadonlyArray<readonly [string, number, number, number]> = [
  ['XLOG/CHECKPOINT_SHUTDOWN', 0, 0x00, 88],
  ['XLOG/CHECKPOINT_ONLINE', 0, 0x10, 88],
  ['XLOG/NEXTOID', 0, 0x30, 4],
  ['XLOG/PARAMETER_CHANGE', 0, 0x60, 28],
  ['XLOG/FPW_CHANGE', 0, 0x80, 1],
  ['XLOG/OVERWRITE_CONTRECORD', 0, 0xd0, 16],
  ['Transaction/COMMIT', 1, 0x00, 8],
  ['Transaction/PREPARE', 1, 0x10, 72],
  ['Transaction/ABORT', 1, 0x20, 8],
  ['Storage/CREATE', 2, 0x10, 16],
  ['Storage/TRUNCATE', 2, 0x20, 20],
  ['CLOG/ZEROPAGE', 3, 0x00, 8],
  ['CLOG/TRUNCATE', 3, 0x10, 8],
  ['Database/CREATE_FILE_COPY', 4, 0x00, 16],
  ['Database/CREATE_WAL_LOG', 4, 0x10, 8],
  ['Database/DROP', 4, 0x20, 8],
  ['Tablespace/CREATE', 5, 0x00, 4],
  ['Tablespace/DROP', 5, 0x10, 4],
  ['MultiXact/ZERO_OFF_PAGE', 6, 0x00, 8],
  ['MultiXact/ZERO_MEM_PAGE', 6, 0x10, 8],
  ['MultiXact/CREATE_ID', 6, 0x20, 12],
  ['MultiXact/TRUNCATE_ID', 6, 0x30, 20],
  ['RelMap/UPDATE', 7, 0x00, 12],
  ['CommitTs/ZEROPAGE', 18, 0x00, 8],
  ['CommitTs/TRUNCATE', 18, 0x10, 12],
  ['ReplicationOrigin/SET', 19, 0x00, 11],
  ['ReplicationOrigin/DROP', 19, 0x10, 2],
]

describe('a record shorter than its operation needs', () => {
  test.each(needed)('%s', (_, rmid, info, size) => {
    const world = testWorld()
    const redo = (): void =>
      world.redo(resourceManagers[rmid], walRecord({ rmid, info, main: new Uint8Array(size - 1) }))
    expect(redo).toThrow(CorruptData)
    expect(redo).toThrow(/expected \d+ bytes of main data|ends before what it announces/)
  })
})

test('lists that announce more than there is', () => {
  const counted = (rmid: number, info: number, size: number, countAt: number): Uint8Array => {
    const main = new Uint8Array(size)
    new DataView(main.buffer).setUint32(countAt, 0x10000000, true)
    expect(() => testWorld().redo(resourceManagers[rmid], walRecord({ rmid, info, main }))).toThrow(
      CorruptData,
    )
    return main
  }
  counted(6, 0x20, 12, 8) // members of a multixact
  counted(4, 0x20, 8, 4) // tablespaces of a dropped database
  const commit = new Uint8Array(16)
  new DataView(commit.buffer).setUint32(8, 2, true) // xinfo: subtransactions, 2^28 of them
  new DataView(commit.buffer).setUint32(12, 0x10000000, true)
  const redo = (): void =>
    testWorld().redo(resourceManagers[1], walRecord({ rmid: 1, info: 0x80, main: commit }))
  expect(redo).toThrow(/ends before what it announces/)
})

test('pages of status tables that no transaction id can be on', () => {
  for (const rmid of [3, 6, 18])
    for (const page of [-1n, 1n << 40n]) {
      const main = new Uint8Array(8)
      new DataView(main.buffer).setBigInt64(0, page, true)
      const redo = (): void => testWorld().redo(resourceManagers[rmid], walRecord({ rmid, info: 0, main }))
      expect(redo).toThrow(`there is no page ${page}`)
    }
})

test.each([
  ['xact_redo', 1, 0x70],
  ['smgr_redo', 2, 0x00],
  ['clog_redo', 3, 0x20],
  ['dbase_redo', 4, 0x30],
  ['tblspc_redo', 5, 0x20],
  ['multixact_redo', 6, 0x40],
  ['relmap_redo', 7, 0x10],
  ['standby_redo', 8, 0x30],
  ['commit_ts_redo', 18, 0x20],
  ['replorigin_redo', 19, 0x20],
  ['logicalmsg_redo', 21, 0x10],
])('%s: an operation that PostgreSQL does not know', (name, rmid, info) => {
  const redo = (): void =>
    testWorld().redo(resourceManagers[rmid], walRecord({ rmid, info, main: new Uint8Array(100) }))
  expect(redo).toThrow(`${name}: unknown op code ${info}`)
})

test('a fork that there is not', () => {
  const world = testWorld()
  const main = new Uint8Array(16)
  new DataView(main.buffer).setInt32(12, 9, true)
  expect(() => world.redo(resourceManagers[2], walRecord({ rmid: 2, info: 0x10, main }))).toThrow(
    /no fork number 9/,
  )
})
