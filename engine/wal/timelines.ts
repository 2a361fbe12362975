// A timeline is one life of a cluster: recovery to a point in the past, and the promotion of a standby, begin a new one,
// so that its log never mixes with the log it left behind. `00000002.history` names those it came from, oldest first.
//
//   1    0/3000158    before 2026-11-21 01:00:00+00        (parent, where it was left, why)

import { CorruptData } from '../bytes/errors.js'
import { join, readFile, type Disk } from '../disk/disk.js'
import type { ControlFile } from '../format/controlFile.js'
import { formatLsn, parseLsn, type Lsn } from '../format/lsn.js'
import { WAL_DIRECTORY, type Timeline } from './segments.js'

/** A timeline that has no parents. */
export function soleTimeline(id: number): readonly Timeline[] {
  return [{ id, begin: 0n, end: undefined }]
}

/**
 * The timeline that recovery goes for: a standby that was promoted and died before its next checkpoint is on a newer
 * one than that checkpoint (InitWalRecovery).
 */
export function targetTimeline(control: ControlFile): number {
  return Math.max(control.checkPointCopy.ThisTimeLineID, control.minRecoveryPointTLI)
}

/**
 * A timeline and its ancestors, newest first (timeline.c, readTimeLineHistory).
 * @throws CorruptData for a history file that makes no sense
 */
export function timelineHistory(disk: Disk, timeline: number): readonly Timeline[] {
  const path = join(WAL_DIRECTORY, `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`)
  const file = timeline === 1 ? undefined : readFile(disk, path)
  if (!file) return soleTimeline(timeline)
  const found: Timeline[] = []
  for (const line of new TextDecoder().decode(file).split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, id, end] = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line) ?? []
    if (id === undefined) throw new CorruptData({ file: path, what: `syntax error in history file: ${line}` })
    if (found.length > 0 && Number(id) <= found[0].id)
      throw new CorruptData({ file: path, what: `timeline IDs must be in increasing sequence: ${line}` })
    found.unshift({ id: Number(id), begin: found[0]?.end ?? 0n, end: parseLsn(end) ?? 0n })
  }
  if (found.length > 0 && timeline <= found[0].id)
    throw new CorruptData({ file: path, what: "timeline IDs must be less than child timeline's ID" })
  return [{ id: timeline, begin: found[0]?.end ?? 0n, end: undefined }, ...found]
}

/** The timeline that a position belongs to (tliOfPointInHistory). */
export function timelineAt(history: readonly Timeline[], lsn: Lsn): number | undefined {
  return history.find(({ begin, end }) => begin <= lsn && (end === undefined || lsn < end))?.id
}

/** Why a checkpoint is no part of the history that leads to the newest timeline; undefined when it is. */
export function notInHistory(history: readonly Timeline[], timeline: number, lsn: Lsn): string | undefined {
  if (timelineAt(history, lsn) === timeline) return undefined
  const own = history.find(({ id }) => id === timeline)
  if (!own) return `requested timeline ${timeline} is not in this server's history`
  return (
    `requested timeline ${history[0].id} is not a child of this server's history: the latest checkpoint is at ` +
    `${formatLsn(lsn)} on timeline ${timeline}, but the server forked off from it at ${formatLsn(own.end ?? 0n)}`
  )
}
