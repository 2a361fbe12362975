/**
 * The log ends inside a record that goes over many pages, as when the machine dies while it is written. Whoever recovers
 * may not write over the record's first part: the log goes on where its continuation is missing, on a page that says so.
 *
 *   page n          page n+1 (lost)          after recovery: page n+1
 *   │ … │ long rec   0 0 0 0 0 0 …            │hdr, OVERWRITE flag│ OVERWRITE_CONTRECORD │ CHECKPOINT_SHUTDOWN │ …
 */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeDisk } from '../../disk/nodeDisk.js'
import { CONTROL_FILE, readControlFile } from '../../format/controlFile.js'
import { segmentFileName, type Lsn } from '../../format/lsn.js'
import { XLOG_BLCKSZ } from '../../format/walPage.js'
import { WalReader } from '../../wal/reader.js'
import { timelineHistory } from '../../wal/timelines.js'
import { crashSettings } from '../crashNative.js'
import { configure, initdb, NativeServer } from '../native.js'
import type { StagedScene } from '../nativeScene.js'

const SEGMENT_SIZE = 1 << 20
const BEFORE = [
  'create table kept (id int primary key, body text)',
  "insert into kept select g, repeat('k', g % 100) from generate_series(1, 1000) g",
]
const WORK = [
  "update kept set body = body || 'u' where id % 7 = 0",
  'create table made (a int)',
  'insert into made select generate_series(1, 500)',
  // So long that it lies in three segments, and begins before the end of the first.
  "select pg_logical_emit_message(true, 'long', repeat('x', 1600000))",
]
const MORE = [
  "insert into kept select 2000 + g, 'after' from generate_series(1, 500) g",
  'update made set a = -a where a % 3 = 0',
  'delete from kept where id % 11 = 0',
]

/** How much of the record is lost: all but its first page, or all from the next segment on. */
type Cut = 'pages' | 'segment'

/** The work, killed, and the end of its last long record lost. Gives pg_control as the checkpoint left it. */
async function breakRecord(dir: string, cut: Cut): Promise<Buffer> {
  initdb(dir, ['--wal-segsize=1'])
  configure(dir, { ...crashSettings, wal_keep_size: '1GB' })
  const server = await NativeServer.start(dir)
  try {
    await server.run([...BEFORE, 'checkpoint'])
    const control = readFileSync(join(dir, CONTROL_FILE))
    await server.run(WORK)
    await server.kill()
    loseEnd(dir, longestRecord(dir), cut)
    return control
  } finally {
    await server.kill()
  }
}

function longestRecord(dir: string): Lsn {
  const disk = nodeDisk(dir, { readOnly: true })
  try {
    const control = readControlFile(disk)
    const timelines = timelineHistory(disk, 1)
    const reader = new WalReader({ disk, segmentSize: SEGMENT_SIZE, timelines })
    reader.beginAt(control.checkPointCopy.redo)
    let [longest, at] = [0, 0n]
    for (let record = reader.read(); record.kind === 'record'; record = reader.read())
      if (record.xl_tot_len > longest) [longest, at] = [record.xl_tot_len, record.lsn]
    return at
  } finally {
    disk.close()
  }
}

function loseEnd(dir: string, record: Lsn, cut: Cut): void {
  const unit = BigInt(cut === 'pages' ? XLOG_BLCKSZ : SEGMENT_SIZE)
  const from = record - (record % unit) + unit
  const [segment, offset] = [from / BigInt(SEGMENT_SIZE), Number(from % BigInt(SEGMENT_SIZE))]
  const name = segmentFileName(1, segment, SEGMENT_SIZE)
  for (const later of readdirSync(join(dir, 'pg_wal')).filter(
    (other) => /^[0-9A-F]{24}$/.test(other) && other > name,
  ))
    rmSync(join(dir, 'pg_wal', later))
  const file = join(dir, 'pg_wal', name)
  if (offset === 0) return rmSync(file)
  truncateSync(file, offset)
  truncateSync(file, SEGMENT_SIZE)
}

/** PostgreSQL recovers from it, works on, and is killed again; then all of it is to be recovered from the beginning. */
async function overwritten(dir: string): Promise<void> {
  const control = await breakRecord(dir, 'segment')
  const server = await NativeServer.start(dir)
  try {
    await server.run(MORE)
  } finally {
    await server.kill()
  }
  writeFileSync(join(dir, CONTROL_FILE), control)
}

const cuts: readonly Cut[] = ['pages', 'segment']

export const brokenRecords: readonly StagedScene[] = [
  ...cuts.map((cut) => ({
    name: `a record without its end, ${cut} lost`,
    why: 'the log ends in a record of many pages: it goes on with OVERWRITE_CONTRECORD where the rest is missing',
    holds: ['select count(*) = 500 from made', 'select count(*) = 1000 from kept'],
    stage: async (dir: string): Promise<void> => void (await breakRecord(dir, cut)),
  })),
  {
    name: 'a record overwritten',
    why: 'PostgreSQL recovered from a record without its end and wrote on: OVERWRITE_CONTRECORD is met, and what follows',
    holds: ['select count(*) > 1300 from kept', 'select min(a) = -498 from made'],
    stage: overwritten,
  },
]
