// Describes records of resource manager Gin (gindesc.c, gin_desc).

import type { WalRecord } from '../../wal/record.js'
import { blockDataView, blockIdAt, flag } from './text.js'

const INSERT = 0x20
const SPLIT = 0x30
const DELETE_LISTPAGE = 0x80
const VACUUM_DATA_LEAF_PAGE = 0x90

const ISDATA = 0x01
const ISLEAF = 0x02
const SPLIT_ROOT = 0x04

const SPLIT_FLAGS_AT = 24
const NDELETED_AT = 56 // after the new metapage
const IS_DELETE_AT = 2
const PITEM_AT = 2

const ACTION = { DELETE: 1, INSERT: 2, REPLACE: 3, ADDITEMS: 4 } as const
const ACTION_NAMES: Readonly<Record<number, string>> = {
  [ACTION.DELETE]: 'delete',
  [ACTION.INSERT]: 'insert',
  [ACTION.REPLACE]: 'replace',
}
const ITEM_POINTER_SIZE = 6

export function describeGin(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case INSERT:
      return describeInsert(main, record)
    case SPLIT: {
      const flags = main.getUint16(SPLIT_FLAGS_AT, true)
      return `isrootsplit: ${flag(flags & SPLIT_ROOT)} ${treeText(flags)}`
    }
    case VACUUM_DATA_LEAF_PAGE:
      return imageText(record) ?? recompressText(blockDataView(record, 0))
    case DELETE_LISTPAGE:
      return `ndeleted: ${main.getInt32(NDELETED_AT, true)}`
    default:
      return ''
  }
}

const treeText = (flags: number): string => `isdata: ${flag(flags & ISDATA)} isleaf: ${flag(flags & ISLEAF)}`

/** With an image in the record there is nothing more to tell. */
function imageText(record: WalRecord): string | undefined {
  const ref = record.block(0)
  if (!ref?.image) return undefined
  return ref.appliesImage ? ' (full page image)' : ' (full page image, for WAL verification)'
}

function describeInsert(main: DataView, record: WalRecord): string {
  const flags = main.getUint16(0, true)
  let text = treeText(flags)
  if (!(flags & ISLEAF)) text += ` children: ${blockIdAt(main, 2)}/${blockIdAt(main, 6)}`
  const image = imageText(record)
  if (image !== undefined) return text + image
  const data = blockDataView(record, 0)
  if (!data) return text
  if (!(flags & ISDATA)) return `${text} isdelete: ${flag(data.getUint8(IS_DELETE_AT))}`
  if (flags & ISLEAF) return text + recompressText(data)
  const key = `${blockIdAt(data, PITEM_AT + 4)}/${data.getUint16(PITEM_AT + 8, true)}`
  return `${text} pitem: ${blockIdAt(data, PITEM_AT)}-${key}`
}

/** What happens to the compressed segments of a posting tree's leaf (desc_recompress_leaf). */
function recompressText(data: DataView | undefined): string {
  if (!data) return ''
  const count = data.getUint16(0, true)
  let text = ` ${count} segments:`
  let at = 2
  for (let i = 0; i < count; i++) {
    const segment = data.getUint8(at++)
    const action = data.getUint8(at++)
    if (action === ACTION.ADDITEMS) {
      const items = data.getUint16(at, true)
      at += 2 + items * ITEM_POINTER_SIZE
      text += ` ${segment} (add ${items} items)`
    } else if (ACTION_NAMES[action]) {
      if (action !== ACTION.DELETE) at += 8 + evened(data.getUint16(at + 6, true)) // a GinPostingList
      text += ` ${segment} (${ACTION_NAMES[action]})`
    } else return `${text} ${segment} unknown action ${action} ???`
  }
  return text
}

const evened = (n: number): number => n + (n & 1)
