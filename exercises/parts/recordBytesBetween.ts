// How much room for records is there between two positions? The page headers in between hold none.

import fc from 'fast-check'
import {
  formatLsn,
  locateLsn,
  nodeDisk,
  pageHeaderSize,
  readControlFile,
  recordBytesBefore,
  XLOG_BLCKSZ,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { recordsOf } from '../scene/contents.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { columns, sides } from '../drawing/columns.js'
import { ruler, type Stretch } from '../drawing/ruler.js'

export type BetweenInput = [from: bigint, to: bigint, segmentSize: number]

const MIB = 1024 * 1024
const PAGE = BigInt(XLOG_BLCKSZ)

export const between: Contract<BetweenInput, bigint> = {
  name: 'recordBytesBetween',
  draw: drawBetween,
  reference: (from, to, segmentSize) =>
    recordBytesBefore(to, segmentSize) - recordBytesBefore(from, segmentSize),
  show: (from, to, segmentSize) =>
    [
      `from  ${place(from, segmentSize)}`,
      `to    ${place(to, segmentSize)}`,
      `${to - from} bytes of log, segments of ${segmentSize / MIB} MiB`,
    ].join('\n'),
}

function place(lsn: bigint, segmentSize: number): string {
  const { segment, offset } = locateLsn(lsn, segmentSize)
  return `${formatLsn(lsn).padEnd(18)} segment ${segment}, page ${Math.floor(offset / XLOG_BLCKSZ)}, byte ${offset % XLOG_BLCKSZ}`
}

/** Says by how much an answer is wrong, in headers if it can be. */
export function betweenNote(answer: Plain, from: bigint, to: bigint, segmentSize: number): string {
  if (typeof answer !== 'bigint') return 'The answer is a bigint.'
  const more = answer - between.reference(from, to, segmentSize)
  const count = more > 0n ? `${more} bytes too many` : `${-more} bytes too few`
  if (more === to - from - between.reference(from, to, segmentSize))
    return `That is ${count}: page headers hold no records.`
  return `That is ${count}.`
}

/** A position, or where the page header that it is in ends. */
export function behindHeader(lsn: bigint, segmentSize: number): bigint {
  const page = lsn - (lsn % PAGE)
  const first = page + BigInt(pageHeaderSize(Number(page % BigInt(segmentSize))))
  return lsn < first ? first : lsn
}

/** Two positions behind page headers, about `length` apart. */
export function stretch(from: bigint, length: bigint, segmentSize: number): BetweenInput {
  const [start, end] = [from, from + length].map((lsn) => behindHeader(lsn, segmentSize))
  return [start, end, segmentSize]
}

/** Page headers that are drawn one by one. */
const MOST_HEADERS = 4

/** The stretch with the page headers in it; of many, the first ones and the last. */
function drawBetween(answer: Answer, from: bigint, to: bigint, segmentSize: number): Picture {
  const pages = to / PAGE - from / PAGE
  const segments = to / BigInt(segmentSize) - from / BigInt(segmentSize)
  const starts: bigint[] = []
  for (let n = 1n; n <= pages; n++) {
    if (n > MOST_HEADERS - 1 && n < pages) n = pages
    starts.push((from / PAGE + n) * PAGE)
  }
  const stretches = starts.map((start): Stretch => {
    const size = pageHeaderSize(Number(start % BigInt(segmentSize)))
    return {
      from: start,
      to: start + BigInt(size),
      label: `header, ${size}`,
      kind: size > 24 ? 'bad' : 'accent',
    }
  })
  const right = between.reference(from, to, segmentSize)
  const got = typeof answer?.value === 'bigint' ? answer.value : undefined
  return {
    title: `From ${formatLsn(from)} to ${formatLsn(to)}: ${to - from} bytes of log, ${pages} page headers among them.`,
    panels: [
      ruler(
        [
          { at: from, label: 'from' },
          { at: to, label: 'to' },
        ],
        { stretches },
      ),
      caption(`page headers in between: ${pages}; of these at the beginning of a segment: ${segments}`),
      columns(
        [
          { name: 'bytes of log', expected: String(to - from), differs: false },
          {
            name: 'bytes that can hold records',
            expected: String(right),
            got: got === undefined ? undefined : String(got),
            differs: got !== undefined,
          },
          {
            name: 'so headers take',
            expected: String(to - from - right),
            got: got === undefined ? undefined : String(to - from - got),
            differs: got !== undefined,
          },
        ],
        sides(got === undefined ? undefined : answer),
      ),
    ],
  }
}

export const recordBytesBetween: Exercise = {
  name: 'recordBytesBetween',
  notebook: '02-lsn',
  visible: [
    examples(between, {
      rule: "Three stretches of scene bank's log: on one page, over the end of a page, over the end of a segment.",
      why: 'Two records of one length may need different stretches of log: a header has to be stepped over.',
      note: betweenNote,
      inputs: [
        [0x8ee920n, 0x8ee988n, MIB],
        [0x8effe0n, 0x8f0038n, MIB],
        [0x8fffa0n, 0x900068n, MIB],
      ],
    }),
    generated(between, {
      rule: 'Two positions on one page.',
      why: 'Without a header in between, a stretch holds what it is long.',
      note: betweenNote,
      input: fc
        .tuple(
          fc.integer({ min: 2100, max: 9999 }),
          fc.integer({ min: 5, max: 500 }),
          fc.integer({ min: 501, max: 1023 }),
        )
        .map(([page, a, b]): BetweenInput => {
          const start = BigInt(page) * PAGE
          return [start + BigInt(8 * a), start + BigInt(8 * b), 16 * MIB]
        }),
    }),
  ],
  onScene(scene) {
    const { xlog_seg_size } = readControlFile(nodeDisk(scene.dir))
    const records = recordsOf(scene)
    const inputs = records.map(({ lsn, endLsn }): BetweenInput => [lsn, endLsn, xlog_seg_size])
    const why = 'For each it must come to xl_tot_len, rounded up to a multiple of eight.'
    return examples(between, {
      rule: `From start to end of all ${inputs.length} records of scene ${scene.name}.`,
      why,
      note: betweenNote,
      inputs,
    })
  },
}
