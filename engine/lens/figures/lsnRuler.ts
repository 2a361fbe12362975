// Positions in the log on one line, to scale: where recovery begins, where the log ends, and how far each page on
// disk has come.
//
//   redo 0/8E6B20      end of log 0/98ACF8
//        │                   │
//   ─────┴──────────────┬────┴────           the log
//     ·  ·· ···   ·     · ·                  a tick for each page: its pd_lsn

import { formatLsn, type Lsn } from '../../format/lsn.js'
import { levelsOf, placeLabels } from './labels.js'
import { COLOUR, drawing, path, rect, text, textWidth, WIDTH, type Kind } from './svg.js'

/** A position worth a label (above the line), a mere tick on the line, or the LSN of a page (below the line). */
export interface LsnMark {
  readonly lsn: Lsn
  readonly label?: string
  /** `page` marks stand below the line; others above it, or on it when they have no label. Default `wal`. */
  readonly kind?: Kind
}

export interface LsnRulerOptions {
  /** Ends of the line; the smallest and the largest mark when not given. */
  readonly from?: Lsn
  readonly to?: Lsn
  /** Bytes of a segment: its borders are drawn then. */
  readonly segmentSize?: number
  readonly title?: string
}

const LEFT = 14
const RIGHT = WIDTH - 14
const LABEL = { size: 13 } as const
const LSN = { size: 12, mono: true } as const
const LEVEL = 36

/** Draws positions on a line. Marks outside `from` … `to` are put at its ends. */
export function drawLsnRuler(marks: readonly LsnMark[], options: LsnRulerOptions = {}): string {
  const all = [...marks].sort((a, b) => (a.lsn < b.lsn ? -1 : a.lsn > b.lsn ? 1 : 0))
  const from = options.from ?? all[0]?.lsn ?? 0n
  const to = options.to ?? all.at(-1)?.lsn ?? from + 1n
  const x = (lsn: Lsn): number => LEFT + fraction(lsn, from, to) * (RIGHT - LEFT)
  const above = all.filter(({ kind, label }) => kind !== 'page' && label !== undefined)
  const on = all.filter(({ kind, label }) => kind !== 'page' && label === undefined)
  const below = all.filter(({ kind }) => kind === 'page')
  const upper = drawLabels(above, x, -1)
  const line = 10 + upper.levels * LEVEL + 14
  const lower = drawLabels(
    below.filter(({ label }) => label !== undefined),
    x,
    1,
  )
  const title =
    options.title ??
    `The log from ${formatLsn(from)} to ${formatLsn(to)}: ${above.map(({ label, lsn }) => `${label ?? ''} ${formatLsn(lsn)}`).join(', ')}.`
  const pages = below.length === 0 ? '' : ` Each tick beneath is the LSN of a page (${below.length} of them).`
  const ticksHeight = below.length === 0 ? 0 : 22
  return drawing({
    title,
    description: `To scale: ${formatLsn(from)} on the left, ${formatLsn(to)} on the right, ${(to - from).toLocaleString('en-US')} bytes of log.${pages}`,
    height: line + 14 + ticksHeight + lower.levels * LEVEL + 8,
    parts: [
      rect(LEFT, line - 5, RIGHT - LEFT, 10, { fill: COLOUR.walSoft, stroke: COLOUR.wal }),
      ...segmentBorders(from, to, options.segmentSize, x, line),
      ...on.map(({ lsn, kind = 'wal' }) => path(`M${x(lsn)} ${line - 5}v10`, { stroke: strong(kind) })),
      ...below.map(({ lsn }) => pageTick(x(lsn), line)),
      ...upper.draw(line - 5),
      ...lower.draw(line + 5 + ticksHeight),
    ],
  })
}

const strong = (kind: Kind): string => (kind === 'plain' ? COLOUR.ink : COLOUR[kind])

function fraction(lsn: Lsn, from: Lsn, to: Lsn): number {
  if (to <= from || lsn <= from) return 0
  return lsn >= to ? 1 : Number(lsn - from) / Number(to - from)
}

function pageTick(x: number, line: number): string {
  return path(`M${x} ${line + 9}v14`, { stroke: COLOUR.page, 'stroke-width': 1.6 })
}

/** Labels on their levels; `direction` -1 stacks them upward from the line, 1 downward. */
function drawLabels(
  marks: readonly LsnMark[],
  x: (lsn: Lsn) => number,
  direction: 1 | -1,
): { levels: number; draw: (from: number) => string[] } {
  const wanted = marks.map(({ lsn, label = '' }) => {
    const width = Math.max(textWidth(label, LABEL), textWidth(formatLsn(lsn), LSN))
    return { at: x(lsn), width }
  })
  const placed = placeLabels(wanted, LEFT - 8, RIGHT + 8)
  const near = (from: number, i: number): number => from + direction * (placed[i].level * LEVEL + 6)
  const colour = ({ kind = 'wal' }: LsnMark): string => strong(kind)
  const leader = (mark: LsnMark, i: number, from: number): string => {
    const d = `M${x(mark.lsn)} ${from}V${near(from, i) - direction * 2}L${placed[i].centre} ${near(from, i)}`
    return path(d, { stroke: colour(mark), 'stroke-width': 1.2 })
  }
  const words = (mark: LsnMark, i: number, from: number): string => {
    const top = direction < 0 ? near(from, i) - LEVEL + 8 : near(from, i)
    const { centre, left } = placed[i]
    return [
      rect(left - 1, top + 2, wanted[i].width + 2, LEVEL - 8, { fill: COLOUR.paper }),
      text(centre, top + 12, mark.label ?? '', {
        ...LABEL,
        anchor: 'middle',
        fill: colour(mark),
        weight: 600,
      }),
      text(centre, top + 26, formatLsn(mark.lsn), { ...LSN, anchor: 'middle' }),
    ].join('')
  }
  // Words after all lines: a line to a label further out passes behind the ones it meets.
  const draw = (from: number): string[] => [
    ...marks.map((mark, i) => leader(mark, i, from)),
    ...marks.map((mark, i) => words(mark, i, from)),
  ]
  return { levels: levelsOf(placed), draw }
}

function segmentBorders(
  from: Lsn,
  to: Lsn,
  segmentSize: number | undefined,
  x: (lsn: Lsn) => number,
  line: number,
): string[] {
  if (segmentSize === undefined || (to - from) / BigInt(segmentSize) > 24n) return []
  const size = BigInt(segmentSize)
  const borders: string[] = []
  for (let border = (from / size + 1n) * size; border < to; border += size)
    borders.push(path(`M${x(border)} ${line - 12}v24`, { stroke: COLOUR.ink, 'stroke-dasharray': '3 2' }))
  return borders
}
