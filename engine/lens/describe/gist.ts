// Describes records of resource manager Gist (gistdesc.c, gist_desc).

import { bool, struct, u16, u32, u64, type Struct } from '../../bytes/layout.js'
import type { RelFileLocator } from '../../format/relationPath.js'
import type { WalRecord } from '../../wal/record.js'
import { flag, fullXidText, locatorText } from './text.js'

const DELETE = 0x10
const PAGE_REUSE = 0x20
const PAGE_SPLIT = 0x30
const PAGE_DELETE = 0x60

const NPAGE_AT = 18 // in gistxlogPageSplit

interface Delete {
  snapshotConflictHorizon: number
  ntodelete: number
  isCatalogRel: boolean
}
const gistxlogDelete: Struct<Delete> = struct('gistxlogDelete', 8, {
  snapshotConflictHorizon: u32(0),
  ntodelete: u16(4),
  isCatalogRel: bool(6),
})

interface PageReuse extends RelFileLocator {
  block: number
  snapshotConflictHorizon: bigint
  isCatalogRel: boolean
}
const gistxlogPageReuse: Struct<PageReuse> = struct('gistxlogPageReuse', 25, {
  spcOid: u32(0),
  dbOid: u32(4),
  relNumber: u32(8),
  block: u32(12),
  snapshotConflictHorizon: u64(16),
  isCatalogRel: bool(24),
})

export function describeGist(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case DELETE: {
      const d = gistxlogDelete.readView(main, 0)
      const horizon = `snapshotConflictHorizon ${d.snapshotConflictHorizon}`
      return `delete: ${horizon}, nitems: ${d.ntodelete}, isCatalogRel ${flag(d.isCatalogRel)}`
    }
    case PAGE_REUSE: {
      const r = gistxlogPageReuse.readView(main, 0)
      const horizon = `snapshotConflictHorizon ${fullXidText(r.snapshotConflictHorizon)}`
      return `rel ${locatorText(r)}; blk ${r.block}; ${horizon}, isCatalogRel ${flag(r.isCatalogRel)}`
    }
    case PAGE_SPLIT:
      return `page_split: splits to ${main.getUint16(NPAGE_AT, true)} pages`
    case PAGE_DELETE:
      return `deleteXid ${fullXidText(main.getBigUint64(0, true))}; downlink ${main.getUint16(8, true)}`
    default:
      return '' // PAGE_UPDATE and ASSIGN_LSN say nothing
  }
}
