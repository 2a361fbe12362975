// A native server, killed: recovered alone and with a thread that surveys the log, in much memory and in little. Nobody
// who looks at directory, sentences, errors or findings may notice which it was.

import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { readControlFile } from '../format/controlFile.js'
import { formatLsn, segmentFileName } from '../format/lsn.js'
import { relationPath, type RelFileLocator } from '../format/relationPath.js'
import type { Assistant } from '../recovery/handedOver.js'
import { Recovery, type RecoverOptions } from '../recovery/recovery.js'
import { chooseRelations } from '../recovery/share.js'
import type { StartPoint } from '../recovery/startup.js'
import { crashNative } from '../scenes/crashNative.js'
import { nativeIsAvailable } from '../scenes/native.js'
import type { NativeScene } from '../scenes/nativeScene.js'
import {
  filesOf,
  forgetBuffers,
  outcomeOf,
  watchShare,
  type Outcome,
  type ShareSeen,
} from '../soak/outcome.js'
import { WalWriter } from '../wal/writer.js'
import { AssistantThread, assistantFor, startAssistant, threadFor } from './assistant.js'
import { Signals } from './assistantTask.js'

const scene: NativeScene = {
  name: 'a busy minute',
  why: 'many pages, files that come and go, work that is prepared, taken back or left open',
  before: [
    'create table kept (id int primary key, body text)',
    "insert into kept select g, repeat('k', 200) from generate_series(1, 3000) g",
  ],
  main: [
    "update kept set body = repeat('n', 150 + $i) where id % 7 = $i",
    "insert into kept select 10000 * $i + g, repeat('i', 100) from generate_series(1, 500) g",
    "begin; insert into kept values (-$i, 'prepared'); prepare transaction 'p$i'",
    'create table made_$i as select * from kept',
    'begin; delete from kept where id % 11 = $i; rollback',
    'drop table made_$i',
  ],
  rounds: 4,
  settings: { full_page_writes: 'off' }, // so that redo reads pages
  open: ['insert into kept values (0, $$never$$)'],
}

/** Rows that change again and again, rows that are added; then what ends it for one table after the other. */
const hotScene = (more: string[]): NativeScene => ({
  name: 'hot tables',
  why: 'tables for the assistant to replay himself',
  before: [
    'create table hot (id int, n int)',
    'insert into hot select g, 0 from generate_series(1, 5) g',
    'create table added (n int, body text)',
    'create table big (id int primary key, body text)',
    "insert into big select g, repeat('b', 200) from generate_series(1, 40000) g",
    "begin; insert into big values (-2, 'early'); prepare transaction 'early'", // in a file when the server dies
  ],
  main: [
    ...[1, 2, 3].map(
      (turn) => `do $$ begin for i in 1..700 loop
        update hot set n = n + 1 where id = 1 + i % 5;
        insert into added values (i, repeat('a', 300));
        update big set body = repeat('c', 190 + i % 9) where id = (i * 37 * ${turn}) % 40000;
        update big set body = repeat('d', 190 + i % 9) where id = (i * 59 * ${turn}) % 40000;
      end loop; end $$`,
    ),
    ...more,
  ],
  rounds: 1,
  settings: { full_page_writes: 'off', autovacuum: 'off' },
  open: ['update big set id = -1 where id = 3'],
})

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-threads-'))
chmodSync(shelf, 0o755)
afterAll(() => rmSync(shelf, { recursive: true, force: true }))
const crashed = join(shelf, 'crashed')
let copies = 0

function copy(change: (dir: string) => void = () => {}, from = crashed): string {
  const dir = join(shelf, `copy${copies++}`)
  cpSync(from, dir, { recursive: true, verbatimSymlinks: true })
  change(dir)
  return dir
}

/** What the assistant has replayed himself, in the last `both`. */
const share: ShareSeen = { records: 0, returned: 0 }

/** Alone, and with the thread. */
function both(
  change?: (dir: string) => void,
  options: RecoverOptions = {},
  rehearse = false,
  from = crashed,
): Outcome[] {
  const [one, other] = [copy(change, from), copy(change, from)]
  let asked = 0
  const assistant = (start: StartPoint, pages: number) => {
    asked++
    return watchShare(startAssistant(other, start, { writes: !rehearse, pages }), share)
  }
  const pair = [outcomeOf(one, options, rehearse), outcomeOf(other, { ...options, assistant }, rehearse)]
  expect(asked, 'somebody surveyed beside').toBe(1)
  return pair
}

/** Adds a record to the end of the log. */
function append(dir: string, rmid: number, info: number, main: Uint8Array): void {
  const disk = nodeDisk(dir)
  const { survey } = new Recovery(disk)
  const { xlog_seg_size, system_identifier } = readControlFile(disk)
  const writer = new WalWriter({
    disk,
    segmentSize: xlog_seg_size,
    timeline: survey.timeline,
    systemIdentifier: system_identifier,
    position: survey.endOfLog,
    previous: survey.lastRecord ?? 0n,
  })
  writer.insert(rmid, info, 3, main)
  writer.write()
  disk.close()
}

/** Main data of a logical message (xl_logical_message) of so many bytes, that nobody need apply. */
function logicalMessage(size: number): Uint8Array {
  return new Uint8Array(size).map((_, at) => at * 7)
}

/** Breaks a page that redo has to read: the first one that the log changes. */
function breakPage(dir: string): void {
  const recovery = new Recovery(overlayDisk(nodeDisk(dir, { readOnly: true })))
  for (const { blocks } of recovery.replay())
    for (const { ref, outcome } of blocks) {
      const path = join(dir, relationPath(ref, ref.fork))
      if (outcome !== 'needsRedo' || ref.willInit || ref.fork !== 0) continue
      const bytes = readFileSync(path)
      if (bytes.length <= ref.block * 8192) continue
      bytes.fill(0xa5, ref.block * 8192 + 100, ref.block * 8192 + 200)
      return writeFileSync(path, bytes)
    }
  throw new Error('no page is read')
}

/** Cuts the log in the middle of its last record. */
function cut(dir: string): void {
  const disk = nodeDisk(dir)
  const { lastRecord = 0n } = new Recovery(disk).survey
  const size = BigInt(readControlFile(disk).xlog_seg_size)
  const name = segmentFileName(1, lastRecord / size, Number(size))
  disk.write(`pg_wal/${name}`, Number(lastRecord % size) + 10, new Uint8Array(30))
  disk.close()
}

if (!nativeIsAvailable()) console.log('no native PostgreSQL binaries for this system: no crash to recover')
else
  describe('alone or with a thread beside', { timeout: 60_000 }, () => {
    beforeAll(() => crashNative(scene, crashed), 60_000)

    test.each([
      ['in much memory: nothing is written before the end', {}],
      ['in little memory: pages are written while the log is still read', { capacity: 20 }],
      ['transactions in flight left as they are', { leaveInFlight: true }],
    ] as const)('the same directory, sentences and findings, %s', (_, options) => {
      const [alone, beside] = both(undefined, options)
      expect(beside).toEqual(alone)
      expect(alone.error).toBeUndefined()
      expect(alone.said.join('\n')).toMatch(/redo starts at .*\n(.*\n)*redo done at .*\n/)
      expect(alone.known?.records).toBeGreaterThan(1000)
    })

    test('a rehearsal finds the same and changes nothing', () => {
      const [alone, beside] = both(undefined, {}, true)
      expect(beside).toEqual(alone)
      expect(alone.error).toBeUndefined()
      expect(alone.files).toEqual(filesOf(crashed))
    })

    test.each([
      ['a log cut in its last record', cut, undefined],
      ['a record of an unknown extension', (dir: string) => append(dir, 200, 0, new Uint8Array(5)), /^Unsupported: /],
      ['a commit record that ends too soon', (dir: string) => append(dir, 1, 0x80, new Uint8Array(8)), /^CorruptData: .*\(record at /],
      ['a page that is broken', breakPage, /^CorruptData: .*invalid page in block/],
      ['a broken page, and an unknown extension later: nothing is changed', (dir: string) => (breakPage(dir), append(dir, 200, 0, new Uint8Array(5))), /^Unsupported: /],
    ] as const)('%s', (_, change, error) => {
      for (const options of [{}, { capacity: 20 }]) {
        const [alone, beside] = both(change, options)
        expect(beside).toEqual(alone)
        if (error) expect(alone.error).toMatch(error)
        else expect(alone.error).toBeUndefined()
      }
    }) // prettier-ignore

    test('records longer than any window are handed over whole, and what follows them', () => {
      const long = (dir: string): void => {
        for (const size of [20_000, 100_000, 7_000_000, 300, 17_000]) append(dir, 21, 0, logicalMessage(size))
      }
      const [alone, beside] = both(long)
      expect(beside).toEqual(alone)
      expect(alone.error).toBeUndefined()
      expect(alone.known?.bytes).toBeGreaterThan(7_137_300)
    })

    test('pages that the thread cannot write are a fault of the recovery', () => {
      const disk = nodeDisk(crashed, { readOnly: true })
      const { start } = new Recovery(disk)
      const assistant = startAssistant(crashed, start, { writes: true })
      assistant.result()
      assistant.writer?.write([{ path: 'base/5/1/none', offset: 0, block: 0, places: [0] }], true)
      expect(() => assistant.writer?.written()).toThrow(/^could not write "base\/5\/1\/none": ENOENT/)
      expect(assistant.writer?.synced(), 'he goes on').toBe(true)
      assistant.dismiss()
      expect(startAssistant(crashed, start).writer, 'nobody allowed it').toBeUndefined()
      disk.close()
    })

    test('a thread that was made ready takes its task later; where there is little log, none is', () => {
      expect([threadFor(crashed), threadFor(join(shelf, 'nothing'))]).toEqual([undefined, undefined])
      const dir = copy()
      const thread = new AssistantThread()
      const found = outcomeOf(dir, {
        assistant: (start) => startAssistant(dir, start, { writes: true, thread }),
      })
      thread.leave()
      expect(found).toEqual(outcomeOf(copy(), {}))
    })

    test('a thread that fails is given up, and the log is read here', () => {
      const dir = copy()
      const useless = { timelines: undefined } as unknown as StartPoint
      const assistant = (start: StartPoint) => startAssistant(dir, { ...start, ...useless })
      expect(outcomeOf(dir, { assistant })).toEqual(outcomeOf(copy(), {}))
    })

    test('memory is at hand for as many pages as are wanted, all zeroes', async () => {
      const disk = nodeDisk(crashed, { readOnly: true })
      const assistant = startAssistant(crashed, new Recovery(disk).start)
      assistant.result()
      const pieces = new Set<SharedArrayBuffer>()
      const dirty = new Uint8Array(64 * 8192).fill(0xff)
      for (const until = performance.now() + 30_000; pieces.size < 100 && performance.now() < until;) {
        const piece = assistant.memory()
        if (!piece)
          await new Promise(setImmediate) // they are made while others are taken
        else {
          const { memory } = piece
          expect(Buffer.from(memory).equals(new Uint8Array(dirty.length))).toBe(true)
          new Uint8Array(memory).set(dirty)
          pieces.add(memory)
        }
      }
      expect(pieces.size).toBe(100)
      assistant.dismiss()
      disk.close()
    })

    describe('relations that the assistant replays himself', () => {
      const hot = join(shelf, 'hot')
      const ended = join(shelf, 'ended')
      beforeAll(async () => {
        await crashNative(hotScene([]), hot)
        const more = [
          'delete from added where n % 3 = 0',
          'vacuum added', // its maps do not exist so far
          "update big set body = repeat('e', 210)",
          'update hot set n = n + 1',
          'drop table hot',
          "insert into added select g, 'once more' from generate_series(1, 100) g",
        ]
        await crashNative(hotScene(more), ended)
      }, 90_000)

      function chosen(dir: string): RelFileLocator[] {
        const disk = nodeDisk(dir, { readOnly: true })
        const relations = chooseRelations(disk, new Recovery(disk).start)
        disk.close()
        return relations
      }
      /** The file of the relation with the most records for each page. */
      const hottest = (dir: string): string => join(dir, relationPath(chosen(dir)[0], 0))

      test('they are those with many records for each page', () => {
        const disk = nodeDisk(hot, { readOnly: true })
        const tables = new Set<number>()
        for (const { record } of new Recovery(overlayDisk(disk)).replay())
          if (record.xl_rmid === 10) for (const { relNumber } of record.blocks) tables.add(relNumber)
        disk.close()
        const made = [...tables].filter((relNumber) => relNumber >= 16384).sort((a, b) => a - b)
        expect(made.length, 'hot, added, big').toBe(3)
        expect(chosen(hot).map(({ relNumber }) => relNumber)).toEqual(made.slice(0, 2))
      })

      test.each([
        ['to the end of the log', hot, {}, 1500, 0],
        ['transactions in flight left', hot, { leaveInFlight: true }, 1500, 0],
        ['until there is no room', hot, { capacity: 1280 }, 1000, 1],
        ['until they are vacuumed, dropped', ended, {}, 1500, 1],
        ['until others need room', ended, { capacity: 1280 }, 1000, 1],
      ])('the same directory, sentences and findings: %s', (_, from, options, records, returned) => {
        const [alone, beside] = both(undefined, options, false, from)
        if ('capacity' in options) forgetBuffers(alone, beside)
        expect(beside).toEqual(alone)
        expect(alone.error).toBeUndefined()
        expect(share.records).toBeGreaterThan(records)
        expect(share.returned).toBeGreaterThanOrEqual(returned)
      })

      test('a rehearsal changes nothing', () => {
        const [alone, beside] = both(undefined, {}, true, ended)
        expect(beside).toEqual(alone)
        expect([alone.error, alone.files]).toEqual([undefined, filesOf(ended)])
        expect(share.records).toBeGreaterThan(1000)
      })

      test.each([
        ['a page of theirs that is broken', (file: string) => writeFileSync(file, readFileSync(file).fill(0xa5, 100, 200)), /^CorruptData: .*invalid page in block 0/],
        ['a file that has lost its pages', (file: string) => writeFileSync(file, ''), undefined],
      ] as const)('%s', (_, change, error) => {
        const [alone, beside] = both((dir) => change(hottest(dir)), {}, false, hot)
        expect(beside).toEqual(alone)
        if (error) expect(alone.error).toMatch(error)
        else expect(alone.found).toMatchObject({ 4: [{ block: 0 }] })
      }) // prettier-ignore

      test.each([
        ['in much memory', {}],
        ['in little, where pages are to be written early', { capacity: 20 }],
      ])('a thread that is lost on the way: all is replayed again, here, %s', (_, options) => {
        // Whoever looks at the prepared transaction misses its status, and says so: once.
        const change = (to: string): void => rmSync(join(to, 'pg_xact', '0000'))
        const dir = copy(change, hot)
        let batches = 0
        const assistant = (start: StartPoint): Assistant => {
          const lost = watchShare(startAssistant(dir, start, { writes: true, pages: 200 }), share)
          const records = lost.records.bind(lost)
          lost.records = () => (batches++ < 2 ? records() : undefined)
          lost.result = () => undefined
          return lost
        }
        const [alone, again] = [
          outcomeOf(copy(change, hot), options),
          outcomeOf(dir, { ...options, assistant }),
        ]
        expect(again).toEqual(alone)
        expect(alone.said.filter((sentence) => sentence.includes('reading as zeroes'))).toHaveLength(1)
        expect(share.records).toBeGreaterThan(50)
      })

      test('a link that leads nowhere is no fault of his: replay may remove it', () => {
        const dir = copy(undefined, hot)
        symlinkSync(join(shelf, 'nowhere'), join(dir, 'pg_tblspc', '99999'))
        const disk = nodeDisk(dir, { readOnly: true })
        const assistant = startAssistant(dir, new Recovery(disk).start, { writes: true })
        assistant.result()
        assistant.writer?.write([], true)
        expect([assistant.writer?.written(), assistant.writer?.synced()]).toEqual([true, true])
        assistant.dismiss()
        disk.close()
      })

      test('when he is dismissed, he writes no more', () => {
        const signals = new Signals()
        expect([signals.claim(3), signals.claim(3)]).toEqual([true, true])
        signals.endClaims()
        expect(signals.claim(3)).toBe(false)
      })
    })

    test('a short log is surveyed here', () => {
      const disk = nodeDisk(crashed, { readOnly: true })
      const { start } = new Recovery(disk)
      expect(formatLsn(start.redo)).toMatch(/^0\//)
      expect(assistantFor(disk, start)).toBeUndefined()
    })
  })
