// Describes records of resource manager MultiXact: groups of transactions that lock one row (mxactdesc.c).

import { struct, u32, type Struct } from '../../bytes/layout.js'
import type { WalRecord } from '../../wal/record.js'

const ZERO_OFF_PAGE = 0x00
const ZERO_MEM_PAGE = 0x10
const CREATE_ID = 0x20
const TRUNCATE_ID = 0x30

/** What each member holds the row for, by MultiXactStatus. */
const STATUS = ['keysh', 'sh', 'fornokeyupd', 'forupd', 'nokeyupd', 'upd']

interface Truncation {
  startTruncOff: number
  endTruncOff: number
  startTruncMemb: number
  endTruncMemb: number
}
const xl_multixact_truncate: Struct<Truncation> = struct('xl_multixact_truncate', 20, {
  startTruncOff: u32(4),
  endTruncOff: u32(8),
  startTruncMemb: u32(12),
  endTruncMemb: u32(16),
})

export function describeMultiXact(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case ZERO_OFF_PAGE:
    case ZERO_MEM_PAGE:
      return `${main.getBigInt64(0, true)}`
    case CREATE_ID: {
      const count = main.getInt32(8, true)
      let text = `${main.getUint32(0, true)} offset ${main.getUint32(4, true)} nmembers ${count}: `
      for (let i = 0, at = 12; i < count; i++, at += 8)
        text += `${main.getUint32(at, true)} (${STATUS[main.getUint32(at + 4, true)] ?? 'unk'}) `
      return text
    }
    case TRUNCATE_ID: {
      const t = xl_multixact_truncate.readView(main, 0)
      const members = `[${t.startTruncMemb}, ${t.endTruncMemb})`
      return `offsets [${t.startTruncOff}, ${t.endTruncOff}), members ${members}`
    }
    default:
      return ''
  }
}
