// A checkpoint does not hurry: its pages are spread over most of the time to the next one. How many are due by now?

import fc from 'fast-check'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { answerMarks, ruler } from '../drawing/ruler.js'

/** A checkpoint at work. The next one begins after `timeout` seconds or `walLimit` bytes of log, whichever is first. */
export interface RunningCheckpoint {
  /** Pages that were dirty when it began: those are to be written. */
  pages: number
  /** Seconds since it began, and of checkpoint_timeout. */
  seconds: number
  timeout: number
  /** Bytes of log since it began, and at which the next checkpoint begins (CheckPointSegments, in bytes). */
  wal: number
  walLimit: number
  /** checkpoint_completion_target: in this part of the time all pages are to be written. */
  target: number
  /** CHECKPOINT_IMMEDIATE: somebody waits for it. */
  immediate: boolean
}

export type ScheduleInput = [checkpoint: RunningCheckpoint]

export const schedule: Contract<ScheduleInput, number> = {
  name: 'pagesDue',
  draw: drawSchedule,
  reference(checkpoint) {
    const { pages, immediate } = checkpoint
    if (immediate) return pages
    let written = 0
    while (written < pages && !isOnSchedule(written / pages, checkpoint)) written++
    return written
  },
  show: ({ pages, seconds, timeout, wal, walLimit, target, immediate }) =>
    [
      `${pages} pages were dirty when the checkpoint began${immediate ? '; it is an immediate one' : ''}`,
      `time  ${bar(seconds / timeout)}  ${seconds} of ${timeout} seconds`,
      `log   ${bar(wal / walLimit)}  ${wal} of ${walLimit} bytes`,
      `all pages are to be written in ${target} of it`,
    ].join('\n'),
  showAnswer: (answer) => (typeof answer === 'number' ? `${answer} pages` : String(answer)),
}

/** PostgreSQL's question after each page, whether it may take a nap (checkpointer.c, IsCheckpointOnSchedule). */
function isOnSchedule(progress: number, checkpoint: RunningCheckpoint): boolean {
  const { seconds, timeout, wal, walLimit, target } = checkpoint
  return progress * target >= wal / walLimit && progress * target >= seconds / timeout
}

const WIDTH = 20

function bar(part: number): string {
  const full = Math.min(WIDTH, Math.round(part * WIDTH))
  return '#'.repeat(full) + '.'.repeat(WIDTH - full)
}

/** What comes of writing more or fewer. */
export function scheduleNote(answer: Plain, checkpoint: RunningCheckpoint): string {
  if (typeof answer !== 'number') return 'The answer is a number of pages.'
  if (!Number.isInteger(answer)) return 'A page is written whole: the answer is a whole number.'
  if (answer > checkpoint.pages) return 'There are not so many pages to write.'
  if (answer < 0) return 'Fewer than none cannot be written.'
  return answer < schedule.reference(checkpoint)
    ? 'With so few the checkpoint is late: the next one is due before this one is done.'
    : 'With so many it is early: the disk is busy now, and idle later.'
}

/** Five minutes and a limit of half a gigabyte, as many servers have them. */
const usual = { timeout: 300, walLimit: 0x20000000, target: 0.9, immediate: false }

/** Is the number of pages not so close to a whole one that the order of the arithmetic would decide? */
export function isClear({ pages, seconds, timeout, wal, walLimit, target }: RunningCheckpoint): boolean {
  const due = (pages * Math.max(seconds / timeout, wal / walLimit)) / target
  return Math.abs(due - Math.round(due)) > 1e-6 || due === 0
}

/** A checkpoint whose log has not gone further than its time, in parts of a thousand. */
export const drivenByTime: fc.Arbitrary<RunningCheckpoint> = fc
  .record({
    pages: fc.integer({ min: 1, max: 2000 }),
    seconds: fc.integer({ min: 0, max: 300 }),
    slower: fc.integer({ min: 0, max: 999 }),
    target: fc.constantFrom(0.9, 0.5, 0.7),
  })
  .map(({ pages, seconds, slower, target }) => {
    const wal = Math.floor((seconds / 300) * (slower / 1000) * usual.walLimit)
    return { ...usual, pages, seconds, wal, target }
  })
  .filter(isClear)

const quiet = { ...usual, pages: 1000, wal: 0 }

/** The pages on a line: how far the time is, how far the log is, how many are due. */
function drawSchedule(answer: Answer, checkpoint: RunningCheckpoint): Picture {
  const { pages, seconds, timeout, wal, walLimit, target, immediate } = checkpoint
  const part = (fraction: number): bigint => BigInt(Math.floor(pages * Math.min(1, fraction)))
  return {
    title: `A checkpoint of ${pages} pages after ${seconds} of ${timeout} seconds and ${wal} of ${walLimit} bytes of log.`,
    panels: [
      ruler(
        [
          { at: part(seconds / timeout), label: 'as far as the time is', kind: 'accent' },
          { at: part(wal / walLimit), label: 'as far as the log is' },
          { at: BigInt(pages), label: 'all', kind: 'plain' },
          ...answerMarks(schedule.reference(checkpoint), answer),
        ],
        { print: (at) => (at === 1n ? '1 page' : `${at} pages`), unit: 'pages' },
      ),
      caption(
        immediate
          ? 'somebody waits: an immediate checkpoint'
          : `all of them are to be written in ${target} of the time and of the log`,
      ),
    ],
  }
}

export const pagesDue: Exercise = {
  name: 'pagesDue',
  notebook: '03-checkpoint',
  visible: [
    examples(schedule, {
      rule: 'A checkpoint of 1000 pages on a quiet server: at its beginning, after 100 seconds, after 280.',
      why: 'With a target of 0.9 all is to be written after nine tenths of the 300 seconds, at 270.',
      note: scheduleNote,
      inputs: [0, 100, 280].map((seconds): ScheduleInput => [{ ...quiet, seconds }]),
    }),
    generated(schedule, {
      rule: 'Any moment of a checkpoint that time drives.',
      why: 'Written at once, all these pages would take the disk away from everybody.',
      note: scheduleNote,
      runs: 60,
      input: drivenByTime.map((checkpoint): ScheduleInput => [checkpoint]),
    }),
  ],
}
