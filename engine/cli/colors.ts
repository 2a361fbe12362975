// Colours for a person at a terminal, none for anybody else (NO_COLOR is respected).

import pc from 'picocolors'
import type { CommandIo } from './io.js'

export function colorsFor(
  stream: CommandIo['stdout'] | CommandIo['stderr'],
  io: CommandIo,
): ReturnType<typeof pc.createColors> {
  return pc.createColors(stream.isTTY === true && !io.env.NO_COLOR)
}
