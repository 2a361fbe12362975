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

/**
 * Puts an image's page into `page` (8192 bytes). False when its compressed bytes are damaged, or its hole is no part of
 * a page; `page` is then as it was.
 */
export function restoreImage(
  image: { hole_offset: number; hole_length: number; bimg_info: number },
  stored: Uint8Array,
  page: Uint8Array,
): boolean {
  const { hole_offset, hole_length, bimg_info } = image
  if (hole_length < 0 || hole_offset + hole_length > BLCKSZ) return false
  const length = BLCKSZ - hole_length
  const bytes = decompress(bimg_info, stored, length)
  if (bytes?.length !== length) return false
  page.set(bytes.subarray(0, hole_offset))
  page.fill(0, hole_offset, hole_offset + hole_length)
  page.set(bytes.subarray(hole_offset), hole_offset + hole_length)
  return true
}

function decompress(bimg_info: number, stored: Uint8Array, length: number): Uint8Array | undefined {
  if (bimg_info & BKPIMAGE.COMPRESS_PGLZ) return decompressPglz(stored, length)
  if (bimg_info & BKPIMAGE.COMPRESS_LZ4) return decompressLz4(stored, length)
  if (bimg_info & BKPIMAGE.COMPRESS_ZSTD) return zstd(stored)
  return stored
}

// Without a buffer of its own size to fill, the package gives back just what the frame holds: its length can be checked.
function zstd(stored: Uint8Array): Uint8Array | undefined {
  try {
    return decompressZstd(stored)
  } catch {
    return undefined
  }
}
