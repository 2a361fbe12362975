// The startup process begins: was there a crash, and where does replay begin? (xlogrecovery.c, InitWalRecovery)
//
//   pg_control  ── state "shut down" and nothing after its checkpoint ─► no recovery
//       │
//       └─ checkPoint ─► that record, which must be whole ─► its redo point ─► the first record to read
//
// Nothing is written here. Every refusal is one sentence, and PostgreSQL would refuse too, or needs more than we do.

import { CorruptData, DirectoryInUse, NotRecoverable, Unsupported } from '../bytes/errors.js'
import { readFile, type Disk } from '../disk/disk.js'
import { CHECKPOINT_RECORD_LENGTH, CheckPoint } from '../format/checkpoint.js'
import { CONTROL_FILE, DBState, readControlFile, type ControlFile } from '../format/controlFile.js'
import { formatLsn, locateLsn, segmentFileName, type Lsn } from '../format/lsn.js'
import { formatTime } from '../format/timestamp.js'
import { XID } from '../format/transactionStatus.js'
import { XLOG_BLCKSZ, XLogPageHeader } from '../format/walPage.js'
import type { Parts } from '../parts.js'
import { XLOG } from '../redo/xlog.js'
import { WalReader } from '../wal/reader.js'
import type { Timeline } from '../wal/segments.js'
import { notInHistory, targetTimeline, timelineAt, timelineHistory } from '../wal/timelines.js'

export const LOCK_FILE = 'postmaster.pid'

/** What the directory says of itself before anything is done. */
export interface StartPoint {
  control: ControlFile
  /** Is there a crash to recover from? */
  crashed: boolean
  /** The last completed checkpoint: where its record starts, and what it says. */
  checkpointLsn: Lsn
  checkpoint: CheckPoint
  /** Where replay begins. */
  redo: Lsn
  /** Timelines to read WAL of, newest first: the one that recovery goes for, and those it came from. */
  timelines: readonly Timeline[]
  /** PostgreSQL's sentences on the way here. */
  sentences: string[]
}

/** Files that ask PostgreSQL for another recovery than the one after a crash. */
const SIGNAL_FILES: readonly string[] = ['standby.signal', 'recovery.signal', 'backup_label']

/**
 * Was there a crash (xlogrecovery.c, InitWalRecovery)? `control`: of pg_control the state, where the last checkpoint's
 * record starts, and its redo point. `files`: names of files in the data directory itself. `not ours`: a backup or a
 * standby, to be brought on by archive recovery.
 */
export function wasThereACrash(
  control: { readonly state: number; readonly checkPoint: Lsn; readonly redo: Lsn },
  files: readonly string[],
): 'clean' | 'crashed' | 'not ours' {
  const { state, checkPoint, redo } = control
  if (SIGNAL_FILES.some((name) => files.includes(name))) return 'not ours'
  if (state === DBState.DB_IN_ARCHIVE_RECOVERY || state === DBState.DB_SHUTDOWNED_IN_RECOVERY)
    return 'not ours'
  return state === DBState.DB_SHUTDOWNED && redo === checkPoint ? 'clean' : 'crashed'
}

/**
 * Looks at a data directory without changing it.
 * @throws DirectoryInUse, NotRecoverable, CorruptData, Unsupported
 */
export function findStartPoint(disk: Disk, parts: Parts): StartPoint {
  refuseInUse(disk)
  return startPointOf(disk, parts)
}

/** The same for whoever only looks: a server may be running. @throws NotRecoverable, CorruptData, Unsupported */
export function startPointOf(disk: Disk, parts: Parts): StartPoint {
  const control = readControlFile(disk)
  const sentences = [stateSentence(control)]
  checkLocation(control)
  // A redo point behind the checkpoint is no earlier place to begin (PerformWalRecovery).
  const stated = parts.redoPoint(control)
  const redo = stated > control.checkPoint ? control.checkPoint : stated
  const signals = SIGNAL_FILES.filter((name) => disk.size(name) !== undefined)
  const found = (known: Lsn): string => wasThereACrash({ ...control, redo: known }, signals)
  if (found(redo) === 'not ours') throw archiveRecovery(disk, signals)
  const timelines = timelineHistory(disk, targetTimeline(control))
  const checkpoint = readCheckpoint(disk, control, timelines)
  refuseForeignTimeline(control, timelines)
  const start = { control, checkpointLsn: control.checkPoint, checkpoint, redo, timelines, sentences }
  if (found(checkpoint.redo) === 'clean') return { ...start, crashed: false }
  checkRedoRecord(disk, control, redo, timelines)
  sentences.push('database system was not properly shut down; automatic recovery in progress')
  const { ThisTimeLineID } = checkpoint
  if (timelines[0].id > ThisTimeLineID)
    sentences.push(
      `crash recovery starts in timeline ${ThisTimeLineID} and has target timeline ${timelines[0].id}`,
    )
  return { ...start, crashed: true }
}

/** The process that works in the directory now; undefined when there is none. */
export function serverIn(disk: Disk): number | undefined {
  const lock = readFile(disk, LOCK_FILE)
  const pid = lock ? Math.abs(parseInt(new TextDecoder().decode(lock), 10)) : 0
  return pid > 0 && disk.usedBy?.(pid) ? pid : undefined
}

function refuseInUse(disk: Disk): void {
  const pid = serverIn(disk)
  if (pid !== undefined)
    throw new DirectoryInUse(
      `"${disk.name}" is in use: ${LOCK_FILE} names process ${pid}, which is alive and works there; ` +
        'stop that server first (pg_ctl stop)',
    )
}

/** The sentence PostgreSQL logs for the state it finds (xlog.c, StartupXLOG). */
function stateSentence(control: ControlFile): string {
  const time = formatTime(control.time)
  switch (control.state) {
    case DBState.DB_SHUTDOWNED:
      return `database system was shut down at ${time}`
    case DBState.DB_SHUTDOWNED_IN_RECOVERY:
      return `database system was shut down in recovery at ${time}`
    case DBState.DB_SHUTDOWNING:
      return `database system shutdown was interrupted; last known up at ${time}`
    case DBState.DB_IN_CRASH_RECOVERY:
      return `database system was interrupted while in recovery at ${time}`
    case DBState.DB_IN_ARCHIVE_RECOVERY:
      return `database system was interrupted while in recovery at log time ${formatTime(control.checkPointCopy.time)}`
    case DBState.DB_IN_PRODUCTION:
      return `database system was interrupted; last known up at ${time}`
    default:
      throw new CorruptData({
        file: CONTROL_FILE,
        what: 'control file contains invalid database cluster state',
        expected: '1 to 6',
        found: `${control.state}`,
      })
  }
}

/** Standbys and base backups need WAL from an archive, and a decision that is not ours. */
function archiveRecovery(disk: Disk, [signal]: readonly string[]): Unsupported {
  return new Unsupported(
    signal === undefined
      ? `"${disk.name}" was last in archive recovery (a standby); only crash recovery is done here, ` +
          'start it with PostgreSQL'
      : `"${disk.name}" holds ${signal}: it is a backup or a standby, and needs archive recovery; ` +
          'only crash recovery is done here, start it with PostgreSQL',
  )
}

function readerAt(disk: Disk, control: ControlFile, timelines: readonly Timeline[], lsn: Lsn): WalReader {
  const reader = new WalReader({
    disk,
    segmentSize: control.xlog_seg_size,
    timelines,
    systemIdentifier: control.system_identifier,
  })
  reader.beginAt(lsn)
  return reader
}

/** The segment that holds a position. */
function wanted(control: ControlFile, timelines: readonly Timeline[], lsn: Lsn): string {
  const { xlog_seg_size } = control
  const timeline = timelineAt(timelines, lsn) ?? control.checkPointCopy.ThisTimeLineID
  return `pg_wal/${segmentFileName(timeline, locateLsn(lsn, xlog_seg_size).segment, xlog_seg_size)}`
}

/** The checkpoint, and the point that a standby had reached, must be part of the history of the newest timeline. */
function refuseForeignTimeline(control: ControlFile, timelines: readonly Timeline[]): void {
  const { checkPoint, checkPointCopy, minRecoveryPoint, minRecoveryPointTLI } = control
  const wrong = notInHistory(timelines, checkPointCopy.ThisTimeLineID, checkPoint)
  if (wrong !== undefined) throw new NotRecoverable(wrong)
  if (minRecoveryPoint !== 0n && timelineAt(timelines, minRecoveryPoint - 1n) !== minRecoveryPointTLI)
    throw new NotRecoverable(
      `requested timeline ${timelines[0].id} does not contain minimum recovery point ` +
        `${formatLsn(minRecoveryPoint)} on timeline ${minRecoveryPointTLI}`,
    )
}

/** No record starts in a page header (XRecOffIsValid), or anywhere but at a multiple of eight. */
function checkLocation({ checkPoint }: ControlFile): void {
  if (checkPoint % BigInt(XLOG_BLCKSZ) >= BigInt(XLogPageHeader.size) && checkPoint % 8n === 0n) return
  throw new CorruptData({
    file: CONTROL_FILE,
    what: `control file contains invalid checkpoint location: ${formatLsn(checkPoint)}`,
  })
}

/**
 * The checkpoint that pg_control names must be there, whole, whether there was a crash or not: PostgreSQL does not
 * start without it (ReadCheckpointRecord). Its own words count, not their copy in pg_control.
 */
function readCheckpoint(disk: Disk, control: ControlFile, timelines: readonly Timeline[]): CheckPoint {
  const lsn = control.checkPoint
  const refuse = (why: string): NotRecoverable =>
    new NotRecoverable(
      `could not locate a valid checkpoint record at ${formatLsn(lsn)}: ${why}; ` +
        `${wanted(control, timelines, lsn)} must be put back, PostgreSQL cannot start without it either`,
    )
  const record = readerAt(disk, control, timelines, lsn).read()
  if (record.kind === 'end') throw refuse(record.reason)
  if (record.xl_rmid !== 0) throw refuse('invalid resource manager ID in checkpoint record')
  if (record.info !== XLOG.CHECKPOINT_SHUTDOWN && record.info !== XLOG.CHECKPOINT_ONLINE)
    throw refuse('invalid xl_info in checkpoint record')
  if (record.xl_tot_len !== CHECKPOINT_RECORD_LENGTH) throw refuse('invalid length of checkpoint record')
  const checkpoint = CheckPoint.read(record.main)
  const wrong = wrongCheckpoint(checkpoint, lsn, record.info === XLOG.CHECKPOINT_SHUTDOWN)
  if (wrong) throw new CorruptData({ file: `WAL record at ${formatLsn(lsn)}`, what: wrong })
  return checkpoint
}

function wrongCheckpoint({ nextXid, redo }: CheckPoint, lsn: Lsn, shutdown: boolean): string | undefined {
  if ((nextXid & 0xffffffffn) < BigInt(XID.FIRST_NORMAL)) return 'invalid next transaction ID'
  if (redo > lsn) return 'invalid redo in checkpoint record'
  return redo < lsn && shutdown ? 'invalid redo record in shutdown checkpoint' : undefined
}

/** With a redo point before the checkpoint's record, the record there must be CHECKPOINT_REDO. */
function checkRedoRecord(disk: Disk, control: ControlFile, redo: Lsn, timelines: readonly Timeline[]): void {
  if (redo === control.checkPoint) return
  if (redo % 8n !== 0n) throw new NotRecoverable(`no record can be at the redo point ${formatLsn(redo)}`)
  const record = readerAt(disk, control, timelines, redo).read()
  if (record.kind === 'end')
    throw new NotRecoverable(
      `could not find redo location ${formatLsn(redo)} referenced by checkpoint record at ` +
        `${formatLsn(control.checkPoint)}: ${record.reason}; ${wanted(control, timelines, redo)} must be put back, ` +
        'PostgreSQL cannot start without it either',
    )
  if (record.xl_rmid !== 0 || record.info !== XLOG.CHECKPOINT_REDO)
    throw new NotRecoverable(`unexpected record type found at redo point ${formatLsn(redo)}`)
}
