// What a view of a page is made of. The values are the JSON document of `pgcrash page`, under PostgreSQL's own names;
// the columns and the notes say how a person is shown the same.

import { viewOf } from '../../bytes/layout.js'
import { INDEX_INFO } from '../../format/indexTuple.js'
import { itemId, lpFlags, lpLength, lpOffset, maxOffset, type Page } from '../../format/page.js'

export type Scalar = string | number | boolean | null
/** A struct, or a tuple: names and values. `x_names` are the names of the bits that are set in `x`. */
export interface Fields {
  readonly [name: string]: Scalar | readonly Scalar[] | readonly Fields[]
}

/** A column of the table in which tuples are shown. */
export interface Column {
  readonly title: string
  readonly text: (row: Fields) => string
  /** Numbers go to the right. */
  readonly right?: boolean
}

/** How a row is meant: it lives, it does not, or it says little. */
export type Tone = 'good' | 'bad' | 'dim' | 'plain'

/** What the access method adds to a page's header and line pointers. */
export interface KindView {
  /** Which of the kind's pages: "leaf", "meta", "bucket"; null where there is only one. */
  readonly type: string | null
  /** The special space, field by field. */
  readonly special: Fields | null
  /** What stands on the page that is not behind a line pointer: a meta page's struct, sums of a map. */
  readonly contents: Fields | null
  /** Has the page line pointers? */
  readonly hasItems: boolean
  /** Reads the tuple of a line pointer that has one; undefined when its bytes cannot be one. */
  readonly tuple: (item: LinePointer) => Fields | undefined
  readonly columns: readonly Column[]
  readonly toneOf: (tuple: Fields) => Tone
  /** Lists without line pointers: bits, posting lists, ranges. */
  readonly entries: readonly Fields[] | null
  readonly entryColumns: readonly Column[]
  /** What to say beside a field, for a person. */
  readonly notes: Readonly<Record<string, string>>
}

/** A view without anything in it, to begin with. */
export const PLAIN: KindView = {
  type: null,
  special: null,
  contents: null,
  hasItems: true,
  tuple: () => undefined,
  columns: [],
  toneOf: () => 'plain',
  entries: null,
  entryColumns: [],
  notes: {},
}

/** A line pointer (ItemIdData): where it leads, its flags 0 to 3, and how long the item is. */
export interface LinePointer {
  readonly lp: number
  readonly lp_off: number
  readonly lp_flags: number
  readonly lp_len: number
}

/** All line pointers that pd_lower announces and the page can hold. */
export function linePointers(page: Page): LinePointer[] {
  const count = Math.min(maxOffset(page), Math.floor((page.bytes.length - 24) / 4))
  return Array.from({ length: count }, (_, i) => {
    const id = itemId(page, i + 1)
    return { lp: i + 1, lp_off: lpOffset(id), lp_flags: lpFlags(id), lp_len: lpLength(id) }
  })
}

/** A column that shows a field as it is. */
export function column(title: string, name: string, right = false): Column {
  return { title, right, text: (row) => valueText(row[name]) }
}

/** A value as text: nothing for null, a list with spaces between. */
export function valueText(value: Fields[string] | undefined): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return (value as readonly Scalar[]).map(String).join(' ')
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}

/** "(7,12)": block and offset number of a tid of six bytes. */
export function tidText(view: DataView, at: number): string {
  return `(${tidBlockAt(view, at)},${view.getUint16(at + 4, true)})`
}

/** A block number in two halves, high first. */
export function tidBlockAt(view: DataView, at: number): number {
  return view.getUint16(at, true) * 65536 + view.getUint16(at + 2, true)
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Names of the bits that are set; a bit without a name appears as a number. */
export function bitNames(bits: number, names: Readonly<Record<string, number>>): string[] {
  const found: string[] = []
  let left = bits
  for (const [name, bit] of Object.entries(names))
    if (bit !== 0 && (bits & bit) === bit) {
      found.push(name)
      left &= ~bit
    }
  return left === 0 ? found : [...found, `0x${left.toString(16)}`]
}

/** The bytes of an item, and a view of them; undefined when it leaves the page or is shorter than `least`. */
export function itemOf(
  page: Page,
  { lp_off, lp_len }: LinePointer,
  least: number,
): { bytes: Uint8Array; view: DataView } | undefined {
  if (lp_len < least || lp_off < 24 || lp_off + lp_len > page.bytes.length) return undefined
  const bytes = page.bytes.subarray(lp_off, lp_off + lp_len)
  return { bytes, view: viewOf(bytes) }
}

/** Where an index tuple's key begins: behind a bitmap of 32 columns when there are nulls (IndexInfoFindDataOffset). */
export function keyOffset(t_info: number): number {
  return t_info & INDEX_INFO.HAS_NULLS ? 16 : 8
}

/** Bytes in hexadecimal for a narrow column: the first `most`, in pairs. */
export function shortHex(hex: string, most = 16): string {
  const bytes = hex.match(/../g) ?? []
  return bytes.slice(0, most).join(' ') + (bytes.length > most ? ' …' : '')
}

export const keyColumn = (title: string, name: string): Column => ({
  title,
  text: (row) => shortHex(String(row[name] ?? '')),
})

/** Consecutive numbers with the same value, as runs from … to. */
export function runsOf<T>(
  values: Iterable<readonly [number, T]>,
): Array<{ from: number; to: number; value: T }> {
  const runs: Array<{ from: number; to: number; value: T }> = []
  for (const [number, value] of values) {
    const last = runs.at(-1)
    if (last && last.to + 1 === number && last.value === value) last.to = number
    else runs.push({ from: number, to: number, value })
  }
  return runs
}
