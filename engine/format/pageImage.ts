// A full-page image: a copy of a page as it was when a record first changed it after a checkpoint, its hole of zeroes
// left out, perhaps compressed (xlogreader.c, RestoreBlockImage).
//
//   page   │ header, line pointers │ 0 0 0 0 hole 0 0 0 │ tuples │
//   image  │ header, line pointers │ tuples │

import { BLCKSZ } from './controlFile.js'
import { BKPIMAGE } from './walRecord.js'
import { decompressPglz } from './pglz.js'
import { decompressLz4 } from './lz4.js'
import { decompress as decompressZstd } from 'fzstd'

/** Puts an image's page into `page` (8192 bytes). Returns the compression's name when its bytes are damaged. */
export function restoreImage(
  image: { hole_offset: number; hole_length: number; bimg_info: number },
  stored: Uint8Array,
  page: Uint8Array,
): string | undefined {
  const { hole_offset, hole_length, bimg_info } = image
  const length = BLCKSZ - hole_length
  let bytes: Uint8Array | undefined = stored
  let method = ''
  if (bimg_info & BKPIMAGE.COMPRESS_PGLZ) {
    method = 'pglz'
    bytes = decompressPglz(stored, length)
  } else if (bimg_info & BKPIMAGE.COMPRESS_LZ4) {
    method = 'lz4'
    bytes = decompressLz4(stored, length)
  } else if (bimg_info & BKPIMAGE.COMPRESS_ZSTD) {
    method = 'zstd'
    bytes = zstd(stored, length)
  }
  if (!bytes || bytes.length !== length) return method || 'none'
  if (hole_length === 0) page.set(bytes)
  else {
    page.set(bytes.subarray(0, hole_offset))
    page.fill(0, hole_offset, hole_offset + hole_length)
    page.set(bytes.subarray(hole_offset), hole_offset + hole_length)
  }
  return undefined
}

function zstd(stored: Uint8Array, length: number): Uint8Array | undefined {
  try {
    return decompressZstd(stored, new Uint8Array(length))
  } catch {
    return undefined
  }
}
