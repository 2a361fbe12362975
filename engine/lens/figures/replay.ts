// What came of every page that replay asked for, along the log: a row for each of the four outcomes.
//
//   restored   ││ │  │                    20
//   needsRedo  │││ │││││││││││││││││││  2132
//   done                                   0
//   notFound                               0
//              0/8E6B20            0/98ACF8

import { formatLsn, type Lsn } from '../../format/lsn.js'
import type { Outcome } from '../../redo/block.js'
import { COLOUR, drawing, path, rect, text, WIDTH } from './svg.js'

/** A record that was replayed, and what came of its blocks. */
export interface ReplayedRecord {
  readonly lsn: Lsn
  readonly outcomes: readonly Outcome[]
}

const OUTCOMES: readonly Outcome[] = ['restored', 'needsRedo', 'done', 'notFound']
const MEANING: Readonly<Record<Outcome, string>> = {
  restored: 'the whole page was in the record',
  needsRedo: 'the page was older: changed',
  done: 'the page had it already: left alone',
  notFound: 'no such page: passed over',
}
const COLOURS: Readonly<Record<Outcome, string>> = {
  restored: COLOUR.wal,
  needsRedo: COLOUR.page,
  done: COLOUR.ok,
  notFound: COLOUR.bad,
}
const LEFT = 96
const RIGHT = WIDTH - 64
const TOP = 12
const ROW = 54
const BAR = 22

/** Draws records in the order of the log. `title` names the replay; it is read aloud in place of the picture. */
export function drawReplay(replayed: readonly ReplayedRecord[], title = 'Replay'): string {
  const from = replayed[0]?.lsn ?? 0n
  const to = replayed.at(-1)?.lsn ?? from
  const counts = OUTCOMES.map((outcome) => countOf(replayed, outcome))
  const summary = OUTCOMES.map((outcome, i) => `${counts[i].toLocaleString('en-US')} ${outcome}`).join(', ')
  const bottom = TOP + OUTCOMES.length * ROW
  return drawing({
    title: `${title}: ${summary}.`,
    description: `${title}: ${replayed.length.toLocaleString('en-US')} records from left to right, a mark for each page that a record asked for, in the row of what came of it.`,
    height: bottom + 26,
    parts: [
      ...OUTCOMES.flatMap((outcome, i) =>
        drawRow(outcome, counts[i], marksOf(replayed, outcome, from, to), TOP + i * ROW),
      ),
      text(LEFT, bottom + 10, formatLsn(from), { size: 12, mono: true, fill: COLOUR.muted }),
      text(RIGHT, bottom + 10, formatLsn(to), { size: 12, mono: true, anchor: 'end', fill: COLOUR.muted }),
    ],
  })
}

function countOf(replayed: readonly ReplayedRecord[], wanted: Outcome): number {
  return replayed.reduce((n, { outcomes }) => n + outcomes.filter((outcome) => outcome === wanted).length, 0)
}

/** Places of the marks, one a unit of width at most: thousands of records are a few hundred marks. */
function marksOf(replayed: readonly ReplayedRecord[], wanted: Outcome, from: Lsn, to: Lsn): number[] {
  const length = to > from ? Number(to - from) : 1
  const marks = new Set<number>()
  for (const { lsn, outcomes } of replayed)
    if (outcomes.includes(wanted))
      marks.add(Math.round(LEFT + (Number(lsn - from) / length) * (RIGHT - LEFT - 2)))
  return [...marks].sort((a, b) => a - b)
}

function drawRow(outcome: Outcome, count: number, marks: readonly number[], y: number): string[] {
  const middle = y + BAR / 2 + 5
  const strokes = marks.map((x) => `M${x + 1} ${y + 2}v${BAR - 4}`).join('')
  return [
    text(LEFT - 10, middle, outcome, { mono: true, size: 12.5, anchor: 'end', weight: 600 }),
    rect(LEFT, y, RIGHT - LEFT, BAR, { fill: COLOUR.panel, stroke: COLOUR.rule }),
    strokes === '' ? '' : path(strokes, { stroke: COLOURS[outcome], 'stroke-width': 1.4 }),
    text(RIGHT + 8, middle, count.toLocaleString('en-US'), { mono: true, size: 12.5 }),
    text(LEFT, y + BAR + 15, MEANING[outcome], { size: 12, fill: COLOUR.muted }),
  ]
}
