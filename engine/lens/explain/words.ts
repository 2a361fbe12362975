// The words that explanations are made of: who did it, to which page or row, when.

import { FORK, FORK_NAMES, type RelFileLocator } from '../../format/relationPath.js'
import type { BlockRef, WalRecord } from '../../wal/record.js'
import { blockDataView, locatorText } from '../describe/text.js'
import { timestampText, UTC, type TimeZone } from '../timeZone.js'

export interface ExplainOptions {
  /** Times are in this zone; UTC when not given. */
  zone?: TimeZone
  /** A relation's name, where one is known; the log itself has only numbers. */
  relationName?: (locator: RelFileLocator) => string | undefined
}

/** Explains records of one operation. */
export type Tell = (words: Words) => string
/** By name of the operation (lens/waldump.ts, identifyRecord). */
export type Tells = Readonly<Record<string, Tell>>

/** One record, ready to be talked about. */
export class Words {
  /** Main data, and no byte more. */
  readonly main: DataView

  constructor(
    readonly record: WalRecord,
    private readonly options: ExplainOptions = {},
  ) {
    this.main = new DataView(record.bytes.buffer, record.bytes.byteOffset + record.mainAt, record.mainLength)
  }

  /** "transaction 754"; work outside any transaction is the server's. */
  get who(): string {
    const { xl_xid, toplevelXid } = this.record
    if (xl_xid === 0) return 'the server'
    return `transaction ${xl_xid}${toplevelXid ? ` (a part of transaction ${toplevelXid})` : ''}`
  }

  /** "relation 1663/5/16384", or its name. */
  relation(locator: RelFileLocator, kind = 'relation'): string {
    return `${kind} ${this.options.relationName?.(locator) ?? locatorText(locator)}`
  }

  /** "page 3 of relation 1663/5/16384", of block reference `id`. */
  page(id: number, kind = 'relation'): string {
    const ref = this.record.block(id)
    return ref ? this.pageOf(ref, kind) : 'a page'
  }

  /** "page 3" alone. */
  pageNumber(id: number): string {
    const ref = this.record.block(id)
    return ref ? `page ${ref.block}` : 'a page'
  }

  pageOf(ref: BlockRef, kind = 'relation'): string {
    const fork = ref.fork === FORK.MAIN ? '' : ` (fork ${FORK_NAMES[ref.fork]})`
    return `page ${ref.block} of ${this.relation(ref, kind)}${fork}`
  }

  /** "(3,7)", a row's address on the page of block reference `id`. */
  tid(id: number, offset: number): string {
    return `(${this.record.block(id)?.block ?? '?'},${offset})`
  }

  /** "(3,7) of relation 1663/5/16384". */
  row(id: number, offset: number): string {
    const ref = this.record.block(id)
    return ref ? `${this.tid(id, offset)} of ${this.relation(ref)}` : `item ${offset}`
  }

  data(id: number): DataView | undefined {
    return blockDataView(this.record, id)
  }

  time(timestamp: bigint): string {
    return timestampText(timestamp, this.options.zone ?? UTC)
  }

  u16(at: number): number {
    return this.main.getUint16(at, true)
  }

  u32(at: number): number {
    return this.main.getUint32(at, true)
  }
}

/** "1 row", "2 rows"; an irregular plural is given. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** "a", "a and b", "a, b and c". */
export function listing(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`
}
