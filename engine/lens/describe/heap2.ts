// Describes records of resource manager Heap2: the rest of what tables do (heapdesc.c, heap2_desc).

import { struct, u16, u32, type Struct } from '../../bytes/layout.js'
import type { RelFileLocator } from '../../format/relationPath.js'
import type { WalRecord } from '../../wal/record.js'
import { HEAP_OPMASK, rowLockText } from './heap.js'
import { blockDataView, blockIdAt, flag, hexByte, listText, locatorText, u16List } from './text.js'

const PRUNE_ON_ACCESS = 0x10
const PRUNE_VACUUM_SCAN = 0x20
const PRUNE_VACUUM_CLEANUP = 0x30
const VISIBLE = 0x40
const MULTI_INSERT = 0x50
const LOCK_UPDATED = 0x60
const NEW_CID = 0x70
const INIT_PAGE = 0x80

/** Bits of xl_heap_prune.flags (XLHP_…). */
const PRUNE = {
  IS_CATALOG_REL: 0x02,
  HAS_CONFLICT_HORIZON: 0x08,
  HAS_FREEZE_PLANS: 0x10,
  HAS_REDIRECTIONS: 0x20,
  HAS_DEAD_ITEMS: 0x40,
  HAS_NOW_UNUSED_ITEMS: 0x80,
} as const

interface FreezePlan {
  xmax: number
  t_infomask2: number
  t_infomask: number
  ntuples: number
}
const xlhp_freeze_plan: Struct<FreezePlan> = struct('xlhp_freeze_plan', 12, {
  xmax: u32(0),
  t_infomask2: u16(4),
  t_infomask: u16(6),
  ntuples: u16(10),
})
const FREEZE_PLANS_AT = 4 // count, then two bytes of padding

interface NewCid extends RelFileLocator {
  cmin: number
  cmax: number
  combocid: number
}
const xl_heap_new_cid: Struct<NewCid> = struct('xl_heap_new_cid', 34, {
  cmin: u32(4),
  cmax: u32(8),
  combocid: u32(12),
  spcOid: u32(16),
  dbOid: u32(20),
  relNumber: u32(24),
})
const NEW_CID_TID_AT = 28

export function describeHeap2(main: DataView, record: WalRecord): string {
  switch (record.info & HEAP_OPMASK) {
    case PRUNE_ON_ACCESS:
    case PRUNE_VACUUM_SCAN:
    case PRUNE_VACUUM_CLEANUP:
      return describePrune(main, record)
    case VISIBLE:
      return `snapshotConflictHorizon: ${main.getUint32(0, true)}, flags: ${hexByte(main.getUint8(4))}`
    case MULTI_INSERT: {
      const count = main.getUint16(2, true)
      const text = `ntuples: ${count}, flags: ${hexByte(main.getUint8(0))}`
      const filled = (record.info & INIT_PAGE) !== 0 // a fresh page: its rows are 1, 2, 3, …
      return filled || !blockDataView(record, 0)
        ? text
        : `${text}, offsets:${listText(u16List(main, 4, count))}`
    }
    case LOCK_UPDATED:
      return rowLockText(main)
    case NEW_CID: {
      const c = xl_heap_new_cid.readView(main, 0)
      const tid = `${blockIdAt(main, NEW_CID_TID_AT)}/${main.getUint16(NEW_CID_TID_AT + 4, true)}`
      return `rel: ${locatorText(c)}, tid: ${tid}, cmin: ${c.cmin}, cmax: ${c.cmax}, combo: ${c.combocid}`
    }
    default:
      return ''
  }
}

function describePrune(main: DataView, record: WalRecord): string {
  const flags = main.getUint8(1)
  const horizon =
    flags & PRUNE.HAS_CONFLICT_HORIZON ? `snapshotConflictHorizon: ${main.getUint32(2, true)}` : ''
  const text = `${horizon}, isCatalogRel: ${flag(flags & PRUNE.IS_CATALOG_REL)}`
  const data = blockDataView(record, 0)
  return data ? text + pruneItemsText(data, flags) : text
}

/** The lists in a pruning record's block data, each there when its flag is (heap_xlog_deserialize_prune_and_freeze). */
function pruneItemsText(data: DataView, flags: number): string {
  let at = 0
  const plans: FreezePlan[] = []
  if (flags & PRUNE.HAS_FREEZE_PLANS) {
    const count = data.getUint16(at, true)
    at += FREEZE_PLANS_AT
    for (let i = 0; i < count; i++, at += xlhp_freeze_plan.size)
      plans.push(xlhp_freeze_plan.readView(data, at))
  }
  const items = (present: number, perItem: number): number[] => {
    if (!present) return []
    const list = u16List(data, at + 2, data.getUint16(at, true) * perItem)
    at += 2 + 2 * list.length
    return list
  }
  const redirected = items(flags & PRUNE.HAS_REDIRECTIONS, 2)
  const dead = items(flags & PRUNE.HAS_DEAD_ITEMS, 1)
  const unused = items(flags & PRUNE.HAS_NOW_UNUSED_ITEMS, 1)
  const counts = [plans.length, redirected.length / 2, dead.length, unused.length]
  let text = `, nplans: ${counts[0]}, nredirected: ${counts[1]}, ndead: ${counts[2]}, nunused: ${counts[3]}`
  if (plans.length > 0) text += `, plans:${listText(planTexts(data, at, plans))}`
  if (redirected.length > 0) text += `, redirected:${listText(arrows(redirected))}`
  if (dead.length > 0) text += `, dead:${listText(dead)}`
  if (unused.length > 0) text += `, unused:${listText(unused)}`
  return text
}

/** Each plan takes its rows from one common list of offset numbers, in turn. */
function planTexts(data: DataView, at: number, plans: readonly FreezePlan[]): string[] {
  return plans.map((plan) => {
    const offsets = listText(u16List(data, at, plan.ntuples))
    at += 2 * plan.ntuples
    const masks = `infomask: ${plan.t_infomask}, infomask2: ${plan.t_infomask2}`
    return `{ xmax: ${plan.xmax}, ${masks}, ntuples: ${plan.ntuples}, offsets:${offsets} }`
  })
}

function arrows(pairs: readonly number[]): string[] {
  const list: string[] = []
  for (let i = 0; i < pairs.length; i += 2) list.push(`${pairs[i]}->${pairs[i + 1]}`)
  return list
}
