import { expect, test } from 'vitest'
import { exercises } from '../exercises/all.js'
import { killTable } from './killTable.js'
import { solutions } from './solutions.js'

test('every exercise has a solution, and every solution an exercise', () => {
  expect(solutions.map(({ name }) => name)).toEqual(exercises.map(({ name }) => name))
})

// npm run exercises proves it with a seed of its own; here another one each time.
test.each([Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 1e9))])(
  'stubs are not started, right ones pass, wrong ones are caught (seed %i)',
  async (seed) => {
    const rows = await killTable(seed)
    expect(rows.flatMap(({ failures }) => failures)).toEqual([])
    expect(rows.reduce((sum, { wrong }) => sum + Object.keys(wrong).length, 0)).toBeGreaterThanOrEqual(150)
  },
  900_000,
)
