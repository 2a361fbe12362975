// The final checkpoint (xlog.c, CreateCheckPoint with CHECKPOINT_END_OF_RECOVERY). All that recovery did is in memory
// until now; here it reaches the disk, in an order in which a power cut at any point leaves a directory that can be
// recovered again:
//
//   pages, status tables, two-phase files ─ sync ─► checkpoint record ─ sync ─► pg_control: this write ends recovery

import { join, type Disk } from '../disk/disk.js'
import { CheckPoint } from '../format/checkpoint.js'
import {
  DBState,
  writeControlFile,
  encodeControlFile,
  CONTROL_FILE,
  type ControlFile,
} from '../format/controlFile.js'
import { INVALID_LSN, locateLsn, type Lsn } from '../format/lsn.js'
import { statusPosition, XACTS_PER_PAGE } from '../format/transactionStatus.js'
import { viewOf } from '../bytes/layout.js'
import { FINAL_WRITES, type FinalWrite, type Parts } from '../parts.js'
import type { RedoContext, StatusTables } from '../redo/context.js'
import type { Counters } from '../redo/counters.js'
import { memberPosition, MEMBERS_PER_GROUP, OFFSETS_PER_PAGE } from '../redo/multixact.js'
import { encodeOrigins, ORIGIN_FILE } from '../redo/replicationOrigin.js'
import { XLOG } from '../redo/xlog.js'
import { listSegments, WAL_DIRECTORY } from '../wal/segments.js'
import { WalWriter } from '../wal/writer.js'
import { advancePastPrepared, writePrepared } from './prepared.js'
import { LOCK_FILE } from './startup.js'
import type { Survey } from './survey.js'

/** LSN that unlogged relations start from after a crash (FirstNormalUnloggedLSN). */
const FIRST_NORMAL_UNLOGGED_LSN = 1000n

export interface FinalCheckpoint {
  /** Where the checkpoint record starts; also its redo point. */
  lsn: Lsn
  pagesWritten: number
  statusPagesWritten: number
  /** The order in which the writes were made. */
  order: readonly FinalWrite[]
}

export interface FinalCheckpointOptions {
  onProgress?: (written: number, of: number) => void
  /** Paths that were changed here: all that is to be synced, where somebody syncs the rest beside (pool.beside). */
  changed?: ReadonlySet<string>
}

/** Writes everything down. `time` in seconds since 1970. */
export function finalCheckpoint(
  context: RedoContext,
  survey: Survey,
  parts: Parts,
  time: bigint,
  { onProgress, changed }: FinalCheckpointOptions = {},
): FinalCheckpoint {
  const { disk, pool, tables, counters } = context
  advancePastPrepared(context)
  trimStatusTables(tables, counters)
  const before = pool.pagesWritten
  let statusPagesWritten = 0
  let lsn = INVALID_LSN
  const writer = logWriter(disk, context.control, survey)
  const actions: Record<FinalWrite, () => void> = {
    'write transaction status': () => {
      for (const table of Object.values(tables)) statusPagesWritten += table.flush()
      writePrepared(context)
      if (disk.kind('pg_logical') === 'directory') writeOrigins(disk, context.originProgress)
    },
    'write data pages': () => pool.flushAll(onProgress),
    'sync data files': () => {
      const beside = changed && pool.beside
      if (beside) syncTree(disk, '', (path) => changed.has(path))
      if (beside?.synced()) return
      syncTree(disk, '')
      beside?.synced() // what went wrong there may be told late
    },
    'write checkpoint record': () => {
      if (survey.end.cause === 'requested') cutLog(disk, context.control, survey)
      lsn = writeCheckpointRecord(writer, context, survey, time)
    },
    'sync WAL': () => writer.sync(),
    'write pg_control': () =>
      disk.write(CONTROL_FILE, 0, encodeControlFile(shutDown(context, lsn, survey, time))),
    'sync pg_control': () => disk.sync(CONTROL_FILE),
  }
  const order = parts.finalWrites(FINAL_WRITES)
  for (const write of order) actions[write]()
  disk.remove(LOCK_FILE)
  return { lsn, pagesWritten: pool.pagesWritten - before, statusPagesWritten, order }
}

/** pg_control says from now on that recovery is under way: a crash of ours starts from the same point again. */
export function markInRecovery(disk: Disk, control: ControlFile, time: bigint): void {
  writeControlFile(disk, { ...control, state: DBState.DB_IN_CRASH_RECOVERY, time })
}

function logWriter(disk: Disk, control: ControlFile, survey: Survey): WalWriter {
  const broken = survey.end.aborted
  const writer = new WalWriter({
    disk,
    segmentSize: control.xlog_seg_size,
    timeline: survey.timeline,
    systemIdentifier: control.system_identifier,
    position: broken ? broken.missingContinuation : survey.endOfLog,
    previous: survey.lastRecord ?? control.checkPoint,
  })
  if (broken) writer.overwriteContinuation()
  return writer
}

/** Clears the log behind a requested end: what was not replayed must never be read as if it followed. */
function cutLog(disk: Disk, control: ControlFile, survey: Survey): void {
  const { xlog_seg_size: segmentSize } = control
  const { segment, offset } = locateLsn(survey.endOfLog, segmentSize)
  for (const file of listSegments(disk, segmentSize)) {
    const path = join(WAL_DIRECTORY, file.name)
    if (file.segment > segment) disk.remove(path)
    if (file.segment !== segment) continue
    disk.truncate(path, offset)
    disk.truncate(path, segmentSize)
  }
}

function writeCheckpointRecord(writer: WalWriter, context: RedoContext, survey: Survey, time: bigint): Lsn {
  const broken = survey.end.aborted
  if (broken) {
    const main = new Uint8Array(16)
    viewOf(main).setBigUint64(0, broken.record, true)
    viewOf(main).setBigInt64(8, (time - 946684800n) * 1000000n, true)
    writer.insert(0, XLOG.OVERWRITE_CONTRECORD, 0, main)
  }
  const main = new Uint8Array(CheckPoint.size)
  CheckPoint.write(main, 0, checkpointBody(context, writer.nextRecordStart, survey.timeline, time))
  const { start } = writer.insert(0, XLOG.CHECKPOINT_SHUTDOWN, 0, main)
  writer.write()
  return start
}

/** A shutdown checkpoint is its own redo point: nothing comes between. */
function checkpointBody(context: RedoContext, redo: Lsn, timeline: number, time: bigint): CheckPoint {
  const { wal_level } = context.control
  return context.counters.checkPoint({ redo, ThisTimeLineID: timeline, wal_level, time, oldestActiveXid: 0 })
}

function shutDown(context: RedoContext, lsn: Lsn, survey: Survey, time: bigint): ControlFile {
  return {
    ...context.control,
    state: DBState.DB_SHUTDOWNED,
    time,
    checkPoint: lsn,
    checkPointCopy: checkpointBody(context, lsn, survey.timeline, time),
    unloggedLSN: FIRST_NORMAL_UNLOGGED_LSN,
    minRecoveryPoint: INVALID_LSN,
    minRecoveryPointTLI: 0,
  }
}

/**
 * Clears what lies beyond the next transaction and the next multixact (TrimCLOG, TrimMultiXact).
 * @throws CorruptData when the page of the next one is missing
 */
function trimStatusTables(tables: StatusTables, counters: Counters): void {
  const next = Number(counters.nextXid & 0xffffffffn)
  if (next % XACTS_PER_PAGE !== 0) {
    const { pageno, byte, shift } = statusPosition(next)
    const page = tables.xact.page(pageno)
    page.bytes[byte] &= (1 << shift) - 1
    page.bytes.fill(0, byte + 1)
    page.dirty = true
  }
  const offsetsPage = Math.floor(counters.nextMulti / OFFSETS_PER_PAGE)
  const entry = counters.nextMulti % OFFSETS_PER_PAGE
  const table = tables.multiOffsets
  const offsets = entry === 0 ? table.zeroPage(offsetsPage) : table.page(offsetsPage)
  offsets.view.setUint32(entry * 4, counters.nextMultiOffset, true)
  offsets.bytes.fill(0, (entry + 1) * 4)
  offsets.dirty = true
  const { pageno, flagsAt, xidAt } = memberPosition(counters.nextMultiOffset)
  const first = flagsAt < MEMBERS_PER_GROUP // the page's first group: there may be no such page yet
  if (!first) {
    const page = tables.multiMembers.page(pageno)
    page.bytes.fill(0, xidAt)
    page.dirty = true
  }
}

function writeOrigins(disk: Disk, progress: ReadonlyMap<number, bigint>): void {
  disk.write(`${ORIGIN_FILE}.tmp`, 0, encodeOrigins(progress))
  disk.sync(`${ORIGIN_FILE}.tmp`)
  disk.rename(`${ORIGIN_FILE}.tmp`, ORIGIN_FILE)
}

/**
 * Syncs every file and directory: pages that the dead server wrote but never synced count as applied by their LSN,
 * and must be as durable as ours (fd.c, SyncDataDirectory). `isWanted`: files to leave out are somebody else's.
 */
export function syncTree(disk: Disk, directory: string, isWanted = (_file: string): boolean => true): void {
  for (const { name, kind } of disk.list(directory)) {
    const path = join(directory, name)
    if (kind === 'file') {
      if (path !== LOCK_FILE && isWanted(path)) disk.sync(path)
    } else if (kind === 'directory' || directory === 'pg_tblspc' || name === 'pg_wal')
      syncTree(disk, path, isWanted)
  }
  disk.sync(directory)
}
