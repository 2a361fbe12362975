// The engine's redo on one relation that lies in memory and nowhere else: what an exercise's answer is compared with.

import {
  applyRecord,
  BlockRef,
  BufferPool,
  CheckPoint,
  ControlFile,
  Counters,
  memoryDisk,
  reference,
  Slru,
  viewOf,
  WalRecord,
  type RedoContext,
  type RelationFork,
} from 'pgcrash'

/** Where a record starts and ends. */
export interface Span {
  readonly lsn: bigint
  readonly endLsn: bigint
}

/** What of a record redo looks at when it changes one page. */
export interface PageChange extends Span {
  readonly rmid: number
  readonly info: number
  readonly xid: number
  readonly block: number
  readonly main: Uint8Array
  /** What the record holds for the page. */
  readonly data: Uint8Array
}

export interface OneRelation {
  readonly pool: BufferPool
  readonly file: RelationFork
  readonly context: RedoContext
}

const RELATION = { spcOid: 1663, dbOid: 5, relNumber: 16384 }
const SUBDIRECTORIES = ['base/5', 'pg_xact', 'pg_multixact/offsets', 'pg_multixact/members', 'pg_commit_ts']

let made: OneRelation | undefined

/** The relation, without a page. It is the same one at every call. */
export function emptyRelation(): OneRelation {
  made ??= makeRelation()
  const { pool, file, context } = made
  pool.drop(file)
  file.truncate(0)
  context.missingBlocks.clear()
  return made
}

function makeRelation(): OneRelation {
  const disk = memoryDisk([], SUBDIRECTORIES)
  const pool = new BufferPool(disk, { checksums: false, capacity: 64 })
  const { spcOid, dbOid, relNumber } = RELATION
  const context: RedoContext = {
    disk,
    pool,
    tables: {
      xact: new Slru(disk, 'pg_xact'),
      multiOffsets: new Slru(disk, 'pg_multixact/offsets'),
      multiMembers: new Slru(disk, 'pg_multixact/members'),
      commitTs: new Slru(disk, 'pg_commit_ts'),
    },
    counters: new Counters(CheckPoint.read(new Uint8Array(CheckPoint.size))),
    control: ControlFile.read(new Uint8Array(ControlFile.size)),
    needsRedo: reference.needsRedo,
    referenceGate: true,
    touched: [],
    missingBlocks: new Map(),
    prepared: new Map(),
    stalePrepared: [],
    originProgress: new Map(),
    preInitializedOffsetsPage: -1,
    latestOffsetsPage: -1,
    overwritten: undefined,
    log: () => {},
  }
  return { pool, file: pool.relation(spcOid, dbOid, relNumber, 0), context }
}

/** A record of the relation as the decoder hands it to redo; `bytes` hold all that its blocks and its main data name. */
export function recordAt(
  { lsn, endLsn }: Span,
  { rmid = 0, info = 0, xid = 0, bytes = new Uint8Array(0) } = {},
): WalRecord {
  const half = (position: bigint): [number, number] => [
    Number(position >> 32n),
    Number(position & 0xffffffffn),
  ]
  return new WalRecord(bytes, viewOf(bytes), 0, bytes.length, xid, info, rmid, ...half(lsn), ...half(endLsn))
}

/** A reference to one of the relation's blocks. */
export function blockRef(id: number, block: number, flags = 0): BlockRef {
  return new BlockRef(id, flags, RELATION.spcOid, RELATION.dbOid, RELATION.relNumber, block)
}

/** The page after the record, redone by its resource manager. Errors of {@link applyRecord}. */
export function redone(page: Uint8Array, change: PageChange): Uint8Array {
  const { rmid, info, xid, block, main, data } = change
  const bytes = new Uint8Array(main.length + data.length)
  bytes.set(main)
  bytes.set(data, main.length)
  const record = recordAt(change, { rmid, info, xid, bytes })
  const ref = blockRef(0, block)
  ref.dataAt = main.length
  ref.dataLength = data.length
  record.blocks = [ref]
  record.mainLength = main.length

  const { pool, file, context } = emptyRelation()
  const held = pool.zeroed(file, block)
  held.bytes.set(page)
  applyRecord(record, context)
  return held.bytes.slice()
}
