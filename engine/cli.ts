// The command pgcrash. Everything it does is in cli/; here it meets the process it runs in.

import { processIo } from './cli/io.js'
import { run } from './cli/program.js'

process.exitCode = await run(process.argv.slice(2), processIo())
