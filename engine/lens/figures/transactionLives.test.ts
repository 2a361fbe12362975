import { expect, test } from 'vitest'
import { XACT, XINFO } from '../../format/transactionRecord.js'
import { concat, le16, le32, walRecord } from '../../redo/testing/records.js'
import type { WalRecord } from '../../wal/record.js'
import { expectSoundFigure, wordsOf } from './testing/figure.js'
import { drawTransactionLives, transactionLives } from './transactionLives.js'

const work = (xid: number, lsn: bigint): WalRecord =>
  walRecord({ rmid: 10, info: 0, xid, lsn, main: le16(1) })
const time = new Uint8Array(8)
const end = (operation: number, xid: number, lsn: bigint, subxids: readonly number[] = []): WalRecord =>
  walRecord({
    rmid: 1,
    info: operation | XACT.HAS_INFO,
    xid,
    lsn,
    main:
      subxids.length === 0
        ? concat(time, le32(0))
        : concat(time, le32(XINFO.HAS_SUBXACTS), le32(subxids.length), ...subxids.map(le32)),
  })

const log = [
  work(700, 0x1000n),
  work(701, 0x1100n),
  end(XACT.ABORT, 701, 0x1200n),
  end(XACT.COMMIT, 700, 0x1300n, [702]),
  work(703, 0x1400n),
]

test('a transaction lives from its first record to its end; the commit of a parent ends its children', () => {
  expect(transactionLives(log)).toEqual([
    { xid: 700, first: 0x1000n, last: 0x1300n, ending: 'committed' },
    { xid: 701, first: 0x1100n, last: 0x1200n, ending: 'aborted' },
    { xid: 702, first: undefined, last: 0x1300n, ending: 'committed', parent: 700 },
    { xid: 703, first: 0x1400n, ending: 'open' },
  ])
})

test("a prepared transaction is none of the open ones; its second phase ends it under another record's id", () => {
  const twophase = concat(time, le32(XINFO.HAS_TWOPHASE), le32(705))
  const commitPrepared = walRecord({
    rmid: 1,
    info: XACT.COMMIT_PREPARED | XACT.HAS_INFO,
    lsn: 0x1600n,
    main: twophase,
  })
  expect(transactionLives([work(705, 0x1500n), commitPrepared])).toEqual([
    { xid: 705, first: 0x1500n, last: 0x1600n, ending: 'committed' },
  ])
})

test('every transaction has its row and its fate in words', () => {
  const svg = drawTransactionLives(log)
  expectSoundFigure(svg)
  const words = wordsOf(svg)
  for (const [xid, fate] of [
    ['700', 'committed'],
    ['701', 'aborted'],
    ['702', 'committed'],
    ['703', 'the log ends, and this one has not'],
  ])
    expect(words[words.indexOf(xid) + 1]).toBe(fate)
  expectSoundFigure(drawTransactionLives([]))
})
