// One plain sentence for a record: what happened, to whom it happened, and why the record is as long as it is.
//
//   transaction 754 inserted a row at (0,102) of relation 1663/5/16384; the page's first change since the checkpoint,
//   so the whole page is in the record

import { malformed } from '../redo/contradiction.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { databaseTells, relMapTells, storageTells, tablespaceTells } from './explain/files.js'
import * as indexes from './explain/indexes.js'
import { logicalMessageTells, replicationOriginTells, standbyTells, xlogTells } from './explain/log.js'
import { heap2Tells, heapTells, sequenceTells } from './explain/tables.js'
import { clogTells, commitTsTells, multixactTells, transactionTells } from './explain/transactions.js'
import { listing, Words, type ExplainOptions, type Tells } from './explain/words.js'
import { resourceManagerName } from '../format/recordNames.js'
import { identifyRecord } from './waldump.js'

export type { ExplainOptions } from './explain/words.js'

/** By xl_rmid. */
const tells: readonly Tells[] = [
  xlogTells,
  transactionTells,
  storageTells,
  clogTells,
  databaseTells,
  tablespaceTells,
  multixactTells,
  relMapTells,
  standbyTells,
  heap2Tells,
  heapTells,
  indexes.btreeTells,
  indexes.hashTells,
  indexes.ginTells,
  indexes.gistTells,
  sequenceTells,
  indexes.spgistTells,
  indexes.brinTells,
  commitTsTells,
  replicationOriginTells,
  indexes.genericTells,
  logicalMessageTells,
]

/** Operations that hold whole pages by their nature, and say so themselves. */
const ALWAYS_WHOLE = new Set([
  'XLOG FPI',
  'XLOG FPI_FOR_HINT',
  'Hash SPLIT_PAGE',
  'Gin SPLIT',
  'Gin VACUUM_PAGE',
])

/**
 * Says in one sentence what the record is about, without a full stop.
 * @throws CorruptData when the record holds fewer bytes than it announces.
 */
export function explainRecord(record: WalRecord, options: ExplainOptions = {}): string {
  const operation = identifyRecord(record)
  const manager = resourceManagerName(record.xl_rmid)
  const words = new Words(record, options)
  const tell = tells[record.xl_rmid]?.[operation]
  if (!tell) return `${words.who} wrote a record of ${manager} that only the code it belongs to can read`
  try {
    return tell(words) + (ALWAYS_WHOLE.has(`${manager} ${operation}`) ? '' : imageNote(record))
  } catch (error) {
    if (error instanceof RangeError)
      throw malformed(record, `${manager} ${operation} announces more than it holds`)
    throw error
  }
}

/** Why a record holds whole pages: full_page_writes, or wal_consistency_checking. */
function imageNote(record: WalRecord): string {
  const applied = record.blocks.filter((ref) => ref.appliesImage)
  const compared = record.blocks.some((ref) => ref.image && !ref.appliesImage)
  const check = compared ? '; with a copy of the page, to compare with what redo makes of it' : ''
  if (applied.length === 0) return check
  if (record.blocks.length === 1)
    return `; the page's first change since the checkpoint, so the whole page is in the record${check}`
  const pages = listing(applied.map(pageName))
  const many = applied.length > 1
  return (
    `; ${pages} ${many ? 'change' : 'changes'} for the first time since the checkpoint, so ` +
    `${many ? 'they are' : 'it is'} in the record whole${check}`
  )
}

const pageName = (ref: BlockRef): string =>
  `page ${ref.block}${ref.fork === 2 ? ' of the visibility map' : ''}`
