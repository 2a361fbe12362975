// pg_xact as it lies on disk: four transactions a byte, two bits each, the lowest bits first.
//
//     ┌── byte 190: 55h ──┐
//      760  761  762  763
//       01   01   01   01
//      committed …

import { readStatus, STATUS_NAMES, statusPosition, XACTS_PER_PAGE } from '../../format/transactionStatus.js'
import { BLCKSZ } from '../../format/controlFile.js'
import { COLOUR, coloursOf, drawing, path, rect, text, textWidth, WIDTH, type Kind } from './svg.js'

const PER_ROW = 8
const LEFT = 10
const CELL = (WIDTH - 2 * LEFT) / PER_ROW
const HEIGHT = 66
const ROW = HEIGHT + 34
/** Names stand beneath their boxes. */
const ROW_WITH_NAMES = ROW + 16

const KINDS: readonly Kind[] = ['plain', 'ok', 'bad', 'accent']

/**
 * Draws the status of transactions `fromXid` … `toXid`, whole bytes of four. `bytes` is pg_xact/0000 from its start
 * (or any run of status pages that begins with the page of transaction 0). `names` says what a transaction was.
 */
export function drawTransactionStatus(
  bytes: Uint8Array,
  fromXid: number,
  toXid: number,
  names: Readonly<Record<number, string>> = {},
): string {
  const first = fromXid - (fromXid % 4)
  const last = toXid - (toXid % 4) + 3
  const rowHeight = Object.keys(names).length > 0 ? ROW_WITH_NAMES : ROW
  const counts = new Map<string, number>()
  const parts: string[] = []
  for (let xid = first; xid <= last; xid++) {
    const status = statusIn(bytes, xid)
    const asked = xid >= fromXid && xid <= toXid
    if (asked && status !== undefined) {
      const word = STATUS_NAMES[status]
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
    const [column, row] = [(xid - first) % PER_ROW, Math.floor((xid - first) / PER_ROW)]
    const [x, y] = [LEFT + column * CELL, 34 + row * rowHeight]
    if (xid % 4 === 0) parts.push(byteBracket(bytes, xid, x, y))
    parts.push(drawCell({ xid, status, asked, name: names[xid] ?? '' }, x, y))
  }
  const summary = [...counts].map(([word, n]) => `${n} ${word}`).join(', ')
  return drawing({
    title: `Transactions ${fromXid} to ${toXid} in pg_xact: ${summary}.`,
    description: `pg_xact, transactions ${fromXid} to ${toXid}: ${summary}. In a byte the first of its four transactions has the lowest two bits: read the digits from right to left.`,
    height: 34 + Math.ceil((last - first + 1) / PER_ROW) * rowHeight,
    parts,
  })
}

function byteOf(bytes: Uint8Array, xid: number): { at: number; value: number | undefined } {
  const { pageno, byte } = statusPosition(xid)
  const at = pageno * BLCKSZ + byte
  return { at, value: bytes[at] }
}

function statusIn(bytes: Uint8Array, xid: number): number | undefined {
  if (byteOf(bytes, xid).value === undefined) return undefined
  const pageno = Math.floor(xid / XACTS_PER_PAGE)
  return readStatus(bytes.subarray(pageno * BLCKSZ, (pageno + 1) * BLCKSZ), xid)
}

function byteBracket(bytes: Uint8Array, xid: number, x: number, y: number): string {
  const { at, value } = byteOf(bytes, xid)
  const digits =
    value === undefined
      ? 'not in the file'
      : `${value.toString(16).toUpperCase().padStart(2, '0')}h = ${bits(value, 8).replace(/(..)(?=.)/g, '$1 ')}`
  const width = 4 * CELL
  return (
    path(`M${x + 2} ${y - 4}v-5h${width - 4}v5`, { stroke: COLOUR.muted }) +
    text(x + width / 2, y - 14, `byte ${at}: ${digits}`, {
      mono: true,
      size: 12,
      anchor: 'middle',
      fill: COLOUR.muted,
    })
  )
}

interface Cell {
  readonly xid: number
  /** Undefined past the end of the file. */
  readonly status: number | undefined
  /** False for a neighbour that only shares the byte. */
  readonly asked: boolean
  readonly name: string
}

function drawCell({ xid, status, asked, name }: Cell, x: number, y: number): string {
  const centre = x + CELL / 2
  const colours =
    asked && status !== undefined ? coloursOf(KINDS[status]) : { fill: COLOUR.paper, stroke: COLOUR.rule }
  const fill = asked ? COLOUR.ink : COLOUR.muted
  const dash = status === 0 || !asked ? '4 3' : undefined
  const small = { size: 11.5, anchor: 'middle' } as const
  const room = Math.floor((CELL - 6) / textWidth('n', small))
  return [
    rect(x + 2, y, CELL - 4, HEIGHT, { ...colours, 'stroke-dasharray': dash }),
    text(centre, y + 18, String(xid), { mono: true, anchor: 'middle', fill, weight: 600 }),
    text(centre, y + 38, status === undefined ? '' : bits(status, 2), {
      mono: true,
      size: 15,
      anchor: 'middle',
      fill,
    }),
    text(centre, y + 56, status === undefined ? '' : STATUS_NAMES[status], { ...small, fill }),
    name ? text(centre, y + HEIGHT + 14, shorten(name, room), { ...small, fill: COLOUR.muted }) : '',
  ].join('')
}

const bits = (n: number, digits: number): string => n.toString(2).padStart(digits, '0')
const shorten = (words: string, room: number): string =>
  words.length > room ? `${words.slice(0, Math.max(1, room - 1))}…` : words
