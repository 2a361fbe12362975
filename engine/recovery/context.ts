// What redo works with, before the first record: the buffer pool, the status tables, and counters as the checkpoint left
// them.

import { BufferPool, type BufferPoolOptions } from '../buffers/bufferPool.js'
import type { Disk } from '../disk/disk.js'
import { reference, type Parts } from '../parts.js'
import { activateCommitTs } from '../redo/commitTs.js'
import type { RedoContext } from '../redo/context.js'
import { Counters } from '../redo/counters.js'
import { OFFSETS_PER_PAGE } from '../redo/multixact.js'
import { readOrigins } from '../redo/replicationOrigin.js'
import { openStatusTables } from '../redo/statusTables.js'
import { readPrepared } from './prepared.js'
import type { StartPoint } from './startup.js'

/** What redo works with, before the first record. */
export function makeContext(
  disk: Disk,
  start: StartPoint,
  parts: Parts,
  options: Pick<BufferPoolOptions, 'capacity' | 'memory'> & { log?: (sentence: string) => void } = {},
): RedoContext {
  const { control } = start
  const { capacity, memory, log = () => {} } = options
  const counters = new Counters(start.checkpoint)
  const tables = openStatusTables(disk, log)
  if (control.track_commit_timestamp) activateCommitTs({ counters, tables })
  const { prepared, stale } = readPrepared(disk, tables, start.checkpoint.nextXid)
  return {
    disk,
    pool: new BufferPool(disk, {
      capacity,
      memory,
      blocksPerFile: control.relseg_size,
      checksums: control.data_checksum_version !== 0,
    }),
    tables,
    counters,
    control: { ...control },
    needsRedo: parts.needsRedo,
    referenceGate: parts.needsRedo === reference.needsRedo,
    touched: [],
    missingBlocks: new Map(),
    prepared,
    stalePrepared: stale,
    originProgress: readOrigins(disk),
    preInitializedOffsetsPage: -1,
    latestOffsetsPage: Math.floor(counters.nextMulti / OFFSETS_PER_PAGE),
    overwritten: undefined,
    log,
  }
}
