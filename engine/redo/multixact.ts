// Resource manager 6, MultiXact: several transactions that hold one row at the same time (access/transam/multixact.c).
//
//   pg_multixact/offsets   multi → offset of its first member, 4 bytes each
//   pg_multixact/members   groups of 4 flag bytes and 4 transaction ids, 20 bytes; 409 groups a page

import { CorruptData } from '../bytes/errors.js'
import { BLCKSZ } from '../format/controlFile.js'
import { XID, xidPrecedes } from '../format/transactionStatus.js'
import type { WalRecord } from '../wal/record.js'
import { pageNumber } from './commitTs.js'
import type { RedoContext, StatusTables } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const OFFSETS_PER_PAGE = BLCKSZ / 4
const GROUP_SIZE = 20
export const MEMBERS_PER_GROUP = 4
const GROUPS_PER_PAGE = Math.floor(BLCKSZ / GROUP_SIZE)
export const MEMBERS_PER_PAGE = GROUPS_PER_PAGE * MEMBERS_PER_GROUP
const MEMBERS_PER_SEGMENT = MEMBERS_PER_PAGE * 32
const FIRST_MULTI = 1
const MAX_MULTI = 0xffffffff
const MAX_OFFSET = 0xffffffff
const LAST_LOCK = 3

const ZERO_OFF_PAGE = 0x00
const ZERO_MEM_PAGE = 0x10
const CREATE_ID = 0x20
const TRUNCATE_ID = 0x30

export const multixact: ResourceManager = {
  id: 6,
  name: 'MultiXact',
  identify: namesByInfo({
    [ZERO_OFF_PAGE]: 'ZERO_OFF_PAGE',
    [ZERO_MEM_PAGE]: 'ZERO_MEM_PAGE',
    [CREATE_ID]: 'CREATE_ID',
    [TRUNCATE_ID]: 'TRUNCATE_ID',
  }),
  redo(record, context) {
    switch (record.info) {
      case ZERO_OFF_PAGE:
        return zeroOffsetsPage(context, pageNumber(record, OFFSETS_PER_PAGE))
      case ZERO_MEM_PAGE:
        context.tables.multiMembers.zeroPage(pageNumber(record, MEMBERS_PER_PAGE))
        return
      case CREATE_ID:
        return redoCreate(record, context)
      case TRUNCATE_ID:
        return redoTruncate(record, context)
      default:
        throw malformed(record, `multixact_redo: unknown op code ${record.info}`)
    }
  },
}

function zeroOffsetsPage(context: RedoContext, pageno: number): void {
  if (context.preInitializedOffsetsPage !== pageno) context.tables.multiOffsets.zeroPage(pageno)
  context.latestOffsetsPage = pageno
  context.preInitializedOffsetsPage = -1
}

/** Where a member's flags byte and transaction id stand: page, and byte offsets in it. */
export function memberPosition(offset: number): { pageno: number; flagsAt: number; xidAt: number } {
  const within = offset % MEMBERS_PER_PAGE
  const group = Math.floor(within / MEMBERS_PER_GROUP) * GROUP_SIZE
  const member = within % MEMBERS_PER_GROUP
  const pageno = Math.floor(offset / MEMBERS_PER_PAGE)
  return { pageno, flagsAt: group + member, xidAt: group + MEMBERS_PER_GROUP + 4 * member }
}

/** A member of a multixact: its transaction, and what it holds the row for. */
export interface MultiXactMember {
  xid: number
  /** 0 key share, 1 share, 2 no key update, 3 update: locks; 4 no key update, 5 update: done (MultiXactStatus). */
  status: number
}

/**
 * The members of a multixact (GetMultiXactIdMembers).
 * @throws CorruptData when there is no such multixact
 */
export function multiXactMembers(
  tables: Pick<StatusTables, 'multiOffsets' | 'multiMembers'>,
  multi: number,
): MultiXactMember[] {
  const offsetOf = (id: number): number => {
    const pageno = Math.floor(id / OFFSETS_PER_PAGE)
    const offset = tables.multiOffsets.page(pageno).view.getUint32((id % OFFSETS_PER_PAGE) * 4, true)
    if (offset !== 0) return offset
    const what = `MultiXact ${multi} has invalid ${id === multi ? '' : 'next '}offset`
    throw new CorruptData({ file: tables.multiOffsets.fileOf(pageno), what })
  }
  const members: MultiXactMember[] = []
  const end = offsetOf(multi === MAX_MULTI ? FIRST_MULTI : multi + 1)
  for (let offset = offsetOf(multi); offset !== end; offset = (offset + 1) >>> 0) {
    const { pageno, flagsAt, xidAt } = memberPosition(offset)
    const { view } = tables.multiMembers.page(pageno)
    const xid = view.getUint32(xidAt, true)
    if (xid !== XID.INVALID) members.push({ xid, status: view.getUint8(flagsAt) })
  }
  return members
}

/** The member that deletes or updates the row; 0 when all only lock it (MultiXactIdGetUpdateXid). */
export function multiXactUpdater(
  tables: Pick<StatusTables, 'multiOffsets' | 'multiMembers'>,
  multi: number,
): number {
  return multiXactMembers(tables, multi).find(({ status }) => status > LAST_LOCK)?.xid ?? XID.INVALID
}

function redoCreate(record: WalRecord, context: RedoContext): void {
  needMain(record, 12)
  const { view, mainAt } = record
  const multi = view.getUint32(mainAt, true)
  const first = view.getUint32(mainAt + 4, true)
  const count = view.getInt32(mainAt + 8, true)
  needMain(record, 12 + 8 * Math.max(0, count))
  writeOffsets(context, multi, first, (first + count) >>> 0)
  let latest = record.xl_xid
  for (let i = 0; i < count; i++) {
    const at = mainAt + 12 + 8 * i
    const xid = view.getUint32(at, true)
    const { pageno, flagsAt, xidAt } = memberPosition((first + i) >>> 0)
    const page = context.tables.multiMembers.page(pageno)
    page.view.setUint32(xidAt, xid, true)
    page.bytes[flagsAt] = view.getUint32(at + 4, true)
    page.dirty = true
    if (xidPrecedes(latest, xid)) latest = xid
  }
  context.counters.advanceMulti((multi + 1) >>> 0, (first + count) >>> 0)
  context.counters.advancePastXid(latest)
}

/** Stores where a multixact's members begin, and with it where the next one's will (RecordNewMultiXact). */
function writeOffsets(context: RedoContext, multi: number, first: number, end: number): void {
  const table = context.tables.multiOffsets
  const next = Math.max((multi + 1) >>> 0, FIRST_MULTI)
  const pageno = Math.floor(multi / OFFSETS_PER_PAGE)
  const nextPage = Math.floor(next / OFFSETS_PER_PAGE)
  context.preInitializedOffsetsPage = -1
  // Older minor releases zeroed the next page only when its first multixact came.
  if (nextPage !== pageno && context.latestOffsetsPage === pageno) {
    table.zeroPage(nextPage)
    context.preInitializedOffsetsPage = nextPage
    context.latestOffsetsPage = nextPage
  }
  put(table.page(pageno), multi % OFFSETS_PER_PAGE, first)
  put(table.page(nextPage), next % OFFSETS_PER_PAGE, end === 0 ? 1 : end)
}

function put(page: { view: DataView; dirty: boolean }, entry: number, offset: number): void {
  if (page.view.getUint32(entry * 4, true) === offset) return
  page.view.setUint32(entry * 4, offset, true)
  page.dirty = true
}

function redoTruncate(record: WalRecord, context: RedoContext): void {
  needMain(record, 20)
  const { view, mainAt } = record
  const [database, , endOffsets, startMembers, endMembers] = [0, 4, 8, 12, 16].map((o) =>
    view.getUint32(mainAt + o, true),
  )
  context.counters.oldestMulti = endOffsets
  context.counters.oldestMultiDB = database
  const last = Math.floor(MAX_OFFSET / MEMBERS_PER_SEGMENT)
  const end = Math.floor(endMembers / MEMBERS_PER_SEGMENT)
  for (let s = Math.floor(startMembers / MEMBERS_PER_SEGMENT); s !== end; s = s === last ? 0 : s + 1)
    context.tables.multiMembers.removeSegment(s)
  const previous = endOffsets === FIRST_MULTI ? MAX_OFFSET : (endOffsets - 1) >>> 0
  const page = Math.floor(previous / OFFSETS_PER_PAGE)
  const cutoff = page - (page % 32)
  context.tables.multiOffsets.truncate((a, b) => multiPagePrecedes(a, cutoff) && multiPagePrecedes(b, cutoff))
}

/** MultiXactOffsetPagePrecedes: pages compared by the multixacts on them, modulo 2^32. */
function multiPagePrecedes(page1: number, page2: number): boolean {
  const multi1 = (page1 * OFFSETS_PER_PAGE + FIRST_MULTI + 1) >>> 0
  const multi2 = (page2 * OFFSETS_PER_PAGE + FIRST_MULTI + 1) >>> 0
  return ((multi1 - multi2) | 0) < 0 && ((multi1 - (multi2 + OFFSETS_PER_PAGE - 1)) | 0) < 0
}
