// Which files of pg_xact nobody needs any more: those whose transactions all come before the oldest that counts.

import fc from 'fast-check'
import { memoryDisk, Slru, truncateByXid, XACTS_PER_PAGE } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { nameOf } from './readStatusPage.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { chosen, columns, sides } from '../drawing/columns.js'

export type OldInput = [names: readonly string[], oldestXid: number]

/** The engine's own, on a directory of empty files. */
export function oldSegmentsByEngine(...[names, oldestXid]: OldInput): string[] {
  const disk = memoryDisk(names.map((name) => [`pg_xact/${name}`, new Uint8Array(0)] as const))
  truncateByXid(new Slru(disk, 'pg_xact'), Math.floor(oldestXid / XACTS_PER_PAGE), XACTS_PER_PAGE)
  return names.filter((name) => disk.size(`pg_xact/${name}`) === undefined)
}

export const XACTS_A_FILE = 32 * XACTS_PER_PAGE

export const cutting: Contract<OldInput, string[]> = {
  name: 'oldSegments',
  draw: drawOld,
  reference: oldSegmentsByEngine,
  show: (names, oldestXid) => {
    const width = Math.max(0, ...names.map(({ length }) => length))
    const files = names.map((name) => `${name.padEnd(width)}  ${rangeOf(name)}`.trimEnd())
    return [`oldest transaction that counts: ${oldestXid}`, ...files].join('\n')
  },
}

function rangeOf(name: string): string {
  if (!/^[0-9A-F]{4}$/.test(name)) return 'no segment'
  const first = parseInt(name, 16) * XACTS_A_FILE
  return `transactions ${first} to ${first + XACTS_A_FILE - 1}`
}

/** Names the first file that goes or stays wrongly. */
export function oldNote(answer: Plain, ...input: OldInput): string {
  if (!Array.isArray(answer)) return 'The answer is a list of names.'
  const right = oldSegmentsByEngine(...input)
  const lost = (answer as readonly Plain[]).find((name) => !right.includes(String(name)))
  if (lost !== undefined)
    return `${String(lost)} goes, and who asks about its transactions gets "could not access status of transaction".`
  const kept = right.find((name) => !answer.includes(name))
  if (kept !== undefined)
    return `${kept} stays: its numbers will come round again, and find the fates of others.`
  return 'Each name comes once, in the order of the input.'
}

/** Names of files by their numbers, in the order of a directory. */
export const namesOf = (files: Iterable<number>): string[] =>
  [...new Set(files)].map((file) => nameOf('', file).slice(1)).sort()

/** The files with what becomes of them, and which of them holds the oldest transaction that counts. */
function drawOld(answer: Answer, ...input: OldInput): Picture {
  const [names, oldestXid] = input
  const holds = Math.floor(oldestXid / XACTS_A_FILE)
    .toString(16)
    .toUpperCase()
    .padStart(4, '0')
  const rows = chosen(names, oldSegmentsByEngine(...input), answer, ['goes', 'stays'])
  const words = `the oldest transaction that counts, ${oldestXid}, is in ${holds}`
  return {
    title: `${names.length} files of pg_xact and what becomes of them; ${words}.`,
    panels: [
      columns(
        rows.map((row) => ({ ...row, kind: row.name === holds ? ('accent' as const) : undefined })),
        { head: 'pg_xact', ...sides(answer) },
      ),
      caption(words),
    ],
  }
}

export const oldSegments: Exercise = {
  name: 'oldSegments',
  notebook: '06-temp-cleanup',
  visible: [
    examples(cutting, {
      rule: 'Five files; the oldest transaction that counts is the first of the third, or the last.',
      why: 'A file goes as a whole, or not at all.',
      note: oldNote,
      inputs: [0, 1, XACTS_A_FILE - 1].map((within): OldInput => [
        namesOf([0, 1, 2, 3, 4]),
        2 * XACTS_A_FILE + within,
      ]),
    }),
    generated(cutting, {
      rule: 'A young cluster: a few files, one after the other.',
      why: 'VACUUM freezes old rows, so that nobody asks about their transactions; then their statuses can go.',
      note: oldNote,
      input: fc
        .tuple(fc.integer({ min: 1, max: 6 }), fc.nat(), fc.nat({ max: XACTS_A_FILE - 1 }))
        .map(([count, n, within]): OldInput => {
          const files = Array.from({ length: count }, (_, i) => i)
          return [namesOf(files), Math.max(3, (n % count) * XACTS_A_FILE + within)]
        }),
    }),
  ],
}
