// Explains changes of indexes, one access method after another.

import {
  xl_btree_dedup,
  xl_btree_delete,
  xl_btree_insert,
  xl_btree_mark_page_halfdead,
  xl_btree_newroot,
  xl_btree_split,
  xl_btree_unlink_page,
  xl_btree_vacuum,
} from '../../format/btreeRecords.js'
import { count, type Tells, type Words } from './words.js'

const index = (words: Words, id: number): string => words.page(id, 'index')

function btreeInsert(words: Words, where = ''): string {
  const { offnum } = xl_btree_insert.readView(words.main, 0)
  return `${words.who} added entry ${offnum} on ${where}${index(words, 0)}`
}

function btreeSplit(words: Words, side: string): string {
  const { firstrightoff } = xl_btree_split.readView(words.main, 0)
  return (
    `${words.who} split ${index(words, 0)}: entries from ${firstrightoff} on move to the new ` +
    `${words.pageNumber(1)}, and the entry that had no room goes ${side}`
  )
}

const removed = (deleted: number, updated: number): string =>
  updated > 0
    ? `${count(deleted, 'entry', 'entries')}, and parts of ${updated} more`
    : count(deleted, 'entry', 'entries')

export const btreeTells: Tells = {
  INSERT_LEAF: (w) => btreeInsert(w),
  INSERT_UPPER: (w) => `${btreeInsert(w, 'inner ')}, for the new page that splitting ${w.pageNumber(1)} made`,
  INSERT_META: (w) => `${btreeInsert(w, 'inner ')}, and noted the new quickest way in on the meta page`,
  INSERT_POST: (w) => `${btreeInsert(w)}, in the middle of a list of rows with the same key`,
  SPLIT_L: (w) => btreeSplit(w, 'left'),
  SPLIT_R: (w) => btreeSplit(w, 'right'),
  DEDUP: (w) => {
    const { nintervals } = xl_btree_dedup.readView(w.main, 0)
    return `${w.who} merged ${count(nintervals, 'run')} of entries with the same key on ${index(w, 0)}, to make room`
  },
  DELETE: (w) => {
    const { ndeleted, nupdated } = xl_btree_delete.readView(w.main, 0)
    return `${w.who} removed ${removed(ndeleted, nupdated)} known to be dead from ${index(w, 0)}`
  },
  VACUUM: (w) => {
    const { ndeleted, nupdated } = xl_btree_vacuum.readView(w.main, 0)
    return `VACUUM removed ${removed(ndeleted, nupdated)} from ${index(w, 0)}`
  },
  NEWROOT: (w) => {
    const { level, rootblk } = xl_btree_newroot.readView(w.main, 0)
    return `${w.who} made page ${rootblk} the root of the index, at level ${level}: ${index(w, 0)}`
  },
  MARK_PAGE_HALFDEAD: (w) => {
    const { leafblk } = xl_btree_mark_page_halfdead.readView(w.main, 0)
    return `VACUUM found page ${leafblk} empty and cut it off from its parent: ${index(w, 0)}`
  },
  UNLINK_PAGE: (w) => unlink(w),
  UNLINK_PAGE_META: (w) => `${unlink(w)}, and noted the new quickest way in on the meta page`,
  REUSE_PAGE: () => 'a deleted page of an index is about to be used again; only a hot standby needs to know',
  META_CLEANUP: (w) => `VACUUM noted on the meta page how many pages it deleted: ${index(w, 0)}`,
}

function unlink(words: Words): string {
  const { leftsib, rightsib } = xl_btree_unlink_page.readView(words.main, 0)
  const left = leftsib === 0 ? 'the left end' : `page ${leftsib}`
  return `VACUUM took ${index(words, 0)} out of its row: ${left} and page ${rightsib} are neighbours now`
}

export const hashTells: Tells = {
  INIT_META_PAGE: (w) => `${w.who} made a hash index: ${index(w, 0)} describes it`,
  INIT_BITMAP_PAGE: (w) => `${w.who} made ${index(w, 0)} the map of its overflow pages`,
  INSERT: (w) => `${w.who} added entry ${w.u16(0)} on ${index(w, 0)}`,
  ADD_OVFL_PAGE: (w) => `${w.who} chained ${index(w, 0)} to a full bucket, behind ${w.pageNumber(1)}`,
  SPLIT_ALLOCATE_PAGE: (w) => `${w.who} began to split a bucket: ${index(w, 1)} will be bucket ${w.u32(0)}`,
  SPLIT_PAGE: (w) => `${w.who} moved entries to ${index(w, 0)}, the new half of a split bucket`,
  SPLIT_COMPLETE: (w) => `${w.who} finished splitting the bucket of ${index(w, 0)} into ${w.pageNumber(1)}`,
  MOVE_PAGE_CONTENTS: (w) => `${w.who} moved ${entries(w.u16(0))} forward in a bucket, to ${index(w, 1)}`,
  SQUEEZE_PAGE: (w) => `${w.who} moved ${entries(w.u16(8))} forward and freed ${index(w, 2)}`,
  DELETE: (w) => `${w.who} removed entries from ${index(w, 1)}`,
  SPLIT_CLEANUP: (w) => `${w.who} marked ${index(w, 0)} clean: what moved away in a split is gone`,
  UPDATE_META_PAGE: (w) =>
    `VACUUM noted on ${index(w, 0)} that the index has ${w.main.getFloat64(0, true)} entries`,
  VACUUM_ONE_PAGE: (w) => `${w.who} removed ${entries(w.u16(4))} known to be dead from ${index(w, 0)}`,
}

const entries = (n: number): string => count(n, 'entry', 'entries')

const GIN_LEAF = 0x02
const GIN_DATA = 0x01

export const ginTells: Tells = {
  CREATE_PTREE: (w) => `${w.who} gave one key's rows a tree of their own, with ${index(w, 0)} as its root`,
  INSERT: (w) => {
    const flags = w.u16(0)
    const what = flags & GIN_DATA ? 'rows of a key' : 'a key'
    return `${w.who} added ${what} on ${flags & GIN_LEAF ? '' : 'inner '}${index(w, 0)}`
  },
  SPLIT: (w) =>
    `${w.who} split ${index(w, 0)}; both halves, ${w.pageNumber(0)} and ${w.pageNumber(1)}, are in the record whole`,
  VACUUM_PAGE: (w) => `VACUUM removed entries from ${index(w, 0)}, which is in the record whole`,
  VACUUM_DATA_LEAF_PAGE: (w) => `VACUUM removed rows from ${index(w, 0)}`,
  DELETE_PAGE: (w) => `VACUUM took the empty ${index(w, 0)} out of its tree`,
  UPDATE_META_PAGE: (w) =>
    `${w.who} added to the list of rows not yet sorted in, and noted it on ${index(w, 0)}`,
  INSERT_LISTPAGE: (w) =>
    `${w.who} made ${index(w, 0)} for rows not yet sorted in (${count(w.u32(4), 'entry', 'entries')})`,
  DELETE_LISTPAGE: (w) =>
    `${count(w.u32(56), 'page')} of rows are sorted in now, and freed: ${index(w, 0)} says so`,
}

export const gistTells: Tells = {
  PAGE_UPDATE: (w) => {
    const [gone, come] = [w.u16(0), w.u16(2)]
    const parts = [gone > 0 ? `removed ${entries(gone)}` : '', come > 0 ? `added ${entries(come)}` : '']
    const done = parts.filter(Boolean).join(' and ')
    return `${w.who} ${done || 'rewrote entries'} on ${index(w, 0)}`
  },
  DELETE: (w) => `${w.who} removed ${entries(w.u16(4))} known to be dead from ${index(w, 0)}`,
  PAGE_REUSE: () => 'a deleted page of an index is about to be used again; only a hot standby needs to know',
  PAGE_SPLIT: (w) => `${w.who} split ${index(w, 1)} into ${count(w.u16(18), 'page')}`,
  PAGE_DELETE: (w) => `VACUUM took the empty ${index(w, 0)} out of the tree`,
  ASSIGN_LSN: () => 'nothing: a record that only takes a place in the log',
}

export const spgistTells: Tells = {
  ADD_LEAF: (w) => `${w.who} added leaf entry ${w.u16(2)} on ${index(w, 0)}`,
  MOVE_LEAFS: (w) =>
    `${w.who} moved a chain of ${count(w.u16(0), 'leaf entry', 'leaf entries')} to ${index(w, 1)}`,
  ADD_NODE: (w) => `${w.who} gave inner entry ${w.u16(0)} of ${index(w, 0)} one more branch`,
  SPLIT_TUPLE: (w) => `${w.who} split the prefix of inner entry ${w.u16(0)} on ${index(w, 0)} in two`,
  PICKSPLIT: (w) => {
    const [first] = w.record.blocks
    const where = first ? w.pageOf(first, 'index') : 'an index'
    return `${w.who} put an inner entry over ${count(w.u16(4), 'leaf entry', 'leaf entries')}, on ${where} and others`
  },
  VACUUM_LEAF: (w) => `VACUUM removed leaf entries from ${index(w, 0)}`,
  VACUUM_ROOT: (w) => `VACUUM removed ${entries(w.u16(0))} from the root, ${index(w, 0)}`,
  VACUUM_REDIRECT: (w) =>
    `VACUUM removed ${count(w.u16(0), 'signpost')} nobody follows any more from ${index(w, 0)}`,
}

function brinInsert(words: Words, at: number): string {
  const [from, pages] = [words.u32(at), words.u32(at + 4)]
  const range = pages === 1 ? `page ${from}` : `pages ${from} to ${from + pages - 1}`
  return `${words.who} summarized table ${range} on ${index(words, 0)}`
}

export const brinTells: Tells = {
  CREATE_INDEX: (w) =>
    `${w.who} made a BRIN index, ${count(w.u32(0), 'table page')} to a summary: ${index(w, 0)}`,
  INSERT: (w) => brinInsert(w, 0),
  'INSERT+INIT': (w) => brinInsert(w, 0),
  UPDATE: (w) => `${brinInsert(w, 4)} anew, in another place`,
  'UPDATE+INIT': (w) => `${brinInsert(w, 4)} anew, on a new page`,
  SAMEPAGE_UPDATE: (w) => `${w.who} widened summary ${w.u16(0)} on ${index(w, 0)}`,
  REVMAP_EXTEND: (w) => `${w.who} made ${index(w, 1)} part of the map from table pages to summaries`,
  DESUMMARIZE: (w) => `${w.who} dropped the summary of table pages from ${w.u32(4)} on: ${index(w, 0)}`,
}

export const genericTells: Tells = {
  Generic: (w) => {
    const pages = w.record.blocks.map((ref) => w.pageOf(ref))
    return `${w.who}, in the code of an extension, changed ${pages.join(' and ') || 'no page'}`
  },
}
