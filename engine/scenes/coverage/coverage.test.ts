// Counting what redo has been through: on one crash, and in the table that comes of it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { crashedCopy } from '../cache.js'
import { countRedo, everyOperation, RedoCoverage } from './redoCoverage.js'
import { coverageReport, reportLines } from './report.js'
import { unreached } from './unreached.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-coverage-test-'))
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

test('every operation is listed once, by its manager and name', () => {
  const all = everyOperation()
  expect(new Set(all).size).toBe(all.length)
  expect(new Set(all.map((operation) => operation.split('/')[0])).size).toBe(22)
  for (const known of ['XLOG/CHECKPOINT_SHUTDOWN', 'Heap/INSERT+INIT', 'Gin/SPLIT', 'Generic/Generic'])
    expect(all).toContain(known)
})

test('scene bank, counted: records, and what became of their pages, on first sight and on second', async () => {
  const { dir } = await crashedCopy('bank-without-images', join(shelf, 'bank'))
  const coverage = new RedoCoverage()
  const replayed = countRedo(dir, coverage)
  const rows = coverage.rows()
  expect(rows.reduce((sum, { records }) => sum + records, 0)).toBe(replayed)
  const insert = rows.find(({ operation }) => operation === 'Heap/INSERT')
  expect(insert?.needsRedo).toBeGreaterThan(300)
  // Without images in the log, the second replay finds pages as new as the first left them.
  expect(insert?.done).toBeGreaterThan(100)
  expect(rows.find(({ operation }) => operation === 'Transaction/COMMIT')).toMatchObject({
    restored: 0,
    needsRedo: 0,
    done: 0,
    notFound: 0,
  })
  const commits = rows.find(({ operation }) => operation === 'Transaction/COMMIT')
  expect(commits?.withoutBlocks).toBe(commits?.records)
})

test('an operation without records and without a reason is a problem; so are a reason too many and a failure', () => {
  const counts = new RedoCoverage().rows()
  const reached = counts.map((count) => {
    const records = count.operation in unreached ? 0 : 1
    return { ...count, records, withoutBlocks: records }
  })
  const whole = coverageReport([{ scene: 'all', records: 9 }], reached)
  expect(whole.problems).toEqual([])
  expect(reportLines(whole).at(-1)).toMatch(/^\d+ operations: \d+ replayed, \d+ with a reason why not$/)
  expect(reportLines(whole).find((line) => line.startsWith('XLOG/NOOP '))).toContain(unreached['XLOG/NOOP'])

  const missing = reached.map((count) =>
    count.operation === 'Heap/LOCK' ? { ...count, withoutBlocks: 0, needsRedo: 5 } : count,
  )
  expect(coverageReport([], missing).problems).toEqual(
    ['restored', 'newer', 'missing'].map(
      (what) => `Heap/LOCK: no page was ${what}, and there is no reason why`,
    ),
  )
  const images = reached.map((count) =>
    count.operation === 'Gin/SPLIT' ? { ...count, withoutBlocks: 0, restored: 2 } : count,
  )
  expect(coverageReport([], images).problems).toEqual([])
  expect(reportLines(coverageReport([], images)).find((line) => line.startsWith('Gin/SPLIT '))).toMatch(
    / 1 +2 +image +image +image +-$/,
  )

  const with0 = reached.map((count) =>
    count.operation === 'Heap/LOCK' ? { ...count, records: 0, withoutBlocks: 0 } : count,
  )
  expect(coverageReport([], with0).problems).toEqual([
    'Heap/LOCK: no scene reaches it, and there is no reason why',
  ])
  const with1 = reached.map((count) =>
    count.operation === 'XLOG/NOOP' ? { ...count, records: 1, withoutBlocks: 1 } : count,
  )
  expect(coverageReport([], with1).problems).toEqual(['XLOG/NOOP: it is reached now; its reason may go'])
  expect(coverageReport([{ scene: 's', records: 0, failure: 'no' }], reached).problems).toEqual(['s: no'])
})
