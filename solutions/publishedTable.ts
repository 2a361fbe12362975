// What the site says of the checks (site/killPage.ts): killTable.json, written by `npm run exercises -- --write` from a
// run that proved it, and compared with a fresh run by killTable.test.ts and by every `npm run exercises`.
//
// The page is public, so this is all there is in the file: names of mistakes and how many rules each one breaks by their
// numbers. No rule in words (a rule of PostgreSQL is the answer, said in a sentence), no code, no input. A mistake's
// name stays, for it says what is wrong and not what is right; where it says both ("<= for <") the second half goes.

import { readFileSync, writeFileSync } from 'node:fs'
import { exercises } from '../exercises/all.js'
import type { KillTable as ShownTable } from '../site/killPage.js'
import type { KillRow } from './killTable.js'

export interface PublishedTable extends ShownTable {
  readonly seed: number
}

export const KILL_TABLE = new URL('killTable.json', import.meta.url)

/** Solutions that are right for every exercise: ours as a function, the same in its notebook's cell, the engine's own. */
const ALWAYS_RIGHT = 3

/** A mistake's name without what would be right in its place. */
export function mistake(label: string): string {
  return label.replace(/,? (?:for|instead of) .*$/, '')
}

/** The rows of a run, as they may be published. */
export function published(rows: readonly KillRow[], seed: number): PublishedTable {
  return {
    seed,
    proofs: rows.reduce((sum, { proofs }) => sum + proofs, 0),
    exercises: rows.map(({ exercise, visible, hidden, alsoRight, wrong }) => ({
      exercise,
      notebook: exercises.find(({ name }) => name === exercise)?.notebook ?? '',
      visible,
      hidden,
      right: ALWAYS_RIGHT + alsoRight.length,
      wrong: Object.entries(wrong).map(([label, rules]) => [
        mistake(label),
        rules.map((catches) => (catches ? '✗' : '·')).join(''),
      ]),
    })),
  }
}

export const readTable = (): PublishedTable => JSON.parse(readFileSync(KILL_TABLE, 'utf8')) as PublishedTable

/** Wrong solutions a line, so that a change can be read in a diff. */
export function writeTable(table: PublishedTable): void {
  writeFileSync(KILL_TABLE, tableText(table))
}

export function tableText({ seed, proofs, exercises: rows }: PublishedTable): string {
  const row = ({ wrong, ...rest }: PublishedTable['exercises'][number]): string => {
    const head = JSON.stringify(rest).slice(0, -1)
    return `${head},"wrong":[\n${wrong.map((pair) => JSON.stringify(pair)).join(',\n')}]}`
  }
  return `{"seed":${seed},"proofs":${proofs},"exercises":[\n${rows.map(row).join(',\n')}]}\n`
}
