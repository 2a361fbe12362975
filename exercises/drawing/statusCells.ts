// Transactions with their two bits, as pg_xact has them.
//
//             760         761         762
//   before    00 running  01 committed …
//   expected  10 aborted  01 committed …
//   your part 00 running  …

import { STATUS_NAMES, svg } from 'pgcrash'
import { COLUMNS, cut, fit, type Panel } from './drawing.js'

export interface StatusRow {
  readonly name: string
  /** The two bits of each transaction; undefined for none. */
  readonly statuses: readonly (number | undefined)[]
  /** Rows that are compared with each other: what differs between them is marked. */
  readonly compared?: boolean
}

export interface StatusColumn {
  /** The transaction's id, or what stands above the cell. */
  readonly head: string
  /** A word beneath it. */
  readonly foot?: string
}

const { COLOUR, coloursOf, rect, text, WIDTH } = svg
const LEFT = 96
const CELL_HEIGHT = 40
const MOST = 6
const KINDS: readonly svg.Kind[] = ['plain', 'ok', 'bad', 'accent']

/** Draws a column for each transaction, a row for each state; six columns around the first difference. */
export function statusCells(heads: readonly StatusColumn[], rows: readonly StatusRow[]): Panel {
  const compared = rows.filter((row) => row.compared)
  const differs = (i: number): boolean => new Set(compared.map(({ statuses }) => statuses[i])).size > 1
  const first = heads.findIndex((_, i) => differs(i))
  const from = Math.max(0, Math.min(first - 2, heads.length - MOST))
  const shown = [...heads.keys()].slice(from, from + MOST)
  const width = Math.min(150, (WIDTH - LEFT - 12) / Math.max(1, shown.length))
  const feet = heads.some(({ foot }) => foot !== undefined) ? 18 : 0
  return {
    height: 20 + rows.length * (CELL_HEIGHT + 6) + feet,
    draw: (top) =>
      shown
        .flatMap((i, n) => {
          const x = LEFT + n * width
          const centre = x + width / 2
          const small = { size: 11.5, anchor: 'middle', fill: COLOUR.muted } as const
          return [
            text(centre, top + 13, fit(heads[i].head, width - 4, { size: 13, mono: true }), {
              ...{ size: 13, mono: true, anchor: 'middle', weight: 600 },
            }),
            ...rows.flatMap((row, r) =>
              drawCell(
                row.statuses[i],
                row.compared === true && differs(i),
                x,
                top + 20 + r * (CELL_HEIGHT + 6),
                width,
              ),
            ),
            ...(heads[i].foot === undefined
              ? []
              : [
                  text(
                    centre,
                    top + 20 + rows.length * (CELL_HEIGHT + 6) + 10,
                    fit(heads[i].foot ?? '', width, small),
                    small,
                  ),
                ]),
          ]
        })
        .concat(
          rows.map(({ name }, r) =>
            text(LEFT - 10, top + 20 + r * (CELL_HEIGHT + 6) + 24, fit(name, LEFT - 14, { size: 12.5 }), {
              size: 12.5,
              anchor: 'end',
              weight: 600,
            }),
          ),
        ),
    lines: inCharacters(shown, heads, rows, differs),
  }
}

function drawCell(
  status: number | undefined,
  differs: boolean,
  x: number,
  y: number,
  width: number,
): string[] {
  if (status === undefined) return []
  const centre = x + width / 2
  const style = { size: 11.5 } as const
  return [
    rect(x + 2, y, width - 4, CELL_HEIGHT, {
      ...coloursOf(KINDS[status & 3]),
      'stroke-width': differs ? 2.4 : 1,
      'stroke-dasharray': (status & 3) === 0 ? '4 3' : undefined,
    }),
    text(centre, y + 17, bits(status), { size: 14, mono: true, anchor: 'middle' }),
    text(centre, y + 33, fit(STATUS_NAMES[status & 3], width - 8, style), { ...style, anchor: 'middle' }),
    ...(differs ? [text(x + width - 14, y + 14, '✗', { size: 12, weight: 600, fill: COLOUR.bad })] : []),
  ]
}

const bits = (status: number): string => (status & 3).toString(2).padStart(2, '0')

function inCharacters(
  shown: readonly number[],
  heads: readonly StatusColumn[],
  rows: readonly StatusRow[],
  differs: (i: number) => boolean,
): string[] {
  const name = 10
  const cell = Math.min(18, Math.floor((COLUMNS - name) / Math.max(1, shown.length)))
  const line = (first: string, cells: readonly string[]): string =>
    (first.padEnd(name) + cells.map((words) => cut(words, cell - 1).padEnd(cell)).join('')).trimEnd()
  const lines = [
    line(
      '',
      shown.map((i) => heads[i].head),
    ),
    ...rows.map(({ name: first, statuses }) =>
      line(
        first,
        shown.map((i) => {
          const status = statuses[i]
          return status === undefined ? '' : `${bits(status)} ${STATUS_NAMES[status & 3]}`
        }),
      ),
    ),
  ]
  if (heads.some(({ foot }) => foot !== undefined))
    lines.push(
      line(
        '',
        shown.map((i) => heads[i].foot ?? ''),
      ),
    )
  const marks = line(
    '',
    shown.map((i) => (differs(i) ? '^^' : '')),
  )
  return marks === '' ? lines : [...lines, marks]
}
