// A transaction: an id taken when it first writes, rows that carry the id, and one record at its end that decides.
//
//   begin ── insert, update, delete, lock ── savepoint ── … ── commit   COMMIT record ─► flushed ─► two bits in pg_xact
//             │ ids are handed out late:       │               abort    ABORT record, nobody waits for it
//             │ who only reads has none        │               prepare  PREPARE record ─► flushed: survives a crash
//                                              └ each savepoint that writes has an id of its own

import { assert, Unsupported } from '../bytes/errors.js'
import { HEAP, type HeapTuple } from '../format/heapTuple.js'
import type { Lsn } from '../format/lsn.js'
import { TRANSACTION_STATUS } from '../format/transactionStatus.js'
import { isGone, isVisible, wasMade, type Fates } from '../format/visibility.js'
import { multiXactUpdater } from '../redo/multixact.js'
import { decodeRow, encodeRow, type Value } from './columns.js'
import {
  deleteRow,
  heapFreeSpace,
  insertRow,
  lockForMove,
  lockRow,
  updateRow,
  type LockMode,
  type RowId,
} from './heapPages.js'
import type { Store } from './store.js'
import { rowSize, type Table } from './table.js'
import { logAbort, logCommit, logPrepare } from './transactionEnd.js'

export interface VisibleRow {
  id: RowId
  values: Value[]
}

/** Somebody else holds the row, or has changed it. PostgreSQL would wait; here nobody else could go on meanwhile. */
export class RowConflict extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'RowConflict'
  }
}

/** A transaction or a savepoint in it. */
interface Level {
  name: string
  xid: number
  /** Ids of subtransactions that were released into this level. */
  children: number[]
}

export class Transaction {
  private readonly levels: Level[] = [{ name: '', xid: 0, children: [] }]
  /** Ids whose changes this transaction sees: its own, without those of savepoints it went back to. */
  private readonly mine = new Set<number>()
  /** Tables it wrote to: a prepared transaction keeps their locks. */
  private readonly tables = new Set<Table>()
  private open = true
  private readonly fates: Fates

  constructor(private readonly store: Store) {
    this.fates = {
      fateOf: (xid) => (this.mine.has(xid) ? 'mine' : store.fateOf(xid)),
      updaterOf: (multi) => multiXactUpdater(store.tables, multi),
    }
  }

  /** Its id; 0 as long as it has written nothing. */
  get xid(): number {
    return this.levels[0].xid
  }

  get isOpen(): boolean {
    return this.open
  }

  insert(table: Table, values: readonly Value[]): RowId {
    if (table.indexed.length > 0)
      throw new Unsupported('a row cannot be inserted into a table with indexes: they are not kept here')
    const row = encodeRow(table.columns, values)
    const xid = this.write(table)
    const page = table.pageFor(row)
    return { block: page.block, offnum: insertRow(this.store, page, xid, row) }
  }

  /** Replaces a row; returns where the new version stands. @throws RowConflict */
  update(table: Table, id: RowId, values: readonly Value[]): RowId {
    const { store } = this
    const row = encodeRow(table.columns, values)
    const tuple = this.needRow(table, id)
    const before = decodeRow(table.columns, tuple)
    const touchesIndex = table.indexed.some((column) => before[column] !== values[column])
    const wasLocked = (tuple.t_infomask & HEAP.XMAX_INVALID) === 0 && this.mine.has(tuple.t_xmax)
    const xid = this.write(table)
    const old = table.page(id.block)
    let target = old
    if (heapFreeSpace(old) < rowSize(row)) {
      if (table.indexed.length > 0) throw indexedMove(id)
      lockForMove(store, old, xid, id.offnum)
      target = table.pageFor(row, id.block)
    } else if (touchesIndex) throw indexedMove(id)
    const update = { old, offnum: id.offnum, target, hot: target === old }
    return { block: target.block, offnum: updateRow(store, update, xid, row, wasLocked) }
  }

  /** @throws RowConflict */
  delete(table: Table, id: RowId): void {
    this.needRow(table, id)
    const xid = this.write(table)
    deleteRow(this.store, table.page(id.block), xid, id.offnum)
  }

  /** Locks a row without changing it (SELECT … FOR UPDATE and its weaker kinds). @throws RowConflict */
  lock(table: Table, id: RowId, mode: LockMode = 'update'): void {
    this.needRow(table, id)
    const xid = this.write(table)
    lockRow(this.store, table.page(id.block), xid, id.offnum, mode)
  }

  /** The rows this transaction sees now: its own changes, and what others have committed. */
  rows(table: Table): VisibleRow[] {
    const found: VisibleRow[] = []
    for (const { block, tuple } of table.versions())
      if (isVisible(tuple, this.fates))
        found.push({ id: { block, offnum: tuple.offnum }, values: decodeRow(table.columns, tuple) })
    return found
  }

  savepoint(name: string): void {
    this.check()
    this.levels.push({ name, xid: 0, children: [] })
  }

  /** Keeps what was done since the savepoint, and forgets the savepoint. */
  release(name: string): void {
    this.releaseDownTo(this.levelOf(name))
  }

  private releaseDownTo(level: number): void {
    while (this.levels.length > level) {
      const { xid, children } = this.levels.pop() as Level
      this.levels[this.levels.length - 1].children.push(...(xid === 0 ? [] : [xid]), ...children)
    }
  }

  /** Takes back what was done since the savepoint; the savepoint stays. Its rows stay on their pages, seen by nobody. */
  rollbackTo(name: string): void {
    for (const level = this.levelOf(name); this.levels.length > level;) {
      const { xid, children } = this.levels.pop() as Level
      if (xid === 0) continue
      logAbort(this.store, xid, children)
      this.store.setStatus([xid, ...children], TRANSACTION_STATUS.ABORTED)
      this.store.ended([xid, ...children])
      for (const gone of [xid, ...children]) this.mine.delete(gone)
    }
    this.levels.push({ name, xid: 0, children: [] })
    this.noteRunning()
  }

  /**
   * Commits. With `wait` (synchronous_commit) the record is on disk when this returns: the commit survives a power cut.
   * Without, it is in memory, and the next flush takes it along. Returns the end of the commit record; 0 when there was
   * nothing to commit.
   */
  commit({ wait = true }: { wait?: boolean } = {}): Lsn {
    const top = this.end()
    if (top.xid === 0) return 0n
    const { end } = logCommit(this.store, top.xid, top.children)
    if (wait) this.store.log.flushTo(end)
    this.finish(top, TRANSACTION_STATUS.COMMITTED)
    return end
  }

  abort(): void {
    const top = this.end()
    if (top.xid === 0) return
    logAbort(this.store, top.xid, top.children)
    this.finish(top, TRANSACTION_STATUS.ABORTED)
  }

  /** Hands the transaction over to whoever says COMMIT PREPARED or ROLLBACK PREPARED, after a crash too. */
  prepare(gid: string): Lsn {
    if (this.xid === 0) this.write(undefined)
    const top = this.end()
    const { end, state } = logPrepare(this.store, top.xid, top.children, gid, [...this.tables])
    this.store.log.flushTo(end)
    this.store.prepared.set(top.xid, { xid: top.xid, gid, subxids: top.children, state })
    this.store.running.delete(top.xid)
    return end
  }

  private check(): void {
    assert(this.open, 'the transaction has not ended')
  }

  /** Savepoints that are still open end with the transaction, and count. */
  private end(): Level {
    this.check()
    this.releaseDownTo(1)
    this.open = false
    return this.levels[0]
  }

  private finish(top: Level, status: number): void {
    this.store.setStatus([...top.children, top.xid], status)
    this.store.running.delete(top.xid)
    this.store.ended([top.xid, ...top.children])
  }

  /** The id to write with: of the innermost savepoint; outer ones get theirs first (AssignTransactionId). */
  private write(table: Table | undefined): number {
    this.check()
    if (table) this.tables.add(table)
    let changed = false
    for (const level of this.levels) {
      if (level.xid !== 0) continue
      level.xid = this.store.assignXid()
      this.mine.add(level.xid)
      changed = true
    }
    if (changed) this.noteRunning()
    this.store.pool.beginRecord()
    return this.levels[this.levels.length - 1].xid
  }

  private noteRunning(): void {
    if (this.xid !== 0) this.store.running.set(this.xid, this.mine)
  }

  private levelOf(name: string): number {
    this.check()
    for (let level = this.levels.length - 1; level > 0; level--)
      if (this.levels[level].name === name) return level
    throw new Error(`savepoint "${name}" does not exist`)
  }

  /** The row, which must be seen and free to be changed. */
  private needRow(table: Table, id: RowId): HeapTuple {
    this.check()
    this.store.pool.beginRecord()
    const tuple = table.row(id)
    const where = `row (${id.block},${id.offnum})`
    if (!tuple || !wasMade(tuple, this.fates))
      throw new RowConflict(`${where} is not there for this transaction`)
    if (isGone(tuple, this.fates)) throw new RowConflict(`${where} was updated or deleted meanwhile`)
    const holder = this.holderOf(tuple)
    if (holder !== 0) throw new RowConflict(`could not obtain lock on ${where}: transaction ${holder} has it`)
    return tuple
  }

  /** Who holds the row: a transaction that runs and is not this one; 0 for nobody. */
  private holderOf({ t_infomask, t_xmax }: HeapTuple): number {
    if (t_infomask & HEAP.XMAX_INVALID) return 0
    if (t_infomask & HEAP.XMAX_IS_MULTI) return 0 // made by servers that have stopped: its members have ended
    const innermost = this.levels[this.levels.length - 1].xid
    if (this.mine.has(t_xmax)) {
      if (t_xmax === innermost) return 0
      throw new Unsupported(
        `the row is locked by transaction ${t_xmax}, another level of this one: a multixact would be needed`,
      )
    }
    return this.fates.fateOf(t_xmax) === 'running' ? t_xmax : 0
  }
}

function indexedMove({ block, offnum }: RowId): Unsupported {
  return new Unsupported(
    `row (${block},${offnum}) cannot be updated this way: the table's indexes would need a new entry, and they are not kept here`,
  )
}
