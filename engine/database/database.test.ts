// The writing side and recovery, against each other: what was committed is there, and nothing else.

import { describe, expect, test } from 'vitest'
import { memoryDisk, type MemoryDisk } from '../disk/memoryDisk.js'
import { DBState, readControlFile } from '../format/controlFile.js'
import { recover } from '../recovery/recovery.js'
import { listSegments } from '../wal/segments.js'
import { soleTimeline } from '../wal/timelines.js'
import { WalReader } from '../wal/reader.js'
import type { WalRecord } from '../wal/record.js'
import { reference } from '../parts.js'
import { operationName, resourceManagerName } from '../format/recordNames.js'
import { pageLsn, pageOf } from '../format/page.js'
import { relationPath, FORK } from '../format/relationPath.js'
import { NotRecoverable, Unsupported } from '../bytes/errors.js'
import { initPage, setPdFlags, PD } from '../format/page.js'
import { mapByte, mapShift } from '../format/visibilityMap.js'
import { pageChecksum } from '../format/pageChecksum.js'
import { RowConflict } from './transaction.js'
import { createCluster, type ClusterOptions } from './cluster.js'
import type { Value } from './columns.js'
import { Database } from './database.js'
import type { TableDescription } from './table.js'

const locator = { spcOid: 1663, dbOid: 5, relNumber: 16384 }
const accounts: TableDescription = {
  locator,
  columns: [
    { name: 'id', type: 'integer' },
    { name: 'balance', type: 'bigint' },
    { name: 'open', type: 'boolean' },
    { name: 'owner', type: 'text' },
    { name: 'since', type: 'timestamptz' },
  ],
}
const row = (id: number, balance = 100n, owner: string | null = `owner ${id}`): Value[] => [
  id,
  balance,
  id % 2 === 0,
  owner,
  BigInt(id) * 1_000_000n,
]

function cluster(options: ClusterOptions = {}): MemoryDisk {
  const disk = memoryDisk()
  createCluster(disk, { tables: [locator], ...options })
  return disk
}

/** What a new start finds: recovered, opened, read. */
function afterCrash(disk: MemoryDisk): Value[][] {
  const crashed = disk.clone()
  expect(recover(crashed).outcome).toBe('recovered')
  const database = new Database(crashed)
  return database.rows(database.table(accounts)).map(({ values }) => values)
}

describe('a database on an empty disk', () => {
  test('committed rows survive a crash, others do not', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    const committed = database.begin()
    const first = committed.insert(table, row(1))
    committed.insert(table, row(2, 7n, null))
    committed.commit()
    const open = database.begin()
    open.insert(table, row(3))
    const aborted = database.begin()
    aborted.delete(table, first)
    aborted.abort()
    expect(database.rows(table).map(({ values }) => values[0])).toEqual([1, 2])
    expect(open.rows(table).map(({ values }) => values[0])).toEqual([1, 2, 3])
    expect(readControlFile(disk).state).toBe(DBState.DB_IN_PRODUCTION)
    database.flushLogTo()
    expect(afterCrash(disk)).toEqual([row(1), row(2, 7n, null)])
  })
})

/** Every record from the cluster's first checkpoint on, in words. */
function log(disk: MemoryDisk, database: Database): WalRecord[] {
  database.flushLogTo()
  const reader = new WalReader({ disk, segmentSize: 1 << 20, timelines: soleTimeline(1) })
  reader.beginAt(BigInt(1 << 20))
  const records: WalRecord[] = []
  for (;;) {
    const record = reader.read()
    if (record.kind === 'end') return records
    records.push(record)
  }
}
const names = (records: readonly WalRecord[]): string[] =>
  records.map((r) =>
    `${resourceManagerName(r.xl_rmid)}/${operationName(r.xl_rmid, r.xl_info)} ${r.blocks.map((b) => `${b.block}${b.image ? ' image' : ''}`).join(',')}`.trimEnd(),
  )

describe('records', () => {
  test('the first change of a page after a checkpoint carries the page; an update carries what changed', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    const transaction = database.begin()
    const first = transaction.insert(table, row(1))
    const second = transaction.insert(table, row(2))
    database.checkpoint()
    transaction.delete(table, first)
    const moved = transaction.update(table, second, row(2, 5n))
    transaction.update(table, moved, row(2, 6n))
    transaction.lock(table, { block: 0, offnum: 4 }, 'share')
    transaction.commit()
    const records = log(disk, database)
    expect(names(records)).toEqual([
      'XLOG/CHECKPOINT_SHUTDOWN',
      'Heap/INSERT+INIT 0',
      'Heap/INSERT 0',
      'XLOG/CHECKPOINT_REDO',
      'Standby/RUNNING_XACTS',
      'XLOG/CHECKPOINT_ONLINE',
      'Heap/DELETE 0 image',
      'Heap/HOT_UPDATE 0',
      'Heap/HOT_UPDATE 0',
      'Heap/LOCK 0',
      'Transaction/COMMIT',
    ])
    const [, , , , , , , update] = records
    expect(update.blockData(update.blocks[0]).length).toBeLessThan(20) // of a row of 44 bytes
    const page = pageOf(disk.clone().read(relationPath(locator, FORK.MAIN), 0, 8192))
    expect(pageLsn(page)).toBe(records[2].endLsn) // as the checkpoint wrote it; later changes are in memory
  })

  test('a row that finds no room is locked, and its new version goes to another page', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    const transaction = database.begin()
    const ids = Array.from({ length: 5 }, (_, i) => transaction.insert(table, row(i, 1n, 'x'.repeat(1500))))
    const to = transaction.update(table, ids[0], row(0, 1n, 'y'.repeat(1500)))
    expect(to).toEqual({ block: 1, offnum: 1 })
    expect(names(log(disk, database)).slice(-2)).toEqual(['Heap/LOCK 0', 'Heap/UPDATE+INIT 1,0'])
    expect(transaction.rows(table).length).toBe(5)
  })

  test('a page that was visible to all is so no more, and the map says it too', () => {
    const disk = cluster()
    const make = new Database(disk)
    make.begin().insert(make.table(accounts), row(1))
    const maker = make.begin()
    maker.insert(make.table(accounts), row(2))
    maker.commit()
    make.shutdown()
    const path = relationPath(locator, FORK.MAIN)
    const heap = pageOf(disk.read(path, 0, 8192))
    setPdFlags(heap, PD.ALL_VISIBLE)
    heap.view.setUint16(8, pageChecksum(heap.bytes, 0), true)
    disk.write(path, 0, heap.bytes)
    const map = pageOf()
    initPage(map, 0)
    map.bytes[mapByte(0)] = 3 << mapShift(0)
    map.view.setUint16(8, pageChecksum(map.bytes, 0), true)
    disk.write(relationPath(locator, FORK.VM), 0, map.bytes)

    const database = new Database(disk)
    const table = database.table(accounts)
    const transaction = database.begin()
    const [seen] = transaction.rows(table)
    transaction.lock(table, seen.id)
    transaction.delete(table, seen.id)
    transaction.commit()
    const flags = log(disk, database)
      .filter(({ xl_rmid }) => xl_rmid === 10)
      .slice(-2)
      .map(({ main }) => main[7])
    expect(flags).toEqual([1, 1]) // XLH_LOCK_ALL_FROZEN_CLEARED, XLH_DELETE_ALL_VISIBLE_CLEARED
    const recovered = disk.clone()
    recover(recovered)
    expect(recovered.read(relationPath(locator, FORK.VM), mapByte(0), 1)[0]).toBe(0)
  })
})

describe('transactions', () => {
  test('savepoints have ids of their own: what was taken back is aborted, what was released commits', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    const transaction = database.begin()
    transaction.insert(table, row(1))
    transaction.savepoint('a')
    transaction.insert(table, row(2))
    transaction.savepoint('b')
    transaction.insert(table, row(3))
    transaction.rollbackTo('b')
    transaction.insert(table, row(4))
    transaction.release('a')
    expect(() => transaction.rollbackTo('a')).toThrow('savepoint "a" does not exist')
    transaction.commit()
    expect(database.rows(table).map(({ values }) => values[0])).toEqual([1, 2, 4])
    expect(afterCrash(disk).map(([id]) => id)).toEqual([1, 2, 4])
  })

  test('a row that another holds, or has changed, is a conflict', () => {
    const database = new Database(cluster())
    const table = database.table(accounts)
    const one = database.begin()
    const id = one.insert(table, row(1))
    const other = database.begin()
    expect(() => other.delete(table, id)).toThrow('is not there for this transaction')
    one.commit()
    const third = database.begin()
    third.lock(table, id, 'key share')
    expect(() => other.delete(table, id)).toThrow(`transaction ${third.xid} has it`)
    third.delete(table, id)
    third.commit()
    expect(() => other.delete(table, id)).toThrow(RowConflict)
  })

  test('commits that nobody waited for survive only once the log is flushed; one flush serves many', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    const before = disk.clone()
    for (const id of [1, 2]) {
      const transaction = database.begin()
      transaction.insert(table, row(id))
      const end = transaction.commit({ wait: false })
      expect(database.logFlushed).toBeLessThan(end)
    }
    expect(disk.files()).toEqual(before.files()) // nothing has left this process's memory yet
    const both = [3, 4].map((id) => {
      const transaction = database.begin()
      transaction.insert(table, row(id))
      return transaction
    })
    const end = database.commitTogether(both)
    expect(database.logFlushed).toBeGreaterThanOrEqual(end)
    expect(afterCrash(disk).map(([id]) => id)).toEqual([1, 2, 3, 4])
  })

  test('a prepared transaction outlives the crash, and its end can be said later', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    const transaction = database.begin()
    transaction.insert(table, row(1))
    transaction.savepoint('a')
    transaction.insert(table, row(2))
    transaction.prepare('to be')
    expect(afterCrash(disk)).toEqual([])
    const crashed = disk.clone()
    recover(crashed)
    const next = new Database(crashed)
    next.commitPrepared('to be')
    expect(() => next.commitPrepared('to be')).toThrow(
      'prepared transaction with identifier "to be" does not exist',
    )
    expect(afterCrash(crashed).map(([id]) => id)).toEqual([1, 2])
  })
})

describe('checkpoints and segments', () => {
  test('old segments are used again, newer ones are made whole; the log reads on over their borders', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    let transaction = database.begin()
    for (let i = 0; i < 3000; i++) {
      transaction.insert(table, row(i, 1n, 'z'.repeat(700)))
      if (i % 500 !== 499) continue
      transaction.commit()
      database.checkpoint()
      transaction = database.begin()
    }
    const segments = listSegments(disk, 1 << 20)
    expect(segments.length).toBeLessThan(5)
    expect(segments.every(({ size }) => size === 1 << 20)).toBe(true)
    expect(afterCrash(disk).length).toBe(3000)
  })

  test('after a switch the next record starts a segment; a cluster may be born past 2^53', () => {
    const disk = cluster({ firstSegment: 1n << 40n, nextXid: (3n << 32n) | 0xfffffffen })
    const database = new Database(disk)
    const table = database.table(accounts)
    for (const id of [1, 2, 3, 4]) {
      const transaction = database.begin()
      transaction.insert(table, row(id))
      transaction.commit()
      if (id % 2 === 1) expect(database.switchSegment() % BigInt(1 << 20)).toBe(0n)
    }
    expect(afterCrash(disk).map(([id]) => id)).toEqual([1, 2, 3, 4])
    database.shutdown()
    expect(readControlFile(disk).checkPointCopy.nextXid).toBe((4n << 32n) + 5n)
  })

  test('a shutdown aborts what is open, and the next start needs no recovery', () => {
    const disk = cluster()
    const database = new Database(disk)
    const table = database.table(accounts)
    const done = database.begin()
    done.insert(table, row(1))
    done.commit()
    database.begin().insert(table, row(2))
    database.shutdown()
    expect(recover(disk).outcome).toBe('no recovery needed')
    const next = new Database(disk)
    expect(next.rows(next.table(accounts)).map(({ values }) => values[0])).toEqual([1])
  })

  test('write-ahead: a page waits for the log, as far as its LSN says', () => {
    const asked: bigint[] = []
    const parts = { ...reference, logBeforePage: (lsn: bigint) => (asked.push(lsn), lsn) }
    const database = new Database(cluster(), { parts })
    const transaction = database.begin()
    transaction.insert(database.table(accounts), row(1))
    expect(database.logFlushed).toBeLessThan(database.logPosition)
    database.writeDirtyPages(1)
    expect(asked).toEqual([database.logPosition])
    expect(database.logFlushed).toBe(database.logPosition)
  })
})

describe('what is refused', () => {
  test('a directory that crashed, rows for TOAST, wrong values, tables with indexes', () => {
    const disk = cluster()
    const database = new Database(disk)
    expect(() => new Database(disk)).toThrow(NotRecoverable)
    const table = database.table(accounts)
    const transaction = database.begin()
    expect(() => transaction.insert(table, row(1, 1n, 'x'.repeat(2100)))).toThrow(Unsupported)
    expect(() => transaction.insert(table, ['1', 1n, true, 'a', 1n])).toThrow('column id is integer')
    expect(() => transaction.insert(table, [1])).toThrow('the table has 5 columns, the row has 1 values')
    const id = transaction.insert(table, row(1))
    const indexed = database.table({ ...accounts, indexed: ['id'] })
    expect(() => transaction.insert(indexed, row(2))).toThrow(Unsupported)
    expect(() => transaction.update(indexed, id, row(2))).toThrow(/indexes would need a new entry/)
    expect(transaction.update(indexed, id, row(1, 7n)).offnum).toBe(2)
  })
})
