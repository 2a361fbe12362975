// How pgcrash ends: one sentence when something is wrong, never a stack trace, and a number that scripts can rely on.

import { CorruptData, DirectoryInUse, DiskFault, NotRecoverable, Unsupported } from '../bytes/errors.js'

export const EXIT = {
  OK: 0,
  FAILURE: 1,
  USAGE: 2,
  NOT_RECOVERABLE: 3,
  DAMAGED: 4,
  UNSUPPORTED: 5,
  IN_USE: 6,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES_HELP = `Exit codes:
  0  done, or nothing to do
  1  the disk failed, or something unforeseen
  2  the command line makes no sense
  3  not a data directory, not recoverable as it stands (missing WAL), or no such page
  4  damaged control file, WAL or data
  5  valid, but not supported (version, block size, resource manager, standby)
  6  another process is using the directory`

/** The command line makes no sense; the message says why. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.USAGE
  if (error instanceof NotRecoverable) return EXIT.NOT_RECOVERABLE
  if (error instanceof CorruptData) return EXIT.DAMAGED
  if (error instanceof Unsupported) return EXIT.UNSUPPORTED
  if (error instanceof DirectoryInUse) return EXIT.IN_USE
  return EXIT.FAILURE
}

/** The one sentence to print for an error. */
export function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const known = exitCodeOf(error) !== EXIT.FAILURE || error instanceof DiskFault
  return (known ? message : `unexpected failure: ${message}`).replace(/\s*\n\s*/g, ' ')
}
