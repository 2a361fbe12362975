// Describes records of resource manager Heap2: the rest of what tables do (heapdesc.c, heap2_desc).

import {
  XLHP,
  xlhp_freeze_plan,
  xlhp_freeze_plans,
  xlhp_prune_items,
  XLOG_HEAP2,
  XLOG_HEAP_INIT_PAGE,
  XLOG_HEAP_OPMASK,
  xl_heap_multi_insert,
  xl_heap_new_cid,
  xl_heap_prune,
  xl_heap_visible,
} from '../../format/heapRecords.js'
import type { WalRecord } from '../../wal/record.js'
import { rowLockText } from './heap.js'
import { blockDataView, flag, hexByte, listText, locatorText, u16List } from './text.js'

export function describeHeap2(main: DataView, record: WalRecord): string {
  switch (record.info & XLOG_HEAP_OPMASK) {
    case XLOG_HEAP2.PRUNE_ON_ACCESS:
    case XLOG_HEAP2.PRUNE_VACUUM_SCAN:
    case XLOG_HEAP2.PRUNE_VACUUM_CLEANUP:
      return describePrune(main, record)
    case XLOG_HEAP2.VISIBLE: {
      const { snapshotConflictHorizon, flags } = xl_heap_visible.readView(main, 0)
      return `snapshotConflictHorizon: ${snapshotConflictHorizon}, flags: ${hexByte(flags)}`
    }
    case XLOG_HEAP2.MULTI_INSERT: {
      const { ntuples, flags } = xl_heap_multi_insert.readView(main, 0)
      const text = `ntuples: ${ntuples}, flags: ${hexByte(flags)}`
      // On a fresh page the rows are 1, 2, 3, …, and the log does not list them.
      if (record.info & XLOG_HEAP_INIT_PAGE || !blockDataView(record, 0)) return text
      return `${text}, offsets:${listText(u16List(main, xl_heap_multi_insert.size, ntuples))}`
    }
    case XLOG_HEAP2.LOCK_UPDATED:
      return rowLockText(main)
    case XLOG_HEAP2.NEW_CID: {
      const c = xl_heap_new_cid.readView(main, 0)
      const { bi_hi, bi_lo, ip_posid } = c.target_tid
      const tid = `${bi_hi * 0x10000 + bi_lo}/${ip_posid}`
      return `rel: ${locatorText(c)}, tid: ${tid}, cmin: ${c.cmin}, cmax: ${c.cmax}, combo: ${c.combocid}`
    }
    default:
      return ''
  }
}

function describePrune(main: DataView, record: WalRecord): string {
  const { flags } = xl_heap_prune.readView(main, 0)
  const horizon =
    flags & XLHP.HAS_CONFLICT_HORIZON
      ? `snapshotConflictHorizon: ${main.getUint32(xl_heap_prune.size, true)}`
      : ''
  const text = `${horizon}, isCatalogRel: ${flag(flags & XLHP.IS_CATALOG_REL)}`
  const data = blockDataView(record, 0)
  return data ? text + prunedText(prunedItems(data, flags)) : text
}

/** What pruning does to the items of a page, by offset number. */
export interface PrunedItems {
  /** Rows to be frozen: alike ones share a plan. */
  plans: Array<{ plan: xlhp_freeze_plan; offsets: number[] }>
  /** From and to, one after the other: an item that now only points to another. */
  redirected: number[]
  dead: number[]
  unused: number[]
}

/** The lists in a pruning record's block data, each there when its flag is (heap_xlog_deserialize_prune_and_freeze). */
export function prunedItems(data: DataView, flags: number): PrunedItems {
  let at = 0
  const plans: xlhp_freeze_plan[] = []
  if (flags & XLHP.HAS_FREEZE_PLANS) {
    const { nplans } = xlhp_freeze_plans.readView(data, at)
    at += xlhp_freeze_plans.size
    for (; plans.length < nplans; at += xlhp_freeze_plan.size) plans.push(xlhp_freeze_plan.readView(data, at))
  }
  const offsets = (count: number): number[] => {
    at += 2 * count
    return u16List(data, at - 2 * count, count)
  }
  const items = (present: number, perItem: number): number[] => {
    if (!present) return []
    const { ntargets } = xlhp_prune_items.readView(data, at)
    at += xlhp_prune_items.size
    return offsets(ntargets * perItem)
  }
  const redirected = items(flags & XLHP.HAS_REDIRECTIONS, 2)
  const dead = items(flags & XLHP.HAS_DEAD_ITEMS, 1)
  const unused = items(flags & XLHP.HAS_NOW_UNUSED_ITEMS, 1)
  // The plans' rows come last, in one list from which each plan takes its share.
  return {
    plans: plans.map((plan) => ({ plan, offsets: offsets(plan.ntuples) })),
    redirected,
    dead,
    unused,
  }
}

function prunedText({ plans, redirected, dead, unused }: PrunedItems): string {
  const counts = [plans.length, redirected.length / 2, dead.length, unused.length]
  let text = `, nplans: ${counts[0]}, nredirected: ${counts[1]}, ndead: ${counts[2]}, nunused: ${counts[3]}`
  if (plans.length > 0) text += `, plans:${listText(plans.map(planText))}`
  if (redirected.length > 0) text += `, redirected:${listText(arrows(redirected))}`
  if (dead.length > 0) text += `, dead:${listText(dead)}`
  if (unused.length > 0) text += `, unused:${listText(unused)}`
  return text
}

function planText({ plan, offsets }: PrunedItems['plans'][number]): string {
  const masks = `infomask: ${plan.t_infomask}, infomask2: ${plan.t_infomask2}`
  return `{ xmax: ${plan.xmax}, ${masks}, ntuples: ${plan.ntuples}, offsets:${listText(offsets)} }`
}

function arrows(pairs: readonly number[]): string[] {
  const list: string[] = []
  for (let i = 0; i < pairs.length; i += 2) list.push(`${pairs[i]}->${pairs[i + 1]}`)
  return list
}
