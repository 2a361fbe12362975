import { expect, test } from 'vitest'
import { exercises } from '../exercises/all.js'
import { DEFAULT_SEED } from './grading/gradeBatch.js'
import { killTable } from './killTable.js'
import { solutions } from './solutions.js'

test('every exercise has a solution, and every solution an exercise', () => {
  expect(solutions.map(({ name }) => name)).toEqual(exercises.map(({ name }) => name))
})

test.each([DEFAULT_SEED, Math.floor(Math.random() * 1e9)])(
  'stubs are not started, right ones pass, wrong ones are caught (seed %i)',
  async (seed) => {
    const rows = await killTable(seed)
    expect(rows.flatMap(({ failures }) => failures)).toEqual([])
    expect(rows.reduce((sum, { wrong }) => sum + Object.keys(wrong).length, 0)).toBeGreaterThanOrEqual(70)
  },
  60_000,
)
