/** `npm run bench`: recovery against PostgreSQL's, writing against PostgreSQL's, the simulator. Each by name, or all. */
import { Command, InvalidArgumentError } from 'commander'
import { benchRecovery } from './recovery.js'
import { benchSimulating } from './simulating.js'
import { benchWriting } from './writing.js'

function positive(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1')
  return Number(text)
}

interface Options {
  scale: number
  wal: number
  rounds: number
  transactions: number
  seconds: number
}

const command = new Command('npm run bench --').description('Measures; no test depends on what it prints.')
const names = ['recovery', 'writing', 'simulator']
command
  .argument('[name...]', `which: ${names.join(', ')}; all when not given`)
  .option('--rounds <n>', 'how often each pair is timed', positive, 5)
  .option('--scale <n>', 'recovery: scale of pgbench', positive, 50)
  .option('--wal <mib>', 'recovery: MiB of WAL behind the redo point', positive, 1024)
  .option('--transactions <n>', 'writing: inserts in a run', positive, 2000)
  .option('--seconds <n>', 'simulator: for how long', positive, 10)
  .action(async (wanted: string[], { scale, wal, rounds, transactions, seconds }: Options) => {
    const unknown = wanted.find((name) => !names.includes(name))
    if (unknown !== undefined)
      command.error(`error: there is no bench "${unknown}"; there are ${names.join(', ')}`)
    const runs = (name: string): boolean => wanted.length === 0 || wanted.includes(name)
    if (runs('recovery')) await benchRecovery(scale, wal, rounds)
    if (runs('writing')) await benchWriting({ transactions, rounds })
    if (runs('simulator')) benchSimulating({ seconds })
  })
await command.parseAsync()
