/**
 * T1, T2: the log is cut, at any byte of its last three pages and of the pages on both sides of its last segment
 * border. What stands behind the cut:
 *
 *   zeroes               the segment was new                    (T1)
 *   stale                it had been another segment            (T2, with the two below)
 *   noise                the disk wrote anything
 *   noise between pages  anything, but page headers are whole: the reader is led further
 *
 * The reader must find the place and the words that endModel.ts finds.
 */
import { formatLsn, type Lsn } from '../format/lsn.js'
import { XLOG_BLCKSZ } from '../format/walPage.js'
import { randomFrom } from '../bytes/random.js'
import type { WalReaderOptions } from '../wal/reader.js'
import { eachCase, type Idea, type Pick, type SoakOptions, type SoakResult } from './cases.js'
import { placeOfEnd } from './endModel.js'
import { logDisk, offsetIn, readerOf, type KnownLog } from './flatLog.js'
import { knownLogs, recycledSegment } from './knownLogs.js'

/** Behind a cut so many bytes are lost: more than any record of these logs has. */
const REACH = 6 * XLOG_BLCKSZ
const noise = Uint8Array.from(
  { length: 4 * REACH },
  (
    (random) => () =>
      random() * 256
  )(randomFrom(5)),
)

export const FILLINGS = ['zeroes', 'stale', 'noise', 'noise between pages'] as const
export type Filling = (typeof FILLINGS)[number]

/** A log that can be cut, and put together again. */
export class CutLog {
  readonly zone: readonly number[]
  private readonly whole: Uint8Array
  private readonly stale: Uint8Array
  private readonly disk
  private readonly last: number

  constructor(
    readonly log: KnownLog,
    private readonly options: Partial<WalReaderOptions> = {},
  ) {
    this.whole = log.bytes.slice()
    this.stale = recycledSegment(log)
    this.disk = logDisk(log)
    this.last = offsetIn(log, log.records.at(-1)?.end ?? log.base)
    this.zone = this.bytesToCutAt()
  }

  /** Cuts at `zone[index]`, has the end found twice, and repairs; a sentence when the two differ. */
  compare(index: number, filling: Filling, pick: Pick): string | undefined {
    const cut = this.zone[index]
    this.fill(cut, filling, pick)
    try {
      const { found, expected } = this.bothEnds(cut)
      if (found === expected) return undefined
      const where = `${this.log.name}, cut at ${formatLsn(this.log.base + BigInt(cut))}, then ${filling}`
      return `${where}: expected ${expected}; found ${found}`
    } finally {
      this.log.bytes.set(this.whole.subarray(cut, this.endOfHarm(cut)), cut)
    }
  }

  /** A copy of the whole log, cut at `zone[index]`. */
  cutCopy(index: number, filling: Filling, pick: Pick): Uint8Array {
    const cut = this.zone[index]
    this.fill(cut, filling, pick)
    const copy = this.log.bytes.slice()
    this.log.bytes.set(this.whole.subarray(cut, this.endOfHarm(cut)), cut)
    return copy
  }

  private bytesToCutAt(): number[] {
    const { segmentSize, records } = this.log
    const range = (from: number, pages: number): number[] =>
      Array.from({ length: pages * XLOG_BLCKSZ }, (_, i) => from + i)
    const page = this.last - (this.last % XLOG_BLCKSZ)
    const border = this.last - (this.last % segmentSize)
    const first = offsetIn(this.log, records[0].end)
    const aroundBorder = border > first ? range(border - XLOG_BLCKSZ, 2) : []
    return [...new Set([...aroundBorder, ...range(page - 2 * XLOG_BLCKSZ, 3)])].filter((at) => at > first)
  }

  private fill(cut: number, filling: Filling, pick: Pick): void {
    const { bytes, segmentSize } = this.log
    const end = this.endOfHarm(cut)
    if (filling === 'zeroes') bytes.fill(0, cut, end)
    else if (filling === 'stale')
      for (let at = cut; at < end; at += segmentSize - (at % segmentSize)) {
        const within = at % segmentSize
        bytes.set(this.stale.subarray(within, Math.min(segmentSize, within + end - at)), at)
      }
    else {
      const from = pick(noise.length - (end - cut))
      bytes.set(noise.subarray(from, from + end - cut), cut)
      if (filling === 'noise between pages') this.restoreHeaders(cut, end)
    }
  }

  private endOfHarm(cut: number): number {
    return Math.min(this.log.bytes.length, cut + REACH)
  }

  private restoreHeaders(cut: number, end: number): void {
    for (let page = cut - (cut % XLOG_BLCKSZ); page < end; page += XLOG_BLCKSZ) {
      const header = page + (page % this.log.segmentSize === 0 ? 40 : 24)
      const from = Math.max(cut, page)
      if (from < header) this.log.bytes.set(this.whole.subarray(from, header), from)
    }
  }

  private bothEnds(cut: number): { found: string; expected: string } {
    const { log } = this
    const whole = lastBefore(log, log.base + BigInt(cut))
    const reader = readerOf(log, log.records[Math.max(0, whole - 2)].start, this.disk, this.options)
    let after = 0n
    let read = reader.read()
    for (; read.kind === 'record'; read = reader.read()) after = read.endLsn
    const { start, end } = log.records[whole]
    const expected = placeOfEnd(log, start, end)
    return {
      found: ending({ ...read, aborted: read.aborted, after }),
      expected: ending(expected),
    }
  }
}

function ending(end: {
  lsn: Lsn
  after: Lsn
  reason: string
  aborted: { record: Lsn; missingContinuation: Lsn } | undefined
}): string {
  const { lsn, after, reason, aborted } = end
  const broken = aborted
    ? `, inside ${formatLsn(aborted.record)}, continued on ${formatLsn(aborted.missingContinuation)}`
    : ''
  return `${formatLsn(after)}, ${formatLsn(lsn)} (${reason})${broken}`
}

/** The last record that ends at or before a position. */
function lastBefore({ records }: KnownLog, position: Lsn): number {
  let [low, high] = [0, records.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (records[middle].end <= position) low = middle
    else high = middle - 1
  }
  return low
}

async function run(options: SoakOptions, fillings: readonly Filling[]): Promise<SoakResult> {
  const logs = (await knownLogs()).map((log) => new CutLog(log))
  const cuts = logs.flatMap((log) => log.zone.map((_, index) => ({ log, index })))
  return eachCase(options, cuts.length * fillings.length, (i, pick) => {
    const { log, index } = cuts[Math.floor(i / fillings.length)]
    return log.compare(index, fillings[i % fillings.length], pick)
  })
}

export const zeroCuts: Idea = {
  id: 'T1',
  what: 'the log cut at any byte, zeroes behind',
  ci: 4000,
  full: Infinity,
  run: (options) => run(options, ['zeroes']),
}

export const dirtyCuts: Idea = {
  id: 'T2',
  what: 'the log cut at any byte, an old segment or noise behind',
  ci: 4000,
  full: 400_000,
  run: (options) => run(options, ['stale', 'noise', 'noise between pages']),
}
