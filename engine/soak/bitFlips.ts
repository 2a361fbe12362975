/**
 * T3: every bit of a record, of its own header, of its block headers, of its body and of the page headers that it lies
 * under, is flipped. The record must not be accepted, and the reason must be the one that endModel.ts finds.
 *
 * And once more with the checksum made right again, as a wrong record would have it that PostgreSQL itself wrote: now
 * the contents are all that can object. Whatever comes of it must be the end of the log, a change of pages, or an error
 * that the engine means.
 */
import type { Disk } from '../disk/disk.js'
import { XLOG_BLCKSZ } from '../format/walPage.js'
import { recordCrc } from '../wal/reader.js'
import { redoOnCopy } from './believed.js'
import { refusalOf } from './bothRecover.js'
import { eachCase, type Idea, type SoakOptions, type SoakResult } from './cases.js'
import { nextRecord } from './endModel.js'
import { logDisk, offsetIn, readerOf } from './flatLog.js'
import { sampleRecords, type Sample, type Samples } from './sampleRecords.js'

interface Bit {
  readonly sample: Sample
  /** Byte in the log. */
  readonly at: number
  readonly mask: number
}

/** The bits of a sample; those of the page header before it too, when it is the first on its page. */
function* bitsOf({ log }: Samples, sample: Sample): Generator<Bit> {
  const { start, end } = log.records[sample.index]
  const [first, last] = [offsetIn(log, start), offsetIn(log, end)]
  const header = first % log.segmentSize < XLOG_BLCKSZ ? 40 : 24
  const from = first % XLOG_BLCKSZ === header ? first - header : first
  const length = sample.name === 'XLOG/SWITCH' ? first + sample.length : last
  for (let at = from; at < length; at++)
    for (let bit = 0; bit < 8; bit++) yield { sample, at, mask: 1 << bit }
}

/** Bits that nothing looks at: of a page header padding, a flag; alignment behind the record. */
function isUnguarded({ log }: Samples, { sample, at }: Bit): boolean {
  const first = offsetIn(log, log.records[sample.index].start)
  const within = at % XLOG_BLCKSZ
  const onOnePage = Math.floor(first / XLOG_BLCKSZ) === Math.floor((first + sample.length - 1) / XLOG_BLCKSZ)
  if (onOnePage && at >= first + sample.length) return true
  if (!onOnePage && at >= offsetIn(log, log.records[sample.index].end) - 8) return true
  return within === 2 || (within >= 16 && within < 24)
}

function checkFlip(samples: Samples, disk: Disk, bit: Bit): string | undefined {
  const { log } = samples
  const { index, name } = bit.sample
  const before = log.records[index - 1]
  const where = `${name}, bit ${Math.log2(bit.mask)} of byte ${bit.at - offsetIn(log, log.records[index].start)}`
  log.bytes[bit.at] ^= bit.mask
  try {
    const reader = readerOf(log, before.start, disk)
    reader.read()
    const read = reader.read()
    const expected = nextRecord(log, before.start, before.end)
    if (read.kind === 'record') {
      const known = 'start' in expected && expected.start === read.lsn && isUnguarded(samples, bit)
      return known ? undefined : `${where}: the record is accepted`
    }
    const reason = 'start' in expected ? 'a whole record' : expected.reason
    return read.reason === reason ? undefined : `${where}: expected ${reason}; found ${read.reason}`
  } finally {
    log.bytes[bit.at] ^= bit.mask
  }
}

async function flips(options: SoakOptions): Promise<SoakResult> {
  const samples = await sampleRecords()
  const disk = logDisk(samples.log)
  const bits = samples.samples.flatMap((sample) => [...bitsOf(samples, sample)])
  return eachCase(options, bits.length, (i) => checkFlip(samples, disk, bits[i]))
}

export const bitFlips: Idea = {
  id: 'T3',
  what: 'a bit flipped in a record of each kind',
  ci: 12_000,
  full: Infinity,
  needsNative: true,
  run: flips,
}

/** Flips in records on one page, so that the checksum can be put right in place. */
function checkBelievedFlip(samples: Samples, disk: Disk, bit: Bit): string | undefined {
  const { log, dir } = samples
  const { index, length } = bit.sample
  const first = offsetIn(log, log.records[index].start)
  const record = log.bytes.subarray(first, first + length)
  const crc = new DataView(record.buffer, record.byteOffset, 24)
  const sound = crc.getUint32(20, true)
  log.bytes[bit.at] ^= bit.mask
  crc.setUint32(20, recordCrc(record), true)
  try {
    const reader = readerOf(log, log.records[index - 1].start, disk)
    reader.read()
    const read = reader.read()
    if (read.kind === 'end') return undefined
    redoOnCopy(dir, disk, read)
    return undefined
  } catch (error) {
    refusalOf(error)
    return undefined
  } finally {
    log.bytes[bit.at] ^= bit.mask
    crc.setUint32(20, sound, true)
  }
}

async function believedFlips(options: SoakOptions): Promise<SoakResult> {
  const samples = await sampleRecords()
  const disk = logDisk(samples.log)
  const bits = samples.samples.flatMap((sample) => {
    const first = offsetIn(samples.log, samples.log.records[sample.index].start)
    if ((first % XLOG_BLCKSZ) + sample.length > XLOG_BLCKSZ) return []
    return [...bitsOf(samples, sample)].filter(({ at }) => at >= first && at < first + sample.length)
  })
  return eachCase(options, bits.length, (i) => {
    try {
      return checkBelievedFlip(samples, disk, bits[i])
    } catch (error) {
      const { sample, at, mask } = bits[i]
      const first = offsetIn(samples.log, samples.log.records[sample.index].start)
      const where = `${sample.name}, bit ${Math.log2(mask)} of byte ${at - first}`
      throw error instanceof Error ? Object.assign(error, { message: `${where}: ${error.message}` }) : error
    }
  })
}

export const believedBitFlips: Idea = {
  id: 'T3-believed',
  what: 'the same flips with a checksum that agrees',
  ci: 3000,
  full: Infinity,
  needsNative: true,
  run: believedFlips,
}
