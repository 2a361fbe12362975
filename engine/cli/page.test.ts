import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { readControlFile } from '../format/controlFile.js'
import { formatLsn } from '../format/lsn.js'
import { Recovery } from '../recovery/recovery.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { crashedCopy } from '../scenes/cache.js'
import type { CrashedScene } from '../scenes/scene.js'
import type { PageDocument } from './pageReport.js'
import { run } from './program.js'
import { pgcrash, testIo } from './testing/io.js'

let folder: string
let scene: CrashedScene
/** Heap blocks that the log changes, with how often; the relation with the most of them first. */
let changed: Array<{ path: string; block: number; times: number }>
let redo: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgcrash-page-'))
  scene = await crashedCopy('bank', join(folder, 'data'))
  const disk = overlayDisk(nodeDisk(scene.dir, { readOnly: true }))
  redo = formatLsn(readControlFile(disk).checkPointCopy.redo)
  const counts = new Map<string, { path: string; block: number; times: number }>()
  for (const { record, blocks } of new Recovery(disk).replay())
    for (const { ref, page } of blocks) {
      if (record.xl_rmid !== 10 || ref.fork !== 0 || !page) continue
      const key = `${page.file.path} ${ref.block}`
      const known = counts.get(key) ?? { path: page.file.path, block: ref.block, times: 0 }
      counts.set(key, { ...known, times: known.times + 1 })
    }
  changed = [...counts.values()].sort((a, b) => b.times - a.times)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const page = (path: string, block: number | string, ...more: string[]): ReturnType<typeof pgcrash> =>
  pgcrash('page', scene.dir, path, String(block), ...more)
async function document(path: string, block: number, ...more: string[]): Promise<PageDocument> {
  return JSON.parse((await page(path, block, '--json', ...more)).out) as PageDocument
}

function fingerprint(): string {
  const hash = createHash('sha256')
  for (const entry of readdirSync(scene.dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile())
      hash
        .update(path)
        .update(readFileSync(path))
        .update(String(statSync(path).mtimeMs))
  }
  return hash.digest('hex')
}

test('a heap page on disk: header, items, what became of the transactions; nothing is changed', async () => {
  const before = fingerprint()
  const { path, block } = changed[0]
  const { code, lines, err } = await page(path, block)
  expect([code, err]).toEqual([0, ''])
  expect(lines.slice(0, 4)).toEqual([
    `${path} block ${block}: a heap page`,
    `on disk: ${path}, bytes ${block * 8192} to ${block * 8192 + 8191}`,
    '',
    'header',
  ])
  const text = lines.join('\n')
  expect(text).toMatch(/\n {2}pd_lsn +0\/[0-9A-F]+\n {2}pd_checksum +\d+ +right\n {2}pd_flags /)
  expect(text).toMatch(/\nitems {2}\d+: /)
  expect(lines.every((line) => line === line.trimEnd())).toBe(true)
  for (const more of [['--history'], ['--at', 'end'], ['--at', redo], ['--json', '--hex']])
    await page(path, block, ...more)
  expect(fingerprint()).toBe(before)
})

test('the three numbers, a path through the directory and --fork name the same page', async () => {
  const { path, block } = changed[0]
  const [, database, file] = path.split('/')
  const plain = await document(path, block)
  expect(plain).toMatchObject({
    path,
    reltablespace: 1663,
    reldatabase: Number(database),
    relfilenode: Number(file),
    relforkname: 'main',
    relblocknumber: block,
  })
  expect(await document(`1663/${database}/${file}`, block)).toEqual(plain)
  expect(await document(join(scene.dir, path), block)).toEqual(plain)
  const mapped = changed.find((other) => existsSync(join(scene.dir, `${other.path}_vm`)))?.path ?? 'none'
  const map = await document(`${mapped}_vm`, 0)
  expect(map.page?.kind).toBe('vm')
  expect(await document(mapped, 0, '--fork', 'vm')).toEqual(map)
  expect(await document(`${mapped.replace('base', '1663')}_vm`, 0)).toEqual(map)
  const io = testIo({ env: { PGDATA: scene.dir } })
  expect(await run(['page', path, String(block), '--json'], io)).toBe(0)
  expect(JSON.parse(io.out())).toEqual(plain)
})

test('--at end is the page that recovery leaves, but for what is written last', async () => {
  const disk = overlayDisk(nodeDisk(scene.dir, { readOnly: true }))
  const recovery = new Recovery(disk)
  for (const step of recovery.replay()) void step
  recovery.finish()
  for (const { path, block } of changed.slice(0, 12)) {
    const { bytes, as_of } = await document(path, block, '--at', 'end', '--hex')
    const theirs = disk.read(path, block * 8192, 8192).slice()
    const ours = Uint8Array.from(Buffer.from(bytes ?? '', 'hex'))
    for (const side of [ours, theirs]) side.fill(0, 8, 10) // pd_checksum
    expect(Buffer.compare(ours, theirs), path).toBe(0)
    expect(as_of).toMatchObject({ source: 'log', asked: 'end', reached: scene.log.flushed, records_later: 0 })
  }
})

test('--history lists what replay does to the page, with outcomes; --at cuts it', async () => {
  const { path, block, times } = changed[0]
  const all = await document(path, block, '--history', '--at', 'end')
  expect(all.history?.length).toBeGreaterThanOrEqual(times)
  expect(all.history?.[0].outcome).toBe('restored') // full_page_writes
  expect(all.history?.every(({ blocks }) => blocks.some((ref) => ref.relblocknumber === block))).toBe(true)
  const tenth = all.history?.[9].end_lsn ?? ''
  const cut = await document(path, block, '--history', '--at', tenth)
  expect(cut.history).toEqual(all.history?.slice(0, 10))
  expect(cut.page?.header?.pd_lsn).toBe(tenth)
  expect(cut.as_of).toMatchObject({
    asked: tenth,
    rebuilt_from: all.history?.[0].start_lsn,
    records_applied: 9,
    records_later: (all.history?.length ?? 0) - 10,
  })
  const { lines } = await page(path, block, '--history', '--at', tenth)
  const from = lines.findIndex((line) => line.startsWith('history  10 records from the redo point'))
  expect(lines[from + 2]).toMatch(/^ {2}0\/[0-9A-F]+ {2}restored +\d+ {2}\w+ [A-Z_]+/)
  expect(lines.at(-1)).toMatch(/^ {2}\d+ more records name it later in the log$/)
})

test('a transaction in flight has not ended at any position, one that committed had not before', async () => {
  const { path, block } = changed[0]
  const states = async (at: string): Promise<Map<string, Set<string>>> => {
    const found = new Map<string, Set<string>>()
    for (const { tuple } of (await document(path, block, '--at', at)).page?.items ?? [])
      if (tuple)
        found.set(
          String(tuple.t_xmin),
          new Set([...(found.get(String(tuple.t_xmin)) ?? []), String(tuple.t_xmin_status)]),
        )
    return found
  }
  const open = String(scene.openXid)
  expect((await states('end')).get(open)).toEqual(new Set(['in progress']))
  const history = (await document(path, block, '--history', '--at', 'end')).history ?? []
  const step = history.find(
    ({ xid, record_type }) => String(xid) !== open && xid > 0 && record_type.startsWith('HOT_UPDATE'),
  )
  if (!step) expect.fail('no HOT update in the log')
  expect((await states(step.end_lsn)).get(String(step.xid))).toEqual(new Set(['in progress']))
  // What the table holds when it is over is what was committed.
  const live = (await document(path, block, '--at', 'end')).page?.items?.filter(
    ({ tuple }) => tuple?.row === 'live' || tuple?.row === 'updating',
  )
  expect(live?.length).toBe(scene.expected.accounts.length)
})

test('what cannot be had is one sentence, and says what can', async () => {
  const { path, block } = changed[0]
  const one = async (code: number, sentence: RegExp, ...args: string[]): Promise<void> => {
    const result = await pgcrash('page', ...args)
    expect([result.code, result.out]).toEqual([code, ''])
    expect(result.err).toMatch(/^pgcrash: error: [^\n]+\n$/)
    expect(result.err).toMatch(sentence)
  }
  const dir = scene.dir
  await one(
    2,
    /expected a directory, a relation and a block number: pgcrash page DIR base\/5\/16384 0/,
    dir,
    path,
  )
  await one(2, /expected a directory/, dir, path, 'first')
  await one(2, /no block 4294967295/, dir, path, '4294967295')
  await one(2, /"accounts" names no relation. Expected a path like base\/5\/16384/, dir, 'accounts', '0')
  await one(2, /names no relation/, dir, 'base/5/t3_16384', '0')
  await one(2, /names no relation/, dir, 'pg_wal/16384', '0')
  await one(2, /two different forks/, dir, `${path}_vm`, '0', '--fork', 'fsm')
  await one(2, /is a later file of its relation: name the first one/, dir, `${path}.1`, '0')
  await one(2, /A WAL location looks like 0\/1A2B3C8; or say "end"/, dir, path, '0', '--at', 'now')
  await one(
    3,
    /there is no file "base\/5\/99999" in ".*"; --at end looks for it in the log$/m,
    dir,
    'base/5/99999',
    '0',
  )
  await one(3, /no record of the log touches it$/m, dir, 'base/5/99999', '0', '--history')
  await one(
    3,
    new RegExp(`"${path}" has blocks 0 to \\d+ on disk, there is no block 77777`),
    dir,
    path,
    '77777',
  )
  await one(3, /as of .* there is no block 77777 of/, dir, path, '77777', '--at', redo)
  await one(3, /there is no directory/, join(dir, 'nowhere'), path, '0')
  await one(
    3,
    /cannot be shown as of 0\/100: on disk it carries later changes already, up to \S+, and the log is read from the redo point \S+ on; ask for \S+ or later$/m,
    dir,
    path,
    String(block),
    '--at',
    '0/100',
  )
})

test('a damaged page is shown, with a warning and exit code 4; replay stops at it', async () => {
  const { path, block } = changed[0]
  const file = join(scene.dir, path)
  const sound = readFileSync(file)
  const broken = Buffer.from(sound)
  broken[block * 8192 + 8000] ^= 1
  writeFileSync(file, broken)
  const shown = await page(path, block)
  expect(shown.code).toBe(4)
  expect(shown.lines.join('\n')).toMatch(/pd_checksum +\d+ +wrong: the page computes to \d+/)
  expect(shown.err).toMatch(
    /page verification failed: expected checksum \d+, found \d+\npgcrash: what is printed here cannot be trusted\n$/,
  )
  // The image in the log does not care.
  expect((await page(path, block, '--at', 'end')).code).toBe(0)
  broken.fill(0xab, block * 8192, block * 8192 + 8192)
  writeFileSync(file, broken)
  const garbage = await page(path, block, '--json')
  expect([garbage.code, (JSON.parse(garbage.out) as PageDocument).page?.kind]).toEqual([4, 'unknown'])
  writeFileSync(file, sound)
})
