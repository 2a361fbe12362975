// A view of a page as text: header, special space, items, each with what it means. Narrow, aligned, and without colours
// unless the caller has some.

import { hexdump } from '../bytes/hexdump.js'
import { BLCKSZ } from '../format/controlFile.js'
import { isNewPage, PAGE_HEADER_SIZE, pdLower, pdSpecial, pdUpper } from '../format/page.js'
import { valueText, type Column, type Fields, type Tone } from './page/model.js'
import type { ItemJson, PageView } from './pageView.js'

/** How to mark text. */
export interface Paint {
  readonly heading: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
}

const same = (text: string): string => text
export const NO_PAINT: Paint = { heading: same, dim: same, good: same, bad: same }

export interface PageLinesOptions {
  readonly paint?: Paint
  /** The bytes of each part below it. */
  readonly hex?: boolean
}

/** The page, a line each, without newlines. */
export function pageLines(view: PageView, options: PageLinesOptions = {}): string[] {
  const writer = new Writer(view, options.paint ?? NO_PAINT, options.hex === true)
  if (isNewPage(view.page)) writer.newPage()
  else writer.all()
  return writer.lines
}

/** A table: columns as wide as they need to be, titles above. The last column is as long as it likes. */
export function tableLines(
  columns: ReadonlyArray<{ title: string; right?: boolean }>,
  rows: ReadonlyArray<readonly string[]>,
): string[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i].right ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  return [columns.map(({ title }) => title), ...rows].map(line)
}

/** Items of a damaged page may overlap, all of them with all others. */
const MOST_DUMPED = 2 * BLCKSZ

class Writer {
  readonly lines: string[] = []
  private dumped = 0

  constructor(
    private readonly view: PageView,
    private readonly paint: Paint,
    private readonly hex: boolean,
  ) {}

  newPage(): void {
    const { fault } = this.view.json
    this.lines.push('', fault ? this.paint.bad(fault) : 'nothing but zeroes: never written, or not yet')
    if (this.hex && fault) this.dump(0, BLCKSZ)
  }

  all(): void {
    const { special, contents, items, entries } = this.view.json
    this.header()
    this.fields('special space', special, pdSpecial(this.view.page), BLCKSZ)
    this.fields(this.view.json.type === 'meta' ? 'meta data' : 'contents', contents)
    if (items) this.items(items)
    if (entries) this.entries(entries)
    if (this.hex && (!items || this.view.json.kind === 'unknown'))
      this.between(PAGE_HEADER_SIZE, pdSpecial(this.view.page))
  }

  private section(title: string, more = ''): void {
    this.lines.push('', this.paint.heading(title) + (more ? `  ${more}` : ''))
  }

  private dump(from: number, to: number): void {
    if (!this.hex || from >= to || this.dumped > MOST_DUMPED) return
    this.dumped += to - from
    const dump = hexdump(this.view.page.bytes.subarray(from, to), from)
    for (const line of dump.split('\n')) this.lines.push(this.paint.dim(`      ${line}`))
  }

  /** The bytes of a page without line pointers; where nothing but zeroes follows, it stops. */
  private between(from: number, to: number): void {
    let end = Math.min(to, BLCKSZ)
    while (end > from && this.view.page.bytes[end - 1] === 0) end--
    this.section('bytes')
    this.dump(from, Math.min(BLCKSZ, (end + 15) & ~15))
  }

  private header(): void {
    const { page, json } = this.view
    const { valid, computed, pending } = json.checksum
    const [lower, upper, special] = [pdLower(page), pdUpper(page), pdSpecial(page)]
    const version = page.view.getUint16(18, true)
    const { bad } = this.paint
    this.fields('header', json.header, 0, PAGE_HEADER_SIZE, {
      pd_checksum: pending
        ? 'set when the page is written'
        : valid === null
          ? ''
          : valid
            ? 'right'
            : bad(`wrong: the page computes to ${String(computed)}`),
      pd_lower: json.items ? plural(json.items.length, 'line pointer') : '',
      pd_upper: json.items && upper >= lower ? plural(upper - lower, 'byte') + ' free' : '',
      pd_special: special === BLCKSZ ? 'no special space' : `${BLCKSZ - special} bytes of special space`,
      pd_pagesize_version: `${version & 0xff00} bytes, layout ${version & 0xff}`,
    })
    if (json.fault && valid !== false) this.lines.push(`  ${bad(json.fault)}`)
  }

  /** A struct: name, value, and what the value means. */
  private fields(
    title: string,
    fields: Fields | null,
    from = 0,
    to = 0,
    notes: Readonly<Record<string, string>> = this.view.shown.notes,
  ): void {
    if (!fields) return
    const shown = Object.keys(fields).filter((name) => !name.endsWith('_names') && !isTable(fields[name]))
    if (shown.length === 0) return
    this.section(title)
    const width = Math.max(...shown.map((name) => name.length))
    const values = shown.map((name) => fieldText(name, fields[name]))
    const valueWidth = Math.max(...values.map((value) => value.length).filter((length) => length <= 12), 0)
    for (const [i, name] of shown.entries()) {
      const names = fields[`${name}_names`]
      const words = names ? valueText(names) : (notes[name] ?? '')
      const value = words ? values[i].padEnd(valueWidth) : values[i]
      this.lines.push(`  ${name.padEnd(width)}  ${value}${words ? `  ${this.paint.dim(words)}` : ''}`)
    }
    this.dump(from, to)
  }

  private items(items: readonly ItemJson[]): void {
    if (items.length === 0) return this.section('items', 'none')
    this.section('items', countsOf(items))
    const { columns, toneOf } = this.view.shown
    const head: Array<{ title: string; right?: boolean }> = [
      { title: 'lp', right: true },
      { title: 'offset', right: true },
      { title: 'length', right: true },
      ...columns,
    ]
    const [title, ...rows] = tableLines(
      head,
      items.map((item) => itemCells(item, columns)),
    )
    this.lines.push(`  ${this.paint.dim(title)}`)
    this.dump(PAGE_HEADER_SIZE, Math.min(pdLower(this.view.page), BLCKSZ))
    for (const [i, row] of rows.entries()) {
      const { tuple, damaged, lp_flags, lp_off, lp_len } = items[i]
      const tone: Tone = damaged ? 'bad' : tuple && lp_flags === 'NORMAL' ? toneOf(tuple) : 'dim'
      const words = damaged ? '  not a tuple: the line pointer or the bytes are damaged' : ''
      this.lines.push(`  ${this.tint(row + words, tone)}`)
      if (tuple) this.dump(lp_off, lp_off + lp_len)
    }
  }

  private entries(entries: readonly Fields[]): void {
    const columns = this.view.shown.entryColumns
    if (entries.length === 0) return this.section('entries', 'none')
    this.section('entries')
    const rows = entries.map((entry) => columns.map(({ text }) => text(entry)))
    const [title, ...lines] = tableLines(columns, rows)
    this.lines.push(`  ${this.paint.dim(title)}`, ...lines.map((line) => `  ${line}`))
  }

  private tint(text: string, tone: Tone): string {
    if (tone === 'good') return this.paint.good(text)
    if (tone === 'bad') return this.paint.bad(text)
    return tone === 'dim' ? this.paint.dim(text) : text
  }
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

/** Numbers that are marks, not counts, are known by their hexadecimal digits. */
function fieldText(name: string, value: Fields[string]): string {
  const isMark = typeof value === 'number' && /magic|page_id$/i.test(name)
  return isMark ? `0x${value.toString(16).toUpperCase()}` : valueText(value)
}

const isTable = (value: Fields[string]): boolean =>
  Array.isArray(value) && value.length > 0 && typeof value[0] === 'object'

/** "61: 45 live, 10 updated, 6 unused" for rows; for others how many are dead or unused. */
function countsOf(items: readonly ItemJson[]): string {
  const counts = new Map<string, number>()
  const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1)
  for (const { lp_flags, tuple, damaged } of items) {
    if (damaged) count('damaged')
    else if (lp_flags !== 'NORMAL') count(lp_flags.toLowerCase())
    else if (tuple && typeof tuple.row === 'string') count(tuple.row)
  }
  const list = [...counts].map(([what, n]) => `${n} ${what}`).join(', ')
  return `${items.length}${list ? `: ${list}` : ''}`
}

function itemCells(
  { lp, lp_off, lp_flags, lp_len, tuple, damaged }: ItemJson,
  columns: readonly Column[],
): string[] {
  if (lp_flags === 'UNUSED') return [String(lp), '', 'unused']
  if (lp_flags === 'REDIRECT') return [String(lp), `to ${lp_off}`, '']
  if (lp_flags === 'DEAD' && !tuple) return [String(lp), '', 'dead']
  const place = [String(lp), String(lp_off), String(lp_len)]
  if (damaged) return place
  const cells = tuple ? columns.map(({ text }) => text(tuple)) : []
  if (lp_flags === 'DEAD' && cells.length > 0) cells[cells.length - 1] += ' (dead)'
  return [...place, ...cells]
}
