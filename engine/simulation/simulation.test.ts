// Crash everywhere: histories from seeds, crashed at each disk action in each way, recovered, looked at. SIMULATION_SEED=n
// repeats a run; npm run soak makes a million.

import { describe, expect, test } from 'vitest'
import { DiskFault } from '../bytes/errors.js'
import { createCluster } from '../database/cluster.js'
import { Database } from '../database/database.js'
import { readDirectory } from '../database/readTable.js'
import { faultyDisk, type FaultKind } from '../disk/faultyDisk.js'
import { powerDisk, type PowerDisk } from '../disk/powerDisk.js'
import { reference, type Parts } from '../parts.js'
import { recover } from '../recovery/recovery.js'
import { simulate } from './crashes.js'
import { makeHistory } from './history.js'
import { textOf } from './journal.js'
import { findViolation, RULES, WITHOUT_IMAGES } from './rules.js'
import { Run, TABLE } from './run.js'
import { tellStory, tellViolation } from './story.js'

const seed = Number(process.env.SIMULATION_SEED ?? Math.floor(Math.random() * 1e6))
console.log(`simulation: seed ${seed}; repeat it with SIMULATION_SEED=${seed}`)

/** Crashes one history after the other everywhere, until there were `least` crashes. */
function sweep(
  least: number,
  options: Partial<Parameters<typeof simulate>[1]>,
): { crashes: number; violations: string[] } {
  const violations: string[] = []
  let crashes = 0
  for (let i = 0; crashes < least; i++) {
    const result = simulate(makeHistory(seed + i, 40), { seed: seed + i, ...options })
    crashes += result.crashes
    violations.push(...result.violations.map((violation) => `seed ${seed + i}, ${violation}`))
  }
  return { crashes, violations }
}

describe('crash everywhere', () => {
  test('every acknowledged commit is there in full, and nothing of any other transaction', () => {
    const { crashes, violations } = sweep(2500, {})
    console.log(`simulation: ${crashes} crashes, ${violations.length} violations`)
    expect(violations).toEqual([])
  })

  test('recovery crashed at its own actions, five deep, ends in the same bytes', () => {
    const { crashes, violations } = sweep(1000, { depth: 5, nestedEvery: 6 })
    console.log(`simulation: ${crashes} crashes, of recovery too, ${violations.length} violations`)
    expect(violations).toEqual([])
  })

  test('without images, on a disk that writes pages whole', () => {
    const { violations } = sweep(300, WITHOUT_IMAGES)
    expect(violations).toEqual([])
  })
})

describe('the checker can fail: a rule switched off is noticed within 1000 crashes', () => {
  test.each(RULES)('$name', (rule) => {
    const found = findViolation(rule, 1000)
    if (!found) throw new Error(`nobody noticed that ${rule.name} was switched off`)
    console.log(
      `without ${rule.name}: crash ${found.crashes}, ${found.history.length} steps ` +
        `(npm run simulate -- --rules): ${found.violation.slice(0, 160)}`,
    )
    expect(found.history.length).toBeLessThan(15)
    expect(simulate(found.history, { ...rule.when, seed: found.seed }).violations).toEqual([])
  })
})

test('other bytes than those of a recovery that nobody interrupted are noticed, though every row is right', () => {
  let recoveries = 0
  // Each recovery marks one transaction of long ago as aborted, each another one.
  const parts: Parts = {
    ...reference,
    inFlight: (events) => [...reference.inFlight(events), 100 + (recoveries++ % 500)],
  }
  const { violations } = simulate(makeHistory(7, 40), { seed: 7, depth: 1, nestedEvery: 6, parts })
  expect(violations.length).toBeGreaterThan(0)
  for (const violation of violations)
    expect(violation).toContain('pg_xact/0000 is not what the recovery made that nobody interrupted')
})

describe('a story', () => {
  test('is the same for the same seed', () => {
    const options = { seed: 7, steps: 40 }
    const { lines } = tellStory(options)
    expect(tellStory(options).lines).toEqual(lines)
    expect(lines.join('\n')).toMatch(/POWER LOST[^]+and gone[^]+RECOVERY[^]+redo starts at[^]+ALL IS WELL/)
    expect(tellStory({ ...options, seed: 8 }).lines).not.toEqual(lines)
  })
  test('tells a violation', () => {
    const rule = RULES[0]
    const found = findViolation(rule, 1000)
    if (!found) throw new Error('nobody noticed')
    const story = tellViolation(rule, found)
    expect(story.lines.at(-2)).toBe('  VIOLATION')
    expect(found.violation).toContain(story.violation)
  })
})

describe('a disk that fails', () => {
  const kinds: readonly FaultKind[] = ['ENOSPC', 'EIO', 'short write']
  const history = makeHistory(11, 40)
  const cluster = (): PowerDisk => {
    const disk = powerDisk()
    createCluster(disk, { tables: [TABLE.locator] })
    return disk
  }
  const rowsOf = (disk: PowerDisk): string => textOf(readDirectory(disk).rows(TABLE.locator, TABLE.columns))

  /** Runs the history on a disk whose nth action fails; returns where the crash that follows may lead. */
  function runUntilFault(disk: PowerDisk, action: number, kind: FaultKind): string[] | undefined {
    const faulty = faultyDisk(disk, { action, kind })
    let run: Run | undefined
    try {
      run = new Run(new Database(faulty, { capacity: 6 }))
      for (const step of history) run.take(step)
      return undefined
    } catch (error) {
      if (!(error instanceof DiskFault)) throw error
      if (!run) return ['']
      const { first, last } = run.bounds()
      return run.journal.moments.slice(first, last + 1).map(({ rows }) => textOf(rows.values()))
    }
  }

  test.each(kinds)(
    '%s at any action of the writer: one clear error, and what was acknowledged survives',
    (kind) => {
      let faults = 0
      for (let action = 0; ; action++) {
        const disk = cluster()
        const allowed = runUntilFault(disk, action, kind)
        if (!allowed) break
        faults++
        recover(disk)
        expect(allowed).toContain(rowsOf(disk))
      }
      expect(faults).toBeGreaterThan(20)
    },
  )

  test.each(kinds)(
    '%s at any action of recovery: it ends at once, and another recovery comes to the same rows',
    (kind) => {
      const disk = cluster()
      const run = new Run(new Database(disk, { capacity: 6 }))
      for (const step of history) run.take(step)
      const whole = disk.crash('killed', () => 0)
      recover(whole)
      let faults = 0
      for (let action = 0; action < whole.actions; action++) {
        const image = disk.crash('killed', () => 0)
        const faulty = faultyDisk(image, { action, kind })
        expect(() => recover(faulty)).toThrow(DiskFault)
        expect(faulty.actions).toBe(action + 1) // nothing more was asked of the disk, least of all the same sync again
        recover(image)
        expect(rowsOf(image)).toBe(rowsOf(whole))
        faults++
      }
      expect(faults).toBeGreaterThan(10)
    },
  )
})
