// Pages for exercises: built small, told in words, compared as PostgreSQL compares them.

import fc from 'fast-check'
import {
  BLCKSZ,
  formatLsn,
  itemId,
  LP,
  lpFlags,
  lpLength,
  lpOffset,
  maxOffset,
  nodeDisk,
  openLog,
  pageLsn,
  pageOf,
  pdFlags,
  pdLower,
  pdSpecial,
  pdUpper,
  placeOn,
  overlayDisk,
  Recovery,
  applyRecord,
  type BlockRef,
  type CrashedScene,
  type Page,
  type PageKind,
  type RedoContext,
  type WalRecord,
} from 'pgcrash'
import { bytesOf, type Plain } from '../checking/plainData.js'
import { literal } from '../checking/literal.js'
import type { Span } from './oneRelation.js'

/** Bytes as hexadecimal digits, two and a space each; at most `most` of them. */
export function hexText(bytes: Uint8Array, most = 48): string {
  const digits = [...bytes.subarray(0, most)].map((byte) => byte.toString(16).padStart(2, '0'))
  return digits.join(' ') + (bytes.length > most ? ' …' : '')
}

const MOST_ITEMS = 12

/** A page in words: its header, then its line pointers, those around `offnum` when there are many. */
export function pageWords(
  bytes: Uint8Array,
  itemWords: (page: Page, offnum: number) => string,
  offnum = 1,
): string {
  const page = pageOf(bytes)
  const [lower, upper, special] = [pdLower(page), pdUpper(page), pdSpecial(page)]
  const prune = page.view.getUint32(20, true)
  const header = `pd_lsn ${formatLsn(pageLsn(page))}  pd_flags ${pdFlags(page)}  pd_lower ${lower}  pd_upper ${upper}  pd_special ${special}  pd_prune_xid ${prune}`
  const count = lower <= BLCKSZ ? maxOffset(page) : 0
  const from = Math.max(1, Math.min(offnum - MOST_ITEMS / 2, count - MOST_ITEMS))
  const to = Math.min(count, from + MOST_ITEMS)
  const lines = [header]
  if (from > 1) lines.push('  …')
  for (let n = from; n <= to; n++)
    lines.push(`  lp ${String(n).padEnd(3)} ${pointerWords(page, n, itemWords)}`)
  if (to < count) lines.push('  …')
  return lines.join('\n')
}

function pointerWords(page: Page, offnum: number, itemWords: (page: Page, offnum: number) => string): string {
  const id = itemId(page, offnum)
  const [flags, offset, length] = [lpFlags(id), lpOffset(id), lpLength(id)]
  if (flags === LP.UNUSED && id === 0) return 'unused'
  if (flags === LP.REDIRECT) return `redirects to ${offset}`
  if (flags === LP.DEAD && length === 0) return 'dead'
  const at = `at ${offset}, ${length} bytes${flags === LP.NORMAL ? '' : flags === LP.DEAD ? ', dead' : ', unused'}`
  return offset + length > BLCKSZ ? `${at}, which is outside` : `${at}  ${itemWords(page, offnum)}`
}

/** Bytes in which a page may differ from the right one and still be it: its checksum, its free space, padding. */
function masked(bytes: Uint8Array, right: Page): Uint8Array {
  const copy = bytes.slice()
  copy.fill(0, 8, 10)
  copy.fill(0, pdLower(right), pdUpper(right))
  for (let n = 1; n <= maxOffset(right); n++) {
    const id = itemId(right, n)
    const end = lpOffset(id) + lpLength(id)
    if (lpFlags(id) === LP.NORMAL) copy.fill(0, end, (end + 7) & ~7)
  }
  return copy
}

/** The first byte that counts in which a page is not the right one; 8192 when there is none. */
export function firstWrongByte(bytes: Uint8Array, rightBytes: Uint8Array): number {
  const right = pageOf(rightBytes)
  const [found, wanted] = [masked(bytes, right), masked(rightBytes, right)]
  let at = 0
  while (at < BLCKSZ && found[at] === wanted[at]) at++
  return at
}

/** Does what it says of the place, or of the bytes found there; undefined when it has nothing to say. */
export type Slip = (place: string, given: Page, right: Page) => string | undefined

/** What is wrong with an answer that is to be the page `right`; undefined when it is that page. */
export function pageFault(
  answer: Plain,
  rightBytes: Uint8Array,
  kind: PageKind,
  slips: readonly Slip[],
): string | undefined {
  if (!(answer instanceof Uint8Array) || answer.length !== BLCKSZ)
    return `The answer is the page: ${BLCKSZ} bytes.`
  const right = pageOf(rightBytes)
  const at = firstWrongByte(answer, rightBytes)
  if (at === BLCKSZ) return undefined
  const place = placeOn(kind, rightBytes, at)
  const reason = firstOf(slips, (slip) => slip(place, pageOf(answer), right))
  const bytes = (page: Uint8Array): string => hexText(page.subarray(at, at + 8))
  return `${place}, byte ${at}: ${bytes(answer)}, expected ${bytes(rightBytes)}.${reason === undefined ? '' : ` ${reason}`}`
}

function firstOf<Item, Result>(
  items: readonly Item[],
  ask: (item: Item) => Result | undefined,
): Result | undefined {
  for (const item of items) {
    const found = ask(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** Slips that any redo routine can make: the stamp, the pointers to the free space, bytes left behind. */
export function commonSlips({ lsn, endLsn }: Span): Slip[] {
  return [
    (place, given) => {
      if (place !== 'pd_lsn') return undefined
      const found = pageLsn(given)
      if (found === lsn) return 'This is where the record starts; the stamp is where it ends.'
      if (found === ((endLsn & 0xffffffffn) << 32n) + (endLsn >> 32n))
        return 'On a page the high half stands first.'
      return 'The stamp is the end of the record, high half first.'
    },
    (place, given) =>
      place === 'pd_upper' && pdUpper(given) % 8 !== 0 ? 'Items begin at multiples of eight.' : undefined,
  ]
}

const HEADER_AND_POINTERS = 400

/** A page as a call of {@link pageFrom}; undefined when that would be too long to be read. */
export function pageLiteral(page: Uint8Array): string | undefined {
  const [lower, upper] = [pdLower(pageOf(page)), pdUpper(pageOf(page))]
  const filler = page[lower]
  const hex = (bytes: Uint8Array): string => hexText(bytes, BLCKSZ).replaceAll(' ', '')
  if (lower > HEADER_AND_POINTERS || page.subarray(lower, upper).some((byte) => byte !== filler))
    return undefined
  return `pageFrom('${hex(page.subarray(0, lower))}', 0x${filler.toString(16)}, '${hex(page.subarray(upper))}')`
}

/** A page of 8192 bytes: what it begins with, a byte that fills its free space, and what it ends with. */
export function pageFrom(front: string, filler: number, back: string): Uint8Array {
  const page = new Uint8Array(BLCKSZ).fill(filler)
  page.set(bytesOf(front))
  page.set(bytesOf(back), BLCKSZ - back.length / 2)
  return page
}

/** A cell that asks the same again; undefined when the page is too full to be written out. */
export function replayOnPage(name: string, page: Uint8Array, change: object): string | undefined {
  const built = pageLiteral(page)
  if (built === undefined) return undefined
  return `import { pageFrom } from 'pgcrash-exercises'\n${name}(${built}, ${literal(change, Infinity)})`
}

/** Where a record starts and ends: in most clusters, and in some past 4 GiB of WAL. */
export function spans(from = 0x1000028n, to = 0xffffffffn): fc.Arbitrary<Span> {
  return fc
    .tuple(fc.bigInt({ min: from / 8n, max: to / 8n }), fc.integer({ min: 4, max: 40 }))
    .map(([start, eighths]) => ({ lsn: start * 8n, endLsn: start * 8n + BigInt(8 * eighths) }))
}

/** A change that a scene's log makes to a page, with that page before and after it. */
export interface Redo<Change> {
  readonly change: Change
  readonly page: Uint8Array
  readonly after: Uint8Array
}

/**
 * The first changes of a scene's log, at most `most`, that `changeOf` knows and that redo makes to a page in memory.
 * Pages of the record's first block; nothing of the scene is changed.
 */
export function redosOf<Change>(
  scene: CrashedScene,
  changeOf: (record: WalRecord) => Change | undefined,
  most: number,
): Redo<Change>[] {
  const disk = overlayDisk(nodeDisk(scene.dir, { readOnly: true }))
  const { parts, start, context } = new Recovery(disk)
  const reader = openLog(disk, start, parts)
  const found: Redo<Change>[] = []
  while (found.length < most) {
    const record = reader.read()
    if (record.kind === 'end') break
    const [ref] = record.blocks
    const change = ref && !ref.willInit ? changeOf(record) : undefined
    const before = change && copyOf(context, ref)
    const [outcome] = applyRecord(record, context).blocks
    if (change && before && outcome.outcome === 'needsRedo')
      found.push({ change, page: before, after: outcome.page.bytes.slice() })
  }
  return found
}

function copyOf({ pool }: RedoContext, ref: BlockRef): Uint8Array | undefined {
  const file = pool.relation(ref.spcOid, ref.dbOid, ref.relNumber, ref.fork)
  return ref.block < file.nblocks ? pool.read(file, ref.block).bytes.slice() : undefined
}
