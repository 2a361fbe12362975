/**
 * T5: PostgreSQL's own tests of the end of the log (src/test/recovery/t/039_end_of_wal.pl, 026_overwrite_contrecord.pl,
 * 043_no_contrecord_switch.pl), done to both: PostgreSQL recovers the harmed log, and we. Then what its tests leave out:
 * records whose checksum is right and whose contents are not.
 */
import type { Disk } from '../disk/disk.js'
import { formatLsn, segmentFileName, type Lsn } from '../format/lsn.js'
import { XLP } from '../format/walPage.js'
import type { NativeScene } from '../scenes/nativeScene.js'
import { onlyPostgres } from './cutsJudged.js'
import { crashedOnce, ourRecovery, readEachOther, theirRecovery, wrongWithOurs } from './bothRecover.js'
import { eachCase, type Idea, type SoakOptions, type SoakResult } from './cases.js'
import { LogTail, nextPage, tailOf, type TailPlace } from './logTail.js'

const GIB2 = 2 ** 31
const DEADBEEF = 0xdeadbeefn
const BAAAAAAD = 0xbaaaaaadn

/** What is done to the end of the log; returns the sentence that must come of it, or undefined when none is logged. */
interface Case {
  readonly name: string
  readonly harm: (tail: LogTail, disk: Disk, place: TailPlace) => string | undefined
}

const length = (at: Lsn, got: number): string =>
  `invalid record length at ${formatLsn(at)}: expected at least 24, got ${got}`

const inSegment = (place: TailPlace, page: Lsn): string => {
  const size = BigInt(place.segmentSize)
  const file = segmentFileName(place.timeline, page / size, place.segmentSize)
  return `in WAL segment ${file}, LSN ${formatLsn(page)}, offset ${page % size}`
}

const onOnePage: readonly Case[] = [
  { name: 'xl_tot_len zero', harm: (tail) => length(tail.toMiddleOfPage(), 0) },
  {
    name: 'xl_tot_len short',
    harm(tail) {
      const at = tail.toMiddleOfPage()
      tail.header(at, { xl_tot_len: 23 })
      return length(at, 23)
    },
  },
  {
    name: 'xl_tot_len short at end-of-page',
    harm(tail) {
      const at = tail.toPageEnd()
      tail.header(at, { xl_tot_len: 1 })
      return length(at, 1)
    },
  },
  {
    name: 'xl_prev bad',
    harm(tail) {
      const at = tail.toMiddleOfPage()
      tail.header(at, { xl_tot_len: GIB2, xl_prev: DEADBEEF })
      return `record with incorrect prev-link 0/DEADBEEF at ${formatLsn(at)}`
    },
  },
  {
    name: 'xl_crc bad',
    harm(tail) {
      tail.toMiddleOfPage()
      const start = tail.emit(10)
      tail.poke(tail.end - 8n, Uint8Array.of(0x21))
      return `incorrect resource manager data checksum in record at ${formatLsn(start)}`
    },
  },
]

/** A header on one page, good but for its length of 2 GiB; what the next page is, makes the case. */
function followedBy(
  name: string,
  next: (tail: LogTail, page: Lsn, at: Lsn, place: TailPlace) => string,
): Case {
  return {
    name,
    harm(tail, _, place) {
      const at = tail.toMiddleOfPage()
      tail.header(at, { xl_tot_len: GIB2, xl_prev: tail.previous })
      return next(tail, nextPage(at), at, place)
    },
  }
}

/** A header cut by the page end, whose xl_prev is wrong too: the page comes first. */
function cutAndFollowedBy(
  name: string,
  next: (tail: LogTail, page: Lsn, at: Lsn, place: TailPlace) => string,
): Case {
  return {
    name: `${name} (split record header)`,
    harm(tail, _, place) {
      const at = tail.toPageEnd()
      tail.header(at, { xl_tot_len: GIB2, xl_prev: DEADBEEF })
      return next(tail, nextPage(at), at, place)
    },
  }
}

const noMagic = (_: LogTail, page: Lsn, __: Lsn, place: TailPlace): string =>
  `invalid magic number 0000 ${inSegment(place, page)}`
const wrongAddress = (info: number) => (tail: LogTail, page: Lsn, _: Lsn, place: TailPlace) => {
  tail.page(page, { xlp_info: info, xlp_pageaddr: BAAAAAAD })
  return `unexpected pageaddr 0/BAAAAAAD ${inSegment(place, page)}`
}
const wrongRest = (tail: LogTail, page: Lsn, at: Lsn): string => {
  tail.page(page, { xlp_info: XLP.FIRST_IS_CONTRECORD, xlp_rem_len: 123456 })
  return `invalid contrecord length 123456 (expected ${BigInt(GIB2) - (page - at)}) at ${formatLsn(at)}`
}

const overPages: readonly Case[] = [
  followedBy('xlp_magic zero', noMagic),
  followedBy('xlp_magic bad', (tail, page, _, place) => {
    tail.page(page, { xlp_magic: 0xcafe, xlp_pageaddr: 0n })
    return `invalid magic number CAFE ${inSegment(place, page)}`
  }),
  followedBy('xlp_pageaddr bad', wrongAddress(0)),
  followedBy('xlp_info bad', (tail, page, _, place) => {
    tail.page(page, { xlp_info: 0x1234 })
    return `invalid info bits 1234 ${inSegment(place, page)}`
  }),
  followedBy('xlp_info lacks XLP_FIRST_IS_CONTRECORD', (tail, page, at) => {
    tail.page(page, {})
    return `there is no contrecord flag at ${formatLsn(at)}`
  }),
  followedBy('xlp_rem_len bad', wrongRest),
  cutAndFollowedBy('xlp_magic zero', noMagic),
  cutAndFollowedBy('xlp_pageaddr bad', wrongAddress(XLP.FIRST_IS_CONTRECORD)),
  cutAndFollowedBy('xlp_rem_len bad', wrongRest),
]

/** Fills the segment but for two pages, and writes a message over its end; returns where the next segment starts. */
function overSegmentEnd(tail: LogTail, place: TailPlace): Lsn {
  const size = BigInt(place.segmentSize)
  while (size - (tail.end % size) > 16384n) tail.emit(6000)
  tail.emit(600_000)
  return tail.end - (tail.end % size)
}

const abandoned: readonly Case[] = [
  {
    name: '026: the last segment is gone, a record began before it',
    harm(tail, disk, place) {
      const border = overSegmentEnd(tail, place)
      const segment = border / BigInt(place.segmentSize)
      disk.remove(`pg_wal/${segmentFileName(place.timeline, segment, place.segmentSize)}`)
      return undefined
    },
  },
  {
    name: '043: the page that continues a record is zeroes',
    harm(tail, _, place) {
      const at = tail.toMiddleOfPage()
      tail.emit(Number(tail.room))
      tail.poke(nextPage(at), new Uint8Array(8192))
      return `invalid magic number 0000 ${inSegment(place, nextPage(at))}`
    },
  },
]

/**
 * A record that the checksum vouches for, and a sentence for what is wrong in its bytes from 24 on. PostgreSQL names
 * another position, that of the record handed out last; the words must be the same.
 */
function contents(name: string, body: readonly number[], sentence: string): Case {
  return {
    name: `contents: ${name}`,
    harm(tail) {
      tail.toMiddleOfPage()
      tail.believed(10, 0, Uint8Array.from(body))
      return `${sentence} at `
    },
  }
}

const locator = [0x7f, 6, 0, 0, 5, 0, 0, 0, 0, 0x40, 0, 0]
const block = (...data: number[]): number[] => [...data, ...locator, 0, 0, 0, 0]
const [HAS_IMAGE, HAS_DATA, SAME_REL] = [0x10, 0x20, 0x80]

const believedContents: readonly Case[] = [
  contents('a block id that there is not', [40, 0, 0, 0], 'invalid block_id 40'),
  contents('block ids that go back', [...block(1, 0, 0, 0), ...block(0, 0, 0, 0)], 'out-of-order block_id 0'),
  contents(
    'data announced, none there',
    block(0, HAS_DATA, 0, 0),
    'BKPBLOCK_HAS_DATA set, but no data included',
  ),
  contents('data not announced', block(0, 0, 7, 0), 'BKPBLOCK_HAS_DATA not set, but data length is 7'),
  contents(
    'an image with a hole nowhere',
    block(0, HAS_IMAGE, 0, 0, 100, 0, 0, 0, 3),
    'BKPIMAGE_HAS_HOLE set, but hole offset 0 length 8092 block image length 100',
  ),
  contents(
    'an image longer than a page, with a hole nowhere',
    block(0, HAS_IMAGE, 0, 0, 0x28, 0x23, 0, 0, 3),
    'BKPIMAGE_HAS_HOLE set, but hole offset 0 length 64728 block image length 9000',
  ),
  contents(
    'an image without a hole that is too short',
    block(0, HAS_IMAGE, 0, 0, 100, 0, 0, 0, 2),
    'BKPIMAGE_HAS_HOLE not set, but hole offset 0 length 8092',
  ),
  contents(
    'an image compressed to the size of a page',
    block(0, HAS_IMAGE, 0, 0, 0, 32, 0, 0, 6),
    'BKPIMAGE_COMPRESSED set, but block image length 8192',
  ),
  contents(
    'the relation of no block before',
    [0, SAME_REL, 0, 0, 0, 0, 0, 0, 0, 0],
    'BKPBLOCK_SAME_REL set but no previous rel',
  ),
  contents('main data that is not there', [255, 200, 1, 2, 3], 'record with invalid length'),
  contents('bytes that nothing announces', [255, 1, 1, 2, 3], 'record with invalid length'),
  contents('a header cut short', [0, 0, 0, 0, 1, 2, 3], 'record with invalid length'),
]

const pageHeaders: readonly Case[] = [
  {
    name: 'a page of a timeline to come',
    harm(tail, _, place) {
      tail.toMiddleOfPage()
      const page = nextPage(tail.end)
      while (tail.end < page + 3000n) tail.emit(3000)
      const header = tail.read(page, 24)
      header[4] = 7
      tail.poke(page, header)
      return `unexpected timeline ID 7 ${inSegment(place, page)}`
    },
  },
  {
    name: 'a page of a timeline before',
    harm(tail, _, place) {
      tail.toMiddleOfPage()
      const page = nextPage(tail.end)
      while (tail.end < page + 3000n) tail.emit(3000)
      const header = tail.read(page, 24)
      header[4] = 0
      tail.poke(page, header)
      return `out-of-sequence timeline ID 0 (after 1) ${inSegment(place, page)}`
    },
  },
  {
    name: 'a long header where a short one belongs',
    harm(tail, _, place) {
      tail.toMiddleOfPage()
      const page = nextPage(tail.end)
      while (tail.end < page + 3000n) tail.emit(3000)
      const header = tail.read(page, 40)
      header[2] |= XLP.LONG_HEADER
      tail.poke(page, header)
      const found = new DataView(header.buffer).getBigUint64(24, true)
      return `WAL file is from different database system: WAL file database system identifier is ${found}, pg_control database system identifier is ${place.systemIdentifier}`
    },
  },
]

const cases = [...onOnePage, ...overPages, ...abandoned, ...believedContents, ...pageHeaders]

const scene: NativeScene = {
  name: 'a short log',
  why: 'a table, and an end of the log to write on',
  initdb: ['--wal-segsize=1'],
  settings: {
    autovacuum: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    recovery_prefetch: 'off',
    wal_keep_size: '64MB',
  },
  before: onlyPostgres,
  main: ['create table t as select 42 as a'],
  rounds: 1,
}

async function run(options: SoakOptions): Promise<SoakResult> {
  const dir = await crashedOnce(scene)
  const place = tailOf(dir)
  return eachCase(options, cases.length, async (i) => {
    const { name, harm } = cases[i]
    let expected: string | undefined
    const doHarm = (disk: Disk): void => {
      expected = harm(new LogTail(disk, place), disk, place)
    }
    const theirs = await theirRecovery(dir, doHarm)
    const { told: ours } = ourRecovery(dir, doHarm)
    if (ours.refusal ?? theirs.refusal)
      return `${name}: PostgreSQL ${theirs.refusal ?? 'recovers'}; we ${ours.refusal ?? 'recover'}`
    if (expected !== undefined) {
      const sentence = expected
      const matches = (s: string): boolean =>
        s === sentence || (sentence.endsWith(' at ') && s.startsWith(sentence))
      if (!theirs.sentences.some(matches))
        return `${name}: expected ${expected}; PostgreSQL says ${theirs.sentences.join(' | ')}`
      if (!ours.sentences.some(matches))
        return `${name}: expected ${expected}; we say ${ours.sentences.join(' | ')}`
    }
    if (ours.checkpoint !== theirs.checkpoint)
      return `${name}: PostgreSQL's checkpoint is at ${theirs.checkpoint}, ours at ${ours.checkpoint}`
    const wrong = (await wrongWithOurs(dir, doHarm)) ?? (await misread(dir, cases[i], doHarm))
    return wrong && `${name}: ${wrong}`
  })
}

/** A record that was abandoned must be passed over by whoever reads the log later: PostgreSQL ours, we PostgreSQL's. */
async function misread(dir: string, what: Case, harm: (disk: Disk) => void): Promise<string | undefined> {
  if (!abandoned.includes(what)) return undefined
  const { theyRead, weRead } = await readEachOther(dir, harm)
  const [theirs, ours] = [theyRead, weRead].map(
    (said) =>
      /successfully skipped missing contrecord at \S+, overwritten at \d{4}-\d\d-\d\d /.exec(
        said.join('\n'),
      )?.[0],
  )
  if (theirs !== undefined && theirs === ours) return undefined
  return `PostgreSQL reads our log: ${theyRead.join(' | ')}; we read PostgreSQL's: ${weRead.join(' | ')}`
}

export const endOfWal: Idea = {
  id: 'T5',
  what: "PostgreSQL's own tests of the end of the log, and more",
  ci: Infinity,
  full: Infinity,
  needsNative: true,
  run,
}
