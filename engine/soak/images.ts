/**
 * T20: page images. A hole of every size there can be, stored as it is and compressed in the three ways, must come back
 * byte for byte; whatever is done to the compressed bytes, the decoders give a page of the right size or none.
 */
import { decompressLz4 } from '../format/lz4.js'
import { decompressPglz } from '../format/pglz.js'
import { restoreImage } from '../format/pageImage.js'
import { compressLz4, compressPglz, storeZstd } from '../format/testing/compressors.js'
import { BKPIMAGE } from '../format/walRecord.js'
import { eachCase, type Idea, type Pick } from './cases.js'

const PAGE = 8192
const methods = [
  { name: 'as it is', flag: 0, compress: (plain: Uint8Array) => plain },
  { name: 'pglz', flag: BKPIMAGE.COMPRESS_PGLZ, compress: compressPglz },
  { name: 'lz4', flag: BKPIMAGE.COMPRESS_LZ4, compress: compressLz4 },
  { name: 'zstd', flag: BKPIMAGE.COMPRESS_ZSTD, compress: storeZstd },
] as const

/** Bytes as pages have them: repeated rows, runs, noise. */
function pageLike(size: number, pick: Pick): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size;) {
    const length = Math.min(size - at, 1 + pick(300))
    const kind = pick(4)
    if (kind === 0) for (let i = 0; i < length; i++) bytes[at + i] = pick(256)
    else if (kind === 1) bytes.fill(pick(256), at, at + length)
    else bytes.copyWithin(at, Math.max(0, at - 1 - pick(4000)), Math.max(0, at - 1 - pick(4000)) + length)
    at += length
  }
  return bytes
}

function checkHole(
  holeLength: number,
  { name, flag, compress }: (typeof methods)[number],
  pick: Pick,
): string | undefined {
  const kept = pageLike(PAGE - holeLength, pick)
  const holeOffset = holeLength === 0 ? 0 : 1 + pick(kept.length)
  const expected = new Uint8Array(PAGE)
  expected.set(kept.subarray(0, holeOffset))
  expected.set(kept.subarray(holeOffset), holeOffset + holeLength)
  const page = new Uint8Array(PAGE).fill(0xee)
  const bimg_info = flag | BKPIMAGE.APPLY | (holeLength > 0 ? BKPIMAGE.HAS_HOLE : 0)
  const image = { hole_offset: holeOffset, hole_length: holeLength, bimg_info }
  const where = `${name}, a hole of ${holeLength} at ${holeOffset}`
  if (!restoreImage(image, compress(kept), page)) return `${where}: refused`
  return Buffer.compare(page, expected) === 0 ? undefined : `${where}: another page`
}

export const holes: Idea = {
  id: 'T20',
  what: 'page images with holes of every size, in four ways',
  ci: 1200,
  full: Infinity,
  run: (options) =>
    eachCase(options, methods.length * (PAGE - 1), (i, pick) =>
      checkHole(Math.floor(i / methods.length), methods[i % methods.length], pick),
    ),
}

function checkDecoder(pick: Pick): string | undefined {
  const size = pick(4) === 0 ? PAGE : pick(600)
  const method = methods[1 + pick(3)]
  const source = pick(4) === 0 ? noise(pick(300), pick) : mutated(method.compress(pageLike(size, pick)), pick)
  const direct =
    method.name === 'pglz'
      ? decompressPglz(source, size)
      : method.name === 'lz4'
        ? decompressLz4(source, size)
        : undefined
  if (direct && direct.length !== size) return `${method.name}: ${direct.length} bytes instead of ${size}`
  const page = new Uint8Array(PAGE).fill(0xee)
  const hole_length = PAGE - size
  const image = { hole_offset: pick(PAGE + 10), hole_length, bimg_info: method.flag | BKPIMAGE.HAS_HOLE }
  const restored = restoreImage(image, source, page)
  if (!restored && page.some((byte) => byte !== 0xee))
    return `${method.name}: refused, and yet the page is changed`
  return undefined
}

function noise(size: number, pick: Pick): Uint8Array {
  return Uint8Array.from({ length: size }, () => pick(256))
}

function mutated(bytes: Uint8Array, pick: Pick): Uint8Array {
  const changed = bytes.slice(0, pick(3) === 0 ? pick(bytes.length + 1) : bytes.length)
  for (let n = pick(6); n > 0 && changed.length > 0; n--) changed[pick(changed.length)] = pick(256)
  return changed
}

export const decoders: Idea = {
  id: 'T20-fuzz',
  what: 'compressed bytes that are damaged',
  ci: 5000,
  full: 1_000_000,
  run: (options) => eachCase(options, Infinity, (_, pick) => checkDecoder(pick)),
}
