// Describes records of resource manager XLOG (xlogdesc.c, xlog_desc).

import { CheckPoint } from '../../format/checkpoint.js'
import { formatLsn } from '../../format/lsn.js'
import { EndOfRecovery, ParameterChange, XLOG } from '../../redo/xlog.js'
import type { WalRecord } from '../../wal/record.js'
import { timestampText, type TimeZone } from '../timeZone.js'
import { cString, fullXidText } from './text.js'

const RESTORE_POINT_NAME_AT = 8 // after the time

const walLevel = (level: number): string => ['minimal', 'replica', 'logical'][level] ?? '?'
const onOff = (set: boolean): string => (set ? 'on' : 'off')

export function describeXlog(main: DataView, record: WalRecord, zone: TimeZone): string {
  switch (record.info) {
    case XLOG.CHECKPOINT_SHUTDOWN:
    case XLOG.CHECKPOINT_ONLINE:
      return describeCheckpoint(main, record.info === XLOG.CHECKPOINT_SHUTDOWN ? 'shutdown' : 'online')
    case XLOG.NEXTOID:
      return `${main.getUint32(0, true)}`
    case XLOG.RESTORE_POINT:
      return cString(main, RESTORE_POINT_NAME_AT)
    case XLOG.BACKUP_END:
      return formatLsn(main.getBigUint64(0, true))
    case XLOG.PARAMETER_CHANGE:
      return describeParameters(main)
    case XLOG.FPW_CHANGE:
      return main.getUint8(0) ? 'true' : 'false'
    case XLOG.END_OF_RECOVERY: {
      const end = EndOfRecovery.readView(main, 0)
      const timelines = `tli ${end.ThisTimeLineID}; prev tli ${end.PrevTimeLineID}`
      return `${timelines}; time ${timestampText(end.end_time, zone)}; wal_level ${walLevel(end.wal_level)}`
    }
    case XLOG.OVERWRITE_CONTRECORD: {
      const time = timestampText(main.getBigInt64(8, true), zone)
      return `lsn ${formatLsn(main.getBigUint64(0, true))}; time ${time}`
    }
    case XLOG.CHECKPOINT_REDO:
      return `wal_level ${walLevel(main.getInt32(0, true))}`
    default:
      return ''
  }
}

function describeCheckpoint(main: DataView, kind: string): string {
  const c = CheckPoint.readView(main, 0)
  return [
    `redo ${formatLsn(c.redo)}`,
    `tli ${c.ThisTimeLineID}`,
    `prev tli ${c.PrevTimeLineID}`,
    `fpw ${c.fullPageWrites ? 'true' : 'false'}`,
    `wal_level ${walLevel(c.wal_level)}`,
    `xid ${fullXidText(c.nextXid)}`,
    `oid ${c.nextOid}`,
    `multi ${c.nextMulti}`,
    `offset ${c.nextMultiOffset}`,
    `oldest xid ${c.oldestXid} in DB ${c.oldestXidDB}`,
    `oldest multi ${c.oldestMulti} in DB ${c.oldestMultiDB}`,
    `oldest/newest commit timestamp xid: ${c.oldestCommitTsXid}/${c.newestCommitTsXid}`,
    `oldest running xid ${c.oldestActiveXid}`,
    kind,
  ].join('; ')
}

function describeParameters(main: DataView): string {
  const p = ParameterChange.readView(main, 0)
  return [
    `max_connections=${p.MaxConnections}`,
    `max_worker_processes=${p.max_worker_processes}`,
    `max_wal_senders=${p.max_wal_senders}`,
    `max_prepared_xacts=${p.max_prepared_xacts}`,
    `max_locks_per_xact=${p.max_locks_per_xact}`,
    `wal_level=${walLevel(p.wal_level)}`,
    `wal_log_hints=${onOff(p.wal_log_hints)}`,
    `track_commit_timestamp=${onOff(p.track_commit_timestamp)}`,
  ].join(' ')
}
