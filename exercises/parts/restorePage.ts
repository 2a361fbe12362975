// A page from its image: the copy that the log holds, the hole filled again, stamped with the record's end.

import fc from 'fast-check'
import { BKPIMAGE, BLCKSZ, formatLsn, isNewPage, pageOf, restoreImage, setPageLsn, type svg } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { bytesOf, type Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { recordsOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { comparedBytes, firstDifference } from '../drawing/bytes.js'
import { columns, sides, type ComparedRow } from '../drawing/columns.js'

/** A full-page image as a record carries it, not compressed. */
export interface StoredImage {
  /** The page without its hole. */
  bytes: Uint8Array
  hole_offset: number
  hole_length: number
}

export type ImageInput = [image: StoredImage, recordEnd: bigint]

export const restoring: Contract<ImageInput, Uint8Array> = {
  name: 'restorePage',
  draw: drawRestored,
  reference({ bytes, ...hole }, recordEnd) {
    const page = pageOf()
    restoreImage({ ...hole, bimg_info: 0 }, bytes, page.bytes)
    if (!isNewPage(page)) setPageLsn(page, Number(recordEnd >> 32n), Number(recordEnd & 0xffffffffn))
    return page.bytes
  },
  show: ({ bytes, hole_offset, hole_length }, recordEnd) =>
    [
      `an image of ${bytes.length} bytes${hole_length === 0 ? ', no hole' : `; the hole is at ${hole_offset}, ${hole_length} bytes`}`,
      `begins with ${digits(bytes, 0, 24)}`,
      `the record ends at ${formatLsn(recordEnd)}`,
    ].join('\n'),
  showAnswer: (answer) =>
    answer instanceof Uint8Array ? `${answer.length} bytes: ${digits(answer, 0, 24)} …` : 'no Uint8Array',
}

function digits(bytes: Uint8Array, from: number, to: number): string {
  return [...bytes.subarray(from, to)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

const FIELDS: readonly (readonly [from: number, name: string])[] = [
  [0, 'pd_lsn'],
  [8, 'pd_checksum'],
  [10, 'the header'],
  [24, 'the line pointers and what follows them'],
]

/** Names the first place where the page is not the one it should be. */
export function pageNote(answer: Plain, image: StoredImage, recordEnd: bigint): string {
  if (!(answer instanceof Uint8Array)) return 'The answer is a page: a Uint8Array.'
  if (answer.length !== BLCKSZ) return `A page has ${BLCKSZ} bytes.`
  const right = restoring.reference(image, recordEnd)
  const at = right.findIndex((byte, i) => byte !== answer[i])
  const found = `Byte ${at} is ${digits(answer, at, at + 1)} and should be ${digits(right, at, at + 1)}`
  const { hole_offset, hole_length } = image
  if (right.every((byte) => byte === 0))
    return `${found}. A page of zeroes is one that nobody has used yet; anything in it makes it look damaged.`
  if (hole_length > 0 && at >= hole_offset)
    return at < hole_offset + hole_length
      ? `${found}, in the hole.`
      : `${found}, behind the hole: rows are not where their line pointers say.`
  const [, name] = FIELDS.findLast(([from]) => from <= at) ?? FIELDS[0]
  return `${found}, in ${name}.`
}

export interface PageSpec {
  /** Where the line pointers end and where the rows begin; no hole between them where the two are equal. */
  readonly lower: number
  readonly upper: number
  /** Decides all other bytes. */
  readonly salt: number
}

/** The image of a heap page, as PostgreSQL makes it (xloginsert.c, XLogRecordAssemble). */
export function imageOf({ lower, upper, salt }: PageSpec): StoredImage {
  const page = new Uint8Array(BLCKSZ)
  for (let at = 0, state = salt + 1; at < BLCKSZ; at++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    if (at < lower || at >= upper) page[at] = state >> 16
  }
  const view = new DataView(page.buffer)
  view.setUint32(0, 0, true)
  view.setUint16(12, lower, true)
  view.setUint16(14, upper, true)
  view.setUint16(16, BLCKSZ, true)
  view.setUint16(18, BLCKSZ | 4, true)
  const hole_length = upper - lower
  const bytes = bytesWithin([...page.subarray(0, lower), ...page.subarray(upper)])
  return { bytes, hole_offset: hole_length === 0 ? 0 : lower, hole_length }
}

/** As the engine hands them out: inside a larger buffer. */
export function bytesWithin(bytes: readonly number[]): Uint8Array {
  const target = bytesOf('00'.repeat(bytes.length))
  target.set(bytes)
  return target
}

/** A page with rows and room for more. */
export const roomyPage: fc.Arbitrary<PageSpec> = fc
  .record({
    pointers: fc.integer({ min: 1, max: 200 }),
    rows: fc.integer({ min: 4, max: 600 }),
    salt: fc.nat({ max: 1000 }),
  })
  .map(({ pointers, rows, salt }) => ({ lower: 24 + 4 * pointers, upper: BLCKSZ - 8 * rows, salt }))

/** The page piece by piece: its stamp, what comes from the image before the hole, the hole, what comes behind it. */
function drawRestored(answer: Answer, image: StoredImage, recordEnd: bigint): Picture {
  const right = restoring.reference(image, recordEnd)
  const got = answer?.value instanceof Uint8Array ? answer.value : undefined
  const { hole_offset, hole_length } = image
  const hole = hole_length === 0 ? BLCKSZ : hole_offset
  const pieces: readonly (readonly [string, number, number, svg.Kind])[] = [
    ['pd_lsn', 0, 8, 'wal'],
    ['header', 8, 24, 'wal'],
    ['before the hole', 24, hole, 'page'],
    ['the hole', hole, hole + hole_length, 'plain'],
    ['behind the hole', hole + hole_length, BLCKSZ, 'page'],
  ]
  const rows = pieces
    .filter(([, from, to]) => to > from)
    .map(([name, from, to, kind]): ComparedRow => {
      const [mine, theirs] = [got?.subarray(from, to), right.subarray(from, to)]
      const begins = (bytes: Uint8Array): string => `${digits(bytes, 0, 8)}${bytes.length > 8 ? ' …' : ''}`
      const differs = mine !== undefined && firstDifference(theirs, mine) < theirs.length
      return {
        name: `${name}, ${from} to ${to}`,
        expected: begins(theirs),
        got: mine && begins(mine),
        differs,
        kind,
      }
    })
  return {
    title: `A page from its image of ${image.bytes.length} bytes, piece by piece.`,
    panels: [
      columns(rows, { head: 'bytes', ...sides(got && answer) }),
      comparedBytes({
        expected: right,
        got,
        fieldAt: (at) => FIELDS.findLast(([from]) => from <= at)?.[1] ?? '',
      }),
    ],
  }
}

export const restorePage: Exercise = {
  name: 'restorePage',
  notebook: '03-checkpoint',
  visible: [
    examples(restoring, {
      rule: 'A page with three rows, and one that is full to the last byte.',
      why: 'A copy leaves out the hole between line pointers and rows; a full page has none.',
      note: pageNote,
      inputs: [
        [imageOf({ lower: 36, upper: 8048, salt: 1 }), 0x8f2a40n],
        [imageOf({ lower: 928, upper: 928, salt: 2 }), 0x8f2a40n],
      ],
    }),
    generated(restoring, {
      rule: 'Any page, any record in the first 4 GiB of log.',
      why: 'From here on every record finds the page whole, and its LSN says which ones it still needs.',
      note: pageNote,
      runs: 15,
      input: fc
        .tuple(roomyPage, position())
        .map(([page, recordEnd]): ImageInput => [imageOf(page), recordEnd]),
    }),
  ],
  onScene(scene) {
    const inputs = recordsOf(scene).flatMap((record) =>
      record.blocks.flatMap(({ image, appliesImage }): ImageInput[] => {
        if (!image || !appliesImage || image.bimg_info & BKPIMAGE.COMPRESSED) return []
        const { hole_offset, hole_length } = image
        return [[{ bytes: record.imageBytes(image), hole_offset, hole_length }, record.endLsn]]
      }),
    )
    return examples(restoring, {
      rule: `${inputs.length} images in the log of scene ${scene.name}.`,
      why: 'With these pages the replay begins, whatever lies on the disk.',
      note: pageNote,
      inputs,
    })
  },
}
