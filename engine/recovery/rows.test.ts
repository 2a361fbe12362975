// Everything that can happen to a row, done by PostgreSQL with wal_consistency_checking: each record of Heap and Heap2
// carries the page as PostgreSQL had it afterwards, so each of our pages is compared the moment after its record, and
// all of them once more at the end with what PostgreSQL's own recovery makes of the same crash.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { XLH_DELETE, xl_heap_delete, XLOG_HEAP, XLOG_HEAP_OPMASK } from '../format/heapRecords.js'
import { formatLsn } from '../format/lsn.js'
import { pageOf } from '../format/page.js'
import { restoreImage } from '../format/pageImage.js'
import { pageKind } from '../format/pageKind.js'
import { FORK_NAMES } from '../format/relationPath.js'
import { reference } from '../parts.js'
import { heap } from '../redo/heap.js'
import { heap2 } from '../redo/heap2.js'
import { crashedCopyOf } from '../scenes/cache.js'
import { comparePages, describeDifference } from '../scenes/comparePages.js'
import { maskPage } from '../scenes/masks.js'
import { PostgresProcess } from '../scenes/postgresProcess.js'
import { rows, rowsSettings } from '../scenes/rows.js'
import { startParams } from '../scenes/serverSettings.js'
import type { BlockOutcome } from '../redo/block.js'
import type { WalRecord } from '../wal/record.js'
import { Recovery } from './recovery.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-rows-'))
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

/** PostgreSQL recovers the directory and is killed before its first query; returns its last words but one. */
async function recoverWithTheSameSettings(dir: string): Promise<string[]> {
  const request = { startParams: startParams(rowsSettings), killWhenReady: true }
  const server = PostgresProcess.prepare(request)
  await server.boot(dir, request).catch(() => 'it dies as soon as it is ready')
  return server.kill()
}

/** Blocks of which the record says how they look afterwards, and that look different here. */
function disagreements(
  record: WalRecord,
  blocks: readonly BlockOutcome[],
): { compared: number; wrong: string[] } {
  const wrong: string[] = []
  let compared = 0
  for (const { ref, page } of blocks) {
    if (!page || !ref.image || ref.appliesImage) continue
    const theirs = new Uint8Array(8192)
    if (!restoreImage(ref.image, record.imageBytes(ref.image), theirs)) throw new Error('a damaged image')
    const kind = pageKind(pageOf(theirs), ref.fork)
    const [a, b] = [theirs, page.bytes].map((bytes) => maskPage(kind, bytes, ref.block))
    const at = a.findIndex((byte, i) => byte !== b[i])
    compared++
    if (at >= 0) wrong.push(`${formatLsn(record.lsn)} ${FORK_NAMES[ref.fork]} ${ref.block}, byte ${at}`)
  }
  return { compared, wrong }
}

const isSuper = (record: WalRecord): boolean =>
  record.xl_rmid === heap.id &&
  (record.info & XLOG_HEAP_OPMASK) === XLOG_HEAP.DELETE &&
  (record.view.getUint8(record.mainAt + xl_heap_delete.at.flags) & XLH_DELETE.IS_SUPER) !== 0

test(
  'each page after each record, and all pages at the end, are PostgreSQL’s',
  { timeout: 120_000 },
  async () => {
    const [ours, theirs] = [join(shelf, 'ours'), join(shelf, 'theirs')]
    await crashedCopyOf(rows, ours)
    await crashedCopyOf(rows, theirs)
    const log = await recoverWithTheSameSettings(theirs)

    const disk = nodeDisk(ours)
    const sentences: string[] = []
    const recovery = new Recovery(disk, reference, { leaveInFlight: true, log: (s) => sentences.push(s) })
    const redone = new Set<string>()
    const wrong: string[] = []
    let [compared, taken] = [0, 0]
    for (const { record, blocks } of recovery.replay()) {
      const manager = [heap, heap2].find(({ id }) => id === record.xl_rmid)
      if (!manager) continue
      if (blocks.length === 0 || blocks.some(({ outcome }) => outcome === 'needsRedo'))
        redone.add(`${manager.name}/${manager.identify(record.xl_info)}`)
      if (isSuper(record)) taken++
      const found = disagreements(record, blocks)
      compared += found.compared
      wrong.push(...found.wrong)
    }
    recovery.abort()
    recovery.cleanUp()
    recovery.finish()
    disk.close()

    expect(wrong.slice(0, 10)).toEqual([])
    expect(compared).toBeGreaterThan(3000)
    expect(taken, 'speculative rows taken back').toBe(1)
    expect([...redone].sort()).toEqual([
      'Heap/DELETE',
      'Heap/HEAP_CONFIRM',
      'Heap/HOT_UPDATE',
      'Heap/INPLACE',
      'Heap/INSERT',
      'Heap/INSERT+INIT',
      'Heap/LOCK',
      'Heap/TRUNCATE',
      'Heap/UPDATE',
      'Heap/UPDATE+INIT',
      'Heap2/LOCK_UPDATED',
      'Heap2/MULTI_INSERT',
      'Heap2/MULTI_INSERT+INIT',
      'Heap2/NEW_CID',
      'Heap2/PRUNE_ON_ACCESS',
      'Heap2/PRUNE_VACUUM_CLEANUP',
      'Heap2/PRUNE_VACUUM_SCAN',
      'Heap2/VISIBLE',
    ])
    const done = sentences.find((sentence) => sentence.startsWith('redo done at')) ?? 'no redo'
    expect(log.join('\n')).toContain(done)
    const same = comparePages(theirs, ours)
    expect(same.differences.map(describeDifference)).toEqual([])
    expect(same.lsns).toEqual([])
    expect(same.statuses).toEqual([])
    expect(same.pages).toBeGreaterThan(2000)
  },
)
