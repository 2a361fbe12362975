// `pgcrash control`: what global/pg_control says, as pg_controldata prints it, or as JSON.

import { CorruptData } from '../bytes/errors.js'
import { CONTROL_FILE, ControlFile, readControlFile } from '../format/controlFile.js'
import { readFile } from '../disk/disk.js'
import { controldataLines, controlToJson } from '../lens/controldata.js'
import { localTimeZone } from '../lens/timeZone.js'
import { openDirectory, type OpenDirectory } from './dataDirectory.js'
import { EXIT, sentenceOf, type ExitCode } from './exit.js'
import { LineWriter, type CommandIo } from './io.js'

/** Prints the control file. A damaged one is shown too, with a warning, as pg_controldata does; the exit code says so. */
export async function controlCommand(
  directory: string | undefined,
  options: { json?: boolean },
  io: CommandIo,
): Promise<ExitCode> {
  const disk = openDirectory(directory, io, { readOnly: true })
  try {
    const { control, damage } = readWhateverIsThere(disk)
    if (damage)
      io.stderr.write(`pgcrash: ${sentenceOf(damage)}\npgcrash: what is printed here cannot be trusted\n`)
    const writer = new LineWriter(io.stdout)
    if (options.json) writer.line(JSON.stringify(controlToJson(control), null, 2))
    else for (const line of controldataLines(control, localTimeZone())) writer.line(line)
    await writer.flush()
    return damage ? EXIT.DAMAGED : EXIT.OK
  } finally {
    disk.close()
  }
}

function readWhateverIsThere(disk: OpenDirectory): { control: ControlFile; damage?: CorruptData } {
  try {
    return { control: readControlFile(disk) }
  } catch (error) {
    const raw = error instanceof CorruptData ? readFile(disk, CONTROL_FILE) : undefined
    if (!raw || raw.length < ControlFile.size) throw error
    return { control: ControlFile.read(raw), damage: error as CorruptData }
  }
}
