// `pgcrash wal`: the log of a data directory, as pg_waldump prints it, as JSON, or in plain sentences.

import { setImmediate } from 'node:timers/promises'
import { NotRecoverable } from '../bytes/errors.js'
import { readControlFile, type ControlFile } from '../format/controlFile.js'
import { formatLsn, maxAlign, type Lsn } from '../format/lsn.js'
import { XLogRecord } from '../format/walRecord.js'
import { explainRecord } from '../lens/explain.js'
import { localTimeZone } from '../lens/timeZone.js'
import { statsLines, WalStats } from '../lens/waldumpStats.js'
import { waldumpDetails, waldumpLine } from '../lens/waldump.js'
import { recordToJson, statsToJson } from '../lens/walJson.js'
import { judgeEnd } from '../recovery/verdict.js'
import { XLOG } from '../redo/xlog.js'
import { useProcessorCrc } from '../threads/processorCrc.js'
import { findRecord, oldestPosition, type FoundRecord } from '../wal/findRecord.js'
import type { EndOfWal, WalRecord } from '../wal/record.js'
import { targetTimeline, timelineHistory } from '../wal/timelines.js'
import { openDirectory, type OpenDirectory } from './dataDirectory.js'
import { EXIT, type ExitCode } from './exit.js'
import { DirectoryWatch } from './follow.js'
import { LineWriter, type CommandIo } from './io.js'
import { checkWalOptions, wanted, type WalOptions } from './walOptions.js'

const RM_XLOG_ID = 0
/** Records between two looks at whether somebody pressed Ctrl-C. */
const BREATHE_EVERY = 1 << 16

/** Prints the log. Errors as those of readControlFile; NotRecoverable when the first record cannot be found. */
export async function walCommand(
  directory: string | undefined,
  options: WalOptions,
  io: CommandIo,
): Promise<ExitCode> {
  useProcessorCrc()
  checkWalOptions(options)
  const disk = openDirectory(directory, io, { readOnly: true })
  try {
    const control = readControlFile(disk)
    const from = startPosition(disk, control, options)
    const found = openWal(disk, control, from)
    if (found.lsn !== from && from % BigInt(control.xlog_seg_size) !== 0n)
      say(
        io,
        `first record is after ${formatLsn(from)}, at ${formatLsn(found.lsn)}, skipping over ${found.lsn - from} bytes`,
      )
    await print(found, options, io, disk)
    return EXIT.OK
  } finally {
    disk.close()
  }
}

const say = (io: CommandIo, sentence: string): void => void io.stderr.write(`pgcrash: ${sentence}\n`)

/** Where a person wants to begin: at the redo point, unless asked for another place. */
function startPosition(disk: OpenDirectory, control: ControlFile, options: WalOptions): Lsn {
  if (options.from !== undefined) return options.from
  if (!options.all) return control.checkPointCopy.redo
  const oldest = oldestPosition(disk, control.xlog_seg_size)
  if (oldest === undefined) throw new NotRecoverable(`pg_wal in "${disk.name}" holds no WAL segment`)
  return oldest
}

function openWal(disk: OpenDirectory, control: ControlFile, from: Lsn): FoundRecord {
  const found = findRecord(
    {
      disk,
      segmentSize: control.xlog_seg_size,
      timelines: timelineHistory(disk, targetTimeline(control)),
      systemIdentifier: control.system_identifier,
    },
    from,
  )
  if (found.kind === 'end')
    throw new NotRecoverable(`could not find a valid record after ${formatLsn(from)}: ${found.reason}`)
  return found
}

/** Prints records until the log, the range, the limit, the reader or the user's patience ends. */
async function print(
  found: FoundRecord,
  options: WalOptions,
  io: CommandIo,
  disk: OpenDirectory,
): Promise<void> {
  const { reader } = found
  const stats = new WalStats(found.lsn)
  const writer = new LineWriter(io.stdout)
  const lineOf = options.stats ? undefined : lineMaker(options)
  const signal = io.interrupted()
  const watch = options.follow ? new DirectoryWatch(disk.name) : undefined
  let shown = 0
  let read = 0
  let end: EndOfWal | undefined
  try {
    while (!signal.aborted && !writer.closed) {
      const record = reader.read()
      if (record.kind === 'end') {
        end = record
        if (!watch) break
        await writer.flush()
        await watch.change(signal)
        reader.beginAt(record.lsn)
        continue
      }
      if (options.to !== undefined && endOf(record) > options.to) break
      if (++read % BREATHE_EVERY === 0) await setImmediate()
      if (!wanted(options, record)) continue
      if (lineOf) writer.line(lineOf(record))
      else stats.add(record)
      if (writer.full) await writer.flush()
      if (++shown === options.limit) break
    }
  } finally {
    watch?.close()
    if (options.stats) writeStats(writer, stats, options)
    await writer.flush()
  }
  if (!end || watch || writer.closed) return
  say(io, `end of WAL at ${formatLsn(end.lsn)}: ${end.reason}`)
  const control = readControlFile(disk)
  const timeline = control.checkPointCopy.ThisTimeLineID
  const timelines = timelineHistory(disk, timeline)
  const { verdict, meaning, validBeyond } = judgeEnd(disk, { control, timelines }, { end, timeline })
  say(io, `${verdict}: ${meaning}`)
  if (validBeyond !== undefined) say(io, `to read on behind the break: --from ${formatLsn(validBeyond)}`)
}

/** Where the record's last byte ends, but for alignment: what --to is compared with. */
function endOf(record: WalRecord): Lsn {
  const isSwitch = record.xl_rmid === RM_XLOG_ID && record.info === XLOG.SWITCH // its end is the segment's
  if (isSwitch) return record.lsn + BigInt(XLogRecord.size)
  return record.endLsn - BigInt(maxAlign(record.xl_tot_len) - record.xl_tot_len)
}

function lineMaker(options: WalOptions): (record: WalRecord) => string {
  // JSON is for programs: the same everywhere, so its times are in UTC.
  if (options.json && options.explain)
    return (record) => JSON.stringify({ ...recordToJson(record), explanation: explainRecord(record) })
  if (options.json) return (record) => JSON.stringify(recordToJson(record))
  const zone = localTimeZone()
  if (options.explain) return (record) => `${formatLsn(record.lsn)}: ${explainRecord(record, { zone })}`
  if (options.bkpDetails) return (record) => waldumpDetails(record, zone)
  return (record) => waldumpLine(record, zone)
}

function writeStats(writer: LineWriter, stats: WalStats, options: WalOptions): void {
  if (!options.stats) return
  if (options.json) writer.line(JSON.stringify(statsToJson(stats, options.stats)))
  else for (const line of statsLines(stats, options.stats)) writer.line(line)
}
