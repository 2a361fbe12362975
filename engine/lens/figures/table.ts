// Rows as an HTML table, for what is better read than drawn.

import { escapeXml } from './svg.js'

export type Cell = string | number | bigint | boolean | null | undefined
/** Any object whose values are cells. */
export type TableRow<Row> = { readonly [Column in keyof Row]: Cell }

export interface TableOptions {
  readonly caption?: string
  /** Class of a column's cells: mono, wal, page, ok, bad, muted (site/theme/README.md). */
  readonly classes?: Readonly<Record<string, string>>
}

/** Draws rows as a table in a box that scrolls when it is too wide. Columns are the first row's keys. */
export function table<Row extends TableRow<Row>>(rows: readonly Row[], options: TableOptions = {}): string {
  const columns = Object.keys(rows[0] ?? {}) as Array<keyof Row & string>
  const caption = options.caption === undefined ? '' : `<caption>${escapeXml(options.caption)}</caption>`
  const head = columns.map((column) => `<th scope="col">${escapeXml(column)}</th>`).join('')
  const line = (row: Row): string =>
    `<tr>${columns.map((column) => cell(row[column], options.classes?.[column])).join('')}</tr>`
  const body = rows.map(line).join('')
  return `<div style="overflow-x:auto;max-width:100%"><table>${caption}<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

function cell(value: Cell, named: string | undefined): string {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  const classes = [named, isNumber ? 'num' : undefined].filter(Boolean).join(' ')
  const words = value === null || value === undefined ? '' : String(value)
  return `<td${classes === '' ? '' : ` class="${classes}"`}>${escapeXml(words)}</td>`
}
