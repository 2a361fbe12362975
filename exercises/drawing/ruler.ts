// Positions on one line: where a page stands, where a record starts and ends, where the log ends. Neighbours that are
// bytes apart and others that are gigabytes apart are to be told from each other, so gaps are drawn by their order of
// magnitude, and how large each one is stands beneath it.
//
//   record starts   page LSN
//   0/1A2B3C8       0/1A2B418
//       ├──────────────┤
//          80 bytes

import { formatLsn, levelsOf, placeLabels, svg } from 'pgcrash'
import { COLUMNS, cut, type Answer, type Panel } from './drawing.js'

/** A position with a name. Answers stand below the line, all else above. */
export interface Mark {
  readonly at: bigint
  readonly label: string
  readonly kind?: svg.Kind
  readonly answer?: boolean
}

/** A piece of the line: a record, a page header. */
export interface Stretch {
  readonly from: bigint
  readonly to: bigint
  readonly label: string
  readonly kind?: svg.Kind
}

export interface RulerOptions {
  readonly stretches?: readonly Stretch[]
  /** How a position is printed; as an LSN unless given. */
  readonly print?: (at: bigint) => string
  /** What is counted between two positions; "bytes" unless given. */
  readonly unit?: string
}

const { COLOUR, coloursOf, path, rect, text, textWidth, WIDTH } = svg
const [LEFT, RIGHT] = [24, WIDTH - 24]
const NAME = { size: 12.5, weight: 600 } as const
/** Bold letters are wider than {@link textWidth} takes them to be. */
const BOLD = 1.2
const PLACE = { size: 12, mono: true } as const
const LEVEL = 36
const BAR = 12
const LONGEST_LABEL = 30
const MAX_MARKS = 12

/** Draws positions on a line; of more than twelve, the first ones and all answers. */
export function ruler(all: readonly Mark[], options: RulerOptions = {}): Panel {
  const few = all.filter(({ answer }, i) => answer === true || i < MAX_MARKS)
  const marks = few.map(tidy).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const { stretches = [], print = formatLsn } = options
  const ends = stretches.flatMap(({ from, to }) => [from, to])
  const positions = [...new Set([...marks.map(({ at }) => at), ...ends])].sort((a, b) => (a < b ? -1 : 1))
  const steps = stepsOf(positions)
  const x = (at: bigint): number => LEFT + (steps.get(at) ?? 0) * (RIGHT - LEFT)
  const above = labels(together(marks.filter(({ answer }) => !answer)), x, print, -1)
  const below = labels(
    marks.filter(({ answer }) => answer),
    x,
    print,
    1,
  )
  const line = above.levels * LEVEL + 12
  return {
    height: line + BAR + 18 + below.levels * LEVEL,
    draw: (top) => [
      rect(LEFT, top + line, RIGHT - LEFT, BAR, { fill: COLOUR.panel, stroke: COLOUR.muted }),
      ...stretches.flatMap((stretch) => drawStretch(stretch, x, top + line)),
      ...gaps(positions, x, top + line + BAR + 14, options.unit ?? 'bytes'),
      ...above.draw(top + line),
      ...below.draw(top + line + BAR),
    ],
    lines: inCharacters(marks, stretches, steps, print, options.unit ?? 'bytes'),
  }
}

const LAST = (1n << 64n) - 1n

/** The right position and the one that came, as far as they are positions at all. */
export function answerMarks(expected: unknown, answer: Answer): Mark[] {
  const mark = (at: unknown, label: string, kind: svg.Kind): Mark[] => {
    const whole = typeof at === 'number' && Number.isSafeInteger(at) ? BigInt(at) : at
    if (typeof whole !== 'bigint' || whole < 0n || whole > LAST) return []
    return [{ at: whole, label, kind, answer: true }]
  }
  return [...mark(expected, 'expected', 'ok'), ...mark(answer?.value, 'your part', 'bad')]
}

const tidy = (mark: Mark): Mark => ({ ...mark, label: cut(mark.label, LONGEST_LABEL) })

/** Marks at one place become one: "record ends = page LSN". */
function together(marks: readonly Mark[]): Mark[] {
  const merged: Mark[] = []
  for (const mark of marks) {
    const last = merged.at(-1)
    const label = `${last?.label} = ${mark.label}`
    if (last?.at === mark.at && label.length <= 2 * LONGEST_LABEL)
      merged[merged.length - 1] = { ...mark, label }
    else merged.push(mark)
  }
  return merged
}

/** Where each position stands, 0 to 1: as far from the one before it as their distance has digits. */
function stepsOf(positions: readonly bigint[]): Map<bigint, number> {
  const steps = new Map<bigint, number>()
  let sum = 0
  positions.forEach((at, i) => {
    if (i > 0) sum += 4 + (at - positions[i - 1]).toString(2).length
    steps.set(at, sum)
  })
  for (const [at, step] of steps) steps.set(at, sum === 0 ? 0.5 : step / sum)
  return steps
}

function drawStretch(
  { from, to, label, kind = 'wal' }: Stretch,
  x: (at: bigint) => number,
  y: number,
): string[] {
  const width = x(to) - x(from)
  const style = { size: 10.5 } as const
  return [
    rect(x(from), y, width, BAR, coloursOf(kind)),
    ...(textWidth(label, style) < width - 6
      ? [text(x(from) + width / 2, y + 9.5, label, { ...style, anchor: 'middle' })]
      : []),
  ]
}

/** How far neighbours are apart, where there is room to say it. */
function gaps(positions: readonly bigint[], x: (at: bigint) => number, y: number, unit: string): string[] {
  const style = { size: 11, fill: COLOUR.muted } as const
  return positions.slice(1).flatMap((to, i) => {
    const from = positions[i]
    const words = counted(to - from, unit)
    const room = x(to) - x(from) - 8
    const shown = textWidth(words, style) <= room ? words : (to - from).toLocaleString('en-US')
    if (textWidth(shown, style) > room) return []
    return [text((x(from) + x(to)) / 2, y - 1, shown, { ...style, anchor: 'middle' })]
  })
}

/** "1 page", "1,024 bytes". */
const counted = (n: bigint, unit: string): string =>
  `${n.toLocaleString('en-US')} ${n === 1n ? unit.replace(/s$/, '') : unit}`

const colourOf = ({ kind = 'wal' }: Mark): string => (kind === 'plain' ? COLOUR.ink : COLOUR[kind])

function labels(
  marks: readonly Mark[],
  x: (at: bigint) => number,
  print: (at: bigint) => string,
  direction: 1 | -1,
): { levels: number; draw(line: number): string[] } {
  const wanted = marks.map(({ at, label }) => ({
    at: x(at),
    width: Math.max(BOLD * textWidth(label, NAME), textWidth(print(at), PLACE)),
  }))
  const placed = placeLabels(wanted, 4, WIDTH - 4)
  const draw = (line: number): string[] => {
    const start = line + (direction > 0 ? 16 : 0)
    const near = (i: number): number => start + direction * (placed[i].level * LEVEL + 5)
    const leaders = marks.map((mark, i) =>
      path(`M${x(mark.at)} ${line}V${near(i) - direction * 3}L${placed[i].centre} ${near(i)}`, {
        stroke: colourOf(mark),
        'stroke-width': 1.3,
      }),
    )
    const words = marks.flatMap((mark, i) => {
      const top = direction < 0 ? near(i) - 30 : near(i)
      const { centre, left } = placed[i]
      return [
        rect(left, top + 1, wanted[i].width, 28, { fill: COLOUR.paper }),
        text(centre, top + 12, mark.label, { ...NAME, anchor: 'middle', fill: colourOf(mark) }),
        text(centre, top + 25, print(mark.at), { ...PLACE, anchor: 'middle' }),
      ]
    })
    const ticks = marks.map((mark) =>
      path(`M${x(mark.at)} ${direction < 0 ? line : line - BAR}v${BAR}`, {
        stroke: colourOf(mark),
        'stroke-width': 1.6,
      }),
    )
    return [...ticks, ...leaders, ...words]
  }
  return { levels: levelsOf(placed), draw }
}

const LINE = 34

/** The line in characters, then a label a line, the one furthest to the right first. */
function inCharacters(
  marks: readonly Mark[],
  stretches: readonly Stretch[],
  steps: ReadonlyMap<bigint, number>,
  print: (at: bigint) => string,
  unit: string,
): string[] {
  const column = new Map<bigint, number>()
  let last = -1
  for (const [at, step] of steps) {
    last = Math.max(last + 1, Math.round(step * LINE))
    column.set(at, last)
  }
  const of = (at: bigint): number => column.get(at) ?? 0
  const line = Array.from({ length: Math.max(LINE, last) + 1 }, () => '─')
  for (const { from, to } of stretches) line.fill('═', of(from), of(to))
  for (const at of column.keys()) line[of(at)] = '┴'
  for (const { at } of marks) line[of(at)] = '┬'
  const places = [...new Set(marks.map(({ at }) => at))].sort((a, b) => (a < b ? 1 : -1))
  const rows = places.map((at, i) => {
    const pending = places.slice(i + 1).map(of)
    const names = marks.filter((mark) => mark.at === at).map(({ label }) => label)
    const lead = Array.from({ length: of(at) }, (_, n) => (pending.includes(n) ? '│' : ' ')).join('')
    const after = places[i + 1]
    const behind = after === undefined ? '' : `, ${counted(at - after, unit)} on`
    const whole = `${lead}└ ${names.join(' = ')} ${print(at)}`
    return whole.length + behind.length <= COLUMNS
      ? whole + behind
      : lead + cut(whole.slice(lead.length), COLUMNS - lead.length)
  })
  return [line.join(''), ...rows, ...stretches.map((stretch) => stretchLine(stretch, print))]
}

const stretchLine = ({ from, to, label }: Stretch, print: (at: bigint) => string): string =>
  cut(`═ ${label}, ${print(from)} to ${print(to)}`, COLUMNS)
