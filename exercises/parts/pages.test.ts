import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crashedCopy, judgeEnd, locateLsn, nodeDisk, overlayDisk, readControlFile, Recovery } from 'pgcrash'
import { segmentFileName, type CrashedScene } from 'pgcrash'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Candidate } from '../checking/check.js'
import { recordsOf } from '../scene/contents.js'
import { ending } from './endOfLog.js'
import { columnsOf, heapPage, rowData } from './heapPages.js'
import { pageFault, pageFrom, redosOf } from './pages.js'
import { indexing, leafInsertOf } from './redoBtreeInsert.js'
import { heapInsertOf, inserting, redoHeapInsert } from './redoHeapInsert.js'
import { hotUpdateOf, updating } from './redoHeapUpdate.js'

let bank: CrashedScene
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgcrash-pages-'))
  bank = await crashedCopy('bank', join(folder, 'data'))
}, 240_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const hex = (page: Uint8Array): string => Buffer.from(page).toString('hex')

test('asked of one page alone, the engine makes what it makes of it in a recovery', () => {
  const inserts = redosOf(bank, heapInsertOf, 1000)
  const updates = redosOf(bank, hotUpdateOf, 1000)
  const entries = redosOf(bank, leafInsertOf, 1000)
  expect(Math.min(inserts.length, updates.length, entries.length)).toBeGreaterThan(30)
  for (const { page, change, after } of inserts)
    expect(hex(inserting.reference(page, change))).toBe(hex(after))
  for (const { page, change, after } of updates)
    expect(hex(updating.reference(page, change))).toBe(hex(after))
  for (const { page, change, after } of entries)
    expect(hex(indexing.reference(page, change))).toBe(hex(after))
  expect(updates.filter(({ change }) => change.prefix > 0 && change.suffix > 0).length).toBeGreaterThan(10)
  expect(updates.filter(({ change }) => change.oldInfobits > 0).length).toBeGreaterThan(0)
})

const row = {
  lsn: 0x1a2b3c8n,
  endLsn: 0x1a2b418n,
  xid: 761,
  block: 7,
  offnum: 2,
  data: rowData(columnsOf(2, 'bobby')),
}
const page = heapPage({ slots: [{ kind: 'row', text: 'alice' }], block: 7, lsn: 0x1a2b000n, filler: 0x5a })
const right = inserting.reference(page, row)

function changed(at: number, byte: number): Uint8Array {
  const copy = right.slice()
  copy[at] ^= byte
  return copy
}

test('checksum, free space and padding may differ, and nothing else', () => {
  const free = new DataView(right.buffer, right.byteOffset).getUint16(14, true) - 1
  const bob = free + 1
  for (const at of [8, 9, 32, free, bob + 24 + 10])
    expect(pageFault(changed(at, 0xff), right, 'heap', [])).toBe(undefined)
  const places = [0, 10, 12, 14, 16, 20, 28, bob, bob + 12, bob + 20, bob + 24, 8180].map(
    (at) => pageFault(changed(at, 1), right, 'heap', [])?.replace(/, byte .*/, '') ?? 'no fault',
  )
  expect(places).toEqual([
    'pd_lsn',
    'pd_flags',
    'pd_lower',
    'pd_upper',
    'pd_special',
    'pd_prune_xid',
    'line pointer 2',
    'tuple 2, t_xmin',
    'tuple 2, t_ctid',
    'tuple 2, t_infomask',
    'tuple 2, data',
    'tuple 1, data',
  ])
  expect(pageFault(right.subarray(1), right, 'heap', [])).toBe('The answer is the page: 8192 bytes.')
  expect(pageFault(undefined, right, 'heap', [])).toBe('The answer is the page: 8192 bytes.')
})

test('a wrong page is told by its first wrong place, and the cell that repeats it asks the same', async () => {
  const swapped: Candidate = ((bytes: Uint8Array, change: typeof row) => {
    const result = inserting.reference(bytes, change)
    new DataView(result.buffer, result.byteOffset).setBigUint64(0, change.endLsn, true)
    return result
  }) as Candidate
  const { counterexample } = await redoHeapInsert.visible[1].run(swapped, { seed: 3 })
  expect(counterexample?.note).toMatch(/^pd_lsn, byte \d: .* On a page the high half stands first\.$/)
  const [, call] = counterexample?.replay?.split('\n') ?? []
  const asked: unknown[] = []
  new Function('pageFrom', 'redoHeapInsert', call)(pageFrom, (...input: unknown[]) => asked.push(...input))
  expect(inserting.show(...(asked as [Uint8Array, typeof row]))).toBe(counterexample?.input)
})

test('what a short log in memory is judged to be, a real log is that shows the same', () => {
  const disk = overlayDisk(nodeDisk(bank.dir))
  const { xlog_seg_size } = readControlFile(disk)
  const records = recordsOf(bank)
  const at = (lsn: bigint): [string, number] => {
    const { segment, offset } = locateLsn(lsn, xlog_seg_size)
    return [`pg_wal/${segmentFileName(1, segment, xlog_seg_size)}`, offset]
  }
  const read = (lsn: bigint): Uint8Array => disk.read(...at(lsn), 24)
  const verdictWith = (lsn: bigint, bytes: Uint8Array): string => {
    const copy = overlayDisk(nodeDisk(bank.dir))
    copy.write(...at(lsn), bytes)
    const { start, survey } = new Recovery(copy)
    expect(survey.end.lsn).toBe(lsn)
    return judgeEnd(copy, start, survey).verdict
  }
  const pageOf = (lsn: bigint): bigint => lsn - (lsn % 8192n)
  const onOnePage = records.filter(
    ({ lsn, endLsn, xl_prev }) =>
      pageOf(xl_prev) === pageOf(endLsn) &&
      pageOf(lsn) % 0x100000n > 0x2000n &&
      pageOf(lsn) % 0x100000n < 0xf0000n,
  )
  const [middle, last] = [onOnePage[onOnePage.length >> 1], onOnePage[onOnePage.length - 1]]
  for (const { lsn, xl_prev: previous, raw } of [middle, last]) {
    const page = read(pageOf(lsn))
    const recordsBehind = records.some((other) => pageOf(other.lsn) > pageOf(lsn))
    const met = { lsn, previous, page, recordsBehind }
    const zero = new Uint8Array(24)
    expect(ending.reference({ ...met, header: zero, crc: 'unknown' })).toBe(verdictWith(lsn, zero))
    const stale = raw.slice(0, 24)
    stale[9] ^= 1 // xl_prev
    expect(ending.reference({ ...met, header: stale, crc: 'right' })).toBe(verdictWith(lsn, stale))
    const flipped = raw.slice(0, 24)
    flipped[20] ^= 1 // xl_crc
    expect(ending.reference({ ...met, header: flipped, crc: 'wrong' })).toBe(verdictWith(lsn, flipped))
  }
})
