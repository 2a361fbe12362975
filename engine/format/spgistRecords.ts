// What an SP-GiST index's WAL records say (access/spgxlog.h). All of it is main data: a struct, then offset numbers, then
// tuples without alignment. Blocks have none.

import { bool, nested, struct, u16, u32, u8, type Struct, type ValueOf } from '../bytes/layout.js'

/** Operations, the high half of xl_info. */
export const XLOG_SPGIST = {
  ADD_LEAF: 0x10, //        block 0 leaf page, 1 parent
  MOVE_LEAFS: 0x20, //      block 0 page moved from, 1 page moved to, 2 parent
  ADD_NODE: 0x30, //        block 0 old page, 1 new page, 2 parent, when they differ
  SPLIT_TUPLE: 0x40, //     block 0 page of the prefix tuple, 1 of the postfix tuple
  PICKSPLIT: 0x50, //       block 0 page split, 1 other leaf page, 2 page of the inner tuple, 3 parent
  VACUUM_LEAF: 0x60, //     block 0 leaf page
  VACUUM_ROOT: 0x70, //     block 0 root that is a leaf
  VACUUM_REDIRECT: 0x80, // block 0 page
} as const

const state = struct('spgxlogState', 8, {
  redirectXid: u32(0), // goes into redirects
  isBuild: bool(4), //    nobody reads the index yet: placeholders will do. PostgreSQL 18 logs no such build
})
export type spgxlogState = ValueOf<typeof state>
export const spgxlogState: Struct<spgxlogState> = state

/** The leaf tuple follows. */
const addLeaf = struct('spgxlogAddLeaf', 10, {
  newPage: bool(0),
  storesNulls: bool(1),
  offnumLeaf: u16(2), //     where the tuple goes
  offnumHeadLeaf: u16(4), // head of its chain; 0 for none; the same when it replaces a dead head
  offnumParent: u16(6), //   inner tuple whose node `nodeI` shall lead here; 0 for none
  nodeI: u16(8),
})
export type spgxlogAddLeaf = ValueOf<typeof addLeaf>
export const spgxlogAddLeaf: Struct<spgxlogAddLeaf> = addLeaf

/** `nMoves` offsets to delete, `nMoves` + 1 to insert at (1 when replaceDead), and as many leaf tuples follow. */
const moveLeafs = struct('spgxlogMoveLeafs', 20, {
  nMoves: u16(0),
  newPage: bool(2),
  replaceDead: bool(3), // what is moved is one dead tuple: only the new one arrives
  storesNulls: bool(4),
  offnumParent: u16(6),
  nodeI: u16(8),
  stateSrc: nested(12, spgxlogState),
})
export type spgxlogMoveLeafs = ValueOf<typeof moveLeafs>
export const spgxlogMoveLeafs: Struct<spgxlogMoveLeafs> = moveLeafs

/** The inner tuple follows. */
const addNode = struct('spgxlogAddNode', 20, {
  offnum: u16(0),
  offnumNew: u16(2), //  on block 1; 0 when the tuple stays where it was
  newPage: bool(4),
  parentBlk: u8(5), //   which page has the parent, one of SPGIST_PARENT
  offnumParent: u16(6),
  nodeI: u16(8),
  stateSrc: nested(12, spgxlogState),
})
export type spgxlogAddNode = ValueOf<typeof addNode>
export const spgxlogAddNode: Struct<spgxlogAddNode> = addNode
/** parentBlk: the number of a block reference, or a signed −1 when the parent stays as it is. */
export const SPGIST_PARENT = { ON_OLD: 0, ON_NEW: 1, ELSEWHERE: 2, NONE: 0xff } as const

/** The prefix tuple, then the postfix tuple follow; both are inner tuples. */
const splitTuple = struct('spgxlogSplitTuple', 6, {
  offnumPrefix: u16(0),
  offnumPostfix: u16(2),
  newPage: bool(4),
  postfixBlkSame: bool(5), // the postfix tuple is on block 0 too
})
export type spgxlogSplitTuple = ValueOf<typeof splitTuple>
export const spgxlogSplitTuple: Struct<spgxlogSplitTuple> = splitTuple

/**
 * `nDelete` offsets to delete from block 0; `nInsert` to insert at; `nInsert` bytes, 0 for block 0 and 1 for block 1;
 * the inner tuple; `nInsert` leaf tuples follow.
 */
const pickSplit = struct('spgxlogPickSplit', 28, {
  isRootSplit: bool(0), // the page split is the root: it becomes the inner page, and there is no block 0
  nDelete: u16(2),
  nInsert: u16(4),
  initSrc: bool(6),
  initDest: bool(7),
  offnumInner: u16(8),
  initInner: bool(10),
  storesNulls: bool(11),
  innerIsParent: bool(12), // the parent is on the inner page
  offnumParent: u16(14),
  nodeI: u16(16),
  stateSrc: nested(20, spgxlogState),
})
export type spgxlogPickSplit = ValueOf<typeof pickSplit>
export const spgxlogPickSplit: Struct<spgxlogPickSplit> = pickSplit

/** Offsets follow: `nDead`, `nPlaceholder`, `nMove` from, `nMove` to, `nChain` to link, `nChain` to link them to. */
const vacuumLeaf = struct('spgxlogVacuumLeaf', 16, {
  nDead: u16(0),
  nPlaceholder: u16(2),
  nMove: u16(4),
  nChain: u16(6),
  stateSrc: nested(8, spgxlogState),
})
export type spgxlogVacuumLeaf = ValueOf<typeof vacuumLeaf>
export const spgxlogVacuumLeaf: Struct<spgxlogVacuumLeaf> = vacuumLeaf

/** `nDelete` offsets follow. */
const vacuumRoot = struct('spgxlogVacuumRoot', 12, { nDelete: u16(0), stateSrc: nested(4, spgxlogState) })
export type spgxlogVacuumRoot = ValueOf<typeof vacuumRoot>
export const spgxlogVacuumRoot: Struct<spgxlogVacuumRoot> = vacuumRoot

/** `nToPlaceholder` offsets follow, at byte 10. */
const vacuumRedirect = struct('spgxlogVacuumRedirect', 12, {
  nToPlaceholder: u16(0),
  firstPlaceholder: u16(2), // the page ends with placeholders from here on, which go; 0 for none
  snapshotConflictHorizon: u32(4),
  isCatalogRel: bool(8),
})
export type spgxlogVacuumRedirect = ValueOf<typeof vacuumRedirect>
export const spgxlogVacuumRedirect: Struct<spgxlogVacuumRedirect> = vacuumRedirect

/** Where in the main data that which follows a struct begins (SizeOfSpgxlog…, or the size of the struct). */
export const SPGIST_RECORD_SIZE = {
  addLeaf: 10,
  moveLeafs: 20,
  addNode: 20,
  splitTuple: 6,
  pickSplit: 28,
  vacuumLeaf: 16,
  vacuumRoot: 12,
  vacuumRedirect: 10,
} as const
