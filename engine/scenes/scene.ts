/**
 * A scene is data: a real PostgreSQL is led through a few steps of SQL and killed at a stated
 * moment. Nothing here runs anything; pglite.ts does.
 *
 *   initdb ── steps, one message to the server each ──► killed
 *                                                        │
 *              the directory as it lay on the disk ◄─────┤
 *              what was committed, in scene.json   ◄─────┘
 */

/** One message to the server: one or more statements, sent together. */
export interface Step {
  readonly what: string
  readonly sql: string
}

export interface Scene {
  readonly name: string
  readonly why: string
  /** Options for initdb. */
  readonly initdb: readonly string[]
  /** Server settings (`-c name=value`), on top of those in serverSettings.ts. */
  readonly settings: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
  /** What the server was doing when it was killed: always right after the last step. */
  readonly crash: string
}

/** One row, every value as PostgreSQL prints it. */
export type Row = Readonly<Record<string, string | null>>

/** What one step did to the log: the WAL written from `from` up to `to`, and the xids it used. */
export interface StepTaken extends Step {
  readonly from: string
  readonly to: string
  readonly xids: readonly string[]
}

/** Where the log stood at the kill: all of it, and the part that had reached the file. */
export interface LogAtCrash {
  readonly inserted: string
  readonly written: string
  readonly flushed: string
}

export interface CrashedScene {
  readonly name: string
  readonly why: string
  readonly crash: string
  /** The crashed data directory. */
  readonly dir: string
  /** The server that was killed, as `version()` names it. */
  readonly server: string
  readonly steps: readonly StepTaken[]
  readonly log: LogAtCrash
  /** The transaction that was open at the kill, or null. */
  readonly openXid: string | null
  /** Every committed row of every table that lives on after a crash; unlogged tables are empty. */
  readonly expected: Readonly<Record<string, readonly Row[]>>
  /** The last value that each sequence handed out; null for one never used. */
  readonly sequences: Readonly<Record<string, string | null>>
  readonly unlogged: readonly string[]
  /** Files, relative to `dir`, that no recovery may leave: temporary relations and sort files. */
  readonly temporaryFiles: readonly string[]
  /** What was changed by hand after the kill, a sentence each. */
  readonly retouched: readonly string[]
}
