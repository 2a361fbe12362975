// Scene `bank`: a real PostgreSQL, killed; recovered by us; judged by PostgreSQL.

import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { viewOf } from '../bytes/layout.js'
import { memoryDisk, type MemoryDisk } from '../disk/memoryDisk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import type { Disk } from '../disk/disk.js'
import { ControlFile, CONTROL_FILE, readControlFile } from '../format/controlFile.js'
import { formatLsn, parseLsn, segmentFileName } from '../format/lsn.js'
import { reference } from '../parts.js'
import { crashedCopy } from '../scenes/cache.js'
import { comparePages, describeDifference } from '../scenes/comparePages.js'
import { openWithPostgres, recoverWithPostgres } from '../scenes/judge.js'
import { makeOldDirectory } from '../scenes/oldDirectory.js'
import type { CrashedScene } from '../scenes/scene.js'
import { WalWriter } from '../wal/writer.js'
import { recover, Recovery } from './recovery.js'
import { judgeEnd, type EndVerdict } from './verdict.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-recovery-'))
let copies = 0
let bank: CrashedScene

const place = (): string => join(shelf, `copy${copies++}`)
const freshBank = (): Promise<CrashedScene> => crashedCopy('bank', place())

beforeAll(async () => {
  bank = await freshBank()
})
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

/** A digest of every file's name and bytes. */
function digest(dir: string): string {
  const hash = createHash('sha256')
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(dir, path), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const name = join(path, entry.name)
      hash.update(name)
      if (entry.isDirectory()) walk(name)
      else hash.update(readFileSync(join(dir, name)))
    }
  }
  if (existsSync(dir)) walk('')
  return hash.digest('hex')
}

/** The directory, copied into memory. */
function inMemory(dir: string): MemoryDisk {
  const files: Array<[string, Uint8Array]> = []
  const folders: string[] = []
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(dir, path), { withFileTypes: true })) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory()) {
        folders.push(name)
        walk(name)
      } else files.push([name, readFileSync(join(dir, name))])
    }
  }
  walk('')
  return memoryDisk(files, folders)
}

describe('scene bank, recovered', () => {
  test('PostgreSQL starts without recovery and finds every committed row and no other', async () => {
    const scene = await freshBank()
    const said: string[] = []
    const disk = nodeDisk(scene.dir)
    const result = recover(disk, reference, { log: (sentence) => said.push(sentence) })
    disk.close()
    expect(result.outcome).toBe('recovered')
    expect(result.aborted).toEqual([Number(scene.openXid)])
    const story = said.join('\n')
    expect(story).toMatch(/^database system was interrupted; last known up at /)
    expect(story).toContain('database system was not properly shut down; automatic recovery in progress')
    expect(story).toMatch(
      /redo starts at 0\/[0-9A-F]+\n[^]*invalid record length at .*: expected at least 24, got 0\nredo done at 0\//,
    )
    expect(formatLsn(result.survey?.endOfLog ?? 0n)).toBe(scene.log.flushed)

    const judged = await openWithPostgres(scene.dir)
    if (judged.outcome !== 'opened') throw new Error(judged.log.join('\n'))
    expect(judged.log.join('\n')).toMatch(/database system was shut down at/)
    expect(judged.log.join('\n')).not.toMatch(/automatic recovery|redo starts/)
    expect(judged.unreadable).toEqual({})
    for (const [table, rows] of Object.entries(scene.expected))
      expect(judged.tables[table], table).toEqual(rows)
    for (const table of scene.unlogged)
      if (judged.tables[table]) expect(judged.tables[table], table).toEqual([])
    expect(judged.amcheck.problems).toEqual([])
    expect(judged.amcheck.indexes).toBeGreaterThan(5)
    expect(judged.checksums.failures).toEqual([])
    for (const file of scene.temporaryFiles) expect(existsSync(join(scene.dir, file)), file).toBe(false)
  })

  test('whether somebody looks at every step or nobody does: the same bytes, and steps that stay as they are', async () => {
    const [drained, stepped] = [await freshBank(), await freshBank()]
    recover(nodeDisk(drained.dir))
    const recovery = new Recovery(nodeDisk(stepped.dir))
    const steps = [...recovery.replay()]
    recovery.abort()
    recovery.cleanUp()
    recovery.finish()
    expect(digest(drained.dir)).toBe(digest(stepped.dir))
    expect(new Set(steps.map(({ record }) => record.lsn)).size).toBe(recovery.survey.records)
    expect(steps.at(-1)?.record.lsn).toBe(recovery.survey.lastRecord)
  })

  test('the unlogged table takes new rows', async () => {
    const scene = await freshBank()
    recover(nodeDisk(scene.dir))
    const [table] = scene.unlogged
    const judged = await openWithPostgres(
      scene.dir,
      async (ask) => {
        await ask(`create table copied as select * from ${table}`)
        return (await ask('select count(*)::int as n from copied'))[0].n
      },
      { look: 'rows' },
    )
    expect(judged).toMatchObject({ outcome: 'opened', answer: 0 })
  })

  test("every page and status bit is what PostgreSQL's own recovery makes of the same crash", async () => {
    const [theirs, ours] = [await freshBank(), await freshBank()]
    expect((await recoverWithPostgres(theirs.dir)).outcome).toBe('recovered')
    recover(nodeDisk(ours.dir), reference, { leaveInFlight: true })
    const same = comparePages(theirs.dir, ours.dir)
    expect(same.differences.map(describeDifference)).toEqual([])
    expect(same.lsns).toEqual([])
    expect(same.statuses).toEqual([])
    expect(same.control).toEqual([])
    expect(same.leftOrAborted).toEqual([])
    expect(same.pages).toBeGreaterThan(500)
    expect(same.leftovers.b).toEqual([])

    const marked = await freshBank()
    recover(nodeDisk(marked.dir))
    const different = comparePages(theirs.dir, marked.dir)
    expect(different.differences.map(describeDifference)).toEqual([])
    expect(different.statuses).toEqual([])
    expect(different.leftOrAborted.length).toBe(1)
  })

  test('in memory it gives the same bytes as on disk; a second time there is nothing to do', async () => {
    const scene = await freshBank()
    const memory = inMemory(scene.dir)
    const disk = nodeDisk(scene.dir)
    recover(memory)
    recover(disk)
    const ours = new Map([...inMemory(scene.dir).files()].sort())
    const held = new Map([...memory.files()].sort())
    expect([...held.keys()]).toEqual([...ours.keys()])
    for (const [path, bytes] of ours)
      expect(Buffer.compare(held.get(path) as Uint8Array, bytes), path).toBe(0)
    const before = digest(scene.dir)
    expect(recover(disk).outcome).toBe('no recovery needed')
    expect(digest(scene.dir)).toBe(before)
  })

  test('a small pool, evicting pages all the time, ends in the same bytes', async () => {
    const [large, small] = [inMemory(bank.dir), inMemory(bank.dir)]
    recover(large)
    const recovery = new Recovery(small, reference, { capacity: 16 })
    for (const step of recovery.replay()) void step
    recovery.abort()
    recovery.cleanUp()
    recovery.finish()
    expect(recovery.context.pool.pagesWritten).toBeGreaterThan(100)
    for (const [path, bytes] of large.files())
      expect(Buffer.compare(small.read(path, 0, bytes.length), bytes), path).toBe(0)
  })

  test('steps tell what came of each block', () => {
    const recovery = new Recovery(inMemory(bank.dir))
    const outcomes = new Map<string, number>()
    for (const { blocks } of recovery.replay())
      for (const { outcome } of blocks) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    expect([...outcomes.keys()].sort()).toContain('needsRedo')
    expect(outcomes.get('restored')).toBeGreaterThan(0)
    // Replaying onto pages that have it all already applies nothing but images.
    const again = new Recovery(recovery.disk, reference)
    const second = new Map<string, number>()
    recovery.context.pool.flushAll()
    for (const { blocks } of again.replay())
      for (const { outcome } of blocks) second.set(outcome, (second.get(outcome) ?? 0) + 1)
    expect(second.get('restored')).toBe(outcomes.get('restored'))
  })
})

describe('what cannot be recovered is refused in one sentence, and nothing is changed', () => {
  /** Recovers `dir` expecting a refusal; gives its kind and words, having checked that no byte changed. */
  function refusal(dir: string, disk: Disk = nodeDisk(dir)): string {
    const before = digest(dir)
    try {
      recover(disk)
    } catch (error) {
      expect(digest(dir)).toBe(before)
      return `${(error as Error).name}: ${(error as Error).message}`
    }
    throw new Error('it was recovered')
  }
  const control = (dir: string): ControlFile => readControlFile(nodeDisk(dir, { readOnly: true }))
  const segmentOf = (dir: string, lsn: bigint): string => {
    const { xlog_seg_size } = control(dir)
    return join(dir, 'pg_wal', segmentFileName(1, lsn / BigInt(xlog_seg_size), xlog_seg_size))
  }

  test('WAL missing at the redo point', async () => {
    const { dir } = await freshBank()
    rmSync(segmentOf(dir, control(dir).checkPointCopy.redo))
    expect(refusal(dir)).toMatch(
      /^NotRecoverable: could not locate a valid checkpoint record at .*No such file or directory.*must be put back/,
    )
  })

  test('WAL missing after a clean shutdown: PostgreSQL would not start either', async () => {
    const { dir } = await freshBank()
    recover(nodeDisk(dir))
    rmSync(segmentOf(dir, control(dir).checkPoint))
    expect(refusal(dir)).toMatch(
      /^NotRecoverable: could not locate a valid checkpoint record at .*No such file/,
    )
  })

  test('a redo record that is no redo record', async () => {
    const { dir } = await freshBank()
    const { redo } = control(dir).checkPointCopy
    const file = segmentOf(dir, redo)
    const bytes = readFileSync(file)
    bytes[Number(redo % BigInt(control(dir).xlog_seg_size)) + 25] ^= 1
    writeFileSync(file, bytes)
    expect(refusal(dir)).toMatch(
      /^NotRecoverable: could not find redo location .*incorrect resource manager data checksum/,
    )
  })

  test('any flipped bit in pg_control', async () => {
    const { dir } = await freshBank()
    const file = join(dir, CONTROL_FILE)
    const sound = readFileSync(file)
    for (let byte = 0; byte < ControlFile.size; byte += 7) {
      const broken = Buffer.from(sound)
      broken[byte] ^= 1 << (byte & 7)
      writeFileSync(file, broken)
      expect(refusal(dir), `byte ${byte}`).toMatch(/^(CorruptData|Unsupported): /)
    }
    writeFileSync(file, sound.subarray(0, 100))
    expect(refusal(dir)).toMatch(
      /^CorruptData: global\/pg_control: the file is too short: expected 8192 bytes, found 100/,
    )
  })

  test('an empty folder, and one that is not there', () => {
    const empty = mkdtempSync(join(shelf, 'empty-'))
    expect(refusal(empty)).toMatch(
      /^NotRecoverable: .* is not a PostgreSQL data directory: expected the file global\/pg_control, found none/,
    )
    expect(refusal(join(shelf, 'nowhere'))).toMatch(/^NotRecoverable: .* is not a PostgreSQL data directory/)
    expect(existsSync(join(shelf, 'nowhere'))).toBe(false)
  })

  test('a directory of PostgreSQL 17', async () => {
    const dir = place()
    await makeOldDirectory(dir)
    expect(refusal(dir)).toMatch(
      /^Unsupported: the directory was made by PostgreSQL 17 .* only 18 .* is supported/,
    )
  })

  test('a directory in use', async () => {
    const { dir } = await freshBank()
    writeFileSync(join(dir, 'postmaster.pid'), `${process.pid}\n`)
    const disk: Disk = { ...nodeDisk(dir), usedBy: (pid) => pid === process.pid }
    expect(refusal(dir, disk)).toMatch(/^DirectoryInUse: .* is in use: postmaster\.pid names process \d+/)
  })

  test('a base backup and a standby', async () => {
    for (const file of ['backup_label', 'standby.signal', 'recovery.signal']) {
      const { dir } = await freshBank()
      writeFileSync(join(dir, file), '')
      expect(refusal(dir)).toMatch(new RegExp(`^Unsupported: .* holds ${file}`))
    }
  })

  test("a record of an extension's resource manager", async () => {
    const scene = await freshBank()
    const { xlog_seg_size, system_identifier } = control(scene.dir)
    const survey = new Recovery(nodeDisk(scene.dir, { readOnly: true })).survey
    const writer = new WalWriter({
      disk: nodeDisk(scene.dir),
      segmentSize: xlog_seg_size,
      timeline: 1,
      systemIdentifier: system_identifier,
      position: survey.endOfLog,
      previous: survey.lastRecord ?? 0n,
    })
    writer.insert(128, 0, 0, new Uint8Array(5))
    writer.write()
    expect(refusal(scene.dir)).toMatch(/^Unsupported: resource manager with ID 128 not registered/)
  })
})

describe('a log that was cut', () => {
  test('in the middle of a record: recovered up to the last whole one, and the sentence that says so', async () => {
    const scene = await freshBank()
    const whole = new Recovery(nodeDisk(scene.dir, { readOnly: true })).survey
    const { xlog_seg_size } = readControlFile(nodeDisk(scene.dir, { readOnly: true }))
    const last = whole.lastRecord ?? 0n
    const file = join(scene.dir, 'pg_wal', segmentFileName(1, last / BigInt(xlog_seg_size), xlog_seg_size))
    const bytes = readFileSync(file)
    bytes.fill(0, Number(last % BigInt(xlog_seg_size)) + 26)
    writeFileSync(file, bytes)
    const said: string[] = []
    const result = recover(nodeDisk(scene.dir), reference, { log: (sentence) => said.push(sentence) })
    expect(result.survey?.records).toBe(whole.records - 1)
    expect(said).toContain(`incorrect resource manager data checksum in record at ${formatLsn(last)}`)
    const judged = await openWithPostgres(scene.dir)
    expect(judged.outcome).toBe('opened')
    expect(judged.log.join('\n')).not.toMatch(/automatic recovery/)
  })

  test('inside a record over two pages: the next record says what was overwritten, as PostgreSQL does', async () => {
    const [theirs, ours] = [await freshBank(), await freshBank()]
    // The last record that lies on two pages loses its second part.
    for (const { dir } of [theirs, ours]) cutLastSplitRecord(dir)
    const judge = await recoverWithPostgres(theirs.dir)
    if (judge.outcome !== 'recovered') throw new Error(judge.log.join('\n'))
    const said: string[] = []
    recover(nodeDisk(ours.dir), reference, { log: (s) => said.push(s), leaveInFlight: true })
    const reason = said.find((s) => /^invalid magic number/.test(s))
    expect(judge.log.join('\n')).toContain(reason as string)
    const same = comparePages(theirs.dir, ours.dir)
    expect(same.differences.map(describeDifference)).toEqual([])
    expect(same.lsns).toEqual([])
    expect(same.control).toEqual([])
    const opened = await openWithPostgres(ours.dir)
    expect(opened.outcome).toBe('opened')
    expect(opened.log.join('\n')).not.toMatch(/automatic recovery/)
  })

  function cutLastSplitRecord(dir: string): void {
    const disk = nodeDisk(dir)
    const { xlog_seg_size, checkPointCopy } = readControlFile(disk)
    const { endOfLog } = new Recovery(disk).survey
    const page = endOfLog - (endOfLog % 8192n)
    expect(page).toBeGreaterThan(checkPointCopy.redo)
    const offset = Number(page % BigInt(xlog_seg_size))
    const file = `pg_wal/${segmentFileName(1, page / BigInt(xlog_seg_size), xlog_seg_size)}`
    expect(viewOf(disk.read(file, offset, 24)).getUint16(2, true) & 1, 'the page continues a record').toBe(1)
    disk.close()
    const path = join(dir, file)
    truncateSync(path, offset)
    truncateSync(path, xlog_seg_size)
  }
})

describe('the verdict on the end of the log', () => {
  async function judged(
    harm: (disk: Disk, at: { end: bigint; segmentSize: number }) => void,
  ): Promise<EndVerdict> {
    const disk = inMemory(bank.dir)
    const { xlog_seg_size: segmentSize } = readControlFile(disk)
    harm(disk, { end: new Recovery(disk).survey.endOfLog, segmentSize })
    const recovery = new Recovery(disk)
    return judgeEnd(disk, recovery.start, recovery.survey)
  }
  const zero = (disk: Disk, at: bigint, length: number, segmentSize: number): void =>
    disk.write(
      `pg_wal/${segmentFileName(1, at / BigInt(segmentSize), segmentSize)}`,
      Number(at % BigInt(segmentSize)),
      new Uint8Array(length),
    )

  test('as it was left', async () => {
    expect(await judged(() => {})).toMatchObject({ verdict: 'clean end', validBeyond: undefined })
  })

  test('a page of zeroes in the middle: records stand behind the break', async () => {
    const { verdict, validBeyond } = await judged((disk, { end, segmentSize }) =>
      zero(disk, end - (end % 8192n) - 3n * 8192n, 8192, segmentSize),
    )
    expect(verdict).toBe('damage')
    expect(validBeyond).toBeGreaterThan(0n)
  })

  test('the last record half written', async () => {
    const { verdict } = await judged((disk, { end, segmentSize }) => zero(disk, end - 8n, 8, segmentSize))
    expect(verdict).toBe('torn tail')
  })

  test('the last segment gone', async () => {
    const { verdict } = await judged((disk, { end, segmentSize }) =>
      disk.remove(`pg_wal/${segmentFileName(1, end / BigInt(segmentSize), segmentSize)}`),
    )
    expect(['torn tail', 'clean end', 'missing segment']).toContain(verdict)
  })
})

test('a file of pg_xact that was cut: PostgreSQL stops at the first commit, and so do we', async () => {
  const [theirs, ours] = [await freshBank(), await freshBank()]
  for (const { dir } of [theirs, ours]) truncateSync(join(dir, 'pg_xact', '0000'), 4096)
  const judge = await openWithPostgres(theirs.dir)
  expect(judge).toMatchObject({ outcome: 'refused', severity: 'FATAL' })
  expect(judge.log.join('\n')).toContain('could not access status of transaction')
  expect(() => recover(nodeDisk(ours.dir))).toThrow(
    /^pg_xact\/0000: read too few bytes at offset 0: expected 8192, found 4096 \(WAL redo at .* for Transaction\/COMMIT/,
  )
})

test('a directory that was shut down cleanly: no recovery needed, nothing changed', async () => {
  const scene = await freshBank()
  recover(nodeDisk(scene.dir))
  const judged = await openWithPostgres(scene.dir, undefined, { look: 'rows' })
  expect(judged.outcome).toBe('opened')
  const before = digest(scene.dir)
  const said: string[] = []
  expect(recover(nodeDisk(scene.dir), reference, { log: (s) => said.push(s) }).outcome).toBe(
    'no recovery needed',
  )
  expect(said[0]).toMatch(/^database system was shut down at /)
  expect(digest(scene.dir)).toBe(before)
})

test('the position text of the scene and ours are the same notation', () => {
  expect(parseLsn(bank.log.written)).not.toBeUndefined()
})

test('a recovery that is abandoned half-way is recovered again, to the same rows', async () => {
  const scene = await freshBank()
  const disk = nodeDisk(scene.dir)
  const recovery = new Recovery(disk, reference, { capacity: 16 })
  let steps = 0
  for (const step of recovery.replay()) {
    void step
    if (++steps === 1500) break
  }
  disk.close()
  const copy = place()
  cpSync(scene.dir, copy, { recursive: true })
  const again = recover(nodeDisk(scene.dir))
  expect(again.start.sentences[0]).toMatch(/^database system was interrupted while in recovery at /)
  const [ours, theirs] = [await openWithPostgres(scene.dir), await openWithPostgres(copy)]
  if (ours.outcome !== 'opened' || theirs.outcome !== 'opened') throw new Error('PostgreSQL refused')
  expect(ours.tables).toEqual(theirs.tables)
  expect(ours.amcheck.problems).toEqual([])
  expect(theirs.amcheck.problems).toEqual([])
})
