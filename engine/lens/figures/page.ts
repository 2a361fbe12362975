// A page of a relation as a map, 256 bytes a row: what stands where, to scale.
//
//   ▇header▇│1│2│3│…            line pointers, growing to the right
//                free space
//        ┌──────── tuple 2 ─┐
//   ─────┘┌─── tuple 1 ─────┘   tuples, growing from the end
//   special ▇▇▇

import { viewOf } from '../../bytes/layout.js'
import { BLCKSZ } from '../../format/controlFile.js'
import { formatLsn } from '../../format/lsn.js'
import {
  isNewPage,
  itemId,
  LP,
  lpFlags,
  lpLength,
  lpOffset,
  maxOffset,
  PAGE_HEADER_SIZE,
  PageHeader,
  pageLsn,
  pdLower,
  pdSpecial,
  pdUpper,
  type Page,
} from '../../format/page.js'
import { COLOUR, coloursOf, drawing, path, rect, text, textWidth, WIDTH, type Kind } from './svg.js'

export interface PageFigureOptions {
  /** What page this is: "accounts, block 0". */
  readonly name?: string
  /** Colour of the tuple at a line pointer: `ok` and `bad` for rows that live and rows that do not. Default `page`. */
  readonly kindOf?: (offnum: number) => Kind
}

const PER_ROW = 256
const ROW = 12
const LEFT = 60
const SCALE = (WIDTH - LEFT - 8) / PER_ROW
const TOP = 62

/** Draws a page: 8192 bytes. */
export function drawPage(page: Page | Uint8Array, options: PageFigureOptions = {}): string {
  const it = page instanceof Uint8Array ? { bytes: page, view: viewOf(page) } : page
  const name = options.name ?? 'Page'
  const rows = BLCKSZ / PER_ROW
  const height = TOP + rows * ROW + 12
  if (isNewPage(it)) {
    const empty = rect(LEFT, TOP, PER_ROW * SCALE, rows * ROW, { fill: COLOUR.paper, stroke: COLOUR.rule })
    const words = text(LEFT + 10, TOP + 22, 'never initialised: nothing but zeroes so far', {
      fill: COLOUR.muted,
    })
    return drawing({ title: `${name}: a new page.`, height, parts: [heading(it, name), empty, words] })
  }
  const items = itemsOf(it)
  const parts = [
    heading(it, name),
    ...areaOf(0, BLCKSZ, { fill: COLOUR.paper, stroke: COLOUR.rule }),
    ...areaOf(0, PAGE_HEADER_SIZE, coloursOf('wal')),
    ...areaOf(PAGE_HEADER_SIZE, pdLower(it), coloursOf('accent')),
    ...items.flatMap((item) => drawItem(item, options.kindOf?.(item.offnum) ?? 'page')),
    ...areaOf(pdSpecial(it), BLCKSZ, coloursOf('wal')),
    ...areaLabel(pdLower(it), pdUpper(it), 'free space', COLOUR.muted),
    ...areaLabel(pdSpecial(it), BLCKSZ, 'special', COLOUR.ink),
    ...ruler(rows),
  ]
  return drawing({
    title: `${name}, ${items.length} tuples, ${pdUpper(it) - pdLower(it)} bytes free, LSN ${formatLsn(pageLsn(it))}.`,
    description: `${name}: the page header first, ${maxOffset(it)} line pointers after it, tuples from the end backwards; a row of the map is ${PER_ROW} bytes.`,
    height,
    parts,
  })
}

interface Item {
  readonly offnum: number
  readonly at: number
  readonly length: number
  readonly dead: boolean
}

function itemsOf(page: Page): Item[] {
  const items: Item[] = []
  for (let offnum = 1; offnum <= maxOffset(page); offnum++) {
    const id = itemId(page, offnum)
    const [at, length, flags] = [lpOffset(id), lpLength(id), lpFlags(id)]
    if (flags === LP.REDIRECT || length === 0 || at + length > BLCKSZ) continue
    items.push({ offnum, at, length, dead: flags === LP.DEAD })
  }
  return items
}

/** The header's fields, in words. */
function heading(page: Page, name: string): string {
  const { pd_lower, pd_upper, pd_special, pd_checksum } = PageHeader.readView(page.view, 0)
  const digits = pd_checksum.toString(16).toUpperCase().padStart(4, '0')
  const fields = `pd_lsn ${formatLsn(pageLsn(page))}  pd_checksum ${digits}  pd_lower ${pd_lower}  pd_upper ${pd_upper}  pd_special ${pd_special}`
  return (
    text(LEFT, 20, name, { weight: 600, size: 14 }) +
    text(LEFT, 42, fields, { mono: true, size: 12, fill: COLOUR.muted })
  )
}

const xOf = (offset: number): number => LEFT + (offset % PER_ROW) * SCALE
const yOf = (offset: number): number => TOP + Math.floor(offset / PER_ROW) * ROW

/** Bytes from … to on the map: one outline, over as many rows as it takes. */
function areaOf(from: number, to: number, colours: { fill: string; stroke: string }): string[] {
  if (to <= from) return []
  const [left, right] = [LEFT, LEFT + PER_ROW * SCALE]
  const last = to - 1
  const endX = xOf(last) + SCALE
  const [top, bottom] = [yOf(from), yOf(last)]
  if (top === bottom)
    return [rect(xOf(from), top, endX - xOf(from), ROW, { ...colours, 'stroke-width': 0.8 })]
  if (bottom === top + ROW && endX <= xOf(from)) {
    // Two pieces that do not touch: the end of one row, the beginning of the next.
    return [
      rect(xOf(from), top, right - xOf(from), ROW, { ...colours, 'stroke-width': 0.8 }),
      rect(left, bottom, endX - left, ROW, { ...colours, 'stroke-width': 0.8 }),
    ]
  }
  const outline = `M${xOf(from)} ${top}H${right}V${bottom}H${endX}V${bottom + ROW}H${left}V${top + ROW}H${xOf(from)}Z`
  return [path(outline, { ...colours, 'stroke-width': 0.8 })]
}

function drawItem({ offnum, at, length, dead }: Item, kind: Kind): string[] {
  const colours = dead ? coloursOf('plain') : coloursOf(kind)
  return [...areaOf(at, at + length, colours), ...areaLabel(at, at + length, String(offnum), colours.stroke)]
}

/** Words in the middle of an area, or in its widest row, when there is room. */
function areaLabel(from: number, to: number, words: string, fill: string): string[] {
  const style = { size: 10.5 } as const
  if (to <= from) return []
  const wholeRows = Math.max(1, Math.floor(to / PER_ROW) - Math.ceil(from / PER_ROW))
  const whole = (Math.ceil(from / PER_ROW) + Math.floor((wholeRows - 1) / 2)) * PER_ROW
  const candidates: Array<[number, number]> = [
    [whole, Math.min(to, whole + PER_ROW)],
    [from, Math.min(to, (Math.floor(from / PER_ROW) + 1) * PER_ROW)],
    [Math.floor((to - 1) / PER_ROW) * PER_ROW, to],
  ]
  const [a, b] = candidates
    .filter(([a, b]) => a >= from && b > a)
    .sort((p, q) => q[1] - q[0] - (p[1] - p[0]))[0]
  const width = (b - a) * SCALE
  if (textWidth(words, style) > width - 4) return []
  return [text(xOf(a) + width / 2, yOf(a) + ROW - 2.4, words, { ...style, anchor: 'middle', fill })]
}

/** Offsets beside every fourth row. */
function ruler(rows: number): string[] {
  const labels: string[] = []
  for (let row = 0; row < rows; row += 4) {
    const y = TOP + row * ROW + ROW - 2
    labels.push(
      text(LEFT - 8, y, String(row * PER_ROW), { size: 11, mono: true, anchor: 'end', fill: COLOUR.muted }),
    )
  }
  return labels
}
