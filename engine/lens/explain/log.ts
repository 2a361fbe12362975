// Explains what the log says of itself: checkpoints, counters, images, switches (resource manager XLOG), and messages.

import { CheckPoint } from '../../format/checkpoint.js'
import { formatLsn } from '../../format/lsn.js'
import { ParameterChange } from '../../redo/xlog.js'
import { parseLogicalMessage } from '../describe/logicalMessage.js'
import { cString, fullXidText } from '../describe/text.js'
import { count, listing, type Tells, type Words } from './words.js'

const LEVELS = ['minimal', 'replica', 'logical']
const level = (n: number): string => LEVELS[n] ?? `${n}`

/** The pages whose images a record is there for. */
function imagePages(words: Words): string {
  const [first] = words.record.blocks
  if (!first) return 'no page'
  const { blocks } = words.record
  if (blocks.length === 1) return words.pageOf(first)
  return `${count(blocks.length, 'page')} of ${words.relation(first)}, from page ${first.block} on`
}

export const xlogTells: Tells = {
  CHECKPOINT_SHUTDOWN: (w) => {
    const { nextXid } = CheckPoint.readView(w.main, 0)
    return (
      'the checkpoint of a shutdown: every change before it is in the data files, and the next transaction will be ' +
      fullXidText(nextXid)
    )
  },
  CHECKPOINT_ONLINE: (w) => {
    const { redo, nextXid } = CheckPoint.readView(w.main, 0)
    return (
      `a checkpoint is complete: recovery from here on would begin at ${formatLsn(redo)}, ` +
      `and the next transaction was to be ${fullXidText(nextXid)}`
    )
  },
  CHECKPOINT_REDO: () => 'a checkpoint begins: once it is complete, recovery will begin at this record',
  NOOP: () => 'nothing: a record that only takes room',
  NEXTOID: (w) => `object ids below ${w.u32(0)} are set aside, to be given out without another record`,
  SWITCH: () => 'the log goes on in the next segment; the rest of this one stays empty',
  BACKUP_END: (w) => `the base backup that began at ${formatLsn(w.main.getBigUint64(0, true))} is complete`,
  PARAMETER_CHANGE: (w) => {
    const p = ParameterChange.readView(w.main, 0)
    return (
      `the server runs with new settings: wal_level ${level(p.wal_level)}, ${p.MaxConnections} connections, ` +
      `${p.max_prepared_xacts} prepared transactions, track_commit_timestamp ${p.track_commit_timestamp ? 'on' : 'off'}`
    )
  },
  RESTORE_POINT: (w) => `somebody named this place "${cString(w.main, 8)}", to recover up to here`,
  FPW_CHANGE: (w) => `full_page_writes was switched ${w.main.getUint8(0) ? 'on' : 'off'}`,
  END_OF_RECOVERY: (w) => `recovery is over: timeline ${w.u32(8)} goes on from timeline ${w.u32(12)}`,
  FPI_FOR_HINT: (w) =>
    `${imagePages(w)} is in the record whole: only hint bits changed on it, ` +
    'for the first time since the checkpoint, and a torn page would not match its checksum',
  FPI: (w) => `${imagePages(w)} went into the log whole`,
  OVERWRITE_CONTRECORD: (w) =>
    `the record at ${formatLsn(w.main.getBigUint64(0, true))} was cut off by a crash, and is to be passed over`,
}

export const logicalMessageTells: Tells = {
  MESSAGE: (w) => {
    const { transactional, prefix, size } = parseLogicalMessage(w.main)
    const kind = transactional ? '' : ', whether or not the transaction commits'
    return `${w.who} left a message of ${count(size, 'byte')} for "${prefix}"${kind}; redo ignores it`
  },
}

export const replicationOriginTells: Tells = {
  SET: (w) =>
    `replication origin ${w.u16(8)} has been applied up to ${formatLsn(w.main.getBigUint64(0, true))} of its own log`,
  DROP: (w) => `replication origin ${w.u16(0)} was dropped`,
}

export const standbyTells: Tells = {
  LOCK: (w) => {
    const locks: string[] = []
    for (let i = 0, at = 4; i < w.main.getInt32(0, true); i++, at += 12)
      locks.push(`transaction ${w.u32(at)} holds relation ${w.u32(at + 8)} of database ${w.u32(at + 4)}`)
    return `${listing(locks)}, exclusively; only a hot standby needs to know`
  },
  RUNNING_XACTS: (w) => {
    const running = w.main.getInt32(0, true) + w.main.getInt32(4, true)
    const ids: number[] = []
    for (let i = 0; i < Math.min(running, 10); i++) ids.push(w.u32(24 + 4 * i))
    const list = running > ids.length ? `${ids.join(', ')}, …` : ids.join(', ')
    const next = `the next was to be ${w.u32(12)}`
    if (running === 0) return `at this moment no transaction was running, and ${next}`
    return `at this moment ${count(running, 'transaction was', 'transactions were')} running (${list}), and ${next}`
  },
  INVALIDATIONS: (w) =>
    `${count(w.main.getInt32(12, true), 'cached catalog entry', 'cached catalog entries')} are out of date; ` +
    'only a hot standby needs to know',
}
