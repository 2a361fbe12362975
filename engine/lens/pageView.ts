// A page, read for people and programs: the header under PostgreSQL's names, whether its checksum is right, what kind
// of page it is, its special space, and every item with what it means.

import { BLCKSZ } from '../format/controlFile.js'
import { formatLsn } from '../format/lsn.js'
import { isNewPage, LP, PageHeader, pageFault, pageLsn, PD, type Page } from '../format/page.js'
import { pageChecksum } from '../format/pageChecksum.js'
import { pageKind, type PageKind } from '../format/pageKind.js'
import { FORK_NAMES } from '../format/relationPath.js'
import { viewBrin } from './page/brin.js'
import { viewBtree } from './page/btree.js'
import { NO_FATES, type Fates } from './page/fates.js'
import { viewGin } from './page/gin.js'
import { viewGist } from './page/gist.js'
import { viewHash } from './page/hash.js'
import { viewHeap, viewSequence } from './page/heap.js'
import { viewFreeSpaceMap, viewVisibilityMap } from './page/maps.js'
import { bitNames, linePointers, PLAIN, type Fields, type KindView, type LinePointer } from './page/model.js'
import { viewSpgist } from './page/spgist.js'

export interface PageViewOptions {
  /** Number of the block in its fork: part of the checksum, and of what maps mean. */
  readonly block: number
  /** 0 main, 1 fsm, 2 vm, 3 init. */
  readonly fork: number
  /** Does the cluster have checksums? `unwritten`: it has, but this page is in memory, and they are set on writing. */
  readonly checksums: boolean | 'unwritten'
  /** Says what became of transactions. */
  readonly fates?: Fates
}

/** A page as plain values. Block numbers, offsets and lengths are numbers, LSNs and 64-bit numbers text. */
export interface PageJson {
  readonly relforkname: string
  readonly relblocknumber: number
  readonly kind: PageKind
  /** Which of the kind's pages: "leaf", "meta", "bucket"; null where there is only one. */
  readonly type: string | null
  /** PageHeaderData's fields, and `pd_flags_names`; null for a page that was never initialised. */
  readonly header: Fields | null
  readonly checksum: {
    readonly stored: number
    readonly computed: number | null
    /** null: the cluster has no checksums, or this page has not been written yet. */
    readonly valid: boolean | null
    /** The page is in memory only: it gets its checksum when it is written. */
    readonly pending: boolean
  }
  /** What is wrong with the page, as PostgreSQL would find when it reads it; null when nothing is. */
  readonly fault: string | null
  readonly special: Fields | null
  readonly contents: Fields | null
  /** Line pointers with their tuples; null where the page has none by its nature. */
  readonly items: readonly ItemJson[] | null
  /** What the page holds without line pointers: ranges of a map, posting lists; null where there are none. */
  readonly entries: readonly Fields[] | null
}

export interface ItemJson extends Omit<LinePointer, 'lp_flags'> {
  readonly lp_flags: 'UNUSED' | 'NORMAL' | 'REDIRECT' | 'DEAD'
  /** null when the line pointer has none, or when its bytes cannot be one. */
  readonly tuple: Fields | null
  /** The line pointer promises a tuple, and leads to something else. */
  readonly damaged: boolean
}

/** A view of a page: the plain values, and how the access method wants them shown. */
export interface PageView {
  readonly page: Page
  readonly json: PageJson
  readonly shown: KindView
}

const LP_NAMES = ['UNUSED', 'NORMAL', 'REDIRECT', 'DEAD'] as const

/** Looks at a page. Never throws: what makes no sense is shown as such. */
export function viewPage(page: Page, options: PageViewOptions): PageView {
  const { block, fork, checksums } = options
  const kind = pageKind(page, fork)
  const shown = lookAt(page, kind, block, options.fates ?? NO_FATES)
  const fault = pageFault(page, block, checksums === true)
  const isNew = isNewPage(page)
  const stored = page.view.getUint16(8, true)
  const computed = isNew ? null : pageChecksum(page.bytes, block)
  const json: PageJson = {
    relforkname: FORK_NAMES[fork],
    relblocknumber: block,
    kind,
    type: shown.type,
    header: isNew ? null : headerOf(page),
    checksum: {
      stored,
      computed,
      valid: checksums === true && !isNew ? stored === computed : null,
      pending: checksums === 'unwritten',
    },
    fault: fault ? `${fault.what}: expected ${fault.expected}, found ${fault.found}` : null,
    special: shown.special,
    contents: shown.contents,
    items: shown.hasItems && !isNew ? linePointers(page).map((item) => itemJson(item, shown)) : null,
    entries: shown.entries,
  }
  return { page, json, shown }
}

function lookAt(page: Page, kind: PageKind, block: number, fates: Fates): KindView {
  switch (kind) {
    case 'heap':
      return viewHeap(page, block, fates)
    case 'sequence':
      return viewSequence(page, block, fates)
    case 'btree':
      return viewBtree(page)
    case 'hash':
      return viewHash(page)
    case 'gist':
      return viewGist(page)
    case 'gin':
      return viewGin(page)
    case 'spgist':
      return viewSpgist(page)
    case 'brin':
      return viewBrin(page, block)
    case 'vm':
      return viewVisibilityMap(page, block)
    case 'fsm':
      return viewFreeSpaceMap(page, block)
    case 'bloom':
      return { ...PLAIN, hasItems: false, special: bloomSpecial(page) }
    case 'new':
    case 'unknown':
      return PLAIN
  }
}

/** contrib/bloom (bloom.h, BloomPageOpaqueData). */
function bloomSpecial({ view }: Page): Fields {
  const at = BLCKSZ - 8
  const flags = view.getUint16(at + 2, true)
  return {
    maxoff: view.getUint16(at, true),
    flags,
    flags_names: bitNames(flags, { META: 1, DELETED: 2 }),
    bloom_page_id: view.getUint16(at + 6, true),
  }
}

function headerOf(page: Page): Fields {
  const { pd_checksum, pd_flags, pd_lower, pd_upper, pd_special, pd_pagesize_version, pd_prune_xid } =
    PageHeader.readView(page.view, 0)
  return {
    pd_lsn: formatLsn(pageLsn(page)),
    pd_checksum,
    pd_flags,
    pd_flags_names: bitNames(pd_flags, {
      HAS_FREE_LINES: PD.HAS_FREE_LINES,
      PAGE_FULL: PD.PAGE_FULL,
      ALL_VISIBLE: PD.ALL_VISIBLE,
    }),
    pd_lower,
    pd_upper,
    pd_special,
    pd_pagesize_version,
    pd_prune_xid,
  }
}

function itemJson(item: LinePointer, shown: KindView): ItemJson {
  const { lp, lp_off, lp_flags, lp_len } = item
  // An index item whose line pointer is dead still has its tuple.
  const stored = lp_len > 0 && (lp_flags === LP.NORMAL || lp_flags === LP.DEAD)
  const tuple = stored ? shown.tuple(item) : undefined
  const damaged = lp_flags === LP.NORMAL && shown.columns.length > 0 && tuple === undefined
  return { lp, lp_off, lp_flags: LP_NAMES[lp_flags], lp_len, tuple: tuple ?? null, damaged }
}
