// npm run grade -- PATH…

import { gradeCommand } from './grading/command.js'

process.exitCode = await gradeCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  columns: process.stdout.columns,
})
