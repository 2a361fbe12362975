// What became of the transactions that a page names: asked of pg_xact and pg_multixact, in words.

import type { Disk } from '../../disk/disk.js'
import {
  readStatus,
  STATUS_NAMES,
  statusPosition,
  TRANSACTION_STATUS,
  XID,
  type StatusName,
} from '../../format/transactionStatus.js'
import { memberPosition, OFFSETS_PER_PAGE } from '../../redo/multixact.js'
import { openStatusTables, type StatusTables } from '../../redo/statusTables.js'
import { TWOPHASE_DIRECTORY } from '../../redo/transaction.js'

/** `unknown`: pg_xact does not reach back so far any more. */
export type XidStatus = StatusName | 'prepared' | 'frozen' | 'bootstrap' | 'none' | 'unknown'

/** A transaction in a multixact, and what it holds the row for, in pg_waldump's words. */
export interface Member {
  readonly xid: number
  readonly mode: string
  readonly status: XidStatus
}

export interface Fates {
  status(xid: number): XidStatus
  /** Members of a multixact; undefined when they cannot be found any more. */
  members(multi: number): Member[] | undefined
}

/** MultiXactStatus, 0 to 5. */
const MODES = ['keysh', 'sh', 'fornokeyupd', 'forupd', 'nokeyupd', 'upd']
/** No row is held by more; a longer list is a list of something else. */
const MOST_MEMBERS = 1000

/** The tables that tell. */
export type FateTables = Pick<StatusTables, 'xact' | 'multiOffsets' | 'multiMembers'>

/** Says what nobody knows: for a page without its directory. */
export const NO_FATES: Fates = {
  status: (xid) => specialXid(xid) ?? 'unknown',
  members: () => undefined,
}

function specialXid(xid: number): XidStatus | undefined {
  if (xid === XID.INVALID) return 'none'
  if (xid === XID.BOOTSTRAP) return 'bootstrap'
  return xid === XID.FROZEN ? 'frozen' : undefined
}

/** As the tables of a directory have it on disk. */
export function fatesOnDisk(disk: Disk): Fates {
  const prepared = new Set<number>()
  for (const { name } of disk.list(TWOPHASE_DIRECTORY))
    if (/^[0-9A-F]{16}$/.test(name)) prepared.add(parseInt(name.slice(8), 16))
  return fatesIn(openStatusTables(disk), prepared)
}

/** As these tables have it; a transaction in `open` had not ended yet, whatever they say. */
export function fatesIn(
  tables: FateTables,
  prepared: ReadonlySet<number>,
  open: ReadonlySet<number> = new Set(),
): Fates {
  const status = (xid: number): XidStatus => {
    const special = specialXid(xid)
    if (special) return special
    if (prepared.has(xid)) return 'prepared'
    if (open.has(xid)) return STATUS_NAMES[TRANSACTION_STATUS.IN_PROGRESS]
    const { pageno } = statusPosition(xid)
    if (!tables.xact.exists(pageno)) return 'unknown'
    return STATUS_NAMES[readStatus(tables.xact.page(pageno).bytes, xid)]
  }
  return { status, members: (multi) => membersOf(tables, multi, status) }
}

/** A multixact's members stand from its own offset to the next one's (GetMultiXactIdMembers). */
function membersOf(
  { multiOffsets, multiMembers }: FateTables,
  multi: number,
  status: (xid: number) => XidStatus,
): Member[] | undefined {
  const offsetOf = (of: number): number => {
    const pageno = Math.floor(of / OFFSETS_PER_PAGE)
    return multiOffsets.exists(pageno)
      ? multiOffsets.page(pageno).view.getUint32((of % OFFSETS_PER_PAGE) * 4, true)
      : 0
  }
  const [first, end] = [offsetOf(multi), offsetOf(Math.max(1, (multi + 1) >>> 0))]
  const count = (end - first) >>> 0
  if (first === 0 || end === 0 || count === 0 || count > MOST_MEMBERS) return undefined
  const members: Member[] = []
  for (let offset = first; offset !== end; offset = (offset + 1) >>> 0) {
    const { pageno, flagsAt, xidAt } = memberPosition(offset)
    if (!multiMembers.exists(pageno)) return undefined
    const page = multiMembers.page(pageno)
    const xid = page.view.getUint32(xidAt, true)
    if (xid === XID.INVALID) continue // offset 0 is never used
    members.push({ xid, mode: MODES[page.bytes[flagsAt]] ?? 'unk', status: status(xid) })
  }
  return members
}
