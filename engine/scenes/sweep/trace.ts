/**
 * Everything that PostgreSQL asked of its disk while it did a piece of work, in order. From such a
 * trace the disk can be built as it was at any moment: crashImages.ts does.
 */

export type DiskEvent =
  | { readonly kind: 'create' | 'remove' | 'makeDirectory'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'sync'; readonly path: string }
  /** PostgreSQL set about step `step`, and may write the commit of this transaction from now on. */
  | { readonly kind: 'started'; readonly step: number }
  /** PostgreSQL said that step `step` is done: from now on it must survive any crash. */
  | { readonly kind: 'acknowledged'; readonly step: number; readonly xid: number | null }

export interface Trace {
  readonly workload: string
  /** The data directory when watching began, all of it synced. */
  readonly files: readonly (readonly [string, Uint8Array])[]
  readonly folders: readonly string[]
  readonly events: readonly DiskEvent[]
}

/** Work to watch: each step is one message. `$n` is its number, from 1. */
export interface Workload {
  readonly name: string
  readonly why: string
  readonly before: readonly string[]
  readonly steps: readonly string[]
}
