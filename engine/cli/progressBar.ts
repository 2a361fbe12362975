// How far recovery is, for a person at a terminal: where in the log, how fast. Elsewhere nothing is drawn.

import cliProgress from 'cli-progress'
import { formatLsn } from '../format/lsn.js'
import type { Progress } from '../recovery/recovery.js'
import type { CommandIo } from './io.js'

const PHASES: Readonly<Record<Progress['phase'], string>> = {
  survey: 'reading ',
  replay: 'replay  ',
  write: 'writing ',
}
const MEGABYTE = 1 << 20
const STEPS = 1000

export interface RecoveryProgress {
  update(progress: Progress): void
  /** Prints a line above the bar. */
  print(line: string): void
  stop(): void
}

/** Draws on standard error when that is a terminal. Lines go to `out`. `now` in milliseconds. */
export function recoveryProgress(
  io: CommandIo,
  out: CommandIo['stdout'],
  now: () => number = () => performance.now(),
): RecoveryProgress {
  const print = (line: string): void => void out.write(line + '\n')
  if (!io.stderr.isTTY) return { update() {}, print, stop() {} }
  let bar: cliProgress.SingleBar | undefined
  let phase: Progress['phase'] | undefined
  let [started, last] = [0, now()]
  const stop = (): void => {
    bar?.stop()
    bar = undefined
  }
  return {
    update(progress) {
      // The first news of a phase comes some thousand records into it: it began where the one before was last heard of.
      if (progress.phase !== phase) {
        stop()
        started = last
      }
      last = now()
      phase = progress.phase
      const payload = { phase: PHASES[phase], detail: detailOf(progress, (last - started) / 1000) }
      if (bar) bar.update(stepsOf(progress), payload)
      else (bar = makeBar(io, phase)).start(STEPS, stepsOf(progress), payload)
    },
    print(line) {
      stop() // the next update draws it again, below the line
      print(line)
    },
    stop,
  }
}

function makeBar(io: CommandIo, phase: Progress['phase']): cliProgress.SingleBar {
  return new cliProgress.SingleBar({
    // How long the log is, nobody knows before it has been read once.
    format: phase === 'survey' ? '{phase} {detail}' : '{phase} [{bar}] {percentage}% {detail}',
    stream: io.stderr as NodeJS.WriteStream,
    clearOnComplete: true,
    hideCursor: null, // an interrupted run must not leave the terminal without one
    barCompleteChar: '=',
    barIncompleteChar: ' ',
  })
}

/** How much of the phase is done, of 1000; the end of the log is unknown while it is read for the first time. */
function stepsOf({ position, begin, end }: Progress): number {
  return end === undefined || end <= begin ? 0 : Number(((position - begin) * BigInt(STEPS)) / (end - begin))
}

function detailOf({ phase, position, begin, records }: Progress, seconds: number): string {
  if (phase === 'write') return `${records} pages`
  const megabytes = Number(position - begin) / MEGABYTE
  const rate =
    seconds > 0
      ? `, ${(megabytes / seconds).toFixed(0)} MB/s, ${Math.round(records / seconds).toLocaleString('en-US')} records/s`
      : ''
  return `${formatLsn(position)}${rate}`
}
