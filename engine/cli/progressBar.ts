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

/** Draws on standard error when that is a terminal. Lines go to `out`. */
export function recoveryProgress(io: CommandIo, out: CommandIo['stdout']): RecoveryProgress {
  const print = (line: string): void => void out.write(line + '\n')
  if (!io.stderr.isTTY) return { update() {}, print, stop() {} }
  const bar = new cliProgress.SingleBar({
    format: '{phase} [{bar}] {percentage}% {detail}',
    stream: io.stderr as NodeJS.WriteStream,
    clearOnComplete: true,
    hideCursor: null, // an interrupted run must not leave the terminal without one
    barCompleteChar: '=',
    barIncompleteChar: ' ',
  })
  let phase: Progress['phase'] | undefined
  let started = 0
  const stop = (): void => {
    if (phase !== undefined) bar.stop()
    phase = undefined
  }
  return {
    update(progress) {
      if (progress.phase !== phase) {
        stop()
        phase = progress.phase
        started = performance.now()
        bar.start(STEPS, 0, { phase: PHASES[phase], detail: '' })
      }
      const seconds = (performance.now() - started) / 1000
      bar.update(stepsOf(progress), { phase: PHASES[progress.phase], detail: detailOf(progress, seconds) })
    },
    print(line) {
      stop() // the next update draws it again, below the line
      print(line)
    },
    stop,
  }
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
      ? `, ${(megabytes / seconds).toFixed(0)} MB/s, ${(records / seconds).toFixed(0)} records/s`
      : ''
  return `${formatLsn(position)}${rate}`
}
