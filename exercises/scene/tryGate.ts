// What a gate does to a real crash: recover a copy with it, then let PostgreSQL open the directory and count.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  crashedCopy,
  nodeDisk,
  openWithPostgres,
  recover,
  reference,
  type CrashedScene,
  type Opened,
  type Parts,
  type SceneName,
} from 'pgcrash'
import { printable } from '../checking/printable.js'

export type GateOutcome = 'not started' | 'recovery stopped' | 'refused' | 'rows differ' | 'recovered'

export interface GateTrial {
  readonly scene: string
  readonly outcome: GateOutcome
  /** What happened, a sentence or a few. */
  readonly story: readonly string[]
}

// In scene bank the log carries an image of each page, so that some wrong gates do no harm. The second scene is the
// same story with full_page_writes off.
const SCENES: readonly SceneName[] = ['bank', 'bank-without-images']

/** Tries the gate on one scene after the other, up to the first that shows harm. */
export async function gateTrials(needsRedo: Parts['needsRedo']): Promise<GateTrial[]> {
  const trials: GateTrial[] = []
  for (const name of SCENES) {
    const trial = await inTemporaryFolder(async (folder) =>
      gateTrial(await crashedCopy(name, join(folder, 'data')), needsRedo),
    )
    trials.push(trial)
    if (trial.outcome !== 'recovered') break
  }
  return trials
}

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pgcrash-gate-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function gateTrial(scene: CrashedScene, needsRedo: Parts['needsRedo']): Promise<GateTrial> {
  try {
    recover(nodeDisk(scene.dir), { ...reference, needsRedo })
  } catch (error) {
    return { scene: scene.name, ...stopped(error as Error) }
  }
  const opened = await openWithPostgres(scene.dir, undefined, { look: 'rows' })
  if (opened.outcome === 'refused')
    return { scene: scene.name, outcome: 'refused', story: [`${opened.severity}: ${opened.sentence}`] }
  const differences = compare(scene, opened)
  if (differences.length > 0) return { scene: scene.name, outcome: 'rows differ', story: differences }
  const rows = Object.values(scene.expected).reduce((sum, table) => sum + table.length, 0)
  return {
    scene: scene.name,
    outcome: 'recovered',
    story: [`PostgreSQL opens it: all ${rows} committed rows, and no other.`],
  }
}

function stopped({ name, message }: Error): Omit<GateTrial, 'scene'> {
  if (name === 'NotStarted') return { outcome: 'not started', story: [] }
  const sentence = printable(message, 400)
  if (name !== 'CorruptData')
    return { outcome: 'recovery stopped', story: [`your gate threw ${name}: ${sentence}`] }
  const story = ['A change does not fit the page it is made to; PostgreSQL would PANIC here:', sentence]
  return { outcome: 'recovery stopped', story }
}

/** Table by table: committed rows that are gone, rows that nobody committed, sentences of PostgreSQL's. */
function compare(scene: CrashedScene, opened: Opened<undefined>): string[] {
  const found: string[] = []
  for (const [table, expected] of Object.entries(scene.expected)) {
    const rows = opened.tables[table]
    if (!rows) {
      found.push(`table ${table} cannot be read`)
      continue
    }
    const [lost, foreign] = [missing(expected, rows), missing(rows, expected)]
    if (lost > 0) found.push(`table ${table}: ${lost} committed rows are lost`)
    if (foreign > 0) found.push(`table ${table}: ${foreign} rows that nobody committed in this form`)
  }
  return [...found, ...opened.log.filter((line) => line.startsWith('ERROR:')).slice(0, 3)]
}

/** How many of `rows` are not among `others`, counting equal ones. */
function missing(rows: readonly object[], others: readonly object[]): number {
  const left = new Map<string, number>()
  for (const row of others) left.set(JSON.stringify(row), (left.get(JSON.stringify(row)) ?? 0) + 1)
  let count = 0
  for (const row of rows) {
    const key = JSON.stringify(row)
    const there = left.get(key) ?? 0
    if (there === 0) count++
    else left.set(key, there - 1)
  }
  return count
}

/** The trials as lines of text. */
export function trialsText(trials: readonly GateTrial[]): string {
  return trials
    .map(({ scene, outcome, story }) =>
      [`${scene}: ${outcome}`, ...story.map((line) => `    ${line}`)].join('\n'),
    )
    .join('\n')
}
