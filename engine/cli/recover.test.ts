import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { readControlFile } from '../format/controlFile.js'
import { locateLsn, parseLsn, segmentFileName } from '../format/lsn.js'
import { crashedCopy } from '../scenes/cache.js'
import { openWithPostgres } from '../scenes/judge.js'
import type { CrashedScene } from '../scenes/scene.js'
import { run } from './program.js'
import type { RecoverReport } from './recoverReport.js'
import { pgcrash, testIo } from './testing/io.js'

let folder: string
let scene: CrashedScene
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgcrash-recover-'))
  scene = await crashedCopy('bank', join(folder, 'data'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A digest of every file's path, contents and time of change. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const entry of readdirSync(scene.dir, { recursive: true, withFileTypes: true }).sort((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name)
    hash.update(path)
    if (entry.isFile()) hash.update(readFileSync(path)).update(String(statSync(path).mtimeMs))
  }
  return hash.digest('hex')
}

test('a dry run changes nothing and says what would be done', async () => {
  const before = fingerprint()
  const { code, lines } = await pgcrash('recover', scene.dir, '--dry-run')
  expect(code).toBe(0)
  expect(fingerprint()).toBe(before)
  expect(lines[0]).toMatch(/^LOG: {2}database system was interrupted; last known up at /)
  expect(lines[2]).toBe('nothing was changed; this is what pgcrash recover finds and would do:')
  expect(lines[3]).toBe('  verdict       nothing that was committed is lost')
  expect(lines).toContain(`                in flight, marked aborted: ${scene.openXid}`)
  for (const what of [
    /^ {2}crash {9}pg_control says "in production"; last checkpoint 0\/\w+, timeline 1$/,
    /^ {2}log {11}from the redo point 0\/\w+ to 0\/\w+: [\d,]+ records, [\d,]+ bytes$/,
    /^ {2}end of log {4}clean end: nothing was written after the last record; no WAL is lost$/,
    /^ {16}PostgreSQL says: invalid record length at /,
    /^ {2}transactions {2}\d+ committed, \d+ aborted; the last of them ended at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
    /^ {2}pages {9}every page that the log refers to is there$/,
    /^ {16}\d+ to write, and \d+ of transaction status; then a checkpoint at 0\/\w+$/,
    /^ {2}files {9}temporary, removed: base\/5\/t/,
    /^ {16}unlogged relations, emptied: base\/5\//,
    /^ {2}records {7}XLOG +\d+ +[\d,]+ bytes$/,
  ])
    expect(lines).toContainEqual(expect.stringMatching(what))

  const json = await pgcrash('recover', scene.dir, '--dry-run', '--json')
  const report = JSON.parse(json.out) as RecoverReport
  expect(report).toMatchObject({
    outcome: 'would recover',
    state: 'in production',
    wal: { verdict: 'clean end' },
    transactions: { in_flight: [Number(scene.openXid)], in_flight_become: 'aborted' },
    missing_blocks: [],
    final_checkpoint: { lsn: scene.log.flushed },
  })
  expect(json.err).toContain('LOG:  database system was interrupted')
  expect(fingerprint()).toBe(before)
})

test('recover speaks PostgreSQL’s sentences; a second run has nothing to do', async () => {
  const { code, lines } = await pgcrash('recover', scene.dir)
  expect(code).toBe(0)
  const sentences = lines.map((line) => line.replace(/\d+\/[0-9A-F]+/g, 'LSN'))
  expect(sentences).toContain(
    'LOG:  database system was not properly shut down; automatic recovery in progress',
  )
  expect(sentences).toContain('LOG:  redo starts at LSN')
  expect(sentences).toContain('LOG:  redo done at LSN')
  expect(sentences.at(-1)).toMatch(/^recovered in [\d.]+ s; PostgreSQL will start as after a clean shutdown$/)
  const after = fingerprint()
  const again = await pgcrash('recover', scene.dir)
  expect(again.code).toBe(0)
  expect(again.lines[0]).toMatch(/^LOG: {2}database system was shut down at /)
  expect(again.lines.at(-1)).toBe('no recovery needed; nothing was changed')
  expect(fingerprint()).toBe(after)
})

test('a directory in use is refused, untouched', async () => {
  const server = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
    cwd: scene.dir,
    stdio: 'ignore',
  })
  try {
    await once(server, 'spawn')
    writeFileSync(join(scene.dir, 'postmaster.pid'), `${server.pid}\n${scene.dir}\n`)
    const before = fingerprint()
    const { code, err } = await pgcrash('recover', scene.dir)
    expect(code).toBe(6)
    expect(err).toMatch(/^pgcrash: error: ".*" is in use: [^\n]+\n$/)
    expect(fingerprint()).toBe(before)
  } finally {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
})

test('a reader that goes away does not stop a recovery half-way', async () => {
  const io = testIo()
  io.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  io.stdout.on('error', () => {})
  expect(await run(['recover', scene.dir], io)).toBe(0)
  expect((await pgcrash('recover', scene.dir)).lines.at(-1)).toBe('no recovery needed; nothing was changed')
})

test('undo gives back every byte that a recovery with --backup overwrote', async () => {
  const before = contents()
  const file = join(folder, 'undo')
  const { code, lines } = await pgcrash('recover', scene.dir, '--backup', file)
  expect(code).toBe(0)
  expect(lines.at(-1)).toBe(`to take it back: pgcrash undo ${scene.dir} ${file}`)
  expect(contents()).not.toEqual(before)
  const undone = await pgcrash('undo', scene.dir, file)
  expect(undone.code).toBe(0)
  expect(contents()).toEqual(before)
  expect((await pgcrash('recover', scene.dir, '--backup', file)).err).toMatch(
    /exists: --backup makes a new file/,
  )
  const inside = await pgcrash('recover', scene.dir, '--backup', join(scene.dir, 'undo'))
  expect([inside.code, inside.err]).toEqual([
    2,
    expect.stringMatching(/lies in the directory that is to be recovered/),
  ])
  writeFileSync(file, 'PGDMP')
  expect((await pgcrash('undo', scene.dir, file)).code).toBe(4)
})

test('--to stops at a position, on a copy: what came later is not there, and the original is untouched', async () => {
  const before = fingerprint()
  const { to } = scene.steps.filter((step) => step.from < step.to && step.xids.length > 0)[3]
  const copy = join(folder, 'copy')
  expect((await pgcrash('recover', scene.dir, '--to', to)).code).toBe(2)
  const early = await pgcrash('recover', scene.dir, '--to', to, '--dry-run')
  expect(early.code).toBe(3)
  const possible = /ask for (0\/[0-9A-F]+) or later/.exec(early.err)?.[1] ?? 'no position'
  const { code, lines } = await pgcrash('recover', scene.dir, '--to', possible, '--into', copy)
  expect(code).toBe(0)
  expect(lines.join('\n')).toMatch(/recovery stopping before WAL location \(LSN\) "0\//)
  expect(fingerprint()).toBe(before)
  const judged = await openWithPostgres(copy)
  if (judged.outcome !== 'opened') throw new Error(judged.log.join('\n'))
  expect(judged.log.join('\n')).not.toMatch(/automatic recovery/)
  expect(judged.amcheck.problems).toEqual([])
  expect(judged.tables).toMatchObject(scene.expected)
})

test('a log that is broken in the middle: what may be lost comes first, and the whole records behind it', async () => {
  const disk = nodeDisk(scene.dir)
  const { xlog_seg_size: size } = readControlFile(disk)
  const broken =
    parseLsn(scene.steps.find(({ what }) => what.startsWith('240 standing orders'))?.to ?? '') ?? 0n
  const { segment, offset } = locateLsn(broken - 3000n, size)
  disk.write(`pg_wal/${segmentFileName(1, segment, size)}`, offset, new Uint8Array(64).fill(0xff))
  disk.close()
  const { lines } = await pgcrash('recover', scene.dir, '--dry-run')
  expect(lines[3]).toMatch(
    /^ {2}verdict {7}committed work may be lost: the log is broken here and whole records stand behind/,
  )
  expect(lines[4]).toMatch(/^ {16}the first whole record behind the break is at 0\/\w+$/)
  expect(lines[5]).toMatch(
    /^ {16}pages on disk carry changes from behind the end of the log, up to 0\/\w+: tables/,
  )
  const { wal } = JSON.parse(
    (await pgcrash('recover', scene.dir, '--dry-run', '--json')).out,
  ) as RecoverReport
  expect(wal).toMatchObject({ verdict: 'damage', newest_page_lsn: expect.any(String) as string })
  expect(parseLsn(wal?.newest_page_lsn ?? '')).toBeGreaterThan(parseLsn(wal?.end_lsn ?? '') ?? 0n)
  const recovered = await pgcrash('recover', scene.dir)
  expect(recovered.lines.filter((line) => line.startsWith('WARNING:  '))).toHaveLength(3)
})

/** Every file's bytes, by path; directories too. */
function contents(): Record<string, string> {
  const seen: Record<string, string> = {}
  for (const entry of readdirSync(scene.dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    seen[path] = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'directory'
  }
  return seen
}
