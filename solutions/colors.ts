// Colours for a person at a terminal, none for anybody else: a log or a pipe gets plain text, in CI too.

import picocolors from 'picocolors'

export const pc = picocolors.createColors(process.stdout.isTTY === true && !process.env.NO_COLOR)
