import { afterAll, expect, test } from 'vitest'
import { walRecord } from '../redo/testing/records.js'
import { goldenData } from './testing/golden.js'
import { recordsOf } from './testing/recordsOf.js'
import { statsLines, WalStats } from './waldumpStats.js'
import { statsToJson } from './walJson.js'

const golden = goldenData()
if (golden) {
  afterAll(() => golden.remove())
  test('the table of a native server’s log is that of pg_waldump --stats=record', () => {
    let stats: WalStats | undefined
    for (const record of recordsOf(golden.directory)) {
      stats ??= new WalStats(record.lsn)
      stats.add(record)
    }
    const lines = stats ? statsLines(stats, 'record') : []
    expect(lines.map((line) => line + '\n').join('')).toBe(golden.text('pg_waldump-stats.txt'))
  })
}

test('by resource manager every built-in one has its line, an extension’s only when it wrote something', () => {
  const stats = new WalStats(0x28n)
  stats.add(walRecord({ rmid: 1, info: 0x80, main: new Uint8Array(12) }))
  stats.add(walRecord({ rmid: 1, info: 0x00, main: new Uint8Array(8) }))
  stats.add(walRecord({ rmid: 128, info: 0x00 }))
  const names = stats.rows('rmgr').map(({ name, count }) => `${name} ${count}`)
  expect(names).toHaveLength(23)
  expect(names.slice(0, 3)).toEqual(['XLOG 0', 'Transaction 2', 'Storage 0'])
  expect(names[22]).toBe('custom128 1')
  // The bit that only says "more follows" makes no record type of its own.
  expect(stats.rows('record').map(({ name, count }) => `${name} ${count}`)).toEqual([
    'Transaction/COMMIT 2',
    'custom128/UNKNOWN (0) 1',
  ])
  expect(statsToJson(stats, 'record')).toMatchObject({
    start_lsn: '0/28',
    total: { count: 3, record_size: 38 + 34 + 24, fpi_size: 0, combined_size: 96 },
  })
})

test('percentages are rounded as printf rounds them: an exact half goes to the even digit', () => {
  const shown = (part: number, of: number): string | undefined => {
    const stats = new WalStats(0x28n)
    for (let i = 0; i < of; i++) stats.add(walRecord({ rmid: i < part ? 10 : 11, info: 0 }))
    const line = statsLines(stats, 'rmgr').find((text) => text.startsWith('Heap '))
    return /\( *([\d.]+)\)/.exec(line ?? '')?.[1]
  }
  expect(shown(1, 800)).toBe('0.12') // 0.125
  expect(shown(3, 800)).toBe('0.38') // 0.375
  expect(shown(5, 800)).toBe('0.62') // 0.625
  expect(shown(1, 3)).toBe('33.33')
  expect(shown(2, 2)).toBe('100.00')
})

test('without a record there is no table', () => {
  expect(statsLines(new WalStats(0x28n), 'record')).toEqual([])
})
