// Describes records of resource manager Standby, written for hot standbys only (standbydesc.c, standby_desc).

import { bool, i32, struct, u32, type Struct } from '../../bytes/layout.js'
import type { WalRecord } from '../../wal/record.js'
import { invalidationsText } from './invalidations.js'
import { u32List } from './text.js'

const LOCK = 0x00
const RUNNING_XACTS = 0x10
const INVALIDATIONS = 0x20

interface RunningXacts {
  xcnt: number
  subxcnt: number
  subxid_overflow: boolean
  nextXid: number
  oldestRunningXid: number
  latestCompletedXid: number
}
const xl_running_xacts: Struct<RunningXacts> = struct('xl_running_xacts', 24, {
  xcnt: i32(0),
  subxcnt: i32(4),
  subxid_overflow: bool(8),
  nextXid: u32(12),
  oldestRunningXid: u32(16),
  latestCompletedXid: u32(20),
})

interface Invalidations {
  dbId: number
  tsId: number
  relcacheInitFileInval: boolean
  nmsgs: number
}
const xl_invalidations: Struct<Invalidations> = struct('xl_invalidations', 16, {
  dbId: u32(0),
  tsId: u32(4),
  relcacheInitFileInval: bool(8),
  nmsgs: i32(12),
})

export function describeStandby(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case LOCK: {
      let text = ''
      for (let i = 0, at = 4; i < main.getInt32(0, true); i++, at += 12) {
        const [xid, db, rel] = u32List(main, at, 3)
        text += `xid ${xid} db ${db} rel ${rel} `
      }
      return text
    }
    case RUNNING_XACTS:
      return describeRunningXacts(main)
    case INVALIDATIONS: {
      const { nmsgs, relcacheInitFileInval: inval, dbId, tsId } = xl_invalidations.readView(main, 0)
      return invalidationsText(main, xl_invalidations.size, nmsgs, { inval, dbId, tsId })
    }
    default:
      return ''
  }
}

function describeRunningXacts(main: DataView): string {
  const running = xl_running_xacts.readView(main, 0)
  const list = (first: number, count: number): string =>
    u32List(main, xl_running_xacts.size + 4 * first, count)
      .map((xid) => ` ${xid}`)
      .join('')
  let text = `nextXid ${running.nextXid} latestCompletedXid ${running.latestCompletedXid}`
  text += ` oldestRunningXid ${running.oldestRunningXid}`
  if (running.xcnt > 0) text += `; ${running.xcnt} xacts:${list(0, running.xcnt)}`
  if (running.subxid_overflow) text += '; subxid overflowed'
  if (running.subxcnt > 0) text += `; ${running.subxcnt} subxacts:${list(running.xcnt, running.subxcnt)}`
  return text
}
