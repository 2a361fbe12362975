// Heap pages for tests, and the records that change them, said in a few words.

import * as r from '../../format/heapRecords.js'
import { HEAP, HeapTupleHeaderData, readHeapTuples, type HeapTuple } from '../../format/heapTuple.js'
import { addItem, initPage, pageOf, type Page } from '../../format/page.js'
import type { WalRecord } from '../../wal/record.js'
import { ascii, concat, le16, packed, walRecord, type BlockSpec } from './records.js'

/** Main fork and visibility map. */
export const [MAIN, VM] = [0, 2]

export interface TupleSpec {
  text: string
  xmin?: number
  xmax?: number
  cid?: number
  /** Where its t_ctid points; itself when not given. */
  ctid?: readonly [block: number, offnum: number]
  infomask?: number
  infomask2?: number
}

/** One byte of padding, then the text as the only column: what follows the 23 bytes of header. */
export const columns = (text: string): Uint8Array => concat(Uint8Array.of(0), ascii(text))

/** A heap page holding these rows of one column, in block `block`. */
export function heapPage(tuples: readonly TupleSpec[], block = 0): Page {
  const page = pageOf()
  initPage(page, 0)
  tuples.forEach((tuple, i) => {
    const [bi_lo, ip_posid] = tuple.ctid ?? [block, i + 1]
    const header = packed(HeapTupleHeaderData, {
      t_xmin: tuple.xmin ?? 600,
      t_xmax: tuple.xmax ?? 0,
      t_cid: tuple.cid ?? 0,
      t_ctid: { bi_hi: 0, bi_lo, ip_posid },
      t_infomask2: tuple.infomask2 ?? 1,
      t_infomask: tuple.infomask ?? HEAP.HASVARWIDTH | HEAP.XMIN_COMMITTED | HEAP.XMAX_INVALID,
      t_hoff: 24,
    })
    const bytes = concat(header, columns(tuple.text))
    if (!addItem(page, bytes, 0, bytes.length, i + 1, true)) throw new Error(`no room for ${tuple.text}`)
  })
  return page
}

/** The text of a row made by {@link heapPage} or a record. */
export const textOf = (tuple: HeapTuple | undefined): string =>
  Buffer.from(tuple?.data ?? []).toString('latin1')

/** All rows: "1 first", "3 third". */
export const rowsOf = (page: Page): string[] => readHeapTuples(page).map((t) => `${t.offnum} ${textOf(t)}`)

/** xl_heap_header of a new row of one column. */
export const newHeader = (t_infomask = 0x0802, t_infomask2 = 1): Uint8Array =>
  packed(r.xl_heap_header, { t_infomask2, t_infomask, t_hoff: 24 })

/** xl_heap_header and columns: block 0's data in an insertion. */
export const newRow = (text: string, t_infomask?: number): Uint8Array =>
  concat(newHeader(t_infomask), columns(text))

const HEAP_RMID = 10
const HEAP2_RMID = 9

interface Options {
  xid?: number
  flags?: number
  /** Fields of block 0 to change: an image, WILL_INIT, another block. */
  block?: Partial<BlockSpec>
  /** Blocks after block 0. */
  more?: BlockSpec[]
}

function record(
  rmid: number,
  info: number,
  main: Uint8Array,
  data: Uint8Array | undefined,
  o: Options,
): WalRecord {
  const first: BlockSpec = { block: 0, ...(data && { data }), ...o.block }
  return walRecord({ rmid, info, xid: o.xid ?? 700, main, blocks: [first, ...(o.more ?? [])] })
}

export const insert = (
  offnum: number,
  text: string,
  o: Options & { info?: number; infomask?: number } = {},
): WalRecord =>
  record(
    HEAP_RMID,
    o.info ?? r.XLOG_HEAP.INSERT,
    packed(r.xl_heap_insert, { offnum, flags: o.flags ?? 0 }),
    newRow(text, o.infomask),
    o,
  )

export const remove = (offnum: number, o: Options & { infobits?: number; xmax?: number } = {}): WalRecord => {
  const { xmax = 700, infobits: infobits_set = 0, flags = 0 } = o
  return record(
    HEAP_RMID,
    r.XLOG_HEAP.DELETE,
    packed(r.xl_heap_delete, { xmax, offnum, infobits_set, flags }),
    undefined,
    o,
  )
}

export interface UpdateOptions extends Options {
  info?: number
  prefix?: number
  suffix?: number
  infobits?: number
  newXmax?: number
}

/** An update; `data` is what the record holds of the new row after its header. */
export function update(
  old_offnum: number,
  new_offnum: number,
  data: Uint8Array,
  o: UpdateOptions = {},
): WalRecord {
  let flags = o.flags ?? 0
  const parts: Uint8Array[] = []
  if (o.prefix !== undefined) {
    flags |= r.XLH_UPDATE.PREFIX_FROM_OLD
    parts.push(le16(o.prefix))
  }
  if (o.suffix !== undefined) {
    flags |= r.XLH_UPDATE.SUFFIX_FROM_OLD
    parts.push(le16(o.suffix))
  }
  const main = packed(r.xl_heap_update, {
    old_xmax: o.xid ?? 700,
    old_offnum,
    old_infobits_set: o.infobits ?? 0,
    flags,
    new_xmax: o.newXmax ?? 0,
    new_offnum,
  })
  return record(HEAP_RMID, o.info ?? r.XLOG_HEAP.UPDATE, main, concat(...parts, newHeader(0x2802), data), o)
}

export const confirm = (offnum: number, o: Options = {}): WalRecord =>
  record(HEAP_RMID, r.XLOG_HEAP.CONFIRM, packed(r.xl_heap_confirm, { offnum }), undefined, o)

export const lock = (offnum: number, xmax: number, infobits_set: number, o: Options = {}): WalRecord =>
  record(
    HEAP_RMID,
    r.XLOG_HEAP.LOCK,
    packed(r.xl_heap_lock, { xmax, offnum, infobits_set, flags: o.flags ?? 0 }),
    undefined,
    o,
  )

export const lockUpdated = (offnum: number, xmax: number, infobits_set: number, o: Options = {}): WalRecord =>
  record(
    HEAP2_RMID,
    r.XLOG_HEAP2.LOCK_UPDATED,
    packed(r.xl_heap_lock_updated, { xmax, offnum, infobits_set, flags: o.flags ?? 0 }),
    undefined,
    o,
  )

export const inplace = (offnum: number, text: string, o: Options = {}): WalRecord => {
  const main = packed(r.xl_heap_inplace, {
    offnum,
    dbId: 5,
    tsId: 1663,
    relcacheInitFileInval: true,
    nmsgs: 0,
  })
  return record(HEAP_RMID, r.XLOG_HEAP.INPLACE, main, ascii(text), o)
}

/** Several rows; without `offsets` the page is made anew. */
export function multiInsert(
  texts: string[],
  offsets: number[] | undefined,
  o: Options & { extra?: number } = {},
): WalRecord {
  const tuples: Uint8Array[] = []
  let length = 0
  for (const text of texts) {
    if (length & 1) tuples.push(Uint8Array.of(0))
    const row = columns(text)
    const head = packed(r.xl_multi_insert_tuple, {
      datalen: row.length,
      t_infomask2: 1,
      t_infomask: 0x0802,
      t_hoff: 24,
    })
    tuples.push(head, row)
    length += (length & 1) + head.length + row.length
  }
  const main = concat(
    packed(r.xl_heap_multi_insert, { flags: o.flags ?? 0, ntuples: texts.length + (o.extra ?? 0) }),
    ...(offsets ?? []).map(le16),
  )
  const info = r.XLOG_HEAP2.MULTI_INSERT | (offsets ? 0 : r.XLOG_HEAP_INIT_PAGE)
  const block = { ...(offsets ? {} : { willInit: true }), ...o.block }
  return record(HEAP2_RMID, info, main, concat(...tuples), { ...o, block })
}

export interface PruneSpec {
  plans?: Array<{
    xmax?: number
    t_infomask: number
    t_infomask2: number
    frzflags?: number
    offsets: number[]
  }>
  redirected?: Array<[from: number, to: number]>
  dead?: number[]
  unused?: number[]
  cleanupLock?: boolean
  horizon?: number
  info?: number
  block?: Partial<BlockSpec>
}

export function prune(spec: PruneSpec): WalRecord {
  const { plans, redirected, dead, unused } = spec
  let flags = spec.cleanupLock ? r.XLHP.CLEANUP_LOCK : 0
  const parts: Uint8Array[] = []
  if (plans) {
    flags |= r.XLHP.HAS_FREEZE_PLANS
    parts.push(packed(r.xlhp_freeze_plans, { nplans: plans.length }))
    for (const { xmax = 0, frzflags = 0, offsets, ...masks } of plans)
      parts.push(packed(r.xlhp_freeze_plan, { xmax, frzflags, ...masks, ntuples: offsets.length }))
  }
  const list = (bit: number, offnums: number[] | undefined, perItem: number): void => {
    if (!offnums) return
    flags |= bit
    parts.push(le16(offnums.length / perItem), ...offnums.map(le16))
  }
  list(r.XLHP.HAS_REDIRECTIONS, redirected?.flat(), 2)
  list(r.XLHP.HAS_DEAD_ITEMS, dead, 1)
  list(r.XLHP.HAS_NOW_UNUSED_ITEMS, unused, 1)
  for (const { offsets } of plans ?? []) parts.push(...offsets.map(le16))
  if (spec.horizon !== undefined) flags |= r.XLHP.HAS_CONFLICT_HORIZON
  const horizon = spec.horizon === undefined ? new Uint8Array(0) : concat(le16(spec.horizon), le16(0))
  const main = concat(packed(r.xl_heap_prune, { reason: 0, flags }), horizon)
  return record(HEAP2_RMID, spec.info ?? r.XLOG_HEAP2.PRUNE_ON_ACCESS, main, concat(...parts), {
    ...spec,
    xid: 0,
  })
}

/** HEAP2/VISIBLE: block 0 is the map's page, block 1 the table's. */
export const visible = (
  heapBlock: number,
  flags: number,
  o: { map?: Partial<BlockSpec>; heap?: Partial<BlockSpec> } = {},
): WalRecord =>
  walRecord({
    rmid: HEAP2_RMID,
    info: r.XLOG_HEAP2.VISIBLE,
    main: packed(r.xl_heap_visible, { snapshotConflictHorizon: 650, flags }),
    blocks: [
      { block: Math.floor(heapBlock / 32672), fork: VM, ...o.map },
      { block: heapBlock, ...o.heap },
    ],
  })
