// Resource manager 0, XLOG: checkpoints, counters, full-page images that stand alone (xlog.c, xlog_redo).

import { CorruptData } from '../bytes/errors.js'
import { bool, i32, i64, struct, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { CheckPoint } from '../format/checkpoint.js'
import { formatLsn } from '../format/lsn.js'
import { formatTimestamp } from '../format/timestamp.js'
import { xidPrecedes } from '../format/transactionStatus.js'
import type { WalRecord } from '../wal/record.js'
import { readBlockForRedo } from './block.js'
import { commitTsParameterChange } from './commitTs.js'
import type { RedoContext } from './context.js'
import { needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const XLOG = {
  CHECKPOINT_SHUTDOWN: 0x00,
  CHECKPOINT_ONLINE: 0x10,
  NOOP: 0x20,
  NEXTOID: 0x30,
  SWITCH: 0x40,
  BACKUP_END: 0x50,
  PARAMETER_CHANGE: 0x60,
  RESTORE_POINT: 0x70,
  FPW_CHANGE: 0x80,
  END_OF_RECOVERY: 0x90,
  FPI_FOR_HINT: 0xa0,
  FPI: 0xb0,
  OVERWRITE_CONTRECORD: 0xd0,
  CHECKPOINT_REDO: 0xe0,
} as const

const parameters = struct('xl_parameter_change', 28, {
  MaxConnections: i32(0),
  max_worker_processes: i32(4),
  max_wal_senders: i32(8),
  max_prepared_xacts: i32(12),
  max_locks_per_xact: i32(16),
  wal_level: i32(20),
  wal_log_hints: bool(24),
  track_commit_timestamp: bool(25),
})
export type ParameterChange = ValueOf<typeof parameters>
export const ParameterChange: Struct<ParameterChange> = parameters

const endOfRecovery = struct('xl_end_of_recovery', 24, {
  end_time: i64(0),
  ThisTimeLineID: u32(8),
  PrevTimeLineID: u32(12),
  wal_level: i32(16),
})
export type EndOfRecovery = ValueOf<typeof endOfRecovery>
export const EndOfRecovery: Struct<EndOfRecovery> = endOfRecovery

export const xlog: ResourceManager = {
  id: 0,
  name: 'XLOG',
  identify: namesByInfo(Object.fromEntries(Object.entries(XLOG).map(([name, info]) => [info, name]))),
  redo(record, context) {
    switch (record.info) {
      case XLOG.CHECKPOINT_SHUTDOWN:
      case XLOG.CHECKPOINT_ONLINE:
        return redoCheckpoint(record, context)
      case XLOG.NEXTOID:
        needMain(record, 4)
        context.counters.nextOid = record.view.getUint32(record.mainAt, true)
        return
      case XLOG.PARAMETER_CHANGE:
        return redoParameterChange(record, context)
      case XLOG.FPW_CHANGE:
        needMain(record, 1)
        context.counters.fullPageWrites = record.view.getUint8(record.mainAt)
        return
      case XLOG.FPI:
      case XLOG.FPI_FOR_HINT:
        return redoImages(record, context)
      case XLOG.OVERWRITE_CONTRECORD:
        return checkOverwritten(record, context)
    }
  },
}

/** A shutdown checkpoint is believed exactly; an online one is old news, and only raises counters. */
function redoCheckpoint(record: WalRecord, context: RedoContext): void {
  needMain(record, CheckPoint.size)
  const checkpoint = CheckPoint.read(record.main)
  const { counters } = context
  if (record.info === XLOG.CHECKPOINT_SHUTDOWN) {
    counters.nextXid = checkpoint.nextXid
    counters.nextOid = checkpoint.nextOid
    counters.nextMulti = checkpoint.nextMulti
    counters.nextMultiOffset = checkpoint.nextMultiOffset
    counters.oldestXid = checkpoint.oldestXid
    counters.oldestXidDB = checkpoint.oldestXidDB
  } else {
    if (counters.nextXid < checkpoint.nextXid) counters.nextXid = checkpoint.nextXid
    counters.advanceMulti(checkpoint.nextMulti, checkpoint.nextMultiOffset)
    if (xidPrecedes(counters.oldestXid, checkpoint.oldestXid)) {
      counters.oldestXid = checkpoint.oldestXid
      counters.oldestXidDB = checkpoint.oldestXidDB
    }
  }
  counters.advanceOldestMulti(checkpoint.oldestMulti, checkpoint.oldestMultiDB)
}

function redoParameterChange(record: WalRecord, context: RedoContext): void {
  needMain(record, ParameterChange.size)
  const { track_commit_timestamp, ...values } = ParameterChange.read(record.main)
  Object.assign(context.control, values)
  commitTsParameterChange(context, track_commit_timestamp)
  context.control.track_commit_timestamp = track_commit_timestamp
}

function redoImages(record: WalRecord, context: RedoContext): void {
  for (const ref of record.blocks) {
    if (!ref.image) {
      if (record.info === XLOG.FPI)
        throw new CorruptData({
          file: `WAL record at ${formatLsn(record.lsn)}`,
          what: 'XLOG_FPI record did not contain a full-page image',
        })
      continue
    }
    readBlockForRedo(context, record, ref.id)
  }
}

/** The record after a skipped one must name the one that was skipped (xlogrecovery.c, VerifyOverwriteContrecord). */
function checkOverwritten(record: WalRecord, context: RedoContext): void {
  needMain(record, 16)
  const overwritten = record.view.getBigUint64(record.mainAt, true)
  if (context.overwritten !== overwritten)
    throw new CorruptData({
      file: `WAL record at ${formatLsn(record.lsn)}`,
      what: `mismatching overwritten LSN ${formatLsn(overwritten)} -> ${formatLsn(context.overwritten ?? 0n)}`,
    })
  const when = formatTimestamp(record.view.getBigInt64(record.mainAt + 8, true))
  context.log(`successfully skipped missing contrecord at ${formatLsn(overwritten)}, overwritten at ${when}`)
  context.overwritten = undefined
}
