import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildSite } from './build.js'
import { readKillTable } from './killPage.js'
import { pretendToRun, writeSample } from './testing/sample.js'

let root: string
beforeAll(() => (root = writeSample()))
afterAll(() => rmSync(root, { recursive: true }))

const build = (): Promise<string[]> =>
  buildSite({ root, outDir: join(root, 'dist'), cacheDir: join(root, '.cache'), run: pretendToRun() })
const page = (path: string): string => readFileSync(join(root, 'dist', path), 'utf8')

function writeTable(marks: string): void {
  mkdirSync(join(root, 'solutions'), { recursive: true })
  const wrong = [
    ['header before <payload>', '✗·✗'],
    ['a signed number', marks],
  ]
  const row = { exercise: 'recordCrc', notebook: '01-wal', visible: 2, hidden: 3, right: 5, wrong }
  writeFileSync(
    join(root, 'solutions/killTable.json'),
    JSON.stringify({ seed: 1, proofs: 1234, exercises: [row] }),
  )
}

test('without the instructors’ side there is no such page, and nothing leads to it', async () => {
  expect(await build()).not.toContain('checks.html')
  expect(page('index.html')).not.toContain('checks.html')
})

test('every mistake has a row, every hidden rule a column, and what catches what is marked', async () => {
  writeTable('··✗')
  expect(await build()).toContain('checks.html')
  expect(page('index.html')).toContain('<a href="checks.html">What they catch</a>')
  const html = page('checks.html')
  expect(html).toContain('<strong>2</strong> wrong solutions, <strong>100 %</strong> caught')
  expect(html).toContain('<strong>5</strong> right ones, <strong>0</strong> refused')
  expect(html).toContain('<strong>1,234</strong> proofs')
  expect(html).toContain('<a href="exercises/01-wal.html">WAL</a>')
  expect(html).toContain('<th scope="row">header before &lt;payload&gt;</th>')
  expect(html.match(/rule \d catches it/g)).toEqual([
    'rule 1 catches it',
    'rule 3 catches it',
    'rule 3 catches it',
  ])
})

test('a mistake that no rule catches stops the build', async () => {
  writeTable('···')
  await expect(build()).rejects.toThrow('"a signed number" of recordCrc is not caught')
})

test('the project’s own table: every exercise, every mistake caught', () => {
  const table = readKillTable(join(import.meta.dirname, '..'))
  expect(table?.exercises.length).toBeGreaterThanOrEqual(37)
})
