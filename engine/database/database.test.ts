// The writing side and recovery, against each other: what was committed is there, and nothing else.

import { describe, expect, test } from 'vitest'
import { memoryDisk, type MemoryDisk } from '../disk/memoryDisk.js'
import { DBState, readControlFile } from '../format/controlFile.js'
import { recover } from '../recovery/recovery.js'
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
