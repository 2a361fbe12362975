// Transactions as the log shows them: from the first record with their id to the record that ends them.
//
//   762  ■ committed
//   769      ■■■ committed
//    770      ■ aborted                 a subtransaction, beneath its parent
//   776            ■■■■■■■■■■■■■■■■■■─  no end in the log

import { formatLsn, type Lsn } from '../../format/lsn.js'
import { parsePrepare, parseTransactionEnd, XACT } from '../../format/transactionRecord.js'
import type { WalRecord } from '../../wal/record.js'
import { COLOUR, coloursOf, drawing, path, rect, text, textWidth, WIDTH, type Kind } from './svg.js'

export type Ending = 'committed' | 'aborted' | 'prepared' | 'open'

/** What the log tells of one transaction. */
export interface TransactionLife {
  readonly xid: number
  /** The transaction it is a part of; undefined for one that stands alone, or whose parent the log does not name. */
  parent?: number
  /** Its first record; undefined when it has none of its own. */
  readonly first?: Lsn
  /** The record that ends it. */
  last?: Lsn
  ending: Ending
}

/** Gathers the transactions of a stretch of log, in the order of their ids. */
export function transactionLives(records: Iterable<WalRecord>): TransactionLife[] {
  const lives = new Map<number, TransactionLife>()
  const life = (xid: number, first?: Lsn): TransactionLife => {
    let known = lives.get(xid)
    if (!known) lives.set(xid, (known = { xid, first, ending: 'open' }))
    return known
  }
  for (const record of records) {
    if (record.xl_xid !== 0) life(record.xl_xid, record.lsn)
    if (record.toplevelXid !== 0) life(record.xl_xid).parent = record.toplevelXid
    const end = endingOf(record)
    if (!end) continue
    Object.assign(life(end.xid), { last: record.lsn, ending: end.ending })
    for (const subxid of end.subxids)
      Object.assign(life(subxid), { last: record.lsn, ending: end.ending, parent: end.xid })
  }
  return [...lives.values()].sort((a, b) => a.xid - b.xid)
}

function endingOf(
  record: WalRecord,
): { xid: number; ending: Ending; subxids: readonly number[] } | undefined {
  if (record.xl_rmid !== 1) return undefined
  const operation = record.xl_info & XACT.OPMASK
  if (operation === XACT.PREPARE)
    return { xid: record.xl_xid, ending: 'prepared', subxids: parsePrepare(record.main).subxids }
  if (operation > XACT.ABORT_PREPARED) return undefined
  const { twophaseXid, subxids } = parseTransactionEnd(record.main, record.xl_info)
  const commits = operation === XACT.COMMIT || operation === XACT.COMMIT_PREPARED
  const wasPrepared = operation >= XACT.COMMIT_PREPARED
  return {
    xid: wasPrepared ? twophaseXid : record.xl_xid,
    ending: commits ? 'committed' : 'aborted',
    subxids,
  }
}

const LEFT = 84
const RIGHT = WIDTH - 14
const ROW = 22
const TOP = 10
const KINDS: Readonly<Record<Ending, Kind>> = {
  committed: 'ok',
  aborted: 'bad',
  prepared: 'wal',
  open: 'accent',
}
const WORDS: Readonly<Record<Ending, string>> = {
  committed: 'committed',
  aborted: 'aborted',
  prepared: 'prepared: waits for its second phase',
  open: 'the log ends, and this one has not',
}

/** Draws every transaction of `records`, along the log. */
export function drawTransactionLives(records: Iterable<WalRecord>): string {
  const all = [...records]
  const lives = transactionLives(all)
  const from = all[0]?.lsn ?? 0n
  const to = all.at(-1)?.endLsn ?? from + 1n
  const x = (lsn: Lsn): number => LEFT + (Number(lsn - from) / Number(to - from)) * (RIGHT - LEFT)
  const bottom = TOP + lives.length * ROW
  const open = lives.filter(({ ending }) => ending === 'open').map(({ xid }) => xid)
  const count = (ending: Ending): number => lives.filter((life) => life.ending === ending).length
  return drawing({
    title: `${lives.length} transactions in the log: ${count('committed')} committed, ${count('aborted')} aborted, without an end: ${open.join(', ') || 'none'}.`,
    description: `Each bar begins at a transaction's first record and ends at the record that ends it; the whole width is ${Number(to - from).toLocaleString('en-US')} bytes of log. Subtransactions stand indented beneath their parent.`,
    height: bottom + 30,
    parts: [
      path(`M${RIGHT} ${TOP - 4}V${bottom + 6}`, { stroke: COLOUR.bad, 'stroke-dasharray': '4 3' }),
      ...lives.flatMap((life, i) => drawLife(life, TOP + i * ROW, x, to)),
      text(LEFT, bottom + 18, formatLsn(from), { size: 12, mono: true, fill: COLOUR.muted }),
      text(RIGHT, bottom + 18, `the kill: ${formatLsn(to)}`, { size: 12, anchor: 'end', fill: COLOUR.bad }),
    ],
  })
}

function drawLife(life: TransactionLife, y: number, x: (lsn: Lsn) => number, to: Lsn): string[] {
  const { xid, parent, first, ending } = life
  const end = x(life.last ?? to)
  const begin = first === undefined ? end - 2 : x(first)
  const width = Math.max(3, end - begin)
  const label = { size: 12 }
  const words = WORDS[ending]
  const fits = begin + width + 6 + textWidth(words, label) <= RIGHT
  const inside = !fits && textWidth(words, label) + 10 <= width
  const place = fits ? begin + width + 6 : inside ? begin + width - 8 : begin - 6
  return [
    text(parent === undefined ? 12 : 30, y + 13, String(xid), {
      mono: true,
      size: 12.5,
      weight: parent === undefined ? 600 : undefined,
    }),
    path(`M${LEFT} ${y + 9}H${RIGHT}`, { stroke: COLOUR.rule, 'stroke-dasharray': '1 4' }),
    rect(begin, y + 2, width, 14, { ...coloursOf(KINDS[ending]), 'stroke-width': 1.2 }),
    text(place, y + 13, words, { ...label, anchor: fits ? 'start' : 'end' }),
  ]
}
