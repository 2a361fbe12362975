import { appendFileSync, closeSync, cpSync, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs'
import { readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { crashedCopy } from './cache.js'
import { comparePages, describeDifference } from './comparePages.js'
import { openWithPostgres, recoverWithPostgres } from './judge.js'
import type { CrashedScene } from './scene.js'
import { scenes, type SceneName } from './scenes.js'

// Real servers start and stop here, and making a scene for the first time takes some seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const temp = mkdtempSync(join(tmpdir(), 'pgcrash-compare-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

async function recovered(scene: SceneName, name: string): Promise<CrashedScene> {
  const crashed = await crashedCopy(scene, join(temp, name))
  const result = await recoverWithPostgres(crashed.dir)
  expect(result.outcome).toBe('recovered')
  return crashed
}

describe('PostgreSQL against PostgreSQL', () => {
  test.each(Object.keys(scenes) as SceneName[])('%s: two recoveries, no difference at all', async (scene) => {
    const [a, b] = [await recovered(scene, `${scene}-a`), await recovered(scene, `${scene}-b`)]
    const result = comparePages(a.dir, b.dir)
    expect(result.pages).toBeGreaterThan(2000)
    expect(result).toMatchObject({ differences: [], lsns: [], statuses: [], leftOrAborted: [], control: [] })
    expect(result.identical).toBe(result.pages)
  })
})

describe('planted differences in accounts', () => {
  let sound: CrashedScene
  let file: string
  let broken: string
  beforeAll(async () => {
    sound = await recovered('bank', 'sound')
    broken = join(temp, 'broken')
    cpSync(sound.dir, join(temp, 'asked'), { recursive: true })
    // What is compared of one database is enough here, and quickly copied.
    for (const folder of ['pg_wal', 'base/1', 'base/4']) rmSync(join(sound.dir, folder), { recursive: true })
    const asked = await openWithPostgres(
      join(temp, 'asked'),
      async (ask) => (await ask(`select pg_relation_filepath('accounts') as path`))[0].path as string,
      { look: 'rows' },
    )
    if (asked.outcome === 'refused') throw new Error(asked.sentence)
    file = asked.answer
  })

  /** Compares with a copy where `change` was made. */
  function compareAfter(change: (dir: string) => void): ReturnType<typeof comparePages> {
    rmSync(broken, { recursive: true, force: true })
    cpSync(sound.dir, broken, { recursive: true })
    change(broken)
    return comparePages(sound.dir, broken)
  }

  /** Flips bits of one byte of the first tuple on the page that is one (lp_flags 1). */
  const flipInTuple = (offset: number, bits: number) => (dir: string) => {
    const bytes = readFileSync(join(dir, file))
    let pointer = 24
    while (((bytes.readUInt32LE(pointer) >>> 15) & 3) !== 1) pointer += 4
    const tuple = bytes.readUInt32LE(pointer) & 0x7fff
    bytes[tuple + offset] ^= bits
    writeFileSync(join(dir, file), bytes)
  }

  test('one flipped byte of a row is found, and named', () => {
    const { differences } = compareAfter(flipInTuple(24, 0xff))
    expect(differences).toHaveLength(1)
    expect(describeDifference(differences[0])).toMatch(
      /^base\/5\/\d+ block 0 \(heap\), tuple \d+, data: [0-9a-f]{2} ≠ [0-9a-f]{2}$/,
    )
  })
  test('a flipped hint bit is not a difference, but the pages are not identical', () => {
    const result = compareAfter(flipInTuple(21, 0x08))
    expect(result.differences).toEqual([])
    expect(result.identical).toBe(result.pages - 1)
  })
  test('another page LSN counts for itself', () => {
    const result = compareAfter((dir) => {
      const fd = openSync(join(dir, file), 'r+')
      const low = Buffer.alloc(4)
      readSync(fd, low, 0, 4, 4)
      writeSync(fd, Buffer.from([low[0] ^ 8]), 0, 1, 4)
      closeSync(fd)
    })
    expect(result.differences).toEqual([])
    expect(result.lsns).toEqual([{ file, block: 0, a: expect.any(String), b: expect.any(String) }])
  })
  test('a page too many, a file too few and a file too many', () => {
    const result = compareAfter((dir) => {
      appendFileSync(join(dir, file), Buffer.alloc(8192))
      rmSync(join(dir, 'global', '1262'))
      writeFileSync(join(dir, 'base', '5', '99999_vm'), '')
    })
    expect(result.differences.map(describeDifference)).toEqual([
      expect.stringMatching(new RegExp(`^${file} has \\d pages and \\d$`)),
      'base/5/99999_vm is only in the second',
      'global/1262 is only in the first',
    ])
  })
  test('temporary files are no difference, but listed', () => {
    const { differences, leftovers } = compareAfter((dir) => {
      for (const file of sound.temporaryFiles) rmSync(join(dir, file))
    })
    expect(differences).toEqual([])
    // A stand-alone backend cleans nothing up: that is a postmaster's work.
    expect(leftovers).toEqual({ a: sound.temporaryFiles, b: [] })
  })
  test('a zeroed page is told as such', () => {
    const { differences } = compareAfter((dir) => {
      const bytes = readFileSync(join(dir, file))
      writeFileSync(join(dir, file), bytes.fill(0, 0, 8192))
    })
    expect(describeDifference(differences[0])).toContain('heap page and new page')
  })
  test('a free space map may say what it likes', () => {
    const result = compareAfter((dir) => {
      const maps = readdirSync(join(dir, 'base', '5')).filter((name) => name.endsWith('_fsm'))
      expect(maps.length).toBeGreaterThan(0)
      for (const map of maps) writeFileSync(join(dir, 'base', '5', map), Buffer.alloc(8192, 1))
    })
    expect(result.differences).toEqual([])
  })
  test('a relation map with another entry', () => {
    const { differences } = compareAfter((dir) => {
      const map = join(dir, 'base', '5', 'pg_filenode.map')
      const bytes = readFileSync(map)
      bytes[12] ^= 1
      writeFileSync(map, bytes)
    })
    expect(differences).toMatchObject([{ file: 'base/5/pg_filenode.map', offset: 12, bytes: 1 }])
  })

  describe('and in the fate of transactions', () => {
    const setStatus = (xid: number, status: number) => (dir: string) => {
      const path = join(dir, 'pg_xact', '0000')
      const bytes = readFileSync(path)
      const shift = (xid % 4) * 2
      bytes[xid >> 2] = (bytes[xid >> 2] & ~(3 << shift)) | (status << shift)
      writeFileSync(path, bytes)
    }
    test('a commit turned into an abort', () => {
      const commit = Number(sound.steps.find((step) => step.sql.includes("'dinner'"))?.xids[0])
      const { statuses } = compareAfter(setStatus(commit, 2))
      expect(statuses).toEqual([{ what: `xid ${commit}`, a: 'committed', b: 'aborted' }])
    })
    test('the open transaction marked aborted means the same as left alone', () => {
      const result = compareAfter(setStatus(Number(sound.openXid), 2))
      expect(result).toMatchObject({ statuses: [], leftOrAborted: [sound.openXid] })
    })
    test('statuses from nextXid on do not matter', () => {
      const result = compareAfter(setStatus(Number(sound.openXid) + 1, 1))
      expect(result).toMatchObject({ statuses: [], leftOrAborted: [] })
    })
    test('a multixact with another member', () => {
      const { statuses } = compareAfter((dir) => {
        const path = join(dir, 'pg_multixact', 'members', '0000')
        const bytes = readFileSync(path)
        bytes[1] ^= 1 // status of member 1
        writeFileSync(path, bytes)
      })
      expect(statuses).toMatchObject([{ what: 'multixact member 1' }])
    })
    test('another nextXid in pg_control', () => {
      const { control } = compareAfter((dir) => {
        const path = join(dir, 'global', 'pg_control')
        const bytes = readFileSync(path)
        bytes.writeBigUInt64LE(bytes.readBigUInt64LE(64) + 1n, 64)
        writeFileSync(path, bytes)
      })
      expect(control).toMatchObject([{ what: 'nextXid' }])
    })
  })
})
