// The directory a command works on: the argument, or PGDATA as for PostgreSQL's own tools.

import { statSync } from 'node:fs'
import { DiskFault, NotRecoverable } from '../bytes/errors.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import type { CommandIo } from './io.js'
import { UsageError } from './exit.js'

export type OpenDirectory = ReturnType<typeof nodeDisk>

/** Opens a data directory. @throws UsageError, NotRecoverable when it is not there, DiskFault */
export function openDirectory(
  argument: string | undefined,
  io: CommandIo,
  options: { readOnly: boolean },
): OpenDirectory {
  const directory = argument ?? io.env.PGDATA
  if (!directory) throw new UsageError('no data directory: name it, or set the environment variable PGDATA')
  let isDirectory: boolean | undefined
  try {
    isDirectory = statSync(directory, { throwIfNoEntry: false })?.isDirectory()
  } catch (error) {
    throw new DiskFault(`could not examine "${directory}": ${(error as Error).message}`, error)
  }
  if (isDirectory === undefined) throw new NotRecoverable(`there is no directory "${directory}"`)
  if (!isDirectory) throw new NotRecoverable(`"${directory}" is not a directory`)
  return nodeDisk(directory, options)
}
