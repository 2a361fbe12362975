// Describes records of resource manager SPGist (spgdesc.c, spg_desc).

import { bool, struct, u16, u32, u8, type Struct } from '../../bytes/layout.js'
import type { WalRecord } from '../../wal/record.js'
import { flag, u16List } from './text.js'

const ADD_LEAF = 0x10
const MOVE_LEAFS = 0x20
const ADD_NODE = 0x30
const SPLIT_TUPLE = 0x40
const PICKSPLIT = 0x50
const VACUUM_LEAF = 0x60
const VACUUM_ROOT = 0x70
const VACUUM_REDIRECT = 0x80

interface AddLeaf {
  newPage: boolean
  storesNulls: boolean
  offnumLeaf: number
  offnumHeadLeaf: number
  offnumParent: number
  nodeI: number
}
const spgxlogAddLeaf: Struct<AddLeaf> = struct('spgxlogAddLeaf', 10, {
  newPage: bool(0),
  storesNulls: bool(1),
  offnumLeaf: u16(2),
  offnumHeadLeaf: u16(4),
  offnumParent: u16(6),
  nodeI: u16(8),
})

interface MoveLeafs {
  nMoves: number
  newPage: boolean
  replaceDead: boolean
  storesNulls: boolean
  offnumParent: number
  nodeI: number
}
const spgxlogMoveLeafs: Struct<MoveLeafs> = struct('spgxlogMoveLeafs', 20, {
  nMoves: u16(0),
  newPage: bool(2),
  replaceDead: bool(3),
  storesNulls: bool(4),
  offnumParent: u16(6),
  nodeI: u16(8),
})

interface AddNode {
  offnum: number
  offnumNew: number
  newPage: boolean
  parentBlk: number
  offnumParent: number
  nodeI: number
}
const spgxlogAddNode: Struct<AddNode> = struct('spgxlogAddNode', 20, {
  offnum: u16(0),
  offnumNew: u16(2),
  newPage: bool(4),
  parentBlk: u8(5), // int8: -1 when the parent stays as it is
  offnumParent: u16(6),
  nodeI: u16(8),
})

interface PickSplit {
  isRootSplit: boolean
  nDelete: number
  nInsert: number
  offnumInner: number
  storesNulls: boolean
  innerIsParent: boolean
  offnumParent: number
  nodeI: number
}
const spgxlogPickSplit: Struct<PickSplit> = struct('spgxlogPickSplit', 28, {
  isRootSplit: bool(0),
  nDelete: u16(2),
  nInsert: u16(4),
  offnumInner: u16(8),
  storesNulls: bool(11),
  innerIsParent: bool(12),
  offnumParent: u16(14),
  nodeI: u16(16),
})

interface VacuumRedirect {
  nToPlaceholder: number
  firstPlaceholder: number
  snapshotConflictHorizon: number
  isCatalogRel: boolean
}
const spgxlogVacuumRedirect: Struct<VacuumRedirect> = struct('spgxlogVacuumRedirect', 12, {
  nToPlaceholder: u16(0),
  firstPlaceholder: u16(2),
  snapshotConflictHorizon: u32(4),
  isCatalogRel: bool(8),
})

const when = (set: boolean, text: string): string => (set ? ` (${text})` : '')

export function describeSpgist(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case ADD_LEAF: {
      const a = spgxlogAddLeaf.readView(main, 0)
      const offsets = `off: ${a.offnumLeaf}, headoff: ${a.offnumHeadLeaf}, parentoff: ${a.offnumParent}`
      return `${offsets}, nodeI: ${a.nodeI}${when(a.newPage, 'newpage')}${when(a.storesNulls, 'nulls')}`
    }
    case MOVE_LEAFS: {
      const m = spgxlogMoveLeafs.readView(main, 0)
      const notes =
        when(m.newPage, 'newpage') + when(m.replaceDead, 'replacedead') + when(m.storesNulls, 'nulls')
      return `nmoves: ${m.nMoves}, parentoff: ${m.offnumParent}, nodeI: ${m.nodeI}${notes}`
    }
    case ADD_NODE: {
      const a = spgxlogAddNode.readView(main, 0)
      const parent = `parentBlk: ${(a.parentBlk << 24) >> 24}, parentoff: ${a.offnumParent}`
      return `off: ${a.offnum}, newoff: ${a.offnumNew}, ${parent}, nodeI: ${a.nodeI}${when(a.newPage, 'newpage')}`
    }
    case SPLIT_TUPLE: {
      const [prefix, postfix] = u16List(main, 0, 2)
      const notes = when(main.getUint8(4) !== 0, 'newpage') + when(main.getUint8(5) !== 0, 'same')
      return `prefixoff: ${prefix}, postfixoff: ${postfix}${notes}`
    }
    case PICKSPLIT: {
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
    case VACUUM_LEAF: {
      const [dead, placeholder, move, chain] = u16List(main, 0, 4)
      return `ndead: ${dead}, nplaceholder: ${placeholder}, nmove: ${move}, nchain: ${chain}`
    }
    case VACUUM_ROOT:
      return `ndelete: ${main.getUint16(0, true)}`
    case VACUUM_REDIRECT: {
      const v = spgxlogVacuumRedirect.readView(main, 0)
      const counts = `ntoplaceholder: ${v.nToPlaceholder}, firstplaceholder: ${v.firstPlaceholder}`
      const horizon = `snapshotConflictHorizon: ${v.snapshotConflictHorizon}`
      return `${counts}, ${horizon}, isCatalogRel: ${flag(v.isCatalogRel)}`
    }
    default:
      return ''
  }
}
