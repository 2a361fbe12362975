// Pages of tables, and of sequences, which are tables of one row.

import { maxAlign } from '../../format/lsn.js'
import {
  HEAP,
  HEAP_TUPLE_HEADER_SIZE,
  infomaskNames,
  isLockedOnly,
  MOVED_PARTITIONS_OFFSET,
  readHeapTuple,
  type HeapTuple,
} from '../../format/heapTuple.js'
import type { Page } from '../../format/page.js'
import { sequence_magic } from '../../format/sequencePage.js'
import { XID } from '../../format/transactionStatus.js'
import type { Fates, Member, XidStatus } from './fates.js'
import { column, hexText, PLAIN, type Column, type Fields, type KindView, type Tone } from './model.js'

/** What a row is to a query that begins now. */
export type RowState =
  | 'live'
  | 'inserting'
  | 'not inserted'
  | 'deleting'
  | 'deleted'
  | 'updating'
  | 'updated'
  | 'moved'
  | 'unknown'

const columns: readonly Column[] = [
  { title: 'xmin', text: (row) => `${String(row.t_xmin)} ${String(row.t_xmin_status)}` },
  { title: 'xmax', text: xmaxText },
  column('ctid', 't_ctid'),
  column('row', 'row'),
  { title: 'infomask', text: (row) => (row.flags as readonly string[]).join(' ').replaceAll('HEAP_', '') },
]

function xmaxText(row: Fields): string {
  if (row.t_xmax === 0) return '0'
  const members = row.members as readonly Fields[] | null
  if (row.t_xmax_status !== 'multixact') return `${String(row.t_xmax)} ${String(row.t_xmax_status)}`
  const list = members?.map((m) => `${String(m.xid)} ${String(m.mode)}, ${String(m.status)}`)
  return `multi ${String(row.t_xmax)}${list ? ` (${list.join('; ')})` : ''}`
}

const TONES: Readonly<Record<RowState, Tone>> = {
  live: 'good',
  inserting: 'plain',
  deleting: 'plain',
  updating: 'plain',
  'not inserted': 'bad',
  deleted: 'bad',
  updated: 'bad',
  moved: 'bad',
  unknown: 'plain',
}

/** A page of a table. */
export function viewHeap(page: Page, block: number, fates: Fates): KindView {
  return {
    ...PLAIN,
    tuple: ({ lp }) => heapTuple(page, block, lp, fates),
    columns,
    toneOf: (tuple) => TONES[tuple.row as RowState],
  }
}

/** A sequence's page: the row holds last_value, log_cnt and is_called (FormData_pg_sequence_data). */
export function viewSequence(page: Page, block: number, fates: Fates): KindView {
  const row = readHeapTuple(page, 1)
  const { data } = row ?? {}
  const view = data && data.length >= 17 ? new DataView(data.buffer, data.byteOffset) : undefined
  return {
    ...viewHeap(page, block, fates),
    special: { magic: sequence_magic.readView(page.view, page.bytes.length - 8).magic },
    contents: view
      ? {
          last_value: String(view.getBigInt64(0, true)),
          log_cnt: String(view.getBigInt64(8, true)),
          is_called: view.getUint8(16) !== 0,
        }
      : null,
    notes: {
      log_cnt: 'values that may still be handed out before the log must hear of it',
      is_called: view?.getUint8(16) === 0 ? 'last_value itself comes next' : '',
    },
  }
}

function heapTuple(page: Page, block: number, lp: number, fates: Fates): Fields | undefined {
  const tuple = readHeapTuple(page, lp)
  if (!tuple || tuple.at !== maxAlign(tuple.at)) return undefined
  const members = tuple.t_infomask & HEAP.XMAX_IS_MULTI ? fates.members(tuple.t_xmax) : undefined
  const sound =
    tuple.t_hoff >= HEAP_TUPLE_HEADER_SIZE &&
    tuple.t_hoff <= tuple.length &&
    tuple.t_hoff === maxAlign(tuple.t_hoff)
  const xmin = xminStatus(tuple, fates)
  return {
    t_xmin: tuple.t_xmin,
    t_xmin_status: xmin,
    t_xmax: tuple.t_xmax,
    t_xmax_status: xmaxStatus(tuple, fates),
    t_cid: tuple.t_cid,
    t_ctid: `(${tuple.t_ctid.block},${tuple.t_ctid.offnum})`,
    t_infomask2: tuple.t_infomask2,
    t_infomask: tuple.t_infomask,
    flags: infomaskNames(tuple.t_infomask, tuple.t_infomask2),
    natts: tuple.natts,
    t_hoff: tuple.t_hoff,
    t_bits: sound ? nullBits(page, tuple) : null,
    t_data: sound ? hexText(tuple.data) : null,
    row: rowState(tuple, block, xmin, members, fates),
    members: members ? members.map((member) => ({ ...member })) : null,
  }
}

/** The null bitmap, a digit a column, padded to whole bytes: 1 stands for a value. */
function nullBits(page: Page, tuple: HeapTuple): string | null {
  const length = Math.ceil(tuple.natts / 8)
  if (!(tuple.t_infomask & HEAP.HASNULL) || length > tuple.t_hoff - HEAP_TUPLE_HEADER_SIZE) return null
  const at = tuple.at + HEAP_TUPLE_HEADER_SIZE
  const digits = (byte: number): string => [...byte.toString(2).padStart(8, '0')].reverse().join('')
  return Array.from(page.bytes.subarray(at, at + length), digits).join('')
}

/** Of the transaction that made the tuple; where pg_xact does not reach back any more, hint bits tell. */
function xminStatus({ t_xmin, t_infomask }: HeapTuple, fates: Fates): XidStatus {
  if ((t_infomask & HEAP.XMIN_FROZEN) === HEAP.XMIN_FROZEN) return 'frozen'
  const known = fates.status(t_xmin)
  if (known !== 'unknown') return known
  if (t_infomask & HEAP.XMIN_COMMITTED) return 'committed'
  return t_infomask & HEAP.XMIN_INVALID ? 'aborted' : 'unknown'
}

function xmaxStatus({ t_xmax, t_infomask }: HeapTuple, fates: Fates): XidStatus | 'multixact' {
  if (t_xmax === XID.INVALID) return 'none'
  if (t_infomask & HEAP.XMAX_IS_MULTI) return 'multixact'
  const known = fates.status(t_xmax)
  if (known !== 'unknown') return known
  if (t_infomask & HEAP.XMAX_COMMITTED) return 'committed'
  return t_infomask & HEAP.XMAX_INVALID ? 'aborted' : 'unknown'
}

/** What HeapTupleSatisfiesVacuum would make of it, with pg_xact alone to ask (heapam_visibility.c). */
function rowState(
  tuple: HeapTuple,
  block: number,
  xmin: XidStatus,
  members: readonly Member[] | undefined,
  fates: Fates,
): RowState {
  if (xmin === 'aborted') return 'not inserted'
  if (isOpen(xmin)) return 'inserting'
  if (xmin === 'unknown' || xmin === 'none') return 'unknown'
  if (tuple.t_infomask & HEAP.XMAX_INVALID || isLockedOnly(tuple.t_infomask)) return 'live'
  const multi = (tuple.t_infomask & HEAP.XMAX_IS_MULTI) !== 0
  if (multi && !members) return 'unknown'
  const updater = members?.find(({ mode }) => mode === 'nokeyupd' || mode === 'upd')
  const xmax = multi ? (updater?.status ?? 'none') : xmaxStatus(tuple, fates)
  if (xmax === 'none' || xmax === 'aborted') return 'live'
  if (xmax === 'unknown') return 'unknown'
  const { t_ctid } = tuple
  if (t_ctid.offnum === MOVED_PARTITIONS_OFFSET) return isOpen(xmax) ? 'deleting' : 'moved'
  const stays = t_ctid.block === block && t_ctid.offnum === tuple.offnum
  if (isOpen(xmax)) return stays ? 'deleting' : 'updating'
  return stays ? 'deleted' : 'updated'
}

const isOpen = (status: XidStatus | 'multixact'): boolean =>
  status === 'in progress' || status === 'prepared' || status === 'sub-committed'
