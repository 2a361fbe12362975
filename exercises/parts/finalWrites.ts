// The order of the last writes: each step makes the next one safe.

import fc from 'fast-check'
import { reference, type FinalWrite } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { columns } from '../drawing/columns.js'

export type WritesInput = [writes: readonly FinalWrite[]]

const numbered = (writes: readonly unknown[]): string =>
  writes.map((write, i) => `${i + 1}. ${String(write)}`).join('\n')

export const ordering: Contract<WritesInput, FinalWrite[]> = {
  name: 'finalWrites',
  draw: drawWrites,
  reference: reference.finalWrites,
  show: (writes) => (writes.length === 0 ? 'nothing to write' : writes.join(', ')),
  expected: 'all of them, in an order in which each makes the next one safe',
  showAnswer: (answer) => (Array.isArray(answer) ? `\n${numbered(answer)}` : String(answer)),
}

/** Pairs of which the first must be done before the second, and what a power cut in between does if it is not. */
export const BEFORE: readonly (readonly [FinalWrite, FinalWrite, string])[] = [
  [
    'write data pages',
    'sync data files',
    'A sync covers what was written before it: these pages are still only in memory.',
  ],
  [
    'write transaction status',
    'sync data files',
    'A sync covers what was written before it: commits are still only in memory.',
  ],
  [
    'sync data files',
    'write checkpoint record',
    'The checkpoint record claims that everything before it is in the data files, and it is not yet.',
  ],
  [
    'write checkpoint record',
    'sync WAL',
    'The record is written after the log was synced: a power cut takes it away.',
  ],
  [
    'sync WAL',
    'write pg_control',
    'pg_control may reach the disk first: "could not locate a valid checkpoint record", and no start ever.',
  ],
  [
    'write pg_control',
    'sync pg_control',
    'pg_control is synced before it is written: its last state is only in memory.',
  ],
]

/** The first rule of BEFORE among `pairs` that this order breaks. */
export function brokenOrder(answer: Plain, pairs: typeof BEFORE): string | undefined {
  if (!Array.isArray(answer)) return 'The answer is a list.'
  for (const [first, second, consequence] of pairs) {
    const [a, b] = [answer.indexOf(first), answer.indexOf(second)]
    if (a !== -1 && b !== -1 && a > b) return `"${second}" comes before "${first}". ${consequence}`
  }
  return undefined
}

/** Says which writes are missing, invented or there twice. */
export function changedWrites(answer: Plain, writes: readonly FinalWrite[]): string | undefined {
  if (!Array.isArray(answer)) return 'The answer is a list.'
  const missing = writes.find((write) => !answer.includes(write))
  if (missing !== undefined) return `"${missing}" is missing.`
  const extra = (answer as readonly Plain[]).find((write) => !writes.includes(write as FinalWrite))
  if (extra !== undefined) return `"${String(extra)}" was not among the writes.`
  return answer.length === writes.length ? undefined : 'A write is there twice.'
}

const ALL: readonly FinalWrite[] = [
  'sync WAL',
  'sync data files',
  'sync pg_control',
  'write checkpoint record',
  'write data pages',
  'write pg_control',
  'write transaction status',
]

/** The writes in the order that came, the first two that stand the wrong way round marked. The right order is not shown. */
export function drawWrites(answer: Answer, writes: readonly FinalWrite[]): Picture {
  const got = answer && Array.isArray(answer.value) ? answer.value.map(String) : undefined
  const broken = BEFORE.find(([first, second]) => {
    const [a, b] = [got?.indexOf(first) ?? -1, got?.indexOf(second) ?? -1]
    return a !== -1 && b !== -1 && a > b
  })
  const isBroken = (write: string): boolean => broken?.some((name) => name === write) ?? false
  const shown = got ?? writes
  return {
    title: got
      ? `${got.length} writes in the order that came${broken ? `: "${broken[1]}" before "${broken[0]}"` : ''}.`
      : `${writes.length} writes, to be put in order.`,
    panels: [
      columns(
        shown.map((write, i) => ({ name: `${i + 1}.`, got: write, differs: isBroken(write), kind: 'wal' })),
        { show: 'got', ...(got ? {} : { heads: ['', 'to be put in order'] as const }) },
      ),
      ...(broken ? [caption(`"${broken[0]}" has to come before "${broken[1]}"`)] : []),
    ],
  }
}

export const finalWrites: Exercise = {
  name: 'finalWrites',
  notebook: '07-final-checkpoint',
  visible: [
    examples(ordering, {
      rule: 'The seven writes, in the order of the alphabet, come back in an order that is safe.',
      why: 'The power can fail between any two of them, and PostgreSQL must still be able to start.',
      fault: (answer, writes) => changedWrites(answer, writes) ?? brokenOrder(answer, BEFORE),
      inputs: [[ALL]],
    }),
    generated(ordering, {
      rule: 'pg_control is the last thing to be written, and then it is synced.',
      why: 'It is the one file that says recovery is over: it must not say so before it is true.',
      fault: (answer, writes) =>
        changedWrites(answer, writes) ??
        brokenOrder(answer, [
          ...BEFORE.slice(-2),
          ...ALL.map((write) => [write, 'sync pg_control', 'It is the last step.'] as const),
        ]),
      input: fc.shuffledSubarray([...ALL], { minLength: ALL.length }).map((writes): WritesInput => [writes]),
    }),
  ],
}
