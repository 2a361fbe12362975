// Explains what becomes of transactions, and the tables that remember it: pg_xact, pg_multixact, pg_commit_ts.

import { formatLsn } from '../../format/lsn.js'
import {
  parsePrepare,
  parseTransactionEnd,
  XINFO,
  type TransactionEnd,
} from '../../format/transactionRecord.js'
import { XACTS_PER_PAGE } from '../../format/transactionStatus.js'
import { count, listing, type Tells, type Words } from './words.js'

const MOST_LISTED = 5

function ids(xids: readonly number[]): string {
  const shown = xids.slice(0, MOST_LISTED).map(String)
  return xids.length > MOST_LISTED ? `${shown.join(', ')}, … (${xids.length} in all)` : listing(shown)
}

/** What a transaction takes with it when it ends. */
function aftermath(words: Words, end: TransactionEnd): string {
  const parts: string[] = []
  if (end.subxids.length > 0)
    parts.push(`with ${end.subxids.length === 1 ? 'subtransaction' : 'subtransactions'} ${ids(end.subxids)}`)
  if (end.relations.length > 0) parts.push(`the files of ${count(end.relations.length, 'relation')} go`)
  if (end.xinfo & XINFO.HAS_ORIGIN)
    parts.push(
      `it came from replication origin ${words.record.origin}, ${formatLsn(end.originLsn)} of its log`,
    )
  return parts.map((part) => `; ${part}`).join('')
}

const ended =
  (what: string, prepared: boolean) =>
  (words: Words): string => {
    const end = parseTransactionEnd(words.record.main, words.record.xl_info)
    const who = prepared ? `prepared transaction ${end.twophaseXid}` : words.who
    const name = end.gid ? ` ("${end.gid}")` : ''
    return `${who}${name} ${what} at ${words.time(end.xact_time)}${aftermath(words, end)}`
  }

export const transactionTells: Tells = {
  COMMIT: ended('committed', false),
  ABORT: ended('was rolled back', false),
  COMMIT_PREPARED: ended('committed', true),
  ABORT_PREPARED: ended('was rolled back', true),
  PREPARE: (w) => {
    const { header, gid } = parsePrepare(w.record.main)
    return (
      `${w.who} was prepared as "${gid}" at ${w.time(header.prepared_at)}: ` +
      'a crash no longer ends it, COMMIT PREPARED or ROLLBACK PREPARED will'
    )
  },
  ASSIGNMENT: (w) => {
    const subxids: number[] = []
    for (let i = 0; i < w.main.getInt32(4, true); i++) subxids.push(w.u32(8 + 4 * i))
    const one = subxids.length === 1
    return `${one ? 'subtransaction' : 'subtransactions'} ${ids(subxids)} ${one ? 'belongs' : 'belong'} to transaction ${w.u32(0)}`
  },
  INVALIDATION: (w) =>
    `${w.who} put ${count(w.main.getInt32(0, true), 'cached catalog entry', 'cached catalog entries')} ` +
    'out of date; only logical decoding needs to know',
}

export const clogTells: Tells = {
  ZEROPAGE: (w) => {
    const page = Number(w.main.getBigInt64(0, true))
    const first = page * XACTS_PER_PAGE
    return `a new page of pg_xact, for transactions ${first} to ${first + XACTS_PER_PAGE - 1}, all "in progress"`
  },
  TRUNCATE: (w) => `pg_xact may forget the transactions before ${w.u32(8)}: every trace of them is frozen`,
}

export const commitTsTells: Tells = {
  ZEROPAGE: (w) => `a new page of commit times, page ${w.main.getBigInt64(0, true)} of pg_commit_ts`,
  TRUNCATE: (w) => `pg_commit_ts may forget when transactions before ${w.u32(8)} committed`,
}

const MEMBER_STATUS = [
  'FOR KEY SHARE',
  'FOR SHARE',
  'FOR NO KEY UPDATE',
  'FOR UPDATE',
  'an update',
  'a key update',
]

export const multixactTells: Tells = {
  ZERO_OFF_PAGE: (w) => `a new page of pg_multixact/offsets, page ${w.main.getBigInt64(0, true)}`,
  ZERO_MEM_PAGE: (w) => `a new page of pg_multixact/members, page ${w.main.getBigInt64(0, true)}`,
  CREATE_ID: (w) => {
    const members: string[] = []
    for (let i = 0, at = 12; i < w.main.getInt32(8, true); i++, at += 8)
      members.push(`transaction ${w.u32(at)} (${MEMBER_STATUS[w.u32(at + 4)] ?? 'for something unknown'})`)
    return `multixact ${w.u32(0)} stands for ${listing(members)}, which hold one row together`
  },
  TRUNCATE_ID: (w) => `pg_multixact may forget the multixacts before ${w.u32(8)}`,
}
