/**
 * T4: random bytes in random places.
 *
 *   T4            in a log; it is read, judged, and each record that is left is printed and explained
 *   T4-believed   in one record, whose checksum is then made right: it is decoded, printed, explained, redone
 *   T4-anywhere   one bit of any file of a crashed directory; the whole is recovered
 *
 * Only an end of the log or an error that the engine means may come of it, and no more may be read than there is.
 */
import type { Disk } from '../disk/disk.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { XLOG_BLCKSZ } from '../format/walPage.js'
import { explainRecord } from '../lens/explain.js'
import { waldumpDetails, waldumpLine } from '../lens/waldump.js'
import { recordToJson } from '../lens/walJson.js'
import { reference } from '../parts.js'
import { recover } from '../recovery/recovery.js'
import { findRecord } from '../wal/findRecord.js'
import type { WalRecord } from '../wal/record.js'
import { recordCrc } from '../wal/reader.js'
import { redoOnCopy } from './believed.js'
import { readingDisk, refusalOf } from './bothRecover.js'
import { eachCase, type Idea, type Pick, type SoakOptions, type SoakResult } from './cases.js'
import { logDisk, offsetIn, readerOf, type KnownLog } from './flatLog.js'
import { bankDirectory, knownLogs } from './knownLogs.js'
import { sampleRecords } from './sampleRecords.js'

const SPAN = 1 << 16
const MOST_READS = 64

/** Every way in which a record is shown. */
function show(record: WalRecord): void {
  waldumpLine(record)
  waldumpDetails(record)
  explainRecord(record)
  recordToJson(record)
}

/** Up to twenty bytes between two positions of the log get other values; returns what undoes it. */
function mutate(log: KnownLog, from: number, to: number, pick: Pick): () => void {
  const before: [number, number][] = []
  for (let n = 1 + pick(20); n > 0; n--) {
    const at = from + pick(to - from)
    before.unshift([at, log.bytes[at]])
    log.bytes[at] = pick(3) === 0 ? log.bytes[at] ^ (1 << pick(8)) : [0, 0xff, 0x7f, 0x80, pick(256)][pick(5)]
  }
  return () => before.forEach(([at, byte]) => (log.bytes[at] = byte))
}

/** A disk that complains when more is read than a reader can need. */
function sparing(disk: Disk): Disk {
  let reads = 0
  return {
    ...disk,
    read(...what) {
      if (++reads > MOST_READS) throw new Error(`more than ${MOST_READS} reads`)
      return disk.read(...what)
    },
  }
}

function readAround(log: KnownLog, disk: Disk, pick: Pick): undefined {
  const first = pick(log.records.length)
  const { start } = log.records[first]
  const from = offsetIn(log, start)
  const undo = mutate(log, from, Math.min(log.bytes.length, from + SPAN), pick)
  try {
    const reader = readerOf(log, start, sparing(disk))
    let shown = 0
    for (let read = reader.read(); read.kind === 'record' && shown < 3000; read = reader.read(), shown++)
      if (offsetIn(log, read.lsn) < from + SPAN) show(read)
    const { segmentSize, timeline, systemIdentifier } = log
    const options = { disk: sparing(disk), segmentSize, timelines: [timeline], systemIdentifier }
    const found = findRecord(options, start + BigInt(pick(SPAN)))
    if (found.kind === 'found') found.reader.read()
    return undefined
  } catch (error) {
    refusalOf(error)
    return undefined
  } finally {
    undo()
  }
}

async function runInLogs(options: SoakOptions): Promise<SoakResult> {
  const logs = (await knownLogs()).map((log) => ({ log, disk: logDisk(log) }))
  return eachCase(options, Infinity, (i, pick) => {
    const { log, disk } = logs[i % logs.length]
    return readAround(log, disk, pick)
  })
}

export const logMutations: Idea = {
  id: 'T4',
  what: 'random bytes in a log',
  ci: 1500,
  full: 300_000,
  run: runInLogs,
}

async function runBelieved(options: SoakOptions): Promise<SoakResult> {
  const { samples, log, dir } = await sampleRecords()
  const disk = logDisk(log)
  const onOnePage = samples.filter(({ index, length }) => {
    const first = offsetIn(log, log.records[index].start)
    return (first % XLOG_BLCKSZ) + length <= XLOG_BLCKSZ
  })
  return eachCase(options, Infinity, (i, pick) => {
    const { index, length, name } = onOnePage[i % onOnePage.length]
    const first = offsetIn(log, log.records[index].start)
    const record = log.bytes.subarray(first, first + length)
    const header = new DataView(record.buffer, record.byteOffset, 24)
    const sound = record.slice(0, 24)
    const undo = mutate(log, first + 24, first + length, pick)
    if (pick(4) === 0) record[16] = pick(256)
    header.setUint32(20, recordCrc(record), true)
    try {
      const reader = readerOf(log, log.records[index - 1].start, disk)
      reader.read()
      const read = reader.read()
      if (read.kind === 'end') return undefined
      show(read)
      redoOnCopy(dir, disk, read)
      return undefined
    } catch (error) {
      return wrongError(error, name)
    } finally {
      undo()
      record.set(sound)
    }
  })
}

/** An error that the engine does not mean, with what was being done. */
export function wrongError(error: unknown, during: string): undefined {
  try {
    refusalOf(error)
  } catch {
    throw error instanceof Error ? Object.assign(error, { message: `${during}: ${error.message}` }) : error
  }
  return undefined
}

export const believedMutations: Idea = {
  id: 'T4-believed',
  what: 'random bytes in a record whose checksum agrees',
  ci: 1500,
  full: 200_000,
  needsNative: true,
  run: runBelieved,
}

async function runAnywhere(options: SoakOptions): Promise<SoakResult> {
  const dir = await bankDirectory()
  const base = readingDisk(dir)
  const files = everyFile(base, '')
  return eachCase(options, Infinity, (_, pick) => {
    const path = files[pick(files.length)]
    const at = pick(base.size(path) ?? 0)
    const disk = overlayDisk(base)
    const byte = disk.read(path, at, 1)
    byte[0] ^= 1 << pick(8)
    disk.write(path, at, byte)
    try {
      recover(disk, reference)
      return undefined
    } catch (error) {
      return wrongError(error, `${path}, byte ${at}`)
    }
  })
}

function everyFile(disk: Disk, folder: string): string[] {
  return disk.list(folder).flatMap(({ name, kind }) => {
    const path = folder === '' ? name : `${folder}/${name}`
    if (kind === 'directory') return everyFile(disk, path)
    return (disk.size(path) ?? 0) > 0 ? [path] : []
  })
}

export const anywhere: Idea = {
  id: 'T4-anywhere',
  what: 'a bit flipped in any file of a crashed directory',
  ci: 20,
  full: 3000,
  run: runAnywhere,
}
