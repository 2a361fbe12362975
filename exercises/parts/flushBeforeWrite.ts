// The write-ahead rule: before a changed page goes to disk, the log must be there up to the page's LSN.

import fc from 'fast-check'
import {
  BufferPool,
  formatLsn,
  FORK,
  initPage,
  memoryDisk,
  nodeDisk,
  pageLsn,
  readControlFile,
  relationPages,
  setPageLsn,
  type CrashedScene,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { FIRST_RECORD, position } from '../checking/positions.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { answerMarks, ruler, type Mark } from '../drawing/ruler.js'

/** A page in the cache, as far as the rule wants to know it. */
export interface CachedPage {
  /** The end of the last record that changed the page. */
  pageLSN: bigint
  /** Changed in memory since it was last written. */
  dirty: boolean
  /** False for a page of an unlogged table (BM_PERMANENT not set). */
  permanent: boolean
}

export type FlushInput = [pages: readonly CachedPage[], flushedTo: bigint]

/**
 * The engine's buffer pool in front of an empty disk: it is asked to write its pages, and says up to where it wants
 * the log before each one (bufmgr.c, FlushBuffer). Pages that are not permanent never get that far; in recovery there
 * are none.
 */
export function flushedByPool(pages: readonly CachedPage[], flushedTo: bigint): bigint | undefined {
  let flushed = flushedTo
  const flushLogTo = (lsn: bigint): void => {
    if (lsn > flushed) flushed = lsn
  }
  const pool = new BufferPool(memoryDisk([], ['base/5']), { checksums: false, flushLogTo })
  const file = pool.relation(1663, 5, 16384, FORK.MAIN)
  for (const [block, { pageLSN, dirty, permanent }] of pages.entries()) {
    if (!permanent) continue
    const page = pool.zeroed(file, block)
    initPage(page, 0)
    setPageLsn(page, Number(pageLSN >> 32n), Number(pageLSN & 0xffffffffn))
    if (dirty) pool.markDirty(page)
  }
  pool.flushAll()
  return flushed > flushedTo ? flushed : undefined
}

export const flushing: Contract<FlushInput, bigint | undefined> = {
  name: 'flushBeforeWrite',
  draw: drawFlush,
  reference: flushedByPool,
  show: (pages, flushedTo) =>
    [`the log is on disk up to ${formatLsn(flushedTo)}`, ...pages.map(pageLine(flushedTo))].join('\n'),
  showAnswer: (answer) =>
    typeof answer === 'bigint' && answer >= 0n
      ? `flush up to ${formatLsn(answer)}`
      : answer === undefined
        ? 'undefined: flush nothing'
        : String(answer),
}

const pageLine =
  (flushedTo: bigint) =>
  ({ pageLSN, dirty, permanent }: CachedPage): string => {
    const side = pageLSN > flushedTo ? 'ahead of it' : pageLSN === flushedTo ? 'exactly there' : 'behind'
    return `  page LSN ${formatLsn(pageLSN)}, ${side}; ${dirty ? 'dirty' : 'clean'}${permanent ? '' : ', unlogged'}`
  }

/** What comes of flushing too little or too much. */
export function flushNote(answer: Plain, pages: readonly CachedPage[], flushedTo: bigint): string {
  const right = flushedByPool(pages, flushedTo)
  if (answer !== undefined && typeof answer !== 'bigint') return 'The answer is a bigint or undefined.'
  if (right === undefined) return 'Nothing is missing: an fsync for nothing costs as much as any other.'
  if (answer === undefined || answer < right)
    return 'If the power fails now, a page on disk is ahead of the log: its change can neither be redone nor explained.'
  return 'The log need not go so far for these pages: whoever waits, waits for nothing.'
}

/** A page before or behind position `middle`, never just there. */
export function cachedPage(middle: bigint, unlogged = false): fc.Arbitrary<CachedPage> {
  return fc.record({
    pageLSN: fc.integer({ min: -200, max: 199 }).map((n) => middle + BigInt(8 * (n < 0 ? n : n + 1))),
    dirty: fc.boolean(),
    permanent: unlogged ? fc.boolean() : fc.constant(true),
  })
}

const flushedTo = 0x98acf8n

/** How far the log is on disk, where the pages stand, and how far it is to be flushed. */
function drawFlush(answer: Answer, pages: readonly CachedPage[], flushedTo: bigint): Picture {
  const marks = pages.map(({ pageLSN, dirty, permanent }, i): Mark => {
    const counts = dirty && permanent
    const what = counts ? 'dirty' : permanent ? 'clean' : 'unlogged'
    return { at: pageLSN, label: `page ${i}, ${what}`, kind: counts ? 'page' : 'plain' }
  })
  return {
    title: `The log is on disk up to ${formatLsn(flushedTo)}; ${pages.length} pages in the cache, by their LSNs.`,
    panels: [
      ruler([
        { at: flushedTo, label: 'log on disk up to here' },
        ...marks,
        ...answerMarks(flushedByPool(pages, flushedTo), answer),
      ]),
    ],
  }
}

export const flushBeforeWrite: Exercise = {
  name: 'flushBeforeWrite',
  notebook: '01-wal',
  visible: [
    examples(flushing, {
      rule: 'Three pages of the bank when it was killed: one that may be written, one that may not yet, one unchanged.',
      why: 'The log of the last UPDATE was still in memory, and so its page had to wait.',
      note: flushNote,
      inputs: [
        [[{ pageLSN: 0x98acf8n, dirty: true, permanent: true }], flushedTo],
        [
          [
            { pageLSN: 0x913058n, dirty: true, permanent: true },
            { pageLSN: 0x98ad40n, dirty: true, permanent: true },
          ],
          flushedTo,
        ],
        [[{ pageLSN: 0x913058n, dirty: false, permanent: true }], flushedTo],
      ],
    }),
    generated(flushing, {
      rule: 'One page that is dirty, at any distance from the end of the log on disk.',
      why: 'This is asked each time the cache has no room.',
      note: flushNote,
      runs: 40,
      input: fc
        .tuple(position(FIRST_RECORD), position(FIRST_RECORD))
        .map(([pageLSN, to]): FlushInput => [[{ pageLSN, dirty: true, permanent: true }], to]),
    }),
  ],
  onScene(scene) {
    const { checkPointCopy } = readControlFile(nodeDisk(scene.dir))
    const pages = pagesOnDisk(scene)
    const inputs: FlushInput[] = [[pages, checkPointCopy.redo]]
    const why = `So far the log must have been on disk before the newest of them was written; it was, to ${scene.log.flushed}.`
    return examples(flushing, {
      rule: `The ${pages.length} pages that scene ${scene.name} has on its disk, if the log were there up to the redo point only.`,
      why,
      note: flushNote,
      inputs,
    })
  },
}

/** All pages of the database's tables and indexes, as if they were to be written now; an init fork says "unlogged". */
function pagesOnDisk(scene: CrashedScene): CachedPage[] {
  const pages = [...relationPages(nodeDisk(scene.dir), 'base/5')]
  const unlogged = new Set(pages.filter(({ fork }) => fork === FORK.INIT).map(({ relNumber }) => relNumber))
  return pages.map(({ page, relNumber, fork }) => ({
    pageLSN: pageLsn(page),
    dirty: true,
    permanent: fork === FORK.INIT || !unlogged.has(relNumber),
  }))
}
