/**
 * T8: a segment is not there, or is not what it should be: twelve kinds of wrong, in the segment where recovery begins,
 * in the middle, and in the last one. PostgreSQL is the judge: refused or recovered, up to where, and why.
 */
import type { Disk } from '../disk/disk.js'
import { locateLsn, segmentFileName, type Lsn } from '../format/lsn.js'
import { readControlFile } from '../format/controlFile.js'
import { XLogLongPageHeader, XLogPageHeader, XLOG_BLCKSZ } from '../format/walPage.js'
import type { NativeScene } from '../scenes/nativeScene.js'
import {
  crashedOnce,
  ourRecovery,
  readingDisk,
  theirRecovery,
  wrongWithOurs,
  type Told,
} from './bothRecover.js'
import { eachCase, type Idea, type SoakOptions, type SoakResult } from './cases.js'
import { onlyPostgres } from './cutsJudged.js'
import { tailOf } from './logTail.js'

/** Also what pg_control is judged with. */
export const severalSegments: NativeScene = {
  name: 'a log of several segments',
  why: 'rows and messages, five segments of 1 MiB behind the checkpoint',
  initdb: ['--wal-segsize=1'],
  settings: { autovacuum: 'off', wal_level: 'minimal', max_wal_senders: '0', wal_keep_size: '64MB' },
  before: [...onlyPostgres, 'create table filler (id int primary key, body text)'],
  main: [
    "insert into filler select $i * 1000 + g, repeat('x', 1000) from generate_series(1, 700) g",
    "select pg_logical_emit_message(true, 'soak', repeat('m', 200000))",
  ],
  rounds: 5,
}

interface Segment {
  readonly path: string
  readonly next: string
  readonly size: number
}

type Harm = (disk: Disk, segment: Segment) => void

/** Sets fields of the long header at the segment's start. */
function header(disk: Disk, { path }: Segment, values: Partial<XLogLongPageHeader>): void {
  const bytes = disk.read(path, 0, XLogLongPageHeader.size).slice()
  XLogLongPageHeader.write(bytes, 0, { ...XLogLongPageHeader.read(bytes), ...values })
  disk.write(path, 0, bytes)
}

function everyPage(disk: Disk, { path, size }: Segment, values: Partial<XLogPageHeader>): void {
  for (let at = 0; at < size; at += XLOG_BLCKSZ) {
    const bytes = disk.read(path, at, XLogPageHeader.size).slice()
    XLogPageHeader.write(bytes, 0, { ...XLogPageHeader.read(bytes), ...values })
    disk.write(path, at, bytes)
  }
}

const kinds: ReadonlyArray<readonly [string, Harm]> = [
  ['missing', (disk, { path }) => disk.remove(path)],
  ['empty', (disk, { path }) => disk.truncate(path, 0)],
  ['one page long', (disk, { path }) => disk.truncate(path, XLOG_BLCKSZ)],
  ['half a page short', (disk, { path, size }) => disk.truncate(path, size - XLOG_BLCKSZ / 2)],
  ['zeroes', (disk, { path, size }) => disk.write(path, 0, new Uint8Array(size))],
  ['of another cluster', (disk, segment) => header(disk, segment, { xlp_sysid: 7n })],
  ['of another segment size', (disk, segment) => header(disk, segment, { xlp_seg_size: 1 << 24 })],
  ['of another block size', (disk, segment) => header(disk, segment, { xlp_xlog_blcksz: 4096 })],
  ['of PostgreSQL 17', (disk, segment) => everyPage(disk, segment, { xlp_magic: 0xd116 })],
  [
    'of timeline 2 by its name',
    (disk, { path }) => disk.rename(path, path.replace('/00000001', '/00000002')),
  ],
  ['of timeline 0 by its pages', (disk, segment) => everyPage(disk, segment, { xlp_tli: 0 })],
  [
    'swapped with the next',
    (disk, { path, next }) => {
      disk.rename(path, `${path}.swap`)
      disk.rename(next, path)
      disk.rename(`${path}.swap`, next)
    },
  ],
]
const positions = ['first', 'middle', 'last'] as const

/** The segments of the log: the one where recovery begins, one in the middle, the one where the log ends. */
function segmentsOf(dir: string): Record<(typeof positions)[number], Segment> {
  const { checkPointCopy, xlog_seg_size: size } = readControlFile(readingDisk(dir))
  const numberOf = (lsn: Lsn): bigint => locateLsn(lsn, size).segment
  const [first, last] = [numberOf(checkPointCopy.redo), numberOf(tailOf(dir).position)]
  if (last - first < 4n) throw new Error(`the log has ${last - first + 1n} segments only`)
  const file = (n: bigint): string => `pg_wal/${segmentFileName(1, n, size)}`
  const segment = (n: bigint): Segment => ({ path: file(n), next: file(n + 1n), size })
  return { first: segment(first), middle: segment((first + last) / 2n), last: segment(last) }
}

/** How the words of a refusal, and the reasons before it, must agree; undefined when they do. */
function disagreement(theirs: Told, ours: Told): string | undefined {
  const reasonOf = (told: Told): string[] =>
    told.sentences.filter((s) =>
      /^(invalid|unexpected|out-of-seq|could not read|WAL file|there is no)/.test(s),
    )
  if ((theirs.refusal === undefined) !== (ours.refusal === undefined))
    return `PostgreSQL ${theirs.refusal ?? 'recovers'}; we ${ours.refusal ?? 'recover'}`
  if (theirs.refusal !== undefined) {
    for (const words of [
      theirs.refusal,
      ...reasonOf(theirs).filter((s) => s !== 'invalid checkpoint record'),
    ])
      if (!ours.refusal?.includes(words)) return `PostgreSQL says ${words}; we say ${ours.refusal}`
    return undefined
  }
  if (ours.checkpoint !== theirs.checkpoint)
    return `PostgreSQL's checkpoint is at ${theirs.checkpoint}, ours at ${ours.checkpoint}`
  const missed = reasonOf(theirs).find((reason) => !ours.sentences.includes(reason))
  return missed && `PostgreSQL says ${missed}; we say ${ours.sentences.join(' | ')}`
}

async function run(options: SoakOptions): Promise<SoakResult> {
  const dir = await crashedOnce(severalSegments)
  const segments = segmentsOf(dir)
  return eachCase(options, kinds.length * positions.length, async (i) => {
    const position = positions[i % positions.length]
    const [name, change] = kinds[Math.floor(i / positions.length)]
    const harm = (disk: Disk): void => change(disk, segments[position])
    const theirs = await theirRecovery(dir, harm)
    const { told: ours } = ourRecovery(dir, harm)
    const wrong =
      disagreement(theirs, ours) ?? (ours.refusal === undefined ? await wrongWithOurs(dir, harm) : undefined)
    return wrong && `the ${position} segment is ${name}: ${wrong}`
  })
}

export const oddSegments: Idea = {
  id: 'T8',
  what: 'a segment missing or odd',
  ci: 8,
  full: Infinity,
  needsNative: true,
  run,
}
