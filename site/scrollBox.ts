// A box of its own for what may be wider than the page: hex dumps, log lines, tables, figures.
//
// The page never scrolls sideways; the box does. Someone without a mouse must be able to scroll it too, so a box that
// can overflow takes the keyboard's focus and has a name. Where the script runs it takes that away again from boxes
// that turn out to fit (theme/page.js).

import { escapeHtml } from './markup.js'

/** Characters of code that fit on a telephone 390 pixels wide. */
export const NARROWEST = 40
/** Lines of output shown before the box scrolls downwards as well; theme/cells.css says the same in rem. */
const TALLEST = 44

/** For content that is not plain text and may be of any width. */
export const WIDE = Symbol('wide')
type Wide = typeof WIDE

/** `content` decides whether the box can overflow: its text, or WIDE. */
export function renderScrollBox(html: string, label: string, content: string | Wide, kind = ''): string {
  const classes = ['scroll', kind].filter(Boolean).join(' ')
  if (!canOverflow(content)) return `<div class="${classes}">${html}</div>`
  return `<div class="${classes}" tabindex="0" role="group" aria-label="${escapeHtml(label)}">${html}</div>`
}

function canOverflow(content: string | Wide): boolean {
  if (content === WIDE) return true
  const lines = content.split('\n')
  return lines.length > TALLEST || lines.some((line) => line.length > NARROWEST)
}
