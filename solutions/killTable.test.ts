import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exercises } from '../exercises/all.js'
import { KILL_SEED, killTable } from './killTable.js'
import { KILL_TABLE, mistake, published, readTable, type PublishedTable } from './publishedTable.js'
import { leakIn, secrets } from './release/leaks.js'
import { solutions } from './solutions.js'

test('every exercise has a solution, and every solution an exercise', () => {
  expect(solutions.map(({ name }) => name)).toEqual(exercises.map(({ name }) => name))
  const wrong = readTable().exercises.flatMap((row) => row.wrong)
  expect(wrong.length).toBeGreaterThanOrEqual(150)
  expect(wrong.filter(([, marks]) => !marks.includes('✗'))).toEqual([])
})

// npm run exercises proves all of it with a seed of its own; here a third of them with another one each time.
test.each([Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 1e9))])(
  'stubs are not started, right ones pass, wrong ones are caught (seed %i)',
  async (seed) => {
    const names = exercises.map(({ name }) => name).filter((_, i) => (i + seed) % 3 === 0)
    const rows = await killTable(seed, names)
    expect(rows.map(({ exercise }) => exercise)).toEqual(names)
    expect(rows.flatMap(({ failures }) => failures)).toEqual([])
    // What the site publishes was found with one seed; with another one, rules may catch more, or fewer, but the
    // same mistakes are there, and each is caught.
    const caught = ({ exercises: all }: Pick<PublishedTable, 'exercises'>): unknown =>
      all.map(({ wrong, ...row }) => ({
        ...row,
        wrong: wrong.map(([name, marks]) => [name, marks.includes('✗')]),
      }))
    const told = readTable().exercises.filter(({ exercise }) => names.includes(exercise))
    expect(caught({ exercises: told })).toEqual(caught(published(rows, seed)))
  },
  900_000,
)

// All marks are compared by npm run exercises, in every full test run; here those of three exercises.
test.each(exercises.filter(({ name }) => ['needsRedo', 'locateLsn', 'readStatusPage'].includes(name)))(
  'what the site says of $name is what a run finds',
  async ({ name }) => {
    const { exercises: found } = published(await killTable(KILL_SEED, [name]), KILL_SEED)
    expect(readTable().exercises.filter(({ exercise }) => exercise === name)).toEqual(found)
  },
  60_000,
)

test('the published table has no rule in words and no code, and no name of a mistake names what is right', () => {
  const text = readFileSync(KILL_TABLE, 'utf8')
  const others = secrets().filter(({ what }) => !what.startsWith('a wrong solution of'))
  expect(others.length).toBeGreaterThan(200)
  expect(leakIn('killTable.json', text, others)).toBeUndefined()
  expect(mistake('<= for <')).toBe('<=')
  expect(mistake('what is needed instead of what may go')).toBe('what is needed')
  for (const { wrong } of readTable().exercises) {
    const names = wrong.map(([name]) => name)
    expect(names.filter((name) => / for | instead of /.test(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  }
})
