// 03-checkpoint: how a checkpoint is spread over time.

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import {
  drivenByTime,
  isClear,
  schedule,
  scheduleNote,
  type RunningCheckpoint,
  type ScheduleInput,
} from '../../exercises/parts/pagesDue.js'
import type { Solution } from '../solution.js'

/** The part of the pages that is due is the part of the time, or of the log, that has passed, over the target. */
export function pagesDue(checkpoint: RunningCheckpoint): number {
  const { pages, seconds, timeout, wal, walLimit, target, immediate } = checkpoint
  if (immediate) return pages
  const passed = Math.max(seconds / timeout, wal / walLimit) // whichever brings the next checkpoint sooner
  return Math.min(pages, Math.ceil((pages * passed) / target)) // never less than what is due
}

/** The solution, with one piece of it another one. */
function variant(
  pieces: {
    readonly passed?: (checkpoint: RunningCheckpoint) => number
    readonly round?: (n: number) => number
    readonly over?: (checkpoint: RunningCheckpoint) => number
  } = {},
): (checkpoint: RunningCheckpoint) => number {
  const {
    passed = ({ seconds, timeout, wal, walLimit }) => Math.max(seconds / timeout, wal / walLimit),
    round = Math.ceil,
    over = ({ target }) => target,
  } = pieces
  return (checkpoint) => {
    const { pages, immediate } = checkpoint
    if (immediate) return pages
    return Math.min(pages, round((pages * passed(checkpoint)) / over(checkpoint)))
  }
}

/** PostgreSQL's way: after each page it asks whether it may rest. */
function pageByPage(checkpoint: RunningCheckpoint): number {
  const { pages, seconds, timeout, wal, walLimit, target, immediate } = checkpoint
  for (let written = 0; written < pages; written++) {
    const progress = (written / pages) * target
    if (!immediate && progress >= wal / walLimit && progress >= seconds / timeout) return written
  }
  return pages
}

/** Numbers that a computer halves without a remainder: here a page more or less is no matter of rounding. */
const even: fc.Arbitrary<ScheduleInput> = fc
  .record({
    pages: fc.constantFrom(64, 128, 1024),
    eighths: fc.integer({ min: 0, max: 4 }),
    byLog: fc.boolean(),
  })
  .map(({ pages, eighths, byLog }): ScheduleInput => {
    const [seconds, wal] = byLog ? [0, eighths << 20] : [eighths * 32, 0]
    return [{ pages, seconds, timeout: 256, wal, walLimit: 8 << 20, target: 0.5, immediate: false }]
  })

const drivenByLog: fc.Arbitrary<RunningCheckpoint> = fc
  .tuple(drivenByTime, fc.integer({ min: 1, max: 1000 }))
  .map(([checkpoint, more]) => {
    const part = checkpoint.seconds / checkpoint.timeout
    const further = part + (1 - part) * (more / 1000)
    return { ...checkpoint, wal: Math.floor(further * checkpoint.walLimit) }
  })
  .filter(isClear)

const runs = 90
const asInput = (checkpoint: RunningCheckpoint): ScheduleInput => [checkpoint]

export const pagesDueSolution: Solution<'pagesDue'> = {
  name: 'pagesDue',
  solution: pagesDue,
  hidden: [
    generated(schedule, {
      rule: 'The log drives a checkpoint as well as the clock does: what has gone further counts.',
      why: 'On a busy server the log reaches max_wal_size long before checkpoint_timeout is over.',
      note: scheduleNote,
      runs,
      input: drivenByLog.map(asInput),
    }),
    generated(schedule, {
      rule: 'Exactly what is due, and not a page more.',
      why: 'The checkpointer rests as soon as it is on schedule (CheckpointWriteDelay, checkpointer.c).',
      note: scheduleNote,
      runs,
      input: even,
    }),
    generated(schedule, {
      rule: 'Part of a page that is due makes the page due.',
      why: 'Progress below what has passed is late, by however little (IsCheckpointOnSchedule).',
      note: scheduleNote,
      runs,
      input: drivenByTime.map(asInput),
    }),
    generated(schedule, {
      rule: 'When the target is passed all pages are due, and never more than there are.',
      why: 'A checkpoint that is late goes on without a rest until it is done.',
      note: scheduleNote,
      runs,
      input: drivenByTime.map((checkpoint) =>
        asInput({ ...checkpoint, seconds: checkpoint.timeout - 1, wal: 2 * checkpoint.walLimit }),
      ),
    }),
    generated(schedule, {
      rule: 'An immediate checkpoint is due at once, all of it.',
      why: 'At the end of recovery and at a shutdown nobody else needs the disk, and everybody waits.',
      note: scheduleNote,
      runs,
      input: drivenByTime.map((checkpoint) => asInput({ ...checkpoint, immediate: true })),
    }),
    generated(schedule, {
      rule: 'A checkpoint that has just begun owes nothing yet; one without dirty pages never does.',
      why: 'Nothing divided by nothing is no number of pages.',
      note: scheduleNote,
      runs,
      input: fc
        .tuple(drivenByTime, fc.boolean())
        .map(([checkpoint, empty]) =>
          asInput(empty ? { ...checkpoint, pages: 0 } : { ...checkpoint, seconds: 0, wal: 0 }),
        ),
    }),
  ],
  alsoRight: { 'page by page, as PostgreSQL asks': pageByPage },
  wrong: {
    'the log forgotten': variant({ passed: ({ seconds, timeout }) => seconds / timeout }),
    'the time forgotten': variant({ passed: ({ wal, walLimit }) => wal / walLimit }),
    'whichever has gone less far': variant({
      passed: ({ seconds, timeout, wal, walLimit }) => Math.min(seconds / timeout, wal / walLimit),
    }),
    'both added up': variant({
      passed: ({ seconds, timeout, wal, walLimit }) => seconds / timeout + wal / walLimit,
    }),
    'the target forgotten': variant({ over: () => 1 }),
    'the target multiplied': variant({ over: ({ target }) => 1 / target }),
    'rounded down': variant({ round: Math.floor }),
    'rounded to the nearest': variant({ round: Math.round }),
    'one page more to be sure': variant({ round: (n) => Math.floor(n) + 1 }),
    'not rounded': variant({ round: (n) => n }),
    'goes on past the last page': (checkpoint) => {
      const { pages, seconds, timeout, wal, walLimit, target, immediate } = checkpoint
      return immediate ? pages : Math.ceil((pages * Math.max(seconds / timeout, wal / walLimit)) / target)
    },
    'in no hurry when somebody waits': (checkpoint) => pagesDue({ ...checkpoint, immediate: false }),
    'all at once': ({ pages }) => pages,
    'counted up once too often': (checkpoint) => {
      const { pages, seconds, timeout, wal, walLimit, target, immediate } = checkpoint
      const passed = Math.max(seconds / timeout, wal / walLimit)
      const part = (written: number): number => (written / pages) * target
      let written = 0
      while (!immediate && written <= pages && !(part(written) >= passed)) written++
      return immediate ? pages : written
    },
  },
}
