// A small world for redo tests: an empty data directory in memory, a buffer pool, counters that start low.

import { BufferPool } from '../../buffers/bufferPool.js'
import type { RelationFork } from '../../buffers/relationFork.js'
import { Slru } from '../../buffers/slru.js'
import { memoryDisk, type MemoryDisk } from '../../disk/memoryDisk.js'
import { CheckPoint } from '../../format/checkpoint.js'
import { ControlFile, DBState } from '../../format/controlFile.js'
import type { Lsn } from '../../format/lsn.js'
import { pageLsn, setPageLsn, type Page } from '../../format/page.js'
import { reference, type Parts } from '../../parts.js'
import type { WalRecord } from '../../wal/record.js'
import type { RedoContext } from '../context.js'
import { Counters } from '../counters.js'
import type { ResourceManager } from '../resourceManager.js'
import { TEST_RELATION } from './records.js'

export interface TestWorld {
  disk: MemoryDisk
  pool: BufferPool
  context: RedoContext
  /** What redo said. */
  sentences: string[]
  /** Redoes one record as replay does: the pool is told of a new record, `touched` is emptied. */
  redo(manager: ResourceManager, record: WalRecord): void
  /** A fork of the test relation, or of another one. */
  fork(fork?: number, relNumber?: number): RelationFork
  /** Puts a page in place with the given LSN, 0/1000 when not given, and marks it clean. */
  put(block: number, page: Page, options?: { fork?: number; relNumber?: number; lsn?: Lsn }): void
  /** The page as it is in memory now; it must exist. */
  page(block: number, fork?: number, relNumber?: number): Page & { dirty: boolean }
  /** The page's LSN. */
  lsnOf(block: number, fork?: number, relNumber?: number): Lsn
}

export interface TestWorldOptions {
  checksums?: boolean
  wal_log_hints?: boolean
  needsRedo?: Parts['needsRedo']
}

/** A world with nothing in it. */
export function testWorld(options: TestWorldOptions = {}): TestWorld {
  const disk = memoryDisk([], ['base/5', 'global', 'pg_xact', 'pg_logical/mappings'])
  const checksums = options.checksums ?? true
  const pool = new BufferPool(disk, { checksums, flushLogTo: () => {} })
  const sentences: string[] = []
  const log = (sentence: string): void => void sentences.push(sentence)
  const context = contextOf(disk, pool, options, log)
  const fork = (which = 0, relNumber: number = TEST_RELATION.relNumber): RelationFork =>
    pool.relation(TEST_RELATION.spcOid, TEST_RELATION.dbOid, relNumber, which)
  const page: TestWorld['page'] = (block, which, relNumber) => {
    const file = fork(which, relNumber)
    if (block >= file.nblocks) throw new Error(`there is no block ${block} in ${file.path}`)
    return pool.read(file, block)
  }
  return {
    disk,
    pool,
    context,
    sentences,
    fork,
    page,
    redo(manager, record) {
      pool.beginRecord()
      context.touched.length = 0
      if (!manager.redo) throw new Error(`${manager.name} has no redo`)
      manager.redo(record, context)
    },
    put(block, source, { fork: which, relNumber, lsn = 0x1000n } = {}) {
      const held = pool.zeroed(fork(which, relNumber), block)
      held.bytes.set(source.bytes)
      setPageLsn(held, Number(lsn >> 32n), Number(lsn & 0xffffffffn))
      held.dirty = false
    },
    lsnOf: (block, which, relNumber) => pageLsn(page(block, which, relNumber)),
  }
}

function contextOf(
  disk: MemoryDisk,
  pool: BufferPool,
  options: TestWorldOptions,
  log: (sentence: string) => void,
): RedoContext {
  const control = ControlFile.read(new Uint8Array(ControlFile.size))
  control.state = DBState.DB_IN_CRASH_RECOVERY
  control.wal_log_hints = options.wal_log_hints ?? false
  control.data_checksum_version = (options.checksums ?? true) ? 1 : 0
  const checkpoint = CheckPoint.read(new Uint8Array(CheckPoint.size))
  Object.assign(checkpoint, { nextXid: 700n, nextOid: 16384, nextMulti: 1, oldestXid: 3, oldestXidDB: 1 })
  Object.assign(checkpoint, { oldestMulti: 1, oldestMultiDB: 1, fullPageWrites: 1 })
  return {
    disk,
    pool,
    tables: {
      xact: new Slru(disk, 'pg_xact', log),
      multiOffsets: new Slru(disk, 'pg_multixact/offsets', log),
      multiMembers: new Slru(disk, 'pg_multixact/members', log),
      commitTs: new Slru(disk, 'pg_commit_ts', log),
    },
    counters: new Counters(checkpoint),
    control,
    needsRedo: options.needsRedo ?? reference.needsRedo,
    referenceGate: options.needsRedo === undefined,
    touched: [],
    missingBlocks: new Map(),
    prepared: new Map(),
    stalePrepared: [],
    originProgress: new Map(),
    preInitializedOffsetsPage: -1,
    latestOffsetsPage: -1,
    overwritten: undefined,
    log,
  }
}
