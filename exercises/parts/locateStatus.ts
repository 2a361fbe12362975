// Where a transaction's two bits are: four transactions a byte, 32,768 a page, 32 pages a file, and no headers.

import fc from 'fast-check'
import { findStatusPage, statusPosition } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { transactionsOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { strip, type Field } from '../drawing/bytes.js'
import { columns, fields, sides } from '../drawing/columns.js'

export type XidInput = [xid: number]

/** The path of a file of pg_xact, the byte in it, and how far its bits are to be shifted to the right. */
export interface StatusPlace {
  file: string
  offset: number
  shift: number
}

/** The engine's own: {@link statusPosition} in the page, {@link findStatusPage} in the file. */
export function locateStatusByEngine(xid: number): StatusPlace {
  const { pageno, byte, shift } = statusPosition(xid)
  const { file, offset } = findStatusPage('pg_xact', pageno, () => undefined)
  return { file, offset: offset + byte, shift }
}

export const locating: Contract<XidInput, StatusPlace> = {
  name: 'locateStatus',
  draw: drawBits,
  reference: locateStatusByEngine,
  show: (xid) => {
    const first = xid - (xid % 4)
    const neighbours = [first + 3, first + 2, first + 1, first].map(String)
    const cells = neighbours.map((id) => ` ${id} `)
    const marks = neighbours.map((id) => (id === String(xid) ? '^' : ' ').repeat(id.length))
    return [
      `transaction ${xid}; its byte, the high bits on the left:`,
      `  │${cells.join('│')}│`,
      `   ${marks.map((mark) => ` ${mark} `).join(' ')}`.trimEnd(),
    ].join('\n')
  },
  showAnswer: (answer) => {
    const { file, offset, shift } = fieldsOf(answer)
    return `${show(file)}, byte ${show(offset)}, shifted right by ${show(shift)}`
  },
}

const show = (value: Plain): string => (value === undefined ? 'nothing' : String(value))

function fieldsOf(answer: Plain): { readonly [key: string]: Plain } {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
    ? (answer as { readonly [key: string]: Plain })
    : {}
}

/** Says which of the three is wrong, and what would be hit instead. */
export function placeNote(answer: Plain, xid: number): string {
  const { file, offset, shift } = fieldsOf(answer)
  const right = locateStatusByEngine(xid)
  if (file !== right.file) return `32 pages of 32,768 transactions make a file: this one is ${right.file}.`
  if (offset === right.offset + 24) return 'Pages of pg_xact have no header: the first byte holds statuses.'
  if (offset !== right.offset) return `The byte is ${right.offset}: counted from the start of the file.`
  if (typeof shift === 'number' && shift !== right.shift && shift % 2 === 0 && shift >= 0 && shift < 8)
    return `There are the bits of transaction ${xid - (xid % 4) + shift / 2}.`
  return 'Two bits each: the shift is 0, 2, 4 or 6. There are three fields: file, offset, shift.'
}

const TRANSACTIONS_A_PAGE = 32768

/** The byte's eight bits, the high ones on the left, and who has which two of them. */
function drawBits(answer: Answer, xid: number): Picture {
  const right = locateStatusByEngine(xid)
  const { shift } = fieldsOf(answer?.value)
  const first = xid - (xid % 4)
  const bits: Field[] = [6, 4, 2, 0].map((to) => ({
    at: 6 - to,
    size: 2,
    name: String(first + to / 2),
    kind: to === right.shift ? ('accent' as const) : to === shift ? ('bad' as const) : ('plain' as const),
  }))
  return {
    title: `The two bits of transaction ${xid} in ${right.file}, byte ${right.offset}.`,
    panels: [
      strip({
        title: `byte ${right.offset} of ${right.file}: its bits by number, the high ones on the left`,
        bytes: new TextEncoder().encode('76543210'),
        fields: bits,
        letters: true,
        wide: true,
      }),
      columns(fields({ ...right }, answer), sides(answer)),
    ],
  }
}

export const locateStatus: Exercise = {
  name: 'locateStatus',
  notebook: '05-abort',
  visible: [
    examples(locating, {
      rule: 'The interest run of scene bank, 776, and the three that share its byte.',
      why: 'One byte is the fate of four transactions.',
      note: placeNote,
      inputs: [776, 777, 778, 779].map((xid): XidInput => [xid]),
    }),
    generated(locating, {
      rule: 'Any transaction of the first page.',
      why: 'A reader who looks at the wrong bits believes the fate of a stranger.',
      note: placeNote,
      input: fc.integer({ min: 3, max: TRANSACTIONS_A_PAGE - 1 }).map((xid): XidInput => [xid]),
    }),
  ],
  onScene(scene) {
    const xids = new Set(transactionsOf(scene).flatMap(({ xid, subxids }) => [xid, ...subxids]))
    const why = 'Their commits are in the log; replay writes them into these bytes.'
    return examples(locating, {
      rule: `The ${xids.size} transactions in the log of scene ${scene.name}.`,
      why,
      note: placeNote,
      inputs: [...xids].map((xid): XidInput => [xid]),
    })
  },
}
