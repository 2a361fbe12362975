// `pgcrash undo DIR FILE`: puts a directory back as it was before `pgcrash recover --backup FILE`.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { readJournal, undo, type Journal } from '../disk/backupDisk.js'
import { openDirectory } from './dataDirectory.js'
import { EXIT, UsageError, type ExitCode } from './exit.js'
import type { CommandIo } from './io.js'

/** Makes the file that keeps what is overwritten. @throws UsageError when it exists, or lies in the directory */
export function openJournal(file: string, directory: string): Journal & { close(): void } {
  if (existsSync(file)) throw new UsageError(`"${file}" exists: --backup makes a new file`)
  const inside = relative(resolve(directory), resolve(file))
  if (!inside.startsWith('..'))
    throw new UsageError(`"${file}" lies in the directory that is to be recovered`)
  const fd = openSync(file, 'wx', 0o600)
  let unsynced = false
  return {
    append(bytes) {
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
      unsynced = true
    },
    sync() {
      if (unsynced) fsyncSync(fd)
      unsynced = false
    },
    close: () => closeSync(fd),
  }
}

/** Undoes a recovery. @throws CorruptData when the file is none of ours or damaged */
export function undoCommand(directory: string, file: string, io: CommandIo): ExitCode {
  if (!existsSync(file)) throw new UsageError(`there is no file "${file}"`)
  const disk = openDirectory(directory, io, { readOnly: false })
  try {
    const entries = readJournal(readFileSync(file))
    undo(disk, entries)
    const files = new Set(entries.map(({ path }) => path)).size
    io.stdout.write(
      `"${directory}" is as it was before the recovery: ${files} files and directories put back\n`,
    )
    return EXIT.OK
  } finally {
    disk.close()
  }
}
