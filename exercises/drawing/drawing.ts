// A counterexample, drawn: panels one below the other, as a figure for a page and in characters for a terminal. All of
// it is made on the judge's side. What a learner's part returned comes in as data; `fit` and `cut` let nothing of it
// through but printable characters of one line, and every word is escaped where it is set.

import { svg } from 'pgcrash'
import type { Plain } from '../checking/plainData.js'
import { printable } from '../checking/printable.js'

/** A picture twice: as SVG, and as lines of text of at most {@link COLUMNS} characters. */
export interface Drawing {
  readonly svg: string
  readonly text: string
}

/** What a part returned; undefined when it returned nothing that can be read. */
export type Answer = { readonly value: Plain } | undefined

/** What an exercise draws of a case: a sentence that is read aloud in place of it, and its panels. */
export interface Picture {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** A piece of a picture. */
export interface Panel {
  readonly height: number
  /** The parts of the SVG, from this y on. */
  draw(top: number): string[]
  /** The same in characters; may be empty where the words around the picture say it. */
  readonly lines: readonly string[]
}

export const COLUMNS = 72
const MARGIN = 10
const GAP = 12

/** The panels one below the other. `title` is read aloud in place of the picture: one sentence. */
export function figure(title: string, panels: readonly Panel[]): Drawing {
  const parts: string[] = []
  let y = MARGIN
  for (const [i, panel] of panels.entries()) {
    if (i > 0) y += GAP
    parts.push(...panel.draw(y))
    y += panel.height
  }
  const texts = panels.filter(({ lines }) => lines.length > 0).map(({ lines }) => lines.join('\n'))
  return {
    svg: svg.drawing({ title: cut(title, 400), height: y + MARGIN, parts }),
    text: texts.join('\n\n'),
  }
}

/** What is right and what came, as words beneath a picture; the text around the picture's twin has them already. */
export function answers(expected: string, got: string | undefined): Panel {
  const rows: (readonly [string, string, string])[] = [['expected', expected, svg.COLOUR.ok]]
  if (got !== undefined) rows.push(['your part', got, svg.COLOUR.bad])
  const style = { size: 13, mono: true } as const
  return {
    height: rows.length * 19,
    draw: (top) =>
      rows.flatMap(([label, text, fill], i) => {
        const y = top + i * 19 + 13
        return [
          svg.text(12, y, label, { size: 13, weight: 600, fill }),
          svg.text(90, y, fit(text, svg.WIDTH - 110, style), style),
        ]
      }),
    lines: [],
  }
}

/** A line of words above or beneath a panel. */
export function caption(text: string): Panel {
  const style = { size: 12.5, fill: svg.COLOUR.muted } as const
  return {
    height: 14,
    draw: (top) => [svg.text(12, top + 11, fit(text, svg.WIDTH - 30, style), style)],
    lines: [cut(text, COLUMNS)],
  }
}

/** One printable line, at most `longest` characters of it: its beginning and its end. */
export function cut(text: string, longest: number): string {
  const clean = printable(text, 2000).replace(/\s+/g, ' ').trim()
  if (clean.length <= longest) return clean
  const end = Math.floor((longest - 1) / 3)
  return `${clean.slice(0, longest - 1 - end)}…${clean.slice(clean.length - end)}`
}

/** The same, as long as there is room for it in the figure. */
export function fit(text: string, width: number, style: svg.TextStyle): string {
  return cut(text, Math.max(4, Math.floor(width / svg.textWidth('n', style))))
}
