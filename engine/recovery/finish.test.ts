// The final checkpoint with somebody who writes pages beside us: nothing may reach pg_control before all else is on disk.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { pageAt, type OrderedRun, type PieceOfMemory, type WriterBeside } from '../buffers/bufferPool.js'
import { DiskFault } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { CONTROL_FILE, DBState, readControlFile } from '../format/controlFile.js'
import { setPageChecksum } from '../format/page.js'
import { reference } from '../parts.js'
import { crashedCopy } from '../scenes/cache.js'
import { syncTree } from './finish.js'
import type { Assistant } from './handedOver.js'
import { Recovery } from './recovery.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-finish-'))
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

/** When each file was changed last, and synced last; and when pg_control was. */
interface Diary {
  now: number
  changed: Map<string, number>
  synced: Map<string, number>
}

function watched(disk: Disk, { changed, synced }: Diary, diary: Diary): Disk {
  const note =
    <A extends unknown[]>(map: Map<string, number>, act: (path: string, ...given: A) => void) =>
    (path: string, ...given: A): void => {
      act(path, ...given)
      map.set(path, ++diary.now)
    }
  return {
    ...disk,
    write: note(changed, (path, offset, bytes) => disk.write(path, offset, bytes)),
    truncate: note(changed, (path, size) => disk.truncate(path, size)),
    sync: note(synced, (path) => disk.sync(path)),
    rename(from, to) {
      disk.rename(from, to)
      changed.set(to, ++diary.now)
    },
  }
}

/** Hands over nothing, but writes the last pages: half of the runs. */
function writerOnly(disk: Disk, isHeardOf: boolean, tally: { runs: number }): Assistant {
  const pieces: PieceOfMemory[] = []
  let runs: OrderedRun[] = []
  let left = 0
  return {
    records: () => void syncTree(disk, ''),
    giveBack: () => {},
    result: () => undefined,
    memory: () => {
      pieces.push({ memory: new SharedArrayBuffer(64 * 8192), number: pieces.length })
      return pieces[pieces.length - 1]
    },
    writer: {
      write(given) {
        left = Math.ceil(given.length / 2)
        runs = given.slice(left)
      },
      claim: () => left-- > 0,
      written() {
        const memory = new Map(pieces.map((piece) => [piece.number, piece.memory]))
        for (const { path, offset, block, places } of runs)
          places.forEach((place, i) => {
            const page = pageAt(memory, place)
            setPageChecksum(page, block + i)
            disk.write(path, offset + i * 8192, page.bytes)
          })
        tally.runs = runs.length
        return isHeardOf
      },
      synced() {
        if (isHeardOf) for (const { path } of runs) disk.sync(path)
        return isHeardOf
      },
    },
    dismiss: () => {},
  }
}

test.each([true, false])(
  'every file is synced after its last change, before pg_control: he is heard of: %s',
  async (isHeardOf) => {
    const { dir } = await crashedCopy('bank', join(shelf, String(isHeardOf)))
    const diary: Diary = { now: 0, changed: new Map(), synced: new Map() }
    const his: Diary = { now: 0, changed: diary.changed, synced: isHeardOf ? diary.synced : new Map() }
    const node = nodeDisk(dir)
    const tally = { runs: 0 }
    const assistant = (): Assistant => writerOnly(watched(node, his, diary), isHeardOf, tally)
    const recovery = new Recovery(watched(node, diary, diary), reference, { assistant })
    recovery.replayAll()
    recovery.abort()
    recovery.cleanUp()
    const before = diary.now
    recovery.finish()
    const control = diary.changed.get(CONTROL_FILE) ?? 0
    expect(control).toBeGreaterThan(before)
    expect(tally.runs).toBeGreaterThan(3)
    const late: string[] = []
    for (const [path, when] of diary.changed) {
      const synced = diary.synced.get(path) ?? 0
      if (path !== CONTROL_FILE && node.size(path) !== undefined && !(when < synced && synced < control))
        late.push(path)
    }
    expect(late).toEqual([])
    const never: string[] = []
    const walk = (folder: string): void => {
      for (const { name, kind } of node.list(folder)) {
        const path = folder === '' ? name : `${folder}/${name}`
        if (kind === 'directory') walk(path)
        else if (!diary.synced.has(path)) never.push(path)
      }
    }
    walk('')
    expect(never, 'what the dead server left unsynced, too').toEqual([])
    node.close()
  },
)

/** The bank, replayed; the assistant's writer changed, and how often he was dismissed. */
async function withWriter(
  name: string,
  change: (writer: WriterBeside) => Partial<WriterBeside>,
  worked: (disk: Disk) => Disk = (disk) => disk,
): Promise<{ recovery: Recovery; disk: ReturnType<typeof nodeDisk>; tally: { dismissed: number } }> {
  const { dir } = await crashedCopy('bank', join(shelf, name))
  const disk = nodeDisk(dir)
  const tally = { dismissed: 0 }
  const assistant = (): Assistant => {
    const one = writerOnly(disk, true, { runs: 0 })
    const writer = one.writer && { ...one.writer, ...change(one.writer) }
    return { ...one, writer, dismiss: () => void tally.dismissed++ }
  }
  const recovery = new Recovery(worked(disk), reference, { assistant })
  recovery.replayAll()
  return { recovery, disk, tally }
}

test.each([
  ['at once', [new DiskFault('could not sync "base/5/1": EIO')]],
  ['when he was given up already', [false, new DiskFault('could not sync "base/5/1": EIO')]],
])('a sync that fails beside, and is told %s, ends the recovery', async (when, answers) => {
  const { recovery, disk, tally } = await withWriter(when, () => ({
    synced() {
      const answer = answers.shift()
      if (answer instanceof DiskFault) throw answer
      return answer ?? true
    },
  }))
  expect(() => recovery.finish()).toThrow('could not sync "base/5/1"')
  expect(readControlFile(disk).state, 'recovery may begin again').toBe(DBState.DB_IN_CRASH_RECOVERY)
  expect(tally.dismissed).toBe(1)
  disk.close()
})

test('a write of ours that fails ends it, too, and he is dismissed', async () => {
  let full = false
  const { recovery, disk, tally } = await withWriter(
    'full',
    (writer) => ({ claim: () => (full = writer.claim()) }),
    (node) => ({
      ...node,
      write(path, offset, bytes) {
        if (full) throw new DiskFault('no space left')
        node.write(path, offset, bytes)
      },
    }),
  )
  expect(() => recovery.finish()).toThrow('no space left')
  expect([readControlFile(disk).state, tally.dismissed]).toEqual([DBState.DB_IN_CRASH_RECOVERY, 1])
  disk.close()
})
