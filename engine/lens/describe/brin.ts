// Describes records of resource manager BRIN (brindesc.c, brin_desc).

import type { WalRecord } from '../../wal/record.js'

const OPMASK = 0x70
const CREATE_INDEX = 0x00
const INSERT = 0x10
const UPDATE = 0x20
const SAMEPAGE_UPDATE = 0x30
const REVMAP_EXTEND = 0x40
const DESUMMARIZE = 0x50

const INSERT_IN_UPDATE_AT = 4 // the xl_brin_insert inside xl_brin_update

export function describeBrin(main: DataView, record: WalRecord): string {
  const u16 = (at: number): number => main.getUint16(at, true)
  const u32 = (at: number): number => main.getUint32(at, true)
  switch (record.info & OPMASK) {
    case CREATE_INDEX:
      return `v${u16(4)} pagesPerRange ${u32(0)}`
    case INSERT:
      return `heapBlk ${u32(0)} pagesPerRange ${u32(4)} offnum ${u16(8)}`
    case UPDATE: {
      const at = INSERT_IN_UPDATE_AT
      const range = `heapBlk ${u32(at)} pagesPerRange ${u32(at + 4)}`
      return `${range} old offnum ${u16(0)}, new offnum ${u16(at + 8)}`
    }
    case SAMEPAGE_UPDATE:
      return `offnum ${u16(0)}`
    case REVMAP_EXTEND:
      return `targetBlk ${u32(0)}`
    case DESUMMARIZE:
      return `pagesPerRange ${u32(0)}, heapBlk ${u32(4)}, page offset ${u16(8)}`
    default:
      return ''
  }
}
