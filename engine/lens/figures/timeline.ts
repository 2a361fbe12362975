// Steps in their order, and where each of them takes place: the writes of a checkpoint.
//
//        data files   pg_wal   pg_control
//    1       ●          │          │        write 12 pages
//    2       ○          │          │        sync
//    3       │          ●          │        checkpoint record
//    4       │          │          ●        says where to begin

import { COLOUR, coloursOf, drawing, path, rect, text, textWidth, WIDTH, type Kind } from './svg.js'

export interface TimelineStep {
  /** Where it happens: a file or a folder; each place is a column, in the order of first appearance. */
  readonly place: string
  readonly what: string
  /** A position or a number, in typewriter letters behind `what`. */
  readonly detail?: string
  /** When not given, it follows from the place: the log, pg_control, memory, or else data files. */
  readonly kind?: Kind
}

function kindOfPlace(place: string): Kind {
  if (place.includes('pg_wal')) return 'wal'
  if (place.includes('pg_control')) return 'accent'
  return place === 'memory' ? 'plain' : 'page'
}

const ROW = 30
const LINE = 17
const TOP = 52
const LEFT = 40
const DETAIL = { mono: true, size: 12 } as const

/** Draws steps from top to bottom, first to last. */
export function drawTimeline(steps: readonly TimelineStep[], title = 'Steps in their order'): string {
  const places = [...new Set(steps.map(({ place }) => place))]
  const widths = places.map((place) => Math.max(44, textWidth(place, DETAIL) + 16))
  const leftOf = (place: number): number => widths.slice(0, place).reduce((sum, width) => sum + width, LEFT)
  const x = (place: string): number => leftOf(places.indexOf(place)) + widths[places.indexOf(place)] / 2
  const words = leftOf(places.length) + 12
  const drawn: string[] = []
  let y = TOP
  steps.forEach((step, i) => {
    const lines = linesOf(step, WIDTH - 8 - words)
    drawn.push(...drawStep(step, i + 1, x(step.place), y, words), ...drawLines(lines, words, y))
    y += ROW + (lines.length - 1) * LINE
  })
  return drawing({
    title: `${title}: ${steps.map(({ place, what }) => `${place}: ${what}`).join('; ')}.`,
    description: `${title}, from top to bottom.`,
    height: y,
    parts: [...places.map((place) => lane(place, x(place), y - 14)), ...drawn],
  })
}

function lane(place: string, x: number, bottom: number): string {
  const name = text(x, 24, place, { ...DETAIL, anchor: 'middle', weight: 600 })
  return name + path(`M${x} 34V${bottom}`, { stroke: COLOUR.rule })
}

function drawStep(
  { place, kind = kindOfPlace(place) }: TimelineStep,
  number: number,
  x: number,
  y: number,
  words: number,
): string[] {
  return [
    text(24, y + 4.5, String(number), { ...DETAIL, anchor: 'end', fill: COLOUR.muted }),
    path(`M${LEFT} ${y}H${words - 6}`, { stroke: COLOUR.rule, 'stroke-dasharray': '2 3' }),
    rect(x - 8, y - 8, 16, 16, { ...coloursOf(kind), rx: 8, 'stroke-width': 1.6 }),
  ]
}

interface Line {
  readonly words: string
  readonly detail: string
}

/** The step's words in as many lines as they need, its detail behind the last one or on a line of its own. */
function linesOf({ what, detail = '' }: TimelineStep, room: number): Line[] {
  const lines: string[] = []
  for (const word of what.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`
    if (lines.length > 0 && textWidth(longer) <= room) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  const last = lines.pop() ?? ''
  const before = lines.map((words) => ({ words, detail: '' }))
  const fits = textWidth(last) + 8 + textWidth(detail, DETAIL) <= room
  if (fits || detail === '') return [...before, { words: last, detail }]
  return [...before, { words: last, detail: '' }, { words: '', detail }]
}

function drawLines(lines: readonly Line[], x: number, y: number): string[] {
  return lines.flatMap(({ words, detail }, i) => {
    const baseline = y + 4.5 + i * LINE
    const behind = words === '' ? x : x + textWidth(words) + 8
    return [
      words === '' ? '' : text(x, baseline, words),
      detail === '' ? '' : text(behind, baseline, detail, { ...DETAIL, fill: COLOUR.muted }),
    ]
  })
}
