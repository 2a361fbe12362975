// Files and what becomes of them, each with a bar as long as it is large.
//
//   base/5/16497        ██████      16,384   unlogged: emptied
//   base/5/t0_16508     ███          8,192   temporary: removed

import { coloursOf, COLOUR, drawing, rect, text, textWidth, WIDTH, type Kind } from './svg.js'

export interface DrawnFile {
  readonly path: string
  /** In bytes. */
  readonly size: number
  /** What becomes of it, in a few words. */
  readonly fate: string
  /** Default `plain`. */
  readonly kind?: Kind
}

const ROW = 24
const TOP = 12
const LEFT = 12
const PATH = { mono: true, size: 12.5 } as const
const SIZE = { mono: true, size: 12, fill: COLOUR.muted } as const
const FATE = { size: 13 } as const

/** Draws files one below the other. */
export function drawFiles(files: readonly DrawnFile[], title = 'Files'): string {
  const names = Math.max(0, ...files.map(({ path }) => textWidth(path, PATH)))
  const fates = Math.max(0, ...files.map(({ fate }) => textWidth(fate, FATE)))
  const sizes = Math.max(0, ...files.map(({ size }) => textWidth(bytes(size), SIZE)))
  const bars = LEFT + names + 12
  const longest = Math.max(24, WIDTH - bars - sizes - fates - 28)
  const largest = Math.max(1, ...files.map(({ size }) => size))
  const height = TOP + files.length * ROW + 8
  return drawing({
    title: `${title}: ${files.map(({ path, size, fate }) => `${path}, ${bytes(size)} bytes, ${fate}`).join('; ')}.`,
    description: `${title}; sizes in bytes, bars to scale.`,
    height,
    parts: files.flatMap(({ path, size, fate, kind = 'plain' }, i) => {
      const y = TOP + i * ROW
      const width = size === 0 ? 1 : Math.max(3, (size / largest) * longest)
      return [
        text(LEFT, y + 14, path, PATH),
        rect(bars, y + 2, width, 15, { ...coloursOf(kind), 'stroke-width': 1.2 }),
        text(bars + width + 6, y + 14, bytes(size), SIZE),
        text(WIDTH - 8 - fates, y + 14, fate, {
          ...FATE,
          fill: kind === 'plain' ? COLOUR.ink : COLOUR[kind],
        }),
      ]
    }),
  })
}

const bytes = (n: number): string => n.toLocaleString('en-US')
