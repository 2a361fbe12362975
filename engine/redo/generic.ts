// Resource manager 20, Generic: how extensions change pages in a way that core can redo (access/transam/generic_xlog.c).
// Each block's data is a list of pieces that differ, {offset u16, length u16, bytes}. The free space in the middle of
// a page is left out of the comparison, and is all zeroes afterwards.

import type { BufferedPage } from '../buffers/relationFork.js'
import { BLCKSZ } from '../format/controlFile.js'
import { pdLower, pdUpper } from '../format/page.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { readBlockForRedo, stamp } from './block.js'
import { contradiction, malformed } from './contradiction.js'
import type { ResourceManager } from './resourceManager.js'

const PIECE_HEADER_SIZE = 4

export const generic: ResourceManager = {
  id: 20,
  name: 'Generic',
  identify: () => 'Generic',
  redo(record, context) {
    for (const { id } of record.blocks) {
      const { outcome, page, ref } = readBlockForRedo(context, record, id)
      if (outcome !== 'needsRedo') continue
      applyPieces(record, ref, page)
      const [lower, upper] = [pdLower(page), pdUpper(page)]
      if (lower > upper || upper > BLCKSZ)
        throw contradiction(record, page, `corrupted page pointers: lower = ${lower}, upper = ${upper}`)
      page.bytes.fill(0, lower, upper)
      stamp(context, record, page)
    }
  },
}

function applyPieces(record: WalRecord, ref: BlockRef, page: BufferedPage): void {
  const end = ref.dataAt + ref.dataLength
  for (let at = ref.dataAt; at < end;) {
    const whole = at + PIECE_HEADER_SIZE <= end
    const offset = whole ? record.view.getUint16(at, true) : 0
    const length = whole ? record.view.getUint16(at + 2, true) : 0
    at += PIECE_HEADER_SIZE
    if (!whole || at + length > end || offset + length > BLCKSZ)
      throw malformed(record, `a change of ${length} bytes at ${offset} does not fit into block ${ref.id}`)
    page.bytes.set(record.bytes.subarray(at, at + length), offset)
    at += length
  }
}
