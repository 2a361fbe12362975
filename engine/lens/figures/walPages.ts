// Pages of WAL as they lie in a segment: a header on each, records one after another, some cut by a page's end.
//
//   0/8EE000 ▌█│█│█████│██▶     ▶ goes on behind the next page's header
//   0/8F0000 ▌▶██│█│█│█│█        ▌ page header

import { formatLsn, maxAlign, type Lsn } from '../../format/lsn.js'
import { operationName, resourceManagerName } from '../../format/recordNames.js'
import { viewOf } from '../../bytes/layout.js'
import { pageHeaderSize, XLOG_BLCKSZ, XLOG_PAGE_MAGIC, XLogPageHeader, XLP } from '../../format/walPage.js'
import { XLogRecord } from '../../format/walRecord.js'
import { COLOUR, coloursOf, drawing, path, rect, text, textWidth, WIDTH } from './svg.js'

/** A record, or the piece of one, on a page. Offsets are in the page. */
export interface PagePiece {
  readonly from: number
  readonly to: number
  /** Begun on an earlier page; goes on to a later one. */
  readonly continued: boolean
  readonly continues: boolean
  /** Length of the whole record, and what pg_waldump would call it; known where it begins. */
  readonly xl_tot_len?: number
  readonly name?: string
}

export interface PageLayout {
  readonly lsn: Lsn
  readonly headerSize: number
  /** xlp_rem_len: bytes still to come of a record begun earlier. */
  readonly remaining: number
  readonly pieces: readonly PagePiece[]
  /** Where the records end on this page; what lies behind is empty or older. */
  readonly end: number
  /** Is this page part of the log at all? */
  readonly valid: boolean
}

/**
 * What lies where on consecutive pages of WAL. `bytes` begins at a page; the page's own header says which. Lengths and
 * xl_prev are believed, checksums are not looked at: this is for looking, wal/reader.ts is for trusting.
 */
export function layOutWalPages(bytes: Uint8Array): PageLayout[] {
  const pages: PageLayout[] = []
  let previous: Lsn | undefined
  for (let at = 0; at + XLOG_BLCKSZ <= bytes.length; at += XLOG_BLCKSZ) {
    const before = pages.at(-1)
    const expected = before && before.lsn + BigInt(XLOG_BLCKSZ)
    const page = layOutPage(bytes.subarray(at, at + XLOG_BLCKSZ), expected, previous)
    pages.push(page)
    const started = page.pieces.filter(({ continued }) => !continued).at(-1)
    if (started) previous = page.lsn + BigInt(started.from)
  }
  return pages
}

function layOutPage(bytes: Uint8Array, expected: Lsn | undefined, previous: Lsn | undefined): PageLayout {
  const view = viewOf(bytes)
  const header = XLogPageHeader.read(bytes)
  const headerSize = header.xlp_info & XLP.LONG_HEADER ? pageHeaderSize(0) : XLogPageHeader.size
  const valid =
    header.xlp_magic === XLOG_PAGE_MAGIC && (expected === undefined || header.xlp_pageaddr === expected)
  const remaining = header.xlp_info & XLP.FIRST_IS_CONTRECORD ? header.xlp_rem_len : 0
  const layout = { lsn: header.xlp_pageaddr, headerSize, remaining, valid }
  if (!valid) return { ...layout, lsn: expected ?? header.xlp_pageaddr, pieces: [], end: 0 }
  const pieces: PagePiece[] = []
  let at = headerSize
  if (remaining > 0) {
    const to = Math.min(XLOG_BLCKSZ, at + remaining)
    pieces.push({ from: at, to, continued: true, continues: at + remaining > XLOG_BLCKSZ })
    at = maxAlign(to)
  }
  let before = previous
  while (at + 4 <= XLOG_BLCKSZ) {
    const xl_tot_len = view.getUint32(at, true)
    if (xl_tot_len < XLogRecord.size) break
    const whole = at + XLogRecord.size <= XLOG_BLCKSZ
    if (whole && before !== undefined && view.getBigUint64(at + XLogRecord.at.xl_prev, true) !== before) break
    const to = Math.min(XLOG_BLCKSZ, at + xl_tot_len)
    const rmid = whole ? view.getUint8(at + XLogRecord.at.xl_rmid) : 0
    const operation = whole ? operationName(rmid, view.getUint8(at + XLogRecord.at.xl_info)) : ''
    const name = whole ? `${resourceManagerName(rmid)} ${operation}` : undefined
    pieces.push({
      from: at,
      to,
      continued: false,
      continues: at + xl_tot_len > XLOG_BLCKSZ,
      xl_tot_len,
      name,
    })
    before = header.xlp_pageaddr + BigInt(at)
    at = maxAlign(to)
  }
  return { ...layout, pieces, end: at }
}

const LEFT = 92
const RIGHT = WIDTH - 14
const BAR = 26
const ROW = 62

/** Draws consecutive pages of WAL. `bytes` begins at a page and holds whole pages; eight or so read well. */
export function drawWalPages(bytes: Uint8Array): string {
  const pages = layOutWalPages(bytes)
  const records = pages.reduce((n, { pieces }) => n + pieces.filter(({ continued }) => !continued).length, 0)
  const cut = pages.reduce((n, { pieces }) => n + pieces.filter(({ continues }) => continues).length, 0)
  const many = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
  return drawing({
    title: `${many(pages.length, 'page')} of WAL from ${formatLsn(pages[0]?.lsn ?? 0n)}: ${many(records, 'record')} begin there, page ends cut ${cut}.`,
    description:
      'Each bar is a page of 8,192 bytes, to scale; the dark edge on the left is its header. A record cut by the page’s end is blue.',
    height: pages.length * ROW + 12,
    parts: pages.flatMap((page, i) => drawPageOfWal(page, 10 + i * ROW)),
  })
}

function drawPageOfWal(page: PageLayout, y: number): string[] {
  const x = (offset: number): number => LEFT + (offset / XLOG_BLCKSZ) * (RIGHT - LEFT)
  const bar = rect(LEFT, y, RIGHT - LEFT, BAR, { fill: COLOUR.panel, stroke: COLOUR.rule })
  const lsn = text(LEFT - 8, y + 17, formatLsn(page.lsn), { mono: true, size: 12, anchor: 'end' })
  if (!page.valid) return [bar, lsn, note(LEFT + 10, y + 17, 'not a page of this log: empty, or older')]
  const drawn = [bar, lsn]
  for (const piece of page.pieces) drawn.push(drawPiece(piece, x(piece.from), x(piece.to), y))
  drawn.push(rect(LEFT, y, Math.max(3, x(page.headerSize) - LEFT), BAR, { fill: COLOUR.ink }))
  drawn.push(...drawNotes(page, x, y))
  return drawn
}

const note = (x: number, y: number, words: string, anchor: 'start' | 'end' = 'start'): string =>
  text(x, y, words, { size: 12, fill: COLOUR.muted, anchor })

function drawPiece(piece: PagePiece, from: number, to: number, y: number): string {
  const cut = piece.continued || piece.continues
  const colours = coloursOf(cut ? 'accent' : 'wal')
  const name = piece.name ?? ''
  const label = { size: 12 }
  const words =
    textWidth(name, label) < to - from - 8
      ? text((from + to) / 2, y + 17, name, { ...label, anchor: 'middle' })
      : ''
  return rect(from, y, to - from, BAR, { ...colours, 'stroke-width': cut ? 1.4 : 0.6 }) + words
}

/** Beneath the bar: what comes from the page before, what goes on to the next, where the log ends. */
function drawNotes(page: PageLayout, x: (offset: number) => number, y: number): string[] {
  const drawn: string[] = []
  const below = y + BAR + 14
  const arrow = (at: number): string =>
    path(`M${at - 6} ${below - 4}h10m-4 -4l4 4l-4 4`, { stroke: COLOUR.accent })
  if (page.remaining > 0) {
    drawn.push(arrow(LEFT + 6), note(LEFT + 16, below, `xlp_rem_len ${page.remaining}`))
  }
  const last = page.pieces.at(-1)
  if (last?.continues) {
    const here = last.to - last.from
    const words = last.xl_tot_len === undefined ? 'goes on' : `${here} of ${last.xl_tot_len} bytes here`
    drawn.push(note(RIGHT - 16, below, words, 'end'), arrow(RIGHT - 4))
  } else if (page.end < XLOG_BLCKSZ) {
    drawn.push(path(`M${x(page.end)} ${y - 3}v${BAR + 6}`, { stroke: COLOUR.bad, 'stroke-width': 1.6 }))
    const fits = x(page.end) < RIGHT - 250
    const words = `no further record from ${formatLsn(page.lsn + BigInt(page.end))} on`
    drawn.push(note(x(page.end) + (fits ? 6 : -6), below, words, fits ? 'start' : 'end'))
  }
  return drawn
}
