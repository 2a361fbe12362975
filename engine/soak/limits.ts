/**
 * T25: lengths that announce more than any memory holds. The command runs in a process of its own, whose most memory is
 * measured; the largest record that PostgreSQL writes, 1,020 MiB, is read from a disk that makes its bytes on the way.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { crcFinish, crcUpdate, CRC_INIT } from '../bytes/crc32c.js'
import { viewOf } from '../bytes/layout.js'
import { EXIT } from '../cli/exit.js'
import type { Disk } from '../disk/disk.js'
import { memoryDisk } from '../disk/memoryDisk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { CONTROL_FILE } from '../format/controlFile.js'
import { parseSegmentFileName } from '../format/lsn.js'
import { pageHeaderSize, XLOG_BLCKSZ, XLOG_PAGE_MAGIC, XLogLongPageHeader, XLP } from '../format/walPage.js'
import { XLOG_RECORD_MAX_SIZE, XLogRecord } from '../format/walRecord.js'
import { WalReader } from '../wal/reader.js'
import { eachCase, type Idea } from './cases.js'
import { writtenDirectory } from './commandLine.js'
import { LogTail, nextPage, tailOf, type TailPlace } from './logTail.js'

const MiB = 1 << 20
/** What the process may take: itself, and 256 MiB for its work. */
const MOST_MEMORY = 400 * MiB

interface Extreme {
  readonly name: string
  readonly write: (tail: LogTail) => void
  readonly says: RegExp
  /** What `pgcrash wal` says that cannot show the record; its exit code is then 4. */
  readonly unshown?: RegExp
}

/** A record that announces `length` bytes, goes on for `pages` whole pages, and no further. */
function declared(name: string, length: number, pages: number): Extreme {
  return {
    name,
    write(tail) {
      const at = tail.toMiddleOfPage()
      tail.header(at, { xl_tot_len: length, xl_prev: tail.previous, xl_rmid: 21 })
      let page = nextPage(at)
      let rest = length - Number(page - at)
      for (let n = 0; n < pages; n++, page += BigInt(XLOG_BLCKSZ)) {
        tail.page(page, { xlp_info: XLP.FIRST_IS_CONTRECORD, xlp_rem_len: rest })
        rest -= XLOG_BLCKSZ - pageHeaderSize(XLOG_BLCKSZ)
      }
    },
    says: /invalid magic number 0000 in WAL segment/,
  }
}

const extremes: readonly Extreme[] = [
  declared('a record of 1,020 MiB, its first page', XLOG_RECORD_MAX_SIZE, 0),
  declared('a record of 1,020 MiB, its first 31 pages', XLOG_RECORD_MAX_SIZE, 30),
  declared('a record of 4 GiB, its first 31 pages', 0xffffffff, 30),
  {
    name: 'main data of 4 GiB in a short record',
    write: (tail) => void tail.believed(21, 0, Uint8Array.of(254, 0xff, 0xff, 0xff, 0xff, 1, 2, 3)),
    says: /record with invalid length at/,
  },
  {
    name: 'a message of 1 TiB in a short record',
    write(tail) {
      const body = new Uint8Array(2 + 32)
      body.set([255, 32])
      viewOf(body).setBigUint64(2 + 8, 1n << 40n, true)
      viewOf(body).setBigUint64(2 + 16, 1n << 40n, true)
      tail.believed(21, 0, body)
    },
    unshown: /^pgcrash: error: WAL record at \S+ LogicalMessage MESSAGE announces more than it holds$/m,
    says: /invalid record length at .*: expected at least 24, got 0/,
  },
  {
    name: 'a page image at block 4,294,967,290',
    write(tail) {
      const block = [
        0, 0x10, 0, 0, 60, 0, 30, 0, 3, 0x7f, 6, 0, 0, 5, 0, 0, 0, 0, 0x60, 0, 0, 0xfa, 0xff, 0xff, 0xff,
      ]
      tail.believed(0, 0xb0, Uint8Array.from([...block, ...new Uint8Array(60).fill(1)]))
    },
    says: /invalid record length at .*: expected at least 24, got 0/,
  },
]
const commands = [
  ['recover', '--dry-run'],
  ['wal', '--all'],
  ['wal', '--all', '--explain'],
] as const

/** Runs the command in a process of its own; `memory` is the most it held, in bytes. */
async function measured(...args: string[]): Promise<{ code: number | null; text: string; memory: number }> {
  const tell = "process.on('exit',()=>process.stderr.write(`\\nmaxRSS ${process.resourceUsage().maxRSS}\\n`))"
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const program = fileURLToPath(new URL('../cli.ts', import.meta.url))
  const imports = ['--import', tsx, '--import', `data:text/javascript,${encodeURIComponent(tell)}`]
  const child = spawn(process.execPath, [...imports, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const memory = Number(/maxRSS (\d+)/.exec(text)?.[1] ?? NaN) * 1024
  return { code, text: text.replace(/\nmaxRSS .*/, ''), memory }
}

/** What the written directory was like before an extreme was written to its log. */
class Writable {
  readonly dir = writtenDirectory()
  readonly place: TailPlace = tailOf(this.dir)
  private readonly control = readFileSync(join(this.dir, CONTROL_FILE))
  private readonly disk = nodeDisk(this.dir)
  private readonly segments = new Map(
    this.disk
      .list('pg_wal')
      .filter(({ name }) => parseSegmentFileName(name, this.place.segmentSize))
      .map(({ name }) => [name, this.disk.read(`pg_wal/${name}`, 0, this.place.segmentSize).slice()]),
  )

  putBack(): Disk {
    for (const { name } of this.disk.list('pg_wal'))
      if (!this.segments.has(name)) this.disk.remove(`pg_wal/${name}`)
    for (const [name, bytes] of this.segments) this.disk.write(`pg_wal/${name}`, 0, bytes)
    writeFileSync(join(this.dir, CONTROL_FILE), this.control)
    return this.disk
  }
}

async function runOnCommandLine(i: number, where: Writable): Promise<string | undefined> {
  const { name, write, says, unshown } = extremes[i % extremes.length]
  const [command, ...options] = commands[Math.floor(i / extremes.length)]
  write(new LogTail(where.putBack(), where.place))
  const { code, text, memory } = await measured(command, where.dir, ...options)
  where.putBack()
  const asked = `${name}, pgcrash ${command} ${options.join(' ')}`
  const shown = unshown === undefined || command === 'recover'
  if (code !== (shown ? EXIT.OK : EXIT.DAMAGED)) return `${asked}: exit code ${code}: ${text.slice(-400)}`
  if (/^\s+at /m.test(text)) return `${asked}: a stack trace: ${text.slice(-400)}`
  if (!(shown ? says : unshown).test(text)) return `${asked}: it says ${text.slice(-400)}`
  if (!(memory < MOST_MEMORY)) return `${asked}: ${(memory / MiB).toFixed(0)} MiB of memory`
  return undefined
}

export const limits: Idea = {
  id: 'T25',
  what: 'lengths that no memory holds, on the command line, memory measured',
  ci: 3,
  full: Infinity,
  run: (options) => {
    const where = new Writable()
    return eachCase(options, extremes.length * commands.length, (i) => runOnCommandLine(i, where))
  },
}

/** A disk with one record of `length` bytes, all of them 7, made page by page; it holds nothing. */
function hugeRecordDisk(length: number, segmentSize: number): Disk {
  const header = new Uint8Array(XLogRecord.size)
  const write = (xl_crc: number): void =>
    XLogRecord.write(header, 0, {
      xl_tot_len: length,
      xl_xid: 0,
      xl_prev: 0n,
      xl_info: 0,
      xl_rmid: 21,
      xl_crc,
    })
  write(0)
  const page = new Uint8Array(XLOG_BLCKSZ).fill(7)
  const body = new Uint8Array(5)
  body[0] = 254
  viewOf(body).setUint32(1, length - XLogRecord.size - 5, true)
  let crc = crcUpdate(CRC_INIT, body, 0, 5)
  for (let done = XLogRecord.size + 5; done < length; done += XLOG_BLCKSZ)
    crc = crcUpdate(crc, page, 0, Math.min(XLOG_BLCKSZ, length - done))
  write(crcFinish(crcUpdate(crc, header, 0, XLogRecord.at.xl_crc)))
  const begin = BigInt(segmentSize)
  const first = XLOG_BLCKSZ - XLogLongPageHeader.size
  const makePage = (index: number): Uint8Array => {
    const bytes = new Uint8Array(XLOG_BLCKSZ).fill(7)
    const segment = Math.floor((index * XLOG_BLCKSZ) / segmentSize)
    const long = (index * XLOG_BLCKSZ) % segmentSize === 0
    // Bytes of the record on the pages before: each segment's first page holds sixteen fewer.
    const before =
      index === 0 ? 0 : first + (index - 1) * (XLOG_BLCKSZ - 24) - (segment - (long ? 1 : 0)) * 16
    const rest = index === 0 ? 0 : Math.max(0, length - before)
    if (index > 0 && rest === 0) return new Uint8Array(XLOG_BLCKSZ)
    XLogLongPageHeader.write(bytes, 0, {
      xlp_magic: XLOG_PAGE_MAGIC,
      xlp_info: (long ? XLP.LONG_HEADER : 0) | (index > 0 ? XLP.FIRST_IS_CONTRECORD : 0),
      xlp_tli: 1,
      xlp_pageaddr: begin + BigInt(index * XLOG_BLCKSZ),
      xlp_rem_len: rest,
      xlp_sysid: 1n,
      xlp_seg_size: segmentSize,
      xlp_xlog_blcksz: XLOG_BLCKSZ,
    })
    const at = long ? 40 : 24
    if (!long) bytes.fill(7, 24, 40)
    if (index === 0) bytes.set([...header, ...body], at)
    if (index > 0 && rest < XLOG_BLCKSZ - at) bytes.fill(0, at + rest)
    return bytes
  }
  return {
    ...memoryDisk(),
    size: () => segmentSize,
    read(path, offset, size) {
      const { segment } = parseSegmentFileName(path.slice(7), segmentSize) ?? { segment: 1n }
      const bytes = new Uint8Array(size)
      const from = Number(segment - 1n) * segmentSize + offset
      for (let at = 0; at < size; at += XLOG_BLCKSZ) bytes.set(makePage((from + at) / XLOG_BLCKSZ), at)
      return bytes
    },
  }
}

function readHugeRecord(length: number): string | undefined {
  const segmentSize = 16 * MiB
  const before = process.memoryUsage().arrayBuffers
  const disk = hugeRecordDisk(length, segmentSize)
  const reader = new WalReader({ disk, segmentSize, timelines: [1], systemIdentifier: 1n })
  reader.beginAt(BigInt(segmentSize))
  const read = reader.read()
  if (read.kind === 'end') return `a record of ${length} bytes: ${read.reason}`
  if (read.xl_tot_len !== length) return `a record of ${length} bytes: ${read.xl_tot_len} were read`
  const memory = process.memoryUsage().arrayBuffers - before
  const most = 2.5 * length + 64 * MiB
  return memory < most ? undefined : `a record of ${length} bytes: ${(memory / MiB).toFixed(0)} MiB of memory`
}

const sizes = [100, 9000, 3 * MiB, 40 * MiB, 300 * MiB, XLOG_RECORD_MAX_SIZE]
const SMALL_ONES = 4

export const hugeRecords: Idea = {
  id: 'T25-read',
  what: 'records up to the longest that PostgreSQL writes, read whole',
  ci: SMALL_ONES,
  full: Infinity,
  run: (options) =>
    eachCase(options, options.count <= SMALL_ONES ? SMALL_ONES : sizes.length, (i) =>
      readHugeRecord(sizes[i]),
    ),
}
