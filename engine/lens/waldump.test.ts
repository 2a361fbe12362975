import { afterAll, describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { concat, le16, le16s, le32, walRecord, type RecordSpec } from '../redo/testing/records.js'
import { goldenData } from './testing/golden.js'
import { recordsOf } from './testing/recordsOf.js'
import { blockReferences, describeRecord, identifyRecord, waldumpDetails, waldumpLine } from './waldump.js'

const le64 = (n: bigint): Uint8Array => concat(le32(Number(n & 0xffffffffn)), le32(Number(n >> 32n)))
const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values)
const told = (spec: RecordSpec): string => {
  const record = walRecord(spec)
  return `${identifyRecord(record)} ${describeRecord(record)}`
}

const golden = goldenData()
if (golden) {
  afterAll(() => golden.remove())
  test('the lines of a native server’s log are those of pg_waldump 18.3, every one of 69,023', () => {
    const theirs = golden.text('pg_waldump.txt.zst').split('\n')
    expect(theirs.pop()).toBe('')
    const differences: string[] = []
    let count = 0
    for (const record of recordsOf(golden.directory)) {
      const line = waldumpLine(record)
      if (line !== theirs[count]) differences.push(`-${theirs[count]}\n+${line}`)
      count++
    }
    expect(differences.slice(0, 3)).toEqual([])
    expect(count).toBe(69_023)
    expect(theirs).toHaveLength(count)
  })
}

test('a line, from its parts', () => {
  const page = new Uint8Array(8192).fill(1)
  const record = walRecord({
    rmid: 10,
    info: 0x00,
    xid: 754,
    lsn: 0x5_0000_0028n,
    xl_prev: 0x4_ffff_fff0n,
    blocks: [
      { block: 3, image: page },
      { block: 7, fork: 2, relNumber: 9 },
    ],
    main: concat(le16(102), bytes(0x09)),
  })
  expect(waldumpLine(record)).toBe(
    'rmgr: Heap        len (rec/tot):     74/  8266, tx:        754, lsn: 5/00000028, prev 4/FFFFFFF0, ' +
      'desc: INSERT off: 102, flags: 0x09, blkref #0: rel 1663/5/16384 blk 3 FPW, ' +
      'blkref #1: rel 1663/5/9 fork vm blk 7',
  )
  expect(blockReferences(record)).toEqual([
    'blkref #0: rel 1663/5/16384 fork main blk 3 (FPW); hole: offset: 0, length: 0',
    'blkref #1: rel 1663/5/9 fork vm blk 7',
  ])
  expect(waldumpDetails(record).split('\n').slice(1)).toEqual(blockReferences(record).map((t) => `\t${t}`))
})

test('an image that is only to be compared is marked as such', () => {
  const record = walRecord({
    rmid: 20,
    info: 0,
    blocks: [{ block: 0, image: new Uint8Array(8192), imageForCheckOnly: true }],
  })
  expect(waldumpLine(record)).toMatch(
    / desc: Generic , blkref #0: rel 1663\/5\/16384 blk 0 FPW for WAL verification$/,
  )
  expect(blockReferences(record)[0]).toContain(' (FPW for WAL verification); hole: offset: 0, length: 0')
})

test('operations and resource managers that PostgreSQL 18 does not have', () => {
  // A DELETE that makes its page anew: the low bits still say what to read, as in PostgreSQL.
  expect(told({ rmid: 10, info: 0x90, main: new Uint8Array(8) })).toBe(
    'UNKNOWN (90) xmax: 0, off: 0, infobits: [], flags: 0x00',
  )
  expect(told({ rmid: 3, info: 0x20 })).toBe('UNKNOWN (20) ')
  const record = walRecord({ rmid: 128, info: 0x30, main: text('anything') })
  expect(waldumpLine(record)).toMatch(/^rmgr: custom128   len .* desc: UNKNOWN \(30\) rmid: 128$/)
})

// What one session of a running server hardly writes, or not at all. The rest is held against pg_walinspect
// (waldump.walinspect.test.ts).
describe('rare records', () => {
  const time = le64(847_000_000_000_123n) // microseconds since 2000

  test('XLOG', () => {
    expect(told({ rmid: 0, info: 0x20, main: le32(0) })).toBe('NOOP ')
    const end = concat(time, le32(2), le32(1), le32(1), le32(0))
    expect(told({ rmid: 0, info: 0x90, main: end })).toBe(
      'END_OF_RECOVERY tli 2; prev tli 1; time 2026-11-03 05:46:40.000123 UTC; wal_level replica',
    )
    expect(told({ rmid: 0, info: 0xd0, main: concat(le64(0x1723850n), time) })).toBe(
      'OVERWRITE_CONTRECORD lsn 0/1723850; time 2026-11-03 05:46:40.000123 UTC',
    )
  })

  test('Transaction: everything a commit can carry', () => {
    const locator = concat(le32(1663), le32(5), le32(16390))
    const message = concat(bytes(0xfe, 0, 0, 0), le32(5), le32(1259), le32(0)) // relcache 1259
    const xinfo = 0xe000_0000 + 0x100 + 0x2f
    const main = concat(
      ...[time, le32(xinfo), le32(5), le32(1663)],
      ...[le32(2), le32(755), le32(756), le32(1), locator],
      ...[le32(1), le32(2), le32(5), le32(16390), le32(1), le32(1), message],
      ...[le64(0x1234n), time],
    )
    expect(told({ rmid: 1, info: 0x80, xid: 754, origin: 3, main })).toBe(
      'COMMIT 2026-11-03 05:46:40.000123 UTC; rels: base/5/16390; subxacts: 755 756; ' +
        'dropped stats: 2/5/4294983686; relcache init file inval dbid 5 tsid 1663; inval msgs: relcache 1259; ' +
        'apply_feedback; sync; origin: node 3, lsn 0/1234, at 2026-11-03 05:46:40.000123 UTC',
    )
  })

  test('CLOG, Standby, Heap2, Btree, Gist', () => {
    expect(told({ rmid: 3, info: 0x10, main: concat(le64(7n), le32(229376), le32(5)) })).toBe(
      'TRUNCATE page 7; oldestXact 229376',
    )
    const running = concat(
      le32(1),
      le32(1),
      bytes(1, 0, 0, 0),
      le32(790),
      le32(781),
      le32(789),
      le32(781),
      le32(782),
    )
    expect(told({ rmid: 8, info: 0x10, main: running })).toBe(
      'RUNNING_XACTS nextXid 790 latestCompletedXid 789 oldestRunningXid 781; 1 xacts: 781; subxid overflowed; ' +
        '1 subxacts: 782',
    )
    expect(told({ rmid: 9, info: 0x00, main: new Uint8Array(40) })).toBe('REWRITE ')
    const lock = concat(le32(9), le16(4), bytes(0x17, 0x01))
    expect(told({ rmid: 9, info: 0x60, blocks: [{ block: 1 }], main: lock })).toBe(
      'LOCK_UPDATED xmax: 9, off: 4, infobits: [IS_MULTI, LOCK_ONLY, EXCL_LOCK, KEYS_UPDATED], flags: 0x01',
    )
    expect(told({ rmid: 11, info: 0x20, blocks: [{ block: 1 }], main: le16(3) })).toBe('INSERT_META off: 3')
    expect(told({ rmid: 14, info: 0x70 })).toBe('ASSIGN_LSN ')
  })

  test('invalidation messages of every kind', () => {
    const message = (id: number): Uint8Array => concat(bytes(id & 0xff, 0, 0, 0), le32(5), le32(77), le32(0))
    const messages = [21, -1, -2, -3, -4, -5, -6, -7].map(message)
    const main = concat(le32(5), le32(1663), bytes(0, 0, 0, 0), le32(messages.length), ...messages)
    expect(told({ rmid: 8, info: 0x20, main })).toBe(
      'INVALIDATIONS ; inval msgs: catcache 21 catalog 77 relcache 77 smgr relmap db 5 snapshot 77 relsync 77 ' +
        'unrecognized id -7',
    )
  })

  test('Gin: inner pages of posting trees, and each action on a leaf', () => {
    const children = concat(le16s(0, 4, 0, 5))
    const pitem = concat(le16(2), le16s(0, 9, 0, 3, 7))
    expect(
      told({ rmid: 13, info: 0x20, blocks: [{ block: 2, data: pitem }], main: concat(le16(1), children) }),
    ).toBe('INSERT isdata: T isleaf: F children: 4/5 pitem: 9-3/7')
    const postingList = concat(le16s(0, 3, 7), le16(3), bytes(1, 2, 3, 0)) // padded to an even length
    const actions = concat(
      ...[le16(5), bytes(0, 4), le16(2), new Uint8Array(12)],
      ...[bytes(1, 1), bytes(2, 2), postingList, bytes(3, 3), postingList, bytes(4, 9)],
    )
    expect(told({ rmid: 13, info: 0x20, blocks: [{ block: 2, data: actions }], main: le16(3) })).toBe(
      'INSERT isdata: T isleaf: T 5 segments: 0 (add 2 items) 1 (delete) 2 (insert) 3 (replace) 4 unknown action 9 ???',
    )
    const image = { block: 2, image: new Uint8Array(8192) }
    expect(told({ rmid: 13, info: 0x90, blocks: [image] })).toBe('VACUUM_DATA_LEAF_PAGE  (full page image)')
    expect(told({ rmid: 13, info: 0x90, blocks: [{ ...image, imageForCheckOnly: true }] })).toBe(
      'VACUUM_DATA_LEAF_PAGE  (full page image, for WAL verification)',
    )
  })

  test('SPGist: a parent that is not updated; Hash: numbers as printf has them', () => {
    const node = concat(le16s(3, 0), bytes(1, 0xff), le16s(0, 2), new Uint8Array(10))
    expect(told({ rmid: 16, info: 0x30, blocks: [{ block: 1 }], main: node })).toBe(
      'ADD_NODE off: 3, newoff: 0, parentBlk: -1, parentoff: 0, nodeI: 2 (newpage)',
    )
    const tuples = (n: number): string => {
      const main = new Uint8Array(8)
      new DataView(main.buffer).setFloat64(0, n, true)
      return told({ rmid: 12, info: 0xb0, blocks: [{ block: 0 }], main }).replace(
        'UPDATE_META_PAGE ntuples ',
        '',
      )
    }
    expect([0, 100, 999999.4, 1234567, 1e10, 0.5, 1e-5, -3, Infinity, NaN].map(tuples)).toEqual(
      '0 100 999999 1.23457e+06 1e+10 0.5 1e-05 -3 inf nan'.split(' '),
    )
  })

  test('LogicalMessage of a 64-bit server and of a 32-bit one', () => {
    const head = concat(le32(5), bytes(1, 0, 0, 0))
    const rest = concat(text('né\0'), bytes(0x00, 0xff))
    const description = 'MESSAGE transactional, prefix "né"; payload (2 bytes): 00 FF'
    expect(told({ rmid: 21, info: 0, main: concat(head, le64(4n), le64(2n), rest) })).toBe(description)
    expect(told({ rmid: 21, info: 0, main: concat(head, le32(4), le32(2), rest) })).toBe(description)
  })
})

test('a record that announces more than it holds is one clear error', () => {
  for (const spec of [
    { rmid: 10, info: 0x00, main: le16(1) },
    { rmid: 6, info: 0x20, main: concat(le32(1), le32(0), le32(0x7fffffff)) },
    { rmid: 1, info: 0x80, main: concat(le64(0n), le32(2), le32(0xffffffff)) },
    { rmid: 21, info: 0x00, main: new Uint8Array(20).fill(255) },
  ])
    expect(() => describeRecord(walRecord(spec)), `rmid ${spec.rmid}`).toThrow(CorruptData)
})
