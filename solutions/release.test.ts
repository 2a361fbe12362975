import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { exercises } from '../exercises/all.js'
import { solutionSource } from './notebooks.js'
import { release } from './release.js'
import { leakIn, secrets } from './release/leaks.js'
import { solutions } from './solutions.js'

const out = mkdtempSync(join(tmpdir(), 'pgcrash-release-'))
afterAll(() => rmSync(out, { recursive: true, force: true }))

test('the learner edition holds what a learner needs, and nothing of the instructors’', () => {
  const { files, leaks } = release(out)
  expect(leaks).toEqual([])
  expect(files).toBeGreaterThan(300)
  for (const path of [
    'README.md',
    'chapters/01-wal.ipynb',
    'exercises/04-startup.ipynb',
    'engine/index.ts',
    'site/build.ts',
  ])
    expect(existsSync(join(out, path)), path).toBe(true)
  for (const path of ['solutions', '.ci']) expect(existsSync(join(out, path)), path).toBe(false)
  const { scripts } = JSON.parse(readFileSync(join(out, 'package.json'), 'utf8')) as { scripts: object }
  expect(Object.keys(scripts)).toContain('start')
  expect(Object.keys(scripts)).not.toContain('grade')
})

test('the scan sees a hidden rule, a solution with another indent, an import', () => {
  const all = secrets()
  expect(all.length).toBeGreaterThan(3 * exercises.length)
  const hidden = solutions
    .flatMap(({ hidden: rules }) => rules)
    .find(({ rule }) => all.some(({ text }) => text === rule))
  expect(leakIn('a.md', `see: ${hidden?.rule}`, all)).toMatch(/^a\.md holds a hidden rule of/)
  const long = solutions.find(({ name }) => solutionSource(name).length > 400)
  const indented = solutionSource(long?.name ?? '').replace(/\n/g, '\n      ')
  expect(leakIn('b.ts', indented, all)).toBe(
    `b.ts holds the solution of ${long?.name}: "${indented.replace(/\s+/g, ' ').slice(0, 60)}"`,
  )
  expect(leakIn('c.ipynb', JSON.stringify({ source: indented }), all)).toMatch(/^c\.ipynb holds the solution/)
  expect(leakIn('d.ts', "import { x } from '../solutions/parts/x.js'", all)).toMatch(
    /imports the folder solutions/,
  )
  expect(leakIn('e.md', 'nothing to see', all)).toBeUndefined()
})
