/** Eight logs to do harm to: two of a real PostgreSQL, six that our own writer made, each awkward in its own way. */
import { join } from 'node:path'
import { viewOf } from '../bytes/layout.js'
import { memoryDisk } from '../disk/memoryDisk.js'
import type { Lsn } from '../format/lsn.js'
import { XLOG_BLCKSZ } from '../format/walPage.js'
import { madeOnce } from '../scenes/cache.js'
import { scenes } from '../scenes/scenes.js'
import { randomFrom } from '../bytes/random.js'
import { WalWriter } from '../wal/writer.js'
import { knowRecords, logOfDirectory, logOfDisk, type FlatLog, type KnownLog } from './flatLog.js'

const SEGMENT = 1 << 20
const PAGE = BigInt(XLOG_BLCKSZ)
const SYSTEM = 7_123_456_789_012_345_678n
const LOGICAL_MESSAGE = 21
/** A segment, and so much of the next, is filled. */
const FILL = SEGMENT + 5 * XLOG_BLCKSZ
const HEADERS = 26 // of a record with up to 255 bytes of main data
const LONG_HEADERS = 29

/** How many bytes of main data the next record has, given where the writer stands. */
type NextSize = (random: () => number, room: number) => number

function between(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

const small: NextSize = (random) => between(random, 0, 60)
const mixed: NextSize = (random) => (random() < 0.9 ? between(random, 0, 700) : between(random, 4000, 20_000))
const long: NextSize = (random) => between(random, 3000, 24_000)

/** Records that end with their page, or so shortly before that the next one's header is cut in two. */
const toTheEdge: NextSize = (random, room) => {
  const left = [0, 8, 16][between(random, 0, 2)]
  const size = room - left - LONG_HEADERS
  return size >= 256 && random() < 0.7 ? size : between(random, 0, 400)
}

function written(name: string, begin: Lsn, next: NextSize): KnownLog {
  const disk = memoryDisk([], ['pg_wal'])
  const about = { segmentSize: SEGMENT, timeline: 1, systemIdentifier: SYSTEM }
  const writer = new WalWriter({ disk, ...about, position: begin, previous: begin - 40n })
  fill(writer, begin + BigInt(FILL), next, randomFrom(name.length))
  const log = logOfDisk(name, disk, about)
  return knowRecords(log, begin)
}

function fill(writer: WalWriter, end: Lsn, next: NextSize, random: () => number): void {
  while (writer.position < end) {
    const room = Number(PAGE - (writer.position % PAGE))
    writer.insert(LOGICAL_MESSAGE, 0, 700, noise(random, next(random, room)))
  }
  writer.write()
}

function noise(random: () => number, size: number): Uint8Array {
  const seed = Math.floor(random() * 2 ** 32)
  const bytes = new Uint8Array(size)
  for (let i = 0, x = seed | 1; i < size; i++) bytes[i] = (x = (Math.imul(x, 1103515245) + 12345) | 0) >>> 24
  return bytes
}

/** Twice a record is abandoned at a page end, and the next page says so. */
function overwritten(): KnownLog {
  const begin = BigInt(3 * SEGMENT)
  const disk = memoryDisk([], ['pg_wal'])
  const about = { segmentSize: SEGMENT, timeline: 1, systemIdentifier: SYSTEM }
  const random = randomFrom(8)
  let writer = new WalWriter({ disk, ...about, position: begin, previous: begin - 40n })
  for (const until of [begin + BigInt(SEGMENT) - 100n, begin + BigInt(FILL)]) {
    fill(writer, until, small, random)
    const [abandoned, previous] = [writer.nextRecordStart, writer.previous]
    writer.insert(LOGICAL_MESSAGE, 0, 700, noise(random, 2 * XLOG_BLCKSZ))
    writer.write()
    const page = abandoned - (abandoned % PAGE) + PAGE
    writer = new WalWriter({ disk, ...about, position: page, previous })
    writer.overwriteContinuation()
    const main = new Uint8Array(16)
    viewOf(main).setBigUint64(0, abandoned, true)
    writer.insert(0, 0xd0, 0, main)
    writer.write()
  }
  fill(writer, writer.position + 3000n, small, random)
  return knowRecords(logOfDisk('records that were abandoned', disk, about), begin)
}

/** The old segment that a log's segment was made of, by renaming: its bytes stand where nothing was written over them. */
export function recycledSegment(log: FlatLog): Uint8Array {
  const { segmentSize, timeline, systemIdentifier } = log
  const disk = memoryDisk([], ['pg_wal'])
  const begin = log.base - BigInt(segmentSize)
  const writer = new WalWriter({
    disk,
    segmentSize,
    timeline,
    systemIdentifier,
    position: begin,
    previous: begin - 40n,
  })
  fill(writer, log.base - BigInt(HEADERS), (random) => between(random, 0, 2000), randomFrom(21))
  return logOfDisk('recycled', disk, log).bytes.subarray(0, segmentSize)
}

/** The crashed directory of scene `bank`; it must not be changed. */
export async function bankDirectory(): Promise<string> {
  return join(await madeOnce(scenes.bank), 'data')
}

async function fromScene(name: 'bank' | 'migration'): Promise<KnownLog> {
  return logOfDirectory(`scene ${name}`, join(await madeOnce(scenes[name]), 'data'))
}

const makers: readonly (() => KnownLog | Promise<KnownLog>)[] = [
  () => fromScene('bank'),
  () => fromScene('migration'),
  () => written('small records', BigInt(SEGMENT), small),
  () => written('records that fill their pages', BigInt(2 * SEGMENT), toTheEdge),
  () => written('records of several pages', BigInt(7 * SEGMENT), long),
  () => written('across 2^32', 2n ** 32n - BigInt(SEGMENT), mixed),
  () => written('across 2^53', 2n ** 53n - BigInt(SEGMENT), mixed),
  overwritten,
]

let made: Promise<KnownLog[]> | undefined

/** All eight; made once. Whoever harms one repairs it. */
export function knownLogs(): Promise<KnownLog[]> {
  return (made ??= Promise.all(makers.map((make) => make())))
}
