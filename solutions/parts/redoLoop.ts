// 04-startup: the redo loop.

import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  loopNote,
  looping,
  logs,
  type LoopOptions,
  type LoopRecord,
  type Replayed,
} from '../../exercises/parts/redoLoop.js'
import type { Solution } from '../solution.js'

/** Images and new pages whatever is there; else ask whether there is a page, and whether it is older. Then stamp it. */
export function redoLoop(
  pages: bigint[],
  records: LoopRecord[],
): { applied: [number, number][]; pages: bigint[] } {
  const after = [...pages]
  const applied: [number, number][] = []
  records.forEach(({ endLsn, blocks }, index) => {
    for (const { block, image, willInit } of blocks) {
      const whole = image || willInit
      if (!whole && (after[block] ?? 0n) === 0n) continue // no such page, or one of zeroes: not found
      if (!whole && after[block] >= endLsn) continue // done
      while (after.length < block) after.push(0n) // the file grows; what lies between is zeroes
      after[block] = endLsn
      applied.push([index, block])
    }
  })
  return { applied, pages: after }
}

interface Pieces {
  /** Is the page, which is there, older than the record? */
  older: (page: bigint, record: LoopRecord) => boolean
  /** The LSN of a page to which the record was applied. */
  stamped: (page: bigint, record: LoopRecord) => bigint
  /** Does this block need no gate? */
  whole: (image: boolean, willInit: boolean) => boolean
  /** Is there such a page? */
  found: (lsn: bigint | undefined) => boolean
  /** The LSN of a page that was found, and was not older. */
  passed: (page: bigint, record: LoopRecord) => bigint
  extend: boolean
}

const right: Pieces = {
  older: (page, { endLsn }) => page < endLsn,
  stamped: (_page, { endLsn }) => endLsn,
  whole: (image, willInit) => image || willInit,
  found: (lsn) => lsn !== undefined && lsn !== 0n,
  passed: (page) => page,
  extend: true,
}

/** The loop with a piece exchanged. */
function variant(other: Partial<Pieces>): (pages: bigint[], records: LoopRecord[]) => Replayed {
  const { older, stamped, whole, found, passed, extend } = { ...right, ...other }
  return (pages, records) => {
    const after = [...pages]
    const applied: [number, number][] = []
    records.forEach((record, index) => {
      for (const { block, image, willInit } of record.blocks) {
        const page = after[block] as bigint | undefined
        if (!whole(image, willInit) || (page === undefined && !extend)) {
          if (!found(page)) continue
          if (!older(page ?? 0n, record)) {
            after[block] = passed(page ?? 0n, record)
            continue
          }
        }
        while (after.length < block) after.push(0n)
        after[block] = stamped(page ?? 0n, record)
        applied.push([index, block])
      }
    })
    return { applied, pages: after }
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** Asks every page before the first record what it lacks, and never again. */
function byFirstLook(pages: bigint[], records: LoopRecord[]): Replayed {
  const after = [...pages]
  const applied: [number, number][] = []
  records.forEach(({ endLsn, blocks }, index) => {
    for (const { block, image, willInit } of blocks) {
      const whole = image || willInit
      if (!whole && ((after[block] ?? 0n) === 0n || pages[block] >= endLsn)) continue
      while (after.length < block) after.push(0n)
      after[block] = endLsn
      applied.push([index, block])
    }
  })
  return { applied, pages: after }
}

/** A page that has one record is taken to have all the others too. */
function untilDone(pages: bigint[], records: LoopRecord[]): Replayed {
  const over = records.findIndex(({ endLsn, blocks }) =>
    blocks.some(({ block, image, willInit }) => !image && !willInit && pages[block] >= endLsn),
  )
  return redoLoop(pages, over === -1 ? records : records.slice(0, over))
}

function rule(text: string, why: string, options: LoopOptions): Check {
  return generated(looping, { rule: text, why, note: loopNote, input: logs(options), runs: 120 })
}

export const redoLoopSolution: Solution<'redoLoop'> = {
  name: 'redoLoop',
  solution: redoLoop,
  hidden: [
    rule(
      'A page is asked before every record, and carries the end of each one that was applied.',
      'The stamp of one record is what the gate reads for the next, and for the next start after another crash.',
      {},
    ),
    rule(
      'An image is put in place whatever the page is like, and later records build on it.',
      'The page on disk may be torn: its LSN, in the first of its sectors, says nothing of the others. So a page may go back in time for a while.',
      { images: true, records: 5 },
    ),
    rule(
      'WILL_INIT makes the page from nothing, whatever was there.',
      'The page may be one that an earlier table left in the file, with any LSN.',
      { inits: true, records: 5 },
    ),
    rule(
      'A block behind the end of the file is passed over, unless the record brings the whole page: then the file grows.',
      'A later record cuts or drops this file, and that has already happened on disk.',
      { beyond: true, images: true, inits: true, records: 5 },
    ),
    rule(
      'A page of zeroes is no page: it waits for a record that makes it.',
      'A file is extended with zeroes before its pages are used. LSN 0 would be older than any record.',
      { zeroes: true, images: true, inits: true },
    ),
    rule(
      'Positions past 2^53 differ by eight as well.',
      'As floating-point numbers two ends in a row become one, and the second record is never applied.',
      { from: 1n << 60n },
    ),
  ],
  alsoRight: {
    'with a piece exchanged for itself': variant({}),
  },
  wrong: {
    '<= for <': variant({ older: (page, { endLsn }) => page <= endLsn }),
    'the gate asks for the start of the record': variant({ older: (page, { lsn }) => page < lsn }),
    'the stamp is the start of the record': variant({ stamped: (_page, { lsn }) => lsn }),
    'no stamp': variant({ stamped: (page) => page }),
    'a stamp for pages that were passed over too': variant({ passed: (_page, { endLsn }) => endLsn }),
    'an LSN never goes back': variant({ stamped: (page, { endLsn }) => max(page, endLsn) }),
    'images go through the gate': variant({ whole: (_image, willInit) => willInit }),
    'WILL_INIT goes through the gate': variant({ whole: (image) => image }),
    'only what the file has': variant({ extend: false }),
    'a page of zeroes is an old page': variant({ found: (lsn) => lsn !== undefined }),
    'a missing page is an old page': variant({ found: () => true }),
    'the pages as they were at the beginning decide': byFirstLook,
    'nothing more once a page is done': untilDone,
    'as floating-point numbers': variant({
      older: (page, { endLsn }) => Number(page) < Number(endLsn),
    }),
  },
}
