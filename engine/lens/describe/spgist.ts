// Describes records of resource manager SPGist (spgdesc.c, spg_desc).

import {
  spgxlogAddLeaf,
  spgxlogAddNode,
  spgxlogMoveLeafs,
  spgxlogPickSplit,
  spgxlogSplitTuple,
  spgxlogVacuumLeaf,
  spgxlogVacuumRedirect,
  spgxlogVacuumRoot,
  XLOG_SPGIST,
} from '../../format/spgistRecords.js'
import type { WalRecord } from '../../wal/record.js'
import { flag } from './text.js'

const when = (set: boolean, text: string): string => (set ? ` (${text})` : '')

export function describeSpgist(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case XLOG_SPGIST.ADD_LEAF: {
      const a = spgxlogAddLeaf.readView(main, 0)
      const offsets = `off: ${a.offnumLeaf}, headoff: ${a.offnumHeadLeaf}, parentoff: ${a.offnumParent}`
      return `${offsets}, nodeI: ${a.nodeI}${when(a.newPage, 'newpage')}${when(a.storesNulls, 'nulls')}`
    }
    case XLOG_SPGIST.MOVE_LEAFS: {
      const m = spgxlogMoveLeafs.readView(main, 0)
      const notes =
        when(m.newPage, 'newpage') + when(m.replaceDead, 'replacedead') + when(m.storesNulls, 'nulls')
      return `nmoves: ${m.nMoves}, parentoff: ${m.offnumParent}, nodeI: ${m.nodeI}${notes}`
    }
    case XLOG_SPGIST.ADD_NODE: {
      const a = spgxlogAddNode.readView(main, 0)
      const parent = `parentBlk: ${(a.parentBlk << 24) >> 24}, parentoff: ${a.offnumParent}`
      return `off: ${a.offnum}, newoff: ${a.offnumNew}, ${parent}, nodeI: ${a.nodeI}${when(a.newPage, 'newpage')}`
    }
    case XLOG_SPGIST.SPLIT_TUPLE: {
      const t = spgxlogSplitTuple.readView(main, 0)
      const notes = when(t.newPage, 'newpage') + when(t.postfixBlkSame, 'same')
      return `prefixoff: ${t.offnumPrefix}, postfixoff: ${t.offnumPostfix}${notes}`
    }
    case XLOG_SPGIST.PICKSPLIT: {
      const p = spgxlogPickSplit.readView(main, 0)
      const offsets = `inneroff: ${p.offnumInner}, parentoff: ${p.offnumParent}, nodeI: ${p.nodeI}`
      const notes = when(p.innerIsParent, 'innerIsParent') + when(p.storesNulls, 'nulls')
      return `ndelete: ${p.nDelete}, ninsert: ${p.nInsert}, ${offsets}${notes}${when(p.isRootSplit, 'isRootSplit')}`
    }
    default:
      return describeVacuum(main, record)
  }
}

function describeVacuum(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case XLOG_SPGIST.VACUUM_LEAF: {
      const v = spgxlogVacuumLeaf.readView(main, 0)
      return `ndead: ${v.nDead}, nplaceholder: ${v.nPlaceholder}, nmove: ${v.nMove}, nchain: ${v.nChain}`
    }
    case XLOG_SPGIST.VACUUM_ROOT:
      return `ndelete: ${spgxlogVacuumRoot.readView(main, 0).nDelete}`
    case XLOG_SPGIST.VACUUM_REDIRECT: {
      const v = spgxlogVacuumRedirect.readView(main, 0)
      const counts = `ntoplaceholder: ${v.nToPlaceholder}, firstplaceholder: ${v.firstPlaceholder}`
      const horizon = `snapshotConflictHorizon: ${v.snapshotConflictHorizon}`
      return `${counts}, ${horizon}, isCatalogRel: ${flag(v.isCatalogRel)}`
    }
    default:
      return ''
  }
}
