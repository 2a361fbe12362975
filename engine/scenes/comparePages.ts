/**
 * Two data directories, page by page. Both come from one crashed directory, recovered by two
 * engines; whatever is stored must be the same in both, up to the masks of masks.ts.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFiles, temporaryFiles } from './dataFiles.js'
import { compareStatus, type StatusComparison } from './compareStatus.js'
import { maskPage, pageLsn } from './masks.js'
import { pageKind, type PageKind } from '../format/pageKind.js'
import { pageOf } from '../format/page.js'
import { FORK_NAMES } from '../format/relationPath.js'
import { pageSize } from './pageBytes.js'
import { placeOn } from './places.js'

export interface PageDifference {
  readonly kind: 'page'
  /** Relative to the data directory. */
  readonly file: string
  readonly page: PageKind
  /** Within this file. */
  readonly block: number
  /** Of the first byte that differs, from the start of the page. */
  readonly offset: number
  readonly place: string
  /** Up to eight bytes from there, in hex. */
  readonly a: string
  readonly b: string
  /** How many bytes of the page differ. */
  readonly bytes: number
}

/** Sizes in pages (bytes for a file that is not a relation's); null where there is no such file. */
export interface FileDifference {
  readonly kind: 'file'
  readonly file: string
  readonly a: number | null
  readonly b: number | null
}

export type Difference = PageDifference | FileDifference

export interface LsnDifference {
  readonly file: string
  readonly block: number
  readonly a: string
  readonly b: string
}

export interface PageComparison extends StatusComparison {
  readonly files: number
  readonly pages: number
  /** Pages that agree to the last byte, without any mask. */
  readonly identical: number
  readonly differences: readonly Difference[]
  /** Pages with another pd_lsn: both engines stamp the end of the last record, so there are none. */
  readonly lsns: readonly LsnDifference[]
  /** Temporary relations and sort files that are still there. A stand-alone backend leaves them. */
  readonly leftovers: { readonly a: readonly string[]; readonly b: readonly string[] }
}

/** One line for a person: `base/5/16403 block 3 (heap), tuple 7, t_xmax: 08030000 ≠ 00000000`. */
export function describeDifference(difference: Difference): string {
  const { file, a, b } = difference
  if (difference.kind === 'file') {
    if (a === null || b === null) return `${file} is only in ${a === null ? 'the second' : 'the first'}`
    return `${file} has ${a} pages and ${b}`
  }
  const { block, page, place, bytes } = difference
  const more = bytes > 1 ? ` (${bytes} bytes differ)` : ''
  return `${file} block ${block} (${page}), ${place}: ${a} ≠ ${b}${more}`
}

/**
 * Compares every relation file and relation map of two directories, and the status of every
 * transaction. Free space maps are left out: they are advice, and not logged.
 */
export function comparePages(dirA: string, dirB: string): PageComparison {
  const tally: Tally = { pages: 0, identical: 0, differences: [], lsns: [] }
  const files = [...new Set([...comparedFiles(dirA), ...comparedFiles(dirB)])].sort()
  for (const file of files) {
    if (file.endsWith('pg_filenode.map')) compareWhole(dirA, dirB, file, tally)
    else compareRelation(dirA, dirB, file, tally)
  }
  const leftovers = { a: temporaryFiles(dirA), b: temporaryFiles(dirB) }
  return { files: files.length, ...tally, leftovers, ...compareStatus(dirA, dirB) }
}

interface Tally {
  pages: number
  identical: number
  differences: Difference[]
  lsns: LsnDifference[]
}

/** Every fork and segment of a relation but for free space maps, and the relation maps. */
const compared = /^(global|base\/\d+|pg_tblspc\/\d+\/[^/]+\/\d+)\/(\d+(_vm|_init)?(\.\d+)?|pg_filenode\.map)$/

function comparedFiles(dir: string): string[] {
  return dataFiles(dir).filter((file) => compared.test(file))
}

function compareWhole(dirA: string, dirB: string, file: string, { differences }: Tally): void {
  const [a, b] = [dirA, dirB].map((dir) =>
    existsSync(join(dir, file)) ? readFileSync(join(dir, file)) : null,
  )
  if (a === null || b === null || a.length !== b.length)
    differences.push({ kind: 'file', file, a: a?.length ?? null, b: b?.length ?? null })
  else if (!a.equals(b)) differences.push(firstDifference(a, b, { file, page: 'unknown', block: 0 }))
}

function compareRelation(dirA: string, dirB: string, file: string, tally: Tally): void {
  const [a, b] = [Pages.open(join(dirA, file)), Pages.open(join(dirB, file))]
  if (a?.count !== b?.count)
    tally.differences.push({ kind: 'file', file, a: a?.count ?? null, b: b?.count ?? null })
  const fork = /_(vm|init)/.exec(file)?.[1] ?? ''
  const firstBlock = Number(/\.(\d+)$/.exec(file)?.[1] ?? 0) * 131072
  for (let block = 0; a && b && block < Math.min(a.count, b.count); block++)
    compareBlock(a.read(block), b.read(block), { file, fork, block, firstBlock }, tally)
  a?.close()
  b?.close()
}

interface BlockPlace {
  readonly file: string
  readonly fork: string
  readonly block: number
  /** Of the segment, in the relation. */
  readonly firstBlock: number
}

function compareBlock(a: Uint8Array, b: Uint8Array, place: BlockPlace, tally: Tally): void {
  tally.pages++
  if (Buffer.compare(a, b) === 0) return void tally.identical++
  const { file, fork, block, firstBlock } = place
  const number = fork === '' ? 0 : FORK_NAMES.indexOf(fork)
  const [page, pageB] = [a, b].map((bytes) => pageKind(pageOf(bytes), number))
  if (page !== pageB) {
    const place = `${page} page and ${pageB} page`
    tally.differences.push(firstDifference(a, b, { file, page: 'unknown', block, place }))
    return
  }
  if (pageLsn(a) !== pageLsn(b)) tally.lsns.push({ file, block, a: pageLsn(a), b: pageLsn(b) })
  const [maskedA, maskedB] = [a, b].map((bytes) => maskPage(page, bytes, firstBlock + block))
  if (Buffer.compare(maskedA, maskedB) !== 0)
    tally.differences.push(firstDifference(maskedA, maskedB, { file, page, block }))
}

function firstDifference(
  a: Uint8Array,
  b: Uint8Array,
  at: { file: string; page: PageKind; block: number; place?: string },
): PageDifference {
  const offsets = Array.from(a.keys()).filter((i) => a[i] !== b[i])
  const offset = offsets[0]
  const end = offsets.findLast((i) => i < offset + 8)! + 1
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(offset, end)).toString('hex')
  const place = at.place ?? placeOn(at.page, a, offset)
  return { kind: 'page', ...at, offset, place, a: hex(a), b: hex(b), bytes: offsets.length }
}

class Pages {
  private constructor(
    readonly fd: number,
    readonly count: number,
  ) {}

  static open(path: string): Pages | undefined {
    if (!existsSync(path)) return undefined
    const fd = openSync(path, 'r')
    return new Pages(fd, Math.ceil(fstatSync(fd).size / pageSize))
  }

  /** A page cut short by the end of the file is filled up with zeroes. */
  read(block: number): Uint8Array {
    const page = new Uint8Array(pageSize)
    readSync(this.fd, page, 0, pageSize, block * pageSize)
    return page
  }

  close(): void {
    closeSync(this.fd)
  }
}
