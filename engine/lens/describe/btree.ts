// Describes records of resource manager Btree (nbtdesc.c, btree_desc).

import { struct, u32, u64, bool, type Struct } from '../../bytes/layout.js'
import {
  XLOG_BTREE,
  xl_btree_delete,
  xl_btree_mark_page_halfdead,
  xl_btree_metadata,
  xl_btree_split,
  xl_btree_unlink_page,
} from '../../format/btreeRecords.js'
import type { RelFileLocator } from '../../format/relationPath.js'
import type { WalRecord } from '../../wal/record.js'
import { blockDataView, flag, fullXidText, listText, locatorText, u16List } from './text.js'

interface ReusePage extends RelFileLocator {
  snapshotConflictHorizon: bigint
  isCatalogRel: boolean
}
const xl_btree_reuse_page: Struct<ReusePage> = struct('xl_btree_reuse_page', 25, {
  spcOid: u32(0),
  dbOid: u32(4),
  relNumber: u32(8),
  snapshotConflictHorizon: u64(16),
  isCatalogRel: bool(24),
})

export function describeBtree(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case XLOG_BTREE.INSERT_LEAF:
    case XLOG_BTREE.INSERT_UPPER:
    case XLOG_BTREE.INSERT_META:
    case XLOG_BTREE.INSERT_POST:
      return `off: ${main.getUint16(0, true)}`
    case XLOG_BTREE.SPLIT_L:
    case XLOG_BTREE.SPLIT_R: {
      const s = xl_btree_split.readView(main, 0)
      const offsets = `firstrightoff: ${s.firstrightoff}, newitemoff: ${s.newitemoff}, postingoff: ${s.postingoff}`
      return `level: ${s.level}, ${offsets}`
    }
    case XLOG_BTREE.DEDUP:
      return `nintervals: ${main.getUint16(0, true)}`
    case XLOG_BTREE.VACUUM: {
      const [ndeleted, nupdated] = u16List(main, 0, 2)
      return `ndeleted: ${ndeleted}, nupdated: ${nupdated}${removedText(record, ndeleted, nupdated)}`
    }
    case XLOG_BTREE.DELETE: {
      const d = xl_btree_delete.readView(main, 0)
      const counts = `ndeleted: ${d.ndeleted}, nupdated: ${d.nupdated}, isCatalogRel: ${flag(d.isCatalogRel)}`
      const removed = removedText(record, d.ndeleted, d.nupdated)
      return `snapshotConflictHorizon: ${d.snapshotConflictHorizon}, ${counts}${removed}`
    }
    case XLOG_BTREE.NEWROOT:
      return `level: ${main.getUint32(4, true)}`
    default:
      return describePageRemoval(main, record)
  }
}

/** Records of a page's way out of the tree, and of its return. */
function describePageRemoval(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case XLOG_BTREE.MARK_PAGE_HALFDEAD: {
      const m = xl_btree_mark_page_halfdead.readView(main, 0)
      return `topparent: ${m.topparent}, leaf: ${m.leafblk}, left: ${m.leftblk}, right: ${m.rightblk}`
    }
    case XLOG_BTREE.UNLINK_PAGE:
    case XLOG_BTREE.UNLINK_PAGE_META: {
      const u = xl_btree_unlink_page.readView(main, 0)
      const page = `left: ${u.leftsib}, right: ${u.rightsib}, level: ${u.level}, safexid: ${fullXidText(u.safexid)}`
      return `${page}, leafleft: ${u.leafleftsib}, leafright: ${u.leafrightsib}, leaftopparent: ${u.leaftopparent}`
    }
    case XLOG_BTREE.REUSE_PAGE: {
      const r = xl_btree_reuse_page.readView(main, 0)
      const horizon = fullXidText(r.snapshotConflictHorizon)
      return `rel: ${locatorText(r)}, snapshotConflictHorizon: ${horizon}, isCatalogRel: ${flag(r.isCatalogRel)}`
    }
    case XLOG_BTREE.META_CLEANUP: {
      const metadata = blockDataView(record, 0)
      return metadata
        ? `last_cleanup_num_delpages: ${metadata.getUint32(xl_btree_metadata.at.last_cleanup_num_delpages, true)}`
        : ''
    }
    default:
      return ''
  }
}

/**
 * What VACUUM and DELETE take from a leaf page: whole items, then for items that hold several row addresses (posting
 * lists) which of those addresses.
 */
function removedText(record: WalRecord, ndeleted: number, nupdated: number): string {
  const data = blockDataView(record, 0)
  if (!data) return ''
  const updated = u16List(data, 2 * ndeleted, nupdated)
  let at = 2 * (ndeleted + nupdated)
  const updates = updated.map((off) => {
    const ptids = u16List(data, at + 2, data.getUint16(at, true))
    at += 2 + 2 * ptids.length
    return `{ off: ${off}, nptids: ${ptids.length}, ptids:${listText(ptids)} }`
  })
  return `, deleted:${listText(u16List(data, 0, ndeleted))}, updated:${listText(updates)}`
}
