import { expect, test } from 'vitest'
import { initPage, pageOf, setPdLower, type Page } from './page.js'
import { pageKind, type PageKind } from './pageKind.js'
import { FORK } from './relationPath.js'

/** An empty page with a special space of `size` bytes, which ends in `mark`. */
function page(size: number, mark?: number): Page {
  const made = pageOf()
  initPage(made, size)
  if (mark !== undefined) made.view.setUint16(8190, mark, true)
  return made
}

function sequencePage(): Page {
  const made = page(8)
  made.view.setUint32(8184, 0x1717, true)
  return made
}

function contradictory(): Page {
  const made = page(0)
  setPdLower(made, 9000)
  return made
}

test.each<[PageKind, Page, number?]>([
  ['new', pageOf()],
  ['heap', page(0)],
  ['heap', page(0), FORK.INIT],
  ['vm', page(0), FORK.VM],
  ['fsm', page(0), FORK.FSM],
  ['new', pageOf(), FORK.VM],
  ['btree', page(16, 0xff7f)],
  ['hash', page(16, 0xff80)],
  ['gist', page(16, 0xff81)],
  ['spgist', page(8, 0xff82)],
  ['bloom', page(8, 0xff83)],
  ['brin', page(8, 0xf091)],
  ['brin', page(8, 0xf093)],
  ['sequence', sequencePage()],
  ['gin', page(8, 2)],
  ['unknown', contradictory()],
  ['unknown', page(24)],
])('%s', (kind, made, fork = FORK.MAIN) => expect(pageKind(made, fork)).toBe(kind))
