// The cache seen against the disk: a square for every page of every file that recovery has met.
//
//   base/5/16447    ■ ■ ▣ □       ■ changed in memory only   ▣ in memory, as on disk   □ on disk only

import type { BufferPool } from '../../buffers/bufferPool.js'
import type { RelationFork } from '../../buffers/relationFork.js'
import { COLOUR, drawing, path, rect, text, textWidth, WIDTH } from './svg.js'

const SQUARE = 11
const STEP = 14
const ROW = 19
const TOP = 40
const PATH = { mono: true, size: 12 } as const
const RIGHT = WIDTH - 10

type PageState = 'changed' | 'held' | 'on disk'
const LEGEND: ReadonlyArray<readonly [PageState, string]> = [
  ['changed', 'changed, in memory only'],
  ['held', 'in memory, as on disk'],
  ['on disk', 'on disk only'],
]

/** Draws the pool's pages, file by file. `names` says what a relation is, by its file number. */
export function drawBufferPool(pool: BufferPool, names: Readonly<Record<number, string>> = {}): string {
  const forks = [...pool.allForks()].filter((fork) => fork.exists() && fork.nblocks > 0)
  forks.sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }))
  const label = (fork: RelationFork): string =>
    `${fork.path}${names[fork.locator.relNumber] ? ` ${names[fork.locator.relNumber]}` : ''}`
  const left = 12 + Math.max(0, ...forks.map((fork) => textWidth(label(fork), PATH))) + 12
  const perLine = Math.max(1, Math.floor((RIGHT - left) / STEP))
  const parts: string[] = []
  const counts: Record<PageState, number> = { changed: 0, held: 0, 'on disk': 0 }
  let y = TOP
  for (const fork of forks) {
    parts.push(text(12, y + 10, label(fork), PATH))
    for (let block = 0; block < fork.nblocks; block++) {
      const state = stateOf(fork, block)
      counts[state]++
      const [column, line] = [block % perLine, Math.floor(block / perLine)]
      parts.push(drawSquare(state, left + column * STEP, y + line * (STEP + 1)))
    }
    y += ROW + (Math.ceil(fork.nblocks / perLine) - 1) * (STEP + 1)
  }
  const summary = `${counts.changed} changed in memory only, ${counts.held} in memory as on disk, ${counts['on disk']} on disk only`
  return drawing({
    title: `The pages of ${forks.length} files: ${summary}.`,
    description: `A square is a page of 8,192 bytes: ${summary}.`,
    height: y + 8,
    parts: [...drawLegend(), ...parts],
  })
}

function stateOf(fork: RelationFork, block: number): PageState {
  const page = fork.held(block)
  if (!page) return 'on disk'
  return page.dirty ? 'changed' : 'held'
}

/** A changed page is full, with a stroke through it: told apart without colour too. */
function drawSquare(state: PageState, x: number, y: number): string {
  if (state === 'on disk') return rect(x, y, SQUARE, SQUARE, { fill: COLOUR.paper, stroke: COLOUR.muted })
  if (state === 'held') return rect(x, y, SQUARE, SQUARE, { fill: COLOUR.pageSoft, stroke: COLOUR.page })
  const stroke = path(`M${x + 2} ${y + SQUARE - 2}L${x + SQUARE - 2} ${y + 2}`, {
    stroke: COLOUR.paper,
    'stroke-width': 1.4,
  })
  return rect(x, y, SQUARE, SQUARE, { fill: COLOUR.wal, stroke: COLOUR.wal }) + stroke
}

function drawLegend(): string[] {
  let x = 12
  return LEGEND.flatMap(([state, words]) => {
    const at = x
    x += SQUARE + 6 + textWidth(words, { size: 12 }) + 22
    return [drawSquare(state, at, 10), text(at + SQUARE + 6, 20, words, { size: 12, fill: COLOUR.muted })]
  })
}
