// Which files of the log a completed checkpoint lets go: those before the one that holds its redo point.

import fc from 'fast-check'
import { formatLsn, locateLsn, nodeDisk, readControlFile, segmentFileName } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { chosen, columns, sides } from '../drawing/columns.js'

export type SegmentsInput = [names: readonly string[], redo: bigint, segmentSize: number, timeline: number]

const MiB = 1 << 20

export const removal: Contract<SegmentsInput, string[]> = {
  name: 'removableSegments',
  draw: drawSegments,
  /** As PostgreSQL does it (xlog.c, RemoveOldXlogFiles): by name, and without a look at the timeline in it. */
  reference(names, redo, segmentSize, timeline) {
    const { segment } = locateLsn(redo, segmentSize)
    const first = segmentFileName(timeline, segment, segmentSize).slice(8)
    return names.filter((name) => SEGMENT.test(name) && name.slice(8) < first)
  },
  show: (names, redo, segmentSize, timeline) =>
    [
      `redo point ${formatLsn(redo)}, segments of ${segmentSize / MiB} MiB, timeline ${timeline}`,
      ...names.map((name) => `  ${name}`),
    ].join('\n'),
  showAnswer: (answer) =>
    Array.isArray(answer) ? (answer.length === 0 ? 'none' : `\n${answer.join('\n')}`) : String(answer),
}

const SEGMENT = /^[0-9A-F]{24}(?:\.partial)?$/

/** Says what one file too many or too few would do. */
export function removalNote(answer: Plain, ...input: SegmentsInput): string {
  if (!Array.isArray(answer)) return 'The answer is a list of names.'
  const [names, redo, segmentSize] = input
  const right = removal.reference(...input)
  const extra = (answer as readonly Plain[]).find((name) => !right.includes(name as string))
  const missing = right.find((name) => !answer.includes(name))
  if (extra !== undefined && !names.includes(extra as string))
    return `${String(extra)} is not among the names.`
  if (extra !== undefined && !SEGMENT.test(extra as string))
    return `${String(extra)} is no segment: nobody but its owner removes it.`
  const holds = locateLsn(redo, segmentSize).segment
  if (extra !== undefined)
    return `${String(extra)} holds log from ${formatLsn(redo)} on: "could not find redo location" at the next crash. The redo point is in segment ${holds}.`
  return missing === undefined
    ? 'The names are to come in the order given, each once.'
    : `${missing} is needed by no recovery any more; pg_wal grows until the disk is full.`
}

/** Names of segments around the redo point, `before` of them older and `after` of them newer. */
export function segmentsAround(
  redo: bigint,
  segmentSize: number,
  timeline: number,
  before: number,
  after: number,
): string[] {
  const { segment } = locateLsn(redo, segmentSize)
  const first = segment > BigInt(before) ? segment - BigInt(before) : 1n
  const names: string[] = []
  for (let n = first; n <= segment + BigInt(after); n++) names.push(segmentFileName(timeline, n, segmentSize))
  return names
}

export const segmentSizes: fc.Arbitrary<number> = fc.constantFrom(16 * MiB, MiB, 64 * MiB, 1024 * MiB)
export const few: fc.Arbitrary<number> = fc.integer({ min: 0, max: 4 })

/** The names with what becomes of them, and where the redo point is. */
function drawSegments(answer: Answer, ...input: SegmentsInput): Picture {
  const [names, redo, segmentSize, timeline] = input
  const holds = segmentFileName(timeline, locateLsn(redo, segmentSize).segment, segmentSize)
  const rows = chosen(names, removal.reference(...input), answer, ['goes', 'stays'])
  return {
    title: `${names.length} files of pg_wal and what becomes of them; the redo point ${formatLsn(redo)} is in ${holds}.`,
    panels: [
      columns(
        rows.map((row) => ({ ...row, kind: row.name === holds ? ('accent' as const) : undefined })),
        sides(answer),
      ),
      caption(`the redo point ${formatLsn(redo)} is in ${holds}`),
    ],
  }
}

export const removableSegments: Exercise = {
  name: 'removableSegments',
  notebook: '03-checkpoint',
  visible: [
    examples(removal, {
      rule: 'Four files of 16 MiB, the redo point in the third.',
      why: 'A file that goes too early takes committed rows with it; one that stays for ever fills the disk.',
      note: removalNote,
      inputs: [[segmentsAround(0x3000060n, 16 * MiB, 1, 2, 1), 0x3000060n, 16 * MiB, 1]],
    }),
    generated(removal, {
      rule: 'A redo point anywhere, segments of any size.',
      why: 'initdb --wal-segsize takes any power of two from 1 MiB to 1 GiB.',
      note: removalNote,
      input: fc
        .tuple(position(), segmentSizes, few, few)
        .map(([offset, size, before, after]): SegmentsInput => {
          const redo = offset + BigInt(size) // the first segment of a cluster is number 1
          return [segmentsAround(redo, size, 1, before, after), redo, size, 1]
        }),
    }),
  ],
  onScene(scene) {
    const disk = nodeDisk(scene.dir)
    const { checkPointCopy, xlog_seg_size } = readControlFile(disk)
    const names = disk.list('pg_wal').map(({ name }) => name)
    const { redo, ThisTimeLineID } = checkPointCopy
    const inputs: SegmentsInput[] = [[names, redo, xlog_seg_size, ThisTimeLineID]]
    return examples(removal, {
      rule: `The ${names.length} entries of pg_wal of scene ${scene.name}.`,
      why: 'Its redo point is in the oldest file: nothing may go yet.',
      note: removalNote,
      inputs,
    })
  },
}
