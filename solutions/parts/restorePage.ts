// 03-checkpoint: a page restored from its image.

import fc from 'fast-check'
import { BLCKSZ } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition, position } from '../../exercises/checking/positions.js'
import {
  bytesWithin,
  imageOf,
  pageNote,
  restoring,
  roomyPage,
  type ImageInput,
  type StoredImage,
} from '../../exercises/parts/restorePage.js'
import type { Solution } from '../solution.js'

/** The image in two pieces around the hole, zeroes between them; then the record's end as the page's LSN. */
export function restorePage(image: StoredImage, recordEnd: bigint): Uint8Array {
  const { bytes, hole_offset, hole_length } = image
  const page = new Uint8Array(8192) // zeroes: the hole needs nothing more
  page.set(bytes.subarray(0, hole_offset))
  page.set(bytes.subarray(hole_offset), hole_offset + hole_length)
  const view = new DataView(page.buffer)
  if (view.getUint16(14, true) === 0) return page // pd_upper is 0: nobody has used this page yet
  view.setUint32(0, Number(recordEnd >> 32n), true) // the high half stands first
  view.setUint32(4, Number(recordEnd & 0xffffffffn), true)
  return page
}

/** The page of the right solution, changed afterwards. */
const then =
  (
    change: (page: DataView, image: StoredImage, recordEnd: bigint) => void,
  ): ((image: StoredImage, recordEnd: bigint) => Uint8Array) =>
  (image, recordEnd) => {
    const page = restorePage(image, recordEnd)
    change(new DataView(page.buffer), image, recordEnd)
    return page
  }

/** A stamp that asks nobody whether the page is new. */
const always = (
  stamp: (page: DataView, recordEnd: bigint) => void,
): ((image: StoredImage, recordEnd: bigint) => Uint8Array) =>
  then((page, _image, recordEnd) => stamp(page, recordEnd))

const high = (lsn: bigint): number => Number(lsn >> 32n)
const low = (lsn: bigint): number => Number(lsn & 0xffffffffn)
const isUsed = (page: DataView): boolean => page.getUint16(14, true) !== 0

/** One byte after the other, each from where the page's layout says. */
function byteByByte({ bytes, hole_offset, hole_length }: StoredImage, recordEnd: bigint): Uint8Array {
  const hole = { from: hole_offset, to: hole_offset + hole_length }
  const page = Uint8Array.from({ length: BLCKSZ }, (_, at) =>
    at < hole.from ? bytes[at] : at < hole.to ? 0 : bytes[at - hole_length],
  )
  if (page.every((byte) => byte === 0)) return page
  for (let i = 0; i < 4; i++) {
    page[i] = (high(recordEnd) >>> (8 * i)) & 255
    page[4 + i] = (low(recordEnd) >>> (8 * i)) & 255
  }
  return page
}

const input = (image: StoredImage, recordEnd: bigint): ImageInput => [image, recordEnd]
const runs = 12

export const restorePageSolution: Solution<'restorePage'> = {
  name: 'restorePage',
  solution: restorePage,
  hidden: [
    generated(restoring, {
      rule: 'The hole comes back as zeroes, and what follows it at its old place.',
      why: 'Line pointers are offsets in the page: rows that are moved are not found (RestoreBlockImage, xlogreader.c).',
      note: pageNote,
      runs,
      input: fc.tuple(roomyPage, position()).map(([page, end]) => input(imageOf(page), end)),
    }),
    generated(restoring, {
      rule: 'A page without a hole is its image, all 8192 bytes.',
      why: 'A full page has no room between line pointers and rows, and hole_offset and hole_length are 0.',
      note: pageNote,
      runs,
      input: fc
        .tuple(fc.integer({ min: 30, max: 400 }), fc.nat({ max: 1000 }), position())
        .map(([offset, salt, end]) => input(imageOf({ lower: 4 * offset, upper: 4 * offset, salt }), end)),
    }),
    generated(restoring, {
      rule: 'The LSN is stored as two numbers of 32 bits, the high half first.',
      why: 'PageXLogRecPtr (bufpage.h) is older than 64-bit numbers in the log; each half has its lowest byte first.',
      note: pageNote,
      runs,
      input: fc.tuple(roomyPage, highPosition).map(([page, end]) => input(imageOf(page), end)),
    }),
    generated(restoring, {
      rule: 'A page of zeroes is restored as zeroes, without an LSN.',
      why: 'With an LSN it would look used, and be no valid page (XLogReadBufferForRedoExtended, xlogutils.c).',
      note: pageNote,
      runs,
      input: position().map((end) =>
        input({ bytes: bytesWithin(new Array<number>(BLCKSZ).fill(0)), hole_offset: 0, hole_length: 0 }, end),
      ),
    }),
  ],
  alsoRight: { 'byte by byte': byteByByte },
  wrong: {
    'the hole at the end': ({ bytes, hole_offset }, recordEnd) =>
      restorePage(
        { bytes, hole_offset: bytes.length, hole_length: BLCKSZ - bytes.length || hole_offset },
        recordEnd,
      ),
    'the hole not filled: a short page': (image, recordEnd) => {
      const { hole_offset, hole_length } = image
      const page = restorePage(image, recordEnd)
      return new Uint8Array([...page.subarray(0, hole_offset), ...page.subarray(hole_offset + hole_length)])
    },
    'the rows from the wrong place of the image': ({ bytes, hole_offset, hole_length }, recordEnd) => {
      const page = restorePage({ bytes, hole_offset, hole_length }, recordEnd)
      page.set(bytes.subarray(hole_offset + hole_length), hole_offset + hole_length)
      return page
    },
    'everything behind hole_length': ({ bytes, hole_offset, hole_length }, recordEnd) => {
      const page = restorePage({ bytes, hole_offset, hole_length }, recordEnd)
      page.fill(0, hole_offset)
      page.set(bytes.subarray(hole_offset), hole_length)
      return page
    },
    'no LSN: the one in the image stays': then((page, { bytes }) => {
      for (let i = 0; i < 8; i++) page.setUint8(i, bytes[i])
    }),
    'the low half first': then((page, _image, recordEnd) => {
      if (isUsed(page)) page.setBigUint64(0, recordEnd, true)
    }),
    'the highest byte first': then((page, _image, recordEnd) => {
      if (isUsed(page)) page.setBigUint64(0, recordEnd)
    }),
    'the low half only': then((page) => page.setUint32(0, 0, true)),
    'a new page stamped too': always((page, recordEnd) => {
      page.setUint32(0, high(recordEnd), true)
      page.setUint32(4, low(recordEnd), true)
    }),
    'eight bytes too late': then((page, { bytes }, recordEnd) => {
      if (!isUsed(page)) return
      for (let i = 0; i < 8; i++) page.setUint8(i, bytes[i])
      page.setUint32(8, high(recordEnd), true)
      page.setUint32(12, low(recordEnd), true)
    }),
    'the checksum cleared': then((page) => page.setUint16(8, 0, true)),
    'the image itself, without a look at the hole': ({ bytes }) => bytes.slice(),
    'the buffer behind the bytes, from its start': (image, recordEnd) =>
      restorePage({ ...image, bytes: new Uint8Array(image.bytes.buffer, 0, image.bytes.length) }, recordEnd),
  },
}
