// On the bank that was killed: what the scene knows of its steps is what the log says of them.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import type { Disk } from '../disk/disk.js'
import { readControlFile } from '../format/controlFile.js'
import { formatLsn, parseLsn } from '../format/lsn.js'
import { pageLsn } from '../format/page.js'
import { crashedCopy } from '../scenes/cache.js'
import type { CrashedScene } from '../scenes/scene.js'
import { recordRows, recordsBetween } from './records.js'
import { relationPages } from './relationPages.js'

vi.setConfig({ hookTimeout: 240_000 })

const temp = mkdtempSync(join(tmpdir(), 'pgcrash-records-'))
let bank: CrashedScene
let disk: Disk
beforeAll(async () => {
  bank = await crashedCopy('bank', join(temp, 'bank'))
  disk = nodeDisk(bank.dir)
})
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const stepCalled = (words: string): CrashedScene['steps'][number] => {
  const step = bank.steps.find(({ what }) => what.startsWith(words))
  if (!step) throw new Error(`no step ${words}`)
  return step
}

test('the records of a step begin where it began, end where it ended, and are its transaction’s', () => {
  const { from, to, xids } = stepCalled('dinner')
  const records = recordsBetween(disk, from, to)
  expect(formatLsn(records[0].lsn)).toBe(from)
  expect(records.at(-1)?.endLsn).toBe(parseLsn(to))
  expect(new Set(records.map(({ xl_xid }) => String(xl_xid)))).toEqual(new Set(xids))
  const byNumber = recordsBetween(disk, parseLsn(from) ?? 0n, parseLsn(to) ?? 0n)
  expect(recordRows(byNumber)).toEqual(recordRows(records))
})

test('rows say who wrote what, where, and mark copies of whole pages', () => {
  const rent = recordRows(recordsBetween(disk, stepCalled('the rent').from, stepCalled('the rent').to))
  const insert = rent.find((row) => row['written by'] === 'Heap' && row.operation === 'INSERT')
  expect(insert?.pages).toMatch(/^base\/\d+\/\d+ block \d+, copy$/)
  expect(rent.at(-1)).toMatchObject({
    'written by': 'Transaction',
    operation: 'COMMIT',
    bytes: 34,
    pages: '',
  })
})

test('beyond the end of the log there is nothing, and a text that is no LSN is refused', () => {
  expect(recordsBetween(disk, bank.log.flushed, 'FF/0')).toEqual([])
  expect(() => recordsBetween(disk, 'yesterday', 'FF/0')).toThrow('"yesterday" is no LSN')
})

test('pages of a database: every block of every permanent file, none ahead of the log', () => {
  const { dbOid } = recordsBetween(disk, stepCalled('dinner').from, stepCalled('dinner').to)[0].blocks[0]
  const directory = `base/${dbOid}`
  const pages = [...relationPages(disk, directory)]
  const files = disk.list(directory).filter(({ name }) => /^\d+(_fsm|_vm|_init)?$/.test(name))
  const blocks = files.reduce((sum, { name }) => sum + (disk.size(`${directory}/${name}`) ?? 0) / 8192, 0)
  expect(pages).toHaveLength(blocks)
  expect(pages.filter(({ path }) => bank.temporaryFiles.includes(path))).toEqual([])
  const [flushed, redo] = [parseLsn(bank.log.flushed) ?? 0n, readControlFile(disk).checkPointCopy.redo]
  expect(pages.filter(({ page }) => pageLsn(page) > flushed)).toEqual([])
  expect(pages.filter(({ page }) => pageLsn(page) > redo).length).toBeGreaterThan(0)
})
