/**
 * Crashes of a native server. A scene is data: what is there before the last checkpoint, what several
 * sessions do after it, and when the kill comes: in the middle of all of it, when the first session has
 * done its part.
 */

export interface NativeScene {
  readonly name: string
  readonly why: string
  readonly initdb?: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  /** One message each, before the checkpoint that recovery will start from. */
  readonly before: readonly string[]
  /** The session whose end brings the kill. `$i` counts the rounds. */
  readonly main: readonly string[]
  readonly rounds: number
  /** Other sessions, going round and round until they are killed. `$i` counts. */
  readonly beside?: readonly (readonly string[])[]
  /** What one more session leaves open: statements after `begin`. */
  readonly open?: readonly string[]
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
}
