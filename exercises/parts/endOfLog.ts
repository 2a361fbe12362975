// End of the log, or damage? What the reader met at the place where the next record would start, and whether whole
// records stand behind it. The right answer is the engine's verdict on a log in memory that looks just so.

import fc from 'fast-check'
import {
  formatLsn,
  locateLsn,
  nodeDisk,
  readControlFile,
  segmentFileName,
  XLOG_PAGE_MAGIC,
  XLogPageHeader,
  XLogRecord,
  XLP,
  type CrashedScene,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { recordsOf } from '../scene/contents.js'
import { hexText } from './pages.js'
import { judgedByEngine, PAGE, SEGMENT, type EndKind, type LogEnd } from './shortLog.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { strip, type Field } from '../drawing/bytes.js'
import { ruler } from '../drawing/ruler.js'

export type EndInput = [met: LogEnd]

export const ending: Contract<EndInput, EndKind> = {
  name: 'endOfLog',
  draw: drawEnd,
  reference: judgedByEngine,
  show: ({ lsn, previous, page, header, crc, recordsBehind }) =>
    [
      `end       ${formatLsn(lsn)}, behind the record at ${formatLsn(previous)}`,
      ...(page && header
        ? [
            `page      ${hexText(page)}`,
            `          ${pageText(lsn, page)}`,
            `header    ${hexText(header)}`,
            `          ${headerText(header)}, its CRC ${crc}`,
          ]
        : ['file      none holds this position']),
      `behind    ${recordsBehind ? 'whole records of this log' : 'no whole record'}`,
    ].join('\n'),
}

function pageText(lsn: bigint, bytes: Uint8Array): string {
  const { xlp_magic, xlp_pageaddr } = XLogPageHeader.read(bytes)
  const own = lsn - (lsn % BigInt(PAGE))
  return `xlp_magic ${xlp_magic.toString(16)}, xlp_pageaddr ${formatLsn(xlp_pageaddr)}; the page's own address is ${formatLsn(own)}`
}

function headerText(bytes: Uint8Array): string {
  const { xl_tot_len, xl_prev } = XLogRecord.read(bytes)
  return `xl_tot_len ${xl_tot_len}, xl_prev ${formatLsn(xl_prev)}`
}

/** What comes of a wrong verdict. */
export function endNote(answer: Plain, met: LogEnd): string {
  const right = judgedByEngine(met)
  if (right === 'damage' || right === 'missing segment')
    return 'Committed work stands behind this place, and nobody is told that it will be gone.'
  if (answer === 'damage' || answer === 'missing segment')
    return 'Nothing is lost here, and somebody is sent to look for a backup.'
  if (right === 'clean end') return 'Here the log was never written.'
  if (right === 'recycled segment')
    return 'This is what an old segment holds: WAL of long ago, from another place.'
  return 'The record belongs here, and it is not whole: the server died while it was written.'
}

/** What may stand where a log ends. */
export type Ending =
  'zeroes' | 'zero page' | 'stale page' | 'stale record' | 'wrong CRC' | 'cut off' | 'no file'

export interface EndOptions {
  readonly endings: readonly Ending[]
  readonly behind?: fc.Arbitrary<boolean>
  /** Lowest position. */
  readonly from?: bigint
  /** How many segments ago the file was in use before. */
  readonly ages?: fc.Arbitrary<bigint>
}

/** An end of the log as a reader meets it. */
export function logEnds(options: EndOptions): fc.Arbitrary<EndInput> {
  const {
    endings,
    behind = fc.boolean(),
    from = 0x8000000n,
    ages = fc.bigInt({ min: 1n, max: 60n }),
  } = options
  return fc
    .record({
      ending: fc.constantFrom(...endings),
      segment: fc.bigInt({ min: from >> 20n, max: (from >> 20n) + 0xfffn }),
      page: fc.integer({ min: 2, max: 9 }),
      // At least as many as `length`: the last record, too, lies behind the page header.
      within: fc.integer({ min: 12, max: 900 }),
      length: fc.integer({ min: 4, max: 12 }),
      firstOfPage: fc.boolean(),
      age: ages,
      crc: fc.constantFrom('right' as const, 'wrong' as const, 'unknown' as const),
      behind,
    })
    .map((drawn): EndInput => [metAt(drawn)])
}

interface Drawn {
  readonly ending: Ending
  readonly segment: bigint
  readonly page: number
  readonly within: number
  readonly length: number
  readonly firstOfPage: boolean
  readonly age: bigint
  readonly crc: LogEnd['crc']
  readonly behind: boolean
}

function metAt({ ending, segment, page, within, length, firstOfPage, age, crc, behind }: Drawn): LogEnd {
  const start = segment * BigInt(SEGMENT)
  const recordsBehind = behind
  if (ending === 'no file')
    return {
      lsn: start,
      previous: start - BigInt(8 * length),
      page: undefined,
      header: undefined,
      crc: 'unknown',
      recordsBehind,
    }
  // A page that is not the log's own is met where it begins.
  const first = firstOfPage || ending === 'zero page' || ending === 'stale page'
  const own = start + BigInt(page * PAGE)
  const lsn = own + BigInt(first ? XLogPageHeader.size : XLogPageHeader.size + 8 * within)
  const previous = (first ? own : lsn) - BigInt(8 * length)
  const older = BigInt(SEGMENT) * age
  const address = ending === 'stale page' ? own - older : own
  const zero = new Uint8Array(24)
  if (ending === 'zero page')
    return { lsn, previous, page: zero, header: zero, crc: 'unknown', recordsBehind }
  const pageBytes = pageHeader(address)
  if (ending === 'zeroes')
    return { lsn, previous, page: pageBytes, header: zero, crc: 'unknown', recordsBehind }
  const stale = ending === 'stale page' || ending === 'stale record'
  const found = ending === 'wrong CRC' ? 'wrong' : ending === 'cut off' ? 'unknown' : crc
  // An old segment may have been left early, by a switch: then its pages hold nothing behind the header.
  if (ending === 'stale page' && crc === 'unknown')
    return { lsn, previous, page: pageBytes, header: zero, crc, recordsBehind }
  const header = recordHeader(found === 'unknown' ? PAGE : 40 + length, stale ? previous - older : previous)
  return { lsn, previous, page: pageBytes, header, crc: found, recordsBehind }
}

function pageHeader(xlp_pageaddr: bigint): Uint8Array {
  const bytes = new Uint8Array(XLogPageHeader.size)
  const header = {
    xlp_magic: XLOG_PAGE_MAGIC,
    xlp_info: XLP.BKP_REMOVABLE,
    xlp_tli: 1,
    xlp_pageaddr,
    xlp_rem_len: 0,
  }
  XLogPageHeader.write(bytes, 0, header)
  return bytes
}

function recordHeader(xl_tot_len: number, xl_prev: bigint): Uint8Array {
  const bytes = new Uint8Array(XLogRecord.size)
  const header = { xl_tot_len, xl_xid: 761, xl_prev, xl_info: 0, xl_rmid: 10, xl_crc: 0x5eed1e55 }
  XLogRecord.write(bytes, 0, header)
  return bytes
}

const somewhere = {
  segment: 0x2an,
  page: 5,
  within: 100,
  length: 8,
  firstOfPage: false,
  age: 3n,
  crc: 'right' as const,
}

/** The two headers that the reader met, what does not belong to this log marked. */
function drawEnd(_answer: Answer, { lsn, previous, page, header, crc, recordsBehind }: LogEnd): Picture {
  const behind = recordsBehind
    ? 'whole records of this log stand behind it'
    : 'no whole record stands behind it'
  const line = ruler([
    { at: previous, label: 'the last whole record' },
    { at: lsn, label: 'the log ends here', kind: 'bad' },
  ])
  const title = `The log ends at ${formatLsn(lsn)}: ${behind}.`
  if (!page || !header) return { title, panels: [line, caption(`no file holds this position; ${behind}`)] }
  const { xlp_magic, xlp_pageaddr } = XLogPageHeader.read(page)
  const { xl_prev, xl_tot_len } = XLogRecord.read(header)
  const strange = new Set([
    ...(xlp_magic === XLOG_PAGE_MAGIC ? [] : ['xlp_magic']),
    ...(xlp_pageaddr === lsn - (lsn % BigInt(PAGE)) ? [] : ['xlp_pageaddr']),
    ...(xl_prev === previous ? [] : ['xl_prev']),
    ...(xl_tot_len >= XLogRecord.size ? [] : ['xl_tot_len']),
    ...(crc === 'wrong' ? ['xl_crc'] : []),
  ])
  const fields = (all: typeof XLogRecord.fields): Field[] =>
    all.map(({ name, offset, size }) => ({ name, at: offset, size, kind: strange.has(name) ? 'bad' : 'wal' }))
  return {
    title,
    panels: [
      line,
      strip({
        title: `the header of its page; ${formatLsn(lsn - (lsn % BigInt(PAGE)))} is its address`,
        bytes: page,
        fields: fields(XLogPageHeader.fields),
      }),
      strip({
        title: 'what stands where the next record would start',
        bytes: header,
        fields: fields(XLogRecord.fields),
      }),
      caption(`its CRC: ${crc}; ${behind}`),
    ],
  }
}

export const endOfLog: Exercise = {
  name: 'endOfLog',
  notebook: '04-startup',
  visible: [
    examples(ending, {
      rule: 'Zeroes, and nothing behind them; a record whose CRC is wrong, and whole records behind it.',
      why: 'PostgreSQL starts on both with a line that looks alike, and one of them has lost committed rows.',
      note: endNote,
      inputs: [
        [metAt({ ...somewhere, ending: 'zeroes', behind: false })],
        [metAt({ ...somewhere, ending: 'wrong CRC', behind: true })],
      ],
    }),
    generated(ending, {
      rule: 'A log that ends in zeroes, in an old page, or in a record that is half written, with nothing behind.',
      why: 'These are the three ways in which the log of a killed server ends.',
      note: endNote,
      runs: 40,
      input: logEnds({ endings: ['zeroes', 'stale page', 'wrong CRC'], behind: fc.constant(false) }),
    }),
  ],
  onScene(scene) {
    const inputs = flips(scene)
    const why =
      'One bit decides whether the rest of the log counts, and PostgreSQL does not look at the rest.'
    return examples(ending, {
      rule: `The end of scene ${scene.name} and, with a bit flipped in one of its records, ${inputs.length - 1} other ends.`,
      why,
      note: endNote,
      inputs,
    })
  },
}

const MOST_FLIPS = 20

/** The real end, and records all along the log as they would be met with a bit flipped in their payload. */
function flips(scene: CrashedScene): EndInput[] {
  const disk = nodeDisk(scene.dir)
  const { xlog_seg_size } = readControlFile(disk)
  const read = (lsn: bigint): Uint8Array => {
    const { segment, offset } = locateLsn(lsn, xlog_seg_size)
    return disk.read(`pg_wal/${segmentFileName(1, segment, xlog_seg_size)}`, offset, 24)
  }
  const records = recordsOf(scene)
  const last = records[records.length - 1]
  const pageOf = (lsn: bigint): bigint => lsn - (lsn % BigInt(PAGE))
  const met = (lsn: bigint, previous: bigint, crc: LogEnd['crc']): EndInput => [
    {
      lsn,
      previous,
      page: read(pageOf(lsn)),
      header: read(lsn),
      crc,
      recordsBehind: records.some((other) => pageOf(other.lsn) > pageOf(lsn)),
    },
  ]
  // Both records whole on one page, which is not among the first or the last of a megabyte.
  const isSimple = (lsn: bigint, previous: bigint, endLsn: bigint): boolean => {
    const page = (pageOf(lsn) % BigInt(SEGMENT)) / BigInt(PAGE)
    return page > 1n && page < 120n && pageOf(previous) === pageOf(lsn) && pageOf(endLsn) === pageOf(lsn)
  }
  const simple = records.filter(({ lsn, endLsn, xl_prev }) => isSimple(lsn, xl_prev, endLsn))
  const every = Math.max(1, Math.ceil(simple.length / MOST_FLIPS))
  const flipped = simple.filter((_, i) => i % every === 0)
  return [
    ...(isSimple(last.endLsn, last.lsn, last.endLsn) ? [met(last.endLsn, last.lsn, 'unknown')] : []),
    ...flipped.map(({ lsn, xl_prev }) => met(lsn, xl_prev, 'wrong')),
  ]
}
