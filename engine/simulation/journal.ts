// What must be true after a crash, kept beside the database by somebody who knows nothing of pages or logs: the rows as
// each commit left them. A crash may take away commits that nobody was told of, the latest first, and nothing else.

import type { Value } from '../database/columns.js'
import type { Lsn } from '../format/lsn.js'

export type Rows = ReadonlyMap<number, readonly Value[]>

/** A moment at which the truth changed: a commit, or the preparing of one. */
export interface Moment {
  readonly what: string
  /** End of its record in the log; undefined while it is being written. */
  end: Lsn | undefined
  /** Somebody was told that it is done: it must survive. */
  told: boolean
  readonly rows: Rows
  readonly prepared: readonly string[]
}

/** One session's changes, savepoint by savepoint; null for a row that it deleted. */
type Changes = Map<number, readonly Value[] | null>

export class Journal {
  readonly moments: Moment[] = [{ what: 'the beginning', end: 0n, told: true, rows: new Map(), prepared: [] }]
  private readonly sessions = new Map<number, Changes[]>()
  private readonly prepared = new Map<string, Changes>()

  begin(session: number): void {
    this.sessions.set(session, [new Map()])
  }

  change(session: number, id: number, row: readonly Value[] | null): void {
    this.levels(session).at(-1)?.set(id, row)
  }

  savepoint(session: number): void {
    this.levels(session).push(new Map())
  }

  /** Back to the innermost savepoint, which stays. */
  rollbackTo(session: number): void {
    this.levels(session).pop()
    this.savepoint(session)
  }

  release(session: number): void {
    const levels = this.levels(session)
    const inner = levels.pop()
    for (const [id, row] of inner ?? []) levels.at(-1)?.set(id, row)
  }

  abort(session: number): void {
    this.sessions.delete(session)
  }

  /** The commit is about to be written: from now on it may survive. */
  committing(session: number, what: string): Moment {
    return this.add(what, apply(this.latest.rows, merged(this.take(session))), this.latest.prepared)
  }

  preparing(session: number, gid: string): Moment {
    this.prepared.set(gid, merged(this.take(session)))
    return this.add(`prepare ${gid}`, this.latest.rows, [...this.latest.prepared, gid].sort())
  }

  endingPrepared(gid: string, committed: boolean): Moment {
    const changes = this.prepared.get(gid) ?? new Map()
    this.prepared.delete(gid)
    const left = this.latest.prepared.filter((other) => other !== gid)
    const rows = committed ? apply(this.latest.rows, changes) : this.latest.rows
    return this.add(`${committed ? 'commit' : 'rollback'} prepared ${gid}`, rows, left)
  }

  get latest(): Moment {
    return this.moments[this.moments.length - 1]
  }

  /** Rows that a session sees: what is committed, and its own changes. */
  seenBy(session: number): Rows {
    return apply(this.latest.rows, merged(this.sessions.get(session) ?? []))
  }

  /** The earliest and the latest moment to which a crash may lead. `flushed`: how far the log is on disk. */
  bounds(flushed: Lsn): { first: number; last: number } {
    let first = 0
    for (const [i, { told, end }] of this.moments.entries())
      if (told || (end !== undefined && end <= flushed)) first = i
    return { first, last: this.moments.length - 1 }
  }

  private add(what: string, rows: Rows, prepared: readonly string[]): Moment {
    const moment = { what, end: undefined, told: false, rows, prepared }
    this.moments.push(moment)
    return moment
  }

  private levels(session: number): Changes[] {
    const levels = this.sessions.get(session)
    if (!levels) throw new Error(`session ${session} has no transaction`)
    return levels
  }

  private take(session: number): Changes[] {
    const levels = this.levels(session)
    this.sessions.delete(session)
    return levels
  }
}

function merged(levels: readonly Changes[]): Changes {
  return new Map(levels.flatMap((level) => [...level]))
}

function apply(rows: Rows, changes: Changes): Rows {
  const result = new Map(rows)
  for (const [id, row] of changes) {
    if (row) result.set(id, row)
    else result.delete(id)
  }
  return result
}

/** Rows as one text, the same for the same rows in any order. */
export function textOf(rows: Iterable<readonly Value[]>): string {
  return [...rows]
    .map((row) => row.map(String).join('|'))
    .sort()
    .join('\n')
}
