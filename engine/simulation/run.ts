// Runs a history on a database, and keeps the journal beside it.

import type { Value } from '../database/columns.js'
import type { CheckpointDone, CheckpointStep } from '../database/checkpointer.js'
import { Database } from '../database/database.js'
import type { Table, TableDescription } from '../database/table.js'
import { RowConflict, type Transaction, type VisibleRow } from '../database/transaction.js'
import { Unsupported } from '../bytes/errors.js'
import type { Step } from './history.js'
import { Journal, textOf, type Moment } from './journal.js'

export const TABLE: TableDescription = {
  locator: { spcOid: 1663, dbOid: 5, relNumber: 16384 },
  columns: [
    { name: 'id', type: 'integer' },
    { name: 'version', type: 'bigint' },
    { name: 'note', type: 'text' },
  ],
}

const SAVEPOINT = 's'

/** A history at work. */
export class Run {
  readonly journal = new Journal()
  private readonly table: Table
  private readonly sessions = new Map<number, { transaction: Transaction; savepoints: number }>()
  private readonly prepared: string[] = []
  private checkpoint: Generator<CheckpointStep, CheckpointDone, undefined> | undefined
  private nextId = 1
  private nextVersion = 1n

  constructor(
    readonly database: Database,
    table: TableDescription = TABLE,
    /** Stands before the names of prepared transactions, which are one for the whole server. */
    private readonly prefix = '',
  ) {
    this.table = database.table(table)
  }

  /** Takes one step. Returns what came of it, in words; a step that makes no sense now is passed over. */
  take(step: Step): string {
    try {
      return this.carryOut(step)
    } catch (error) {
      if (error instanceof RowConflict || error instanceof Unsupported) return `not done: ${error.message}`
      throw error
    }
  }

  /** Where a crash at this very moment may lead (see Journal.bounds). */
  bounds(): { first: number; last: number } {
    return this.journal.bounds(this.database.logFlushed)
  }

  private carryOut(step: Step): string {
    switch (step.kind) {
      case 'insert':
        return this.insert(step.session, step.size)
      case 'update':
      case 'delete':
      case 'lock':
        return this.touchRow(step)
      case 'savepoint':
      case 'rollback to':
      case 'release':
        return this.savepoint(step.kind, step.session)
      case 'commit':
        return this.commit(step.session, step.wait)
      case 'commit together':
        return this.commitTogether(step.sessions)
      case 'abort':
      case 'prepare':
        return this.end(step.kind, step.session)
      case 'commit prepared':
      case 'rollback prepared':
        return this.endPrepared(step.kind === 'commit prepared', step.pick)
      default:
        return this.serverWork(step)
    }
  }

  private serverWork(step: Step): string {
    const { database } = this
    if (step.kind === 'checkpoint') return this.checkpointOn(step.pages)
    if (step.kind === 'write pages') return `${database.writeDirtyPages(step.pages)} pages written`
    if (step.kind === 'flush log') database.flushLogTo()
    else database.switchSegment()
    return 'done'
  }

  private session(session: number): Transaction {
    const open = this.sessions.get(session)
    if (open) return open.transaction
    const transaction = this.database.begin()
    this.sessions.set(session, { transaction, savepoints: 0 })
    this.journal.begin(session)
    return transaction
  }

  private rowOf(id: number, size: number): Value[] {
    const version = this.nextVersion++
    return [id, version, String.fromCharCode(97 + (Number(version) % 26)).repeat(size)]
  }

  private insert(session: number, size: number): string {
    const transaction = this.session(session)
    const values = this.rowOf(this.nextId++, size)
    const { block, offnum } = transaction.insert(this.table, values)
    this.journal.change(session, values[0] as number, values)
    return `row ${String(values[0])} at (${block},${offnum}), transaction ${transaction.xid}`
  }

  /** The row that a session means; what it sees must be what the journal says that it sees. */
  private pick(session: number, pick: number): VisibleRow | undefined {
    const rows = this.session(session).rows(this.table)
    const [seen, wanted] = [
      textOf(rows.map(({ values }) => values)),
      textOf(this.journal.seenBy(session).values()),
    ]
    if (seen !== wanted)
      throw new Error(
        `session ${session} sees other rows than it should: ${shorten(seen)}, not ${shorten(wanted)}`,
      )
    const sorted = rows.sort((a, b) => Number(a.values[0]) - Number(b.values[0]))
    return sorted.length === 0 ? undefined : sorted[pick % sorted.length]
  }

  private touchRow(step: Extract<Step, { kind: 'update' | 'delete' | 'lock' }>): string {
    const { session } = step
    const row = this.pick(session, step.pick)
    if (!row) return 'no row to be seen'
    const transaction = this.session(session)
    const id = row.values[0] as number
    const where = `row ${id} at (${row.id.block},${row.id.offnum})`
    if (step.kind === 'lock') {
      transaction.lock(this.table, row.id, step.mode)
      return `${where} locked by transaction ${transaction.xid}`
    }
    if (step.kind === 'delete') {
      transaction.delete(this.table, row.id)
      this.journal.change(session, id, null)
      return `${where} deleted by transaction ${transaction.xid}`
    }
    const values = this.rowOf(id, step.size)
    const { block, offnum } = transaction.update(this.table, row.id, values)
    this.journal.change(session, id, values)
    return `${where} is now at (${block},${offnum}), transaction ${transaction.xid}`
  }

  private savepoint(kind: 'savepoint' | 'rollback to' | 'release', session: number): string {
    const transaction = this.session(session)
    const open = this.sessions.get(session)
    if (!open || (kind !== 'savepoint' && open.savepoints === 0)) return 'no savepoint'
    if (kind === 'savepoint') {
      transaction.savepoint(SAVEPOINT)
      this.journal.savepoint(session)
      open.savepoints++
    } else if (kind === 'rollback to') {
      transaction.rollbackTo(SAVEPOINT)
      this.journal.rollbackTo(session)
    } else {
      transaction.release(SAVEPOINT)
      this.journal.release(session)
      open.savepoints--
    }
    return 'done'
  }

  private commit(session: number, wait: boolean): string {
    const open = this.sessions.get(session)
    if (!open) return 'no transaction'
    const { transaction } = open
    this.sessions.delete(session)
    const moment = this.journal.committing(session, `commit of transaction ${transaction.xid}`)
    const end = transaction.commit({ wait })
    if (transaction.xid !== 0) this.done(moment, end, wait)
    return transaction.xid === 0 ? 'nothing to commit' : `${moment.what}${wait ? ', on disk' : ''}`
  }

  private commitTogether(sessions: readonly number[]): string {
    const ends: Array<readonly [Moment, Transaction]> = []
    for (const session of sessions) {
      const open = this.sessions.get(session)
      if (!open) continue
      this.sessions.delete(session)
      ends.push([
        this.journal.committing(session, `commit of transaction ${open.transaction.xid}`),
        open.transaction,
      ])
    }
    const end = this.database.commitTogether(ends.map(([, transaction]) => transaction))
    for (const [moment, { xid }] of ends) if (xid !== 0) this.done(moment, end, true)
    return ends.length === 0 ? 'no transaction' : `${ends.map(([{ what }]) => what).join(', ')}: one flush`
  }

  private done(moment: Moment, end: bigint, told: boolean): void {
    moment.end = end
    moment.told = told
  }

  private end(kind: 'abort' | 'prepare', session: number): string {
    const open = this.sessions.get(session)
    if (!open) return 'no transaction'
    this.sessions.delete(session)
    if (kind === 'abort') {
      this.journal.abort(session)
      open.transaction.abort()
      return `transaction ${open.transaction.xid} aborted`
    }
    const gid = `${this.prefix}gid ${this.journal.moments.length}`
    const moment = this.journal.preparing(session, gid)
    this.done(moment, open.transaction.prepare(gid), true)
    this.prepared.push(gid)
    return `transaction ${open.transaction.xid} is prepared as "${gid}"`
  }

  private endPrepared(committed: boolean, pick: number): string {
    if (this.prepared.length === 0) return 'no prepared transaction'
    const [gid] = this.prepared.splice(pick % this.prepared.length, 1)
    const moment = this.journal.endingPrepared(gid, committed)
    this.done(
      moment,
      committed ? this.database.commitPrepared(gid) : this.database.rollbackPrepared(gid),
      true,
    )
    return moment.what
  }

  private checkpointOn(pages: number): string {
    this.checkpoint ??= this.database.checkpointSteps()
    for (let i = 0; i < pages; i++) {
      const step = this.checkpoint.next()
      if (!step.done) continue
      this.checkpoint = undefined
      return `checkpoint complete: ${step.value.pagesWritten} pages`
    }
    return 'checkpoint goes on'
  }
}

/** Rows in a line, long ones cut. */
export function shorten(rows: string): string {
  const short = (row: string): string => (row.length > 40 ? `${row.slice(0, 37)}...` : row)
  return rows === '' ? 'none' : rows.split('\n').map(short).join(' ')
}
