// Describes records of resource manager BRIN (brindesc.c, brin_desc).

import {
  XLOG_BRIN,
  XLOG_BRIN_OPMASK,
  xl_brin_createidx,
  xl_brin_desummarize,
  xl_brin_insert,
  xl_brin_revmap_extend,
  xl_brin_samepage_update,
  xl_brin_update,
} from '../../format/brinRecords.js'
import type { WalRecord } from '../../wal/record.js'

export function describeBrin(main: DataView, record: WalRecord): string {
  switch (record.info & XLOG_BRIN_OPMASK) {
    case XLOG_BRIN.CREATE_INDEX: {
      const { version, pagesPerRange } = xl_brin_createidx.readView(main, 0)
      return `v${version} pagesPerRange ${pagesPerRange}`
    }
    case XLOG_BRIN.INSERT: {
      const { heapBlk, pagesPerRange, offnum } = xl_brin_insert.readView(main, 0)
      return `heapBlk ${heapBlk} pagesPerRange ${pagesPerRange} offnum ${offnum}`
    }
    case XLOG_BRIN.UPDATE: {
      const { oldOffnum, insert } = xl_brin_update.readView(main, 0)
      const range = `heapBlk ${insert.heapBlk} pagesPerRange ${insert.pagesPerRange}`
      return `${range} old offnum ${oldOffnum}, new offnum ${insert.offnum}`
    }
    case XLOG_BRIN.SAMEPAGE_UPDATE:
      return `offnum ${xl_brin_samepage_update.readView(main, 0).offnum}`
    case XLOG_BRIN.REVMAP_EXTEND:
      return `targetBlk ${xl_brin_revmap_extend.readView(main, 0).targetBlk}`
    case XLOG_BRIN.DESUMMARIZE: {
      const { pagesPerRange, heapBlk, regOffset } = xl_brin_desummarize.readView(main, 0)
      return `pagesPerRange ${pagesPerRange}, heapBlk ${heapBlk}, page offset ${regOffset}`
    }
    default:
      return ''
  }
}
