// A timeline is one life of a cluster: recovery to a point in the past begins a new one, so that its log never mixes
// with the log it left behind. `00000002.history` names the timelines it came from, oldest first.
//
//   1    0/3000158    before 2026-11-21 01:00:00+00        (parent, where it was left, why)

import { join, readFile, type Disk } from '../disk/disk.js'
import { WAL_DIRECTORY } from './segments.js'

/** A timeline and its ancestors, newest first (timeline.c, readTimeLineHistory). */
export function timelineHistory(disk: Disk, timeline: number): number[] {
  const name = `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`
  const file = readFile(disk, join(WAL_DIRECTORY, name))
  const ancestors: number[] = []
  if (file)
    for (const line of new TextDecoder().decode(file).split('\n')) {
      const match = /^\s*(\d+)\s+[0-9A-F]+\/[0-9A-F]+/i.exec(line)
      if (match) ancestors.unshift(Number(match[1]))
    }
  return [timeline, ...ancestors]
}
