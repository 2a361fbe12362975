// From a position in the stream of WAL to a file and a byte in it.

import fc from 'fast-check'
import { formatLsn, nodeDisk, readControlFile, reference, segmentFileName, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { literal } from '../checking/literal.js'
import type { Plain } from '../checking/plainData.js'
import { recordsOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { answerMarks, ruler } from '../drawing/ruler.js'

export type LocateInput = Parameters<Parts['locateLsn']>

export const MIB = 1024 * 1024

export const locating: Contract<LocateInput, ReturnType<Parts['locateLsn']>> = {
  name: 'locateLsn',
  draw: drawPlace,
  reference: reference.locateLsn,
  show: (lsn, segmentSize) => {
    const { segment, offset } = reference.locateLsn(lsn, segmentSize)
    const byte = offset.toString(16).toUpperCase()
    return `${formatLsn(lsn)}, segments of ${segmentSize / MIB} MiB\n(file ${segmentFileName(1, segment, segmentSize)}, byte ${byte}h)`
  },
  showAnswer: inWords,
}

function inWords(answer: Plain): string {
  const { segment, offset, ...more } = halves(answer)
  if (typeof segment !== 'bigint' || typeof offset !== 'number' || Object.keys(more).length > 0)
    return literal(answer)
  const hex = offset < 0 || !Number.isInteger(offset) ? `${offset}` : `${offset.toString(16).toUpperCase()}h`
  return `segment ${segment}, byte ${hex}`
}

function halves(answer: Plain): { segment?: Plain; offset?: Plain } {
  return typeof answer === 'object' && answer !== null ? (answer as { segment?: Plain; offset?: Plain }) : {}
}

/** Says which half of an answer is wrong. */
export function locateNote(answer: Plain, lsn: bigint, segmentSize: number): string {
  const right = reference.locateLsn(lsn, segmentSize)
  const { segment, offset } = halves(answer)
  if (typeof segment !== 'bigint') return 'The segment is a bigint.'
  if (typeof offset !== 'number') return 'The offset is a number.'
  const wrong = [
    ...(segment === right.segment ? [] : ['segment']),
    ...(offset === right.offset ? [] : ['offset']),
  ]
  return wrong.length === 2
    ? 'Segment and offset are wrong.'
    : `The ${wrong[0] ?? 'shape of the answer'} is wrong.`
}

export const SEGMENT_SIZES: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map(
  (n) => n * MIB,
)

/** The segment that holds the position, and the place that the answer names. */
function drawPlace(answer: Answer, lsn: bigint, segmentSize: number): Picture {
  const right = reference.locateLsn(lsn, segmentSize)
  const size = BigInt(segmentSize)
  const { segment, offset } = halves(answer?.value)
  const named =
    typeof segment === 'bigint' && typeof offset === 'number' && Number.isSafeInteger(offset)
      ? { value: segment * size + BigInt(offset) }
      : undefined
  return {
    title: `${formatLsn(lsn)} in its segment of ${segmentSize / MIB} MiB.`,
    panels: [
      ruler(
        [
          { at: right.segment * size, label: `segment ${right.segment} begins`, kind: 'plain' },
          { at: lsn, label: 'the position', kind: 'accent' },
          { at: (right.segment + 1n) * size, label: `segment ${right.segment + 1n} begins`, kind: 'plain' },
          ...answerMarks(lsn, named),
        ],
        { stretches: [{ from: right.segment * size, to: lsn, label: 'offset' }] },
      ),
    ],
  }
}

export const locateLsn: Exercise = {
  name: 'locateLsn',
  notebook: '02-lsn',
  visible: [
    examples(locating, {
      rule: 'Three positions that PostgreSQL printed are found in the files where it wrote them.',
      why: 'pg_walfile_name() and recovery must name the same file, or recovery reads another part of the log.',
      note: locateNote,
      inputs: [
        [0x1a2b3c8n, 16 * MIB],
        [0x1a2b3c8n, MIB],
        [0x2_0300_0028n, 16 * MIB],
      ],
    }),
    generated(locating, {
      rule: 'Any position in the first 4 GiB of WAL, segments of 16 MiB.',
      why: 'This is what initdb makes unless it is told otherwise.',
      note: locateNote,
      input: fc
        .tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 0, max: 16 * MIB - 1 }))
        .map(([segment, offset]): LocateInput => [BigInt(segment * 16 * MIB + offset), 16 * MIB]),
    }),
  ],
  onScene(scene) {
    const size = readControlFile(nodeDisk(scene.dir)).xlog_seg_size
    const inputs = recordsOf(scene).map(({ lsn }): LocateInput => [lsn, size])
    const why = 'Some of them lie in one file, some in the next.'
    return examples(locating, {
      rule: `The place of all ${inputs.length} records of scene ${scene.name}.`,
      why,
      note: locateNote,
      inputs,
    })
  },
}
