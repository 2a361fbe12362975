// Waiting for the log to grow, without asking all the time: the operating system says when a file in pg_wal changes.

import { realpathSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { WAL_DIRECTORY } from '../wal/segments.js'

/** Network file systems tell nothing; then this is how often to look. */
const LOOK_EVERY_MS = 5000

/** Hears of changes in a data directory's pg_wal, from the moment it is made. */
export class DirectoryWatch {
  private changed = false
  private wake: (() => void) | undefined
  private readonly watcher: FSWatcher | undefined
  private readonly timer: NodeJS.Timeout
  private readonly note = (): void => {
    this.changed = true
    this.wake?.()
  }

  constructor(dataDirectory: string) {
    this.timer = setInterval(this.note, LOOK_EVERY_MS)
    try {
      this.watcher = watch(realpathSync(join(dataDirectory, WAL_DIRECTORY)), this.note)
      this.watcher.on('error', () => this.watcher?.close())
    } catch {
      this.watcher = undefined // too many watches on this machine: the timer alone must do
    }
  }

  /** Resolves when something changed since the last call, or at the signal. */
  async change(signal: AbortSignal): Promise<void> {
    if (!this.changed && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    this.changed = false
    this.wake = undefined
  }

  close(): void {
    clearInterval(this.timer)
    this.watcher?.close()
  }
}
