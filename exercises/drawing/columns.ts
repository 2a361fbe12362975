// Two columns, what is expected and what came, row by row: the parts of a page in the order of their places, steps in
// their order, files with what becomes of them. Rows that differ are marked; long runs of equal ones are left out.
//
//          expected              your part
//     lp 1 at 8152, 40 bytes     at 8152, 40 bytes
//   ✗ lp 2 at 8112, 40 bytes     at 8113, 39 bytes

import { svg } from 'pgcrash'
import { literal } from '../checking/literal.js'
import type { Plain } from '../checking/plainData.js'
import { COLUMNS, cut, fit, type Answer, type Panel } from './drawing.js'

export interface ComparedRow {
  /** What is compared: a file, a line pointer, "3.". */
  readonly name: string
  readonly expected?: string
  readonly got?: string
  /** Marked although the words are the same, or not marked although they differ. */
  readonly differs?: boolean
  /** What the row is; its colour follows from it. */
  readonly kind?: svg.Kind
}

export interface ColumnOptions {
  /** Which columns there are; the learner's alone where the right answer is not to be shown. */
  readonly show?: 'both' | 'expected' | 'got'
  readonly head?: string
  /** What stands above the columns. */
  readonly heads?: readonly [string, string]
}

const { COLOUR, coloursOf, rect, text, textWidth, WIDTH } = svg
const ROW = 21
const NAME = { size: 12, mono: true } as const
const LEFT = 12
const RIGHT = WIDTH - 12
const MOST_ROWS = 16

type Shown = ComparedRow & { readonly marked: boolean }

/** Draws rows of two columns; of many rows, those that differ and their neighbours. */
export function columns(rows: readonly ComparedRow[], options: ColumnOptions = {}): Panel {
  const { show = 'both', head = '', heads: named = ['expected', 'your part'] } = options
  const marked = rows.map((row): Shown => ({
    ...row,
    marked: row.differs ?? (show === 'both' && row.expected !== row.got),
  }))
  const shown = shorten(marked)
  const sides = (
    [
      ['expected', 'ok'],
      ['got', 'bad'],
    ] as const
  ).filter(([side]) => show === 'both' || show === side)
  const longest = Math.max(
    textWidth(head, NAME),
    ...shown.map((row) => (isGap(row) ? 0 : textWidth(row.name, NAME))),
  )
  const names = Math.min(sides.length === 2 ? 300 : 420, longest)
  const first = LEFT + 18 + names + 8
  const width = (RIGHT - first) / sides.length
  const heads = sides.map(([side]) => named[side === 'got' ? 1 : 0])
  return {
    height: 22 + shown.length * ROW,
    draw: (top) => [
      text(LEFT + 18, top + 13, head, { ...NAME, fill: COLOUR.muted }),
      ...heads.map((words, i) =>
        text(first + i * width + 6, top + 13, words, {
          size: 12.5,
          weight: 600,
          fill: options.heads ? COLOUR.muted : COLOUR[sides[i][1]],
        }),
      ),
      ...shown.flatMap((row, i) => {
        const y = top + 22 + i * ROW
        if (isGap(row)) return [text(LEFT + 18, y + 14, gapWords(row), { size: 12, fill: COLOUR.muted })]
        return [
          ...(row.marked ? [text(LEFT, y + 15, '✗', { size: 13, weight: 600, fill: COLOUR.bad })] : []),
          text(LEFT + 18, y + 14.5, fit(row.name, names + 4, NAME), NAME),
          ...sides.flatMap(([side, kind], n) =>
            drawCell(row[side], row.marked ? kind : (row.kind ?? 'plain'), first + n * width, y, width - 4),
          ),
        ]
      }),
    ],
    lines: inCharacters(
      shown,
      heads,
      head,
      sides.map(([side]) => side),
    ),
  }
}

function drawCell(words: string | undefined, kind: svg.Kind, x: number, y: number, width: number): string[] {
  if (words === undefined) return []
  const style = { size: 12, mono: true } as const
  return [
    rect(x, y, width, ROW - 1, { ...coloursOf(kind), 'stroke-width': 0.8 }),
    text(x + 6, y + 14.5, fit(words, width - 10, style), style),
  ]
}

interface Gap {
  readonly rows: number
}
const isGap = (row: Shown | Gap): row is Gap => 'rows' in row
const gapWords = ({ rows }: Gap): string => `… ${rows} more …`

/** Keeps the first row, those that are marked and their neighbours; at most sixteen. */
function shorten(rows: readonly Shown[]): (Shown | Gap)[] {
  if (rows.length <= MOST_ROWS) return [...rows]
  const near = rows.map(
    (_, i) => i === 0 || rows.slice(Math.max(0, i - 1), i + 2).some(({ marked }) => marked),
  )
  const none = !rows.some(({ marked }) => marked)
  const kept = new Set(
    [...rows.keys()].filter((i) => near[i] || (none && i < MOST_ROWS - 1)).slice(0, MOST_ROWS - 2),
  )
  const shown: (Shown | Gap)[] = []
  let left = 0
  rows.forEach((row, i) => {
    if (!kept.has(i)) left++
    if (left > 0 && (kept.has(i) || i === rows.length - 1)) shown.push({ rows: left })
    if (!kept.has(i)) return
    left = 0
    shown.push(row)
  })
  return shown
}

function inCharacters(
  rows: readonly (Shown | Gap)[],
  heads: readonly string[],
  head: string,
  sides: readonly ('expected' | 'got')[],
): string[] {
  const names = rows.flatMap((row) => (isGap(row) ? [] : [row.name.length]))
  const name = Math.min(sides.length === 1 ? 46 : 30, Math.max(head.length, 0, ...names))
  const cell = Math.floor((COLUMNS - 2 - name) / sides.length) - 2
  const line = (mark: string, first: string, cells: readonly string[]): string =>
    `${mark} ${cut(first, name).padEnd(name)}  ${cells.map((words) => cut(words, cell).padEnd(cell)).join('  ')}`.trimEnd()
  return [
    line(' ', head, heads),
    ...rows.map((row) =>
      isGap(row)
        ? `  ${gapWords(row)}`
        : line(
            row.marked ? '✗' : ' ',
            row.name,
            sides.map((side) => row[side] ?? ''),
          ),
    ),
  ]
}

/** Two lists in their order, numbered; the first place where they differ is marked. */
export function inOrder(expected: readonly string[], got: readonly string[] | undefined): ComparedRow[] {
  const length = Math.max(expected.length, got?.length ?? 0)
  const first = got === undefined ? -1 : [...Array(length).keys()].find((i) => expected[i] !== got[i])
  return Array.from({ length }, (_, i) => ({
    name: `${i + 1}.`,
    expected: expected[i],
    got: got?.[i],
    differs: i === first,
  }))
}

/** Fields of an object, those that are wrong marked. */
export function fields(
  expected: Readonly<Record<string, unknown>>,
  answer: Answer,
  print: (value: unknown, name: string) => string = (value) => literal(value),
): ComparedRow[] {
  const given = fieldsOf(answer)
  return Object.entries(expected).map(([name, value]) => ({
    name,
    expected: print(value, name),
    got: given && (name in given ? print(given[name], name) : 'not there'),
  }))
}

function fieldsOf(answer: Answer): Readonly<Record<string, Plain>> | undefined {
  const value = answer?.value
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return answer && {}
  return value as Readonly<Record<string, Plain>>
}

/** Things of which each is in the answer or not: files that go or stay. What the answer invents comes last. */
export function chosen(
  all: readonly (string | number)[],
  expected: readonly unknown[],
  answer: Answer,
  [yes, no]: readonly [string, string],
): ComparedRow[] {
  const got = answer && (Array.isArray(answer.value) ? (answer.value as readonly Plain[]) : [])
  const invented = (got ?? []).filter((item) => !all.includes(item as string)).map(String)
  const known = all.map((item): ComparedRow => ({
    name: String(item),
    expected: expected.includes(item) ? yes : no,
    got: got && (got.includes(item) ? yes : no),
  }))
  return [...known, ...[...new Set(invented)].map((name) => ({ name, expected: 'not there', got: yes }))]
}

/** Both columns, or the right one alone when nothing came that could stand in the other. */
export const sides = (answer: Answer): ColumnOptions => ({ show: answer ? 'both' : 'expected' })
