// Describes records of resource manager Transaction (xactdesc.c, xact_desc).

import { formatLsn, maxAlign } from '../../format/lsn.js'
import { FORK, relationPath, type RelFileLocator } from '../../format/relationPath.js'
import {
  parsePrepare,
  parseTransactionEnd,
  XACT,
  XlXactPrepare,
  type TransactionEnd,
} from '../../format/transactionRecord.js'
import { XINFO } from '../../format/transactionRecord.js'
import type { WalRecord } from '../../wal/record.js'
import { timestampText, type TimeZone } from '../timeZone.js'
import { invalidationsText } from './invalidations.js'
import { u32List } from './text.js'

// High bits of xinfo: how the commit is to be carried out elsewhere (access/xact.h, XACT_COMPLETION_…).
const APPLY_FEEDBACK = 1 << 29
const UPDATE_RELCACHE_FILE = 1 << 30
const FORCE_SYNC_COMMIT = 1 << 31

const LOCATOR_SIZE = 12
const STATS_ITEM_SIZE = 16
const MESSAGE_SIZE = 16

export function describeTransaction(main: DataView, record: WalRecord, zone: TimeZone): string {
  switch (record.xl_info & XACT.OPMASK) {
    case XACT.COMMIT:
    case XACT.COMMIT_PREPARED:
      return describeCommit(record, zone)
    case XACT.ABORT:
    case XACT.ABORT_PREPARED:
      return describeAbort(record, zone)
    case XACT.PREPARE:
      return describePrepare(main, record, zone)
    case XACT.ASSIGNMENT: {
      const subxids = u32List(main, 8, main.getInt32(4, true))
      return `xtop ${main.getUint32(0, true)}: subxacts:${subxids.map((xid) => ` ${xid}`).join('')}`
    }
    case XACT.INVALIDATION:
      return invalidationsText(main, 4, main.getInt32(0, true), { inval: false, dbId: 0, tsId: 0 })
    default:
      return ''
  }
}

function describeCommit(record: WalRecord, zone: TimeZone): string {
  const end = parseTransactionEnd(record.main, record.xl_info)
  const messages = joined(end.messages)
  const initFile = { inval: (end.xinfo & UPDATE_RELCACHE_FILE) !== 0, dbId: end.dbId, tsId: end.tsId }
  return (
    headText(end, zone) +
    relationsText('rels', end.relations) +
    subxidsText(end.subxids) +
    statsText('', end.droppedStats) +
    invalidationsText(messages, 0, end.messages.length, initFile) +
    (end.xinfo & APPLY_FEEDBACK ? '; apply_feedback' : '') +
    (end.xinfo & FORCE_SYNC_COMMIT ? '; sync' : '') +
    originText(record, end, zone)
  )
}

function describeAbort(record: WalRecord, zone: TimeZone): string {
  const end = parseTransactionEnd(record.main, record.xl_info)
  return (
    headText(end, zone) +
    relationsText('rels', end.relations) +
    subxidsText(end.subxids) +
    originText(record, end, zone) +
    statsText('', end.droppedStats)
  )
}

/** A PREPARE record's lists follow its header in a fixed order, each aligned to 8 bytes (ParsePrepareRecord). */
function describePrepare(main: DataView, record: WalRecord, zone: TimeZone): string {
  const { header: h, gid, subxids } = parsePrepare(record.main)
  let at = maxAlign(XlXactPrepare.size) + maxAlign(h.gidlen) + maxAlign(4 * h.nsubxacts)
  const next = <T>(size: number, count: number, read: (at: number) => T): T[] => {
    const list = Array.from({ length: count }, (_, i) => read(at + i * size))
    at += maxAlign(size * count)
    return list
  }
  const commitRelations = next(LOCATOR_SIZE, h.ncommitrels, (p) => locatorAt(main, p))
  const abortRelations = next(LOCATOR_SIZE, h.nabortrels, (p) => locatorAt(main, p))
  const commitStats = next(STATS_ITEM_SIZE, h.ncommitstats, (p) => statsAt(main, p))
  const abortStats = next(STATS_ITEM_SIZE, h.nabortstats, (p) => statsAt(main, p))
  const initFile = { inval: h.initfileinval, dbId: h.database, tsId: 0 }
  const origin = { originLsn: h.origin_lsn, originTimestamp: h.origin_timestamp }
  return (
    `gid ${gid}: ${timestampText(h.prepared_at, zone)}` +
    relationsText('rels(commit)', commitRelations) +
    relationsText('rels(abort)', abortRelations) +
    statsText('commit ', commitStats) +
    statsText('abort ', abortStats) +
    subxidsText(subxids) +
    invalidationsText(main, at, h.ninvalmsgs, initFile) +
    (record.origin ? originText(record, { ...origin, xinfo: XINFO.HAS_ORIGIN }, zone) : '')
  )
}

function headText(end: TransactionEnd, zone: TimeZone): string {
  return (end.twophaseXid ? `${end.twophaseXid}: ` : '') + timestampText(end.xact_time, zone)
}

function relationsText(label: string, relations: readonly RelFileLocator[]): string {
  if (relations.length === 0) return ''
  return `; ${label}:${relations.map((relation) => ` ${relationPath(relation, FORK.MAIN)}`).join('')}`
}

function subxidsText(subxids: readonly number[]): string {
  return subxids.length > 0 ? `; subxacts:${subxids.map((xid) => ` ${xid}`).join('')}` : ''
}

function statsText(label: string, items: TransactionEnd['droppedStats']): string {
  if (items.length === 0) return ''
  return `; ${label}dropped stats:${items.map((s) => ` ${s.kind | 0}/${s.dboid}/${s.objid}`).join('')}`
}

function originText(
  record: WalRecord,
  end: Pick<TransactionEnd, 'xinfo' | 'originLsn' | 'originTimestamp'>,
  zone: TimeZone,
): string {
  if (!(end.xinfo & XINFO.HAS_ORIGIN)) return ''
  const at = timestampText(end.originTimestamp, zone)
  return `; origin: node ${record.origin}, lsn ${formatLsn(end.originLsn)}, at ${at}`
}

function locatorAt(view: DataView, at: number): RelFileLocator {
  const [spcOid, dbOid, relNumber] = u32List(view, at, 3)
  return { spcOid, dbOid, relNumber }
}

function statsAt(view: DataView, at: number): TransactionEnd['droppedStats'][number] {
  return {
    kind: view.getUint32(at, true),
    dboid: view.getUint32(at + 4, true),
    objid: view.getBigUint64(at + 8, true),
  }
}

function joined(messages: readonly Uint8Array[]): DataView {
  const all = new Uint8Array(messages.length * MESSAGE_SIZE)
  messages.forEach((message, i) => all.set(message, i * MESSAGE_SIZE))
  return new DataView(all.buffer)
}
