/**
 * Crashes of a native server. Most scenes are data: what is there before the last checkpoint, what several
 * sessions do after it, and when the kill comes. A few need more than one server or one crash, and are a function.
 */
import type { Move } from './moved.js'

interface SceneTitle {
  readonly name: string
  readonly why: string
  /** Queries in database postgres that must say true of a recovered directory, whoever recovered it. */
  readonly holds?: readonly string[]
}

/** `$i` counts rounds, `$s` is the session's number, `$spaces` a folder beside the data directory for tablespaces. */
export interface ScriptedScene extends SceneTitle {
  readonly initdb?: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  /** One message each, before the checkpoint that recovery will start from. */
  readonly before: readonly string[]
  /** After the checkpoint the server is shut down, its directory taken there (moved.ts), and started again. */
  readonly movedTo?: Move
  /** The session whose end brings the kill, unless `killWhen` has a say. */
  readonly main: readonly string[]
  readonly rounds: number
  /** Other sessions, going round and round until they are killed. */
  readonly beside?: readonly (readonly string[])[]
  /** What one more session leaves open: statements after `begin`. */
  readonly open?: readonly string[]
  /**
   * After the rounds this is asked again and again; the kill comes as soon as it gives a row. With `beside` going
   * round, that is in the middle of the statement that the query looks for.
   */
  readonly killWhen?: string
  /** After the rounds the server is shut down and started again with these settings, and does this. */
  readonly afterRestart?: {
    readonly settings: Readonly<Record<string, string>>
    readonly main: readonly string[]
  }
  /**
   * Put pg_control back as the first checkpoint left it, so that recovery meets what lies before later
   * checkpoints too: files that are gone, pages that are newer. CREATE and DROP DATABASE force a
   * checkpoint each. The scene keeps the log: `wal_keep_size`.
   */
  readonly fromFirstCheckpoint?: boolean
  /** Inserts remove dead entries from pages of GiST. */
  readonly prunesGist?: boolean
  /**
   * Every round of a session ends with a row in table `journal`, and what the server acknowledged is noted: none of it
   * may be missing afterwards, and nothing else may be there but the round in doubt.
   */
  readonly journal?: boolean
}

/** `stage` makes the crash in a directory that does not exist yet. */
export interface StagedScene extends SceneTitle {
  readonly stage: (dir: string) => Promise<void>
}

export type NativeScene = ScriptedScene | StagedScene

/** What one session was told, and what it was not told any more. */
export interface SessionJournal {
  readonly session: number
  readonly acknowledged: number[]
  inDoubt: number | undefined
}
