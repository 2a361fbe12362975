// What redo routines work with: the buffer pool, the status tables, the counters, and a list of what they touched.

import type { BufferPool } from '../buffers/bufferPool.js'
import type { Disk } from '../disk/disk.js'
import type { ControlFile } from '../format/controlFile.js'
import type { Parts } from '../parts.js'
import type { BlockOutcome } from './outcome.js'
import type { Counters } from './counters.js'
import type { StatusTables } from './statusTables.js'

export type { StatusTables } from './statusTables.js'

/** A prepared transaction met in the log or in pg_twophase. */
export interface PreparedTransaction {
  xid: number
  gid: string
  subxids: readonly number[]
  /** Contents of its file but for the CRC; undefined when the file is already there. */
  state: Uint8Array | undefined
}

export interface RedoContext {
  readonly disk: Disk
  readonly pool: BufferPool
  readonly tables: StatusTables
  readonly counters: Counters
  /** pg_control as it will be written; PARAMETER_CHANGE changes it. */
  readonly control: ControlFile
  readonly needsRedo: Parts['needsRedo']
  /** The gate is the reference one: it may be asked in plain numbers. */
  readonly referenceGate: boolean
  /** Blocks the current record asked for, with what came of it. */
  touched: BlockOutcome[]
  /** Blocks that a record refers to but no file holds: "path block" (log_invalid_page). */
  readonly missingBlocks: Map<string, MissingBlock>
  readonly prepared: Map<number, PreparedTransaction>
  /** Files of pg_twophase whose transactions have ended, or are not there yet: a start removes them. */
  readonly stalePrepared: readonly string[]
  /** Replication origins: how far each has been applied. */
  readonly originProgress: Map<number, bigint>
  /** A page of pg_multixact/offsets that CREATE_ID made before its ZERO_OFF_PAGE came; -1 for none. */
  preInitializedOffsetsPage: number
  /** The page of pg_multixact/offsets that was zeroed last; -1 before any. */
  latestOffsetsPage: number
  /** Position of an overwritten record that the reader skipped; cleared by the record that confirms it. */
  overwritten: bigint | undefined
  log(sentence: string): void
}

export interface MissingBlock {
  path: string
  spcOid: number
  dbOid: number
  relNumber: number
  fork: number
  block: number
  /** The block is in the file, but all zeroes. */
  present: boolean
}
