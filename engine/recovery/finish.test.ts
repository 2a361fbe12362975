// The final checkpoint with somebody who writes pages beside us: nothing may reach pg_control before all else is on disk.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { pageAt, type OrderedRun, type PieceOfMemory } from '../buffers/bufferPool.js'
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

test('a sync that fails beside ends the recovery, and the directory counts as one under recovery', async () => {
  const { dir } = await crashedCopy('bank', join(shelf, 'failing'))
  const disk = nodeDisk(dir)
  const assistant = (): Assistant => {
    const one = writerOnly(disk, true, { runs: 0 })
    const fail = (): never => {
      throw new DiskFault('could not sync "base/5/1": EIO: i/o error')
    }
    return { ...one, writer: one.writer && { ...one.writer, synced: fail } }
  }
  const recovery = new Recovery(disk, reference, { assistant })
  recovery.replayAll()
  expect(() => recovery.finish()).toThrow('could not sync "base/5/1"')
  expect(readControlFile(disk).state).toBe(DBState.DB_IN_CRASH_RECOVERY)
  disk.close()
})
