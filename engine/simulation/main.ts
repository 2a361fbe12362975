// npm run simulate: a crash told (--seed 7), a history crashed everywhere (--everywhere), the rules switched off (--rules).

import { Command, InvalidArgumentError, Option } from 'commander'
import { CRASH_KINDS, type CrashKind } from '../disk/powerDisk.js'
import { simulate } from './crashes.js'
import { describeStep, makeHistory } from './history.js'
import { findViolation, RULES, type Rule } from './rules.js'
import { tellStory } from './story.js'

interface Options {
  seed: number
  steps: number
  action?: number
  kind?: CrashKind
  without?: string
  everywhere?: boolean
  depth: number
  rules?: boolean
  json?: boolean
}

function number(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 to 999999999')
  return Number(text)
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

function ruleNamed(name: string | undefined): Rule | undefined {
  return RULES.find((rule) => rule.name === name)
}

function tell(options: Options): number {
  const rule = ruleNamed(options.without)
  const story = tellStory({ ...rule?.when, ...options, parts: rule?.without })
  say(options.json ? JSON.stringify(story) : story.lines.join('\n'))
  return story.violation === undefined ? 0 : 1
}

function everywhere({ seed, steps, depth, without, json }: Options): number {
  const rule = ruleNamed(without)
  const options = { ...rule?.when, seed, depth, parts: rule?.without }
  const { crashes, violations } = simulate(makeHistory(seed, steps), options)
  if (json) say(JSON.stringify({ seed, steps, crashes, violations }))
  else {
    for (const violation of violations) say(`seed ${seed}, ${violation}`)
    say(`${crashes} crashes recovered, ${violations.length} violations`)
  }
  return violations.length === 0 ? 0 : 1
}

function rules({ seed, json }: Options): number {
  const found = RULES.map((rule) => ({ rule, found: findViolation(rule, 1000, seed) }))
  if (json)
    say(
      JSON.stringify(
        found.map(({ rule: { name, why }, found: violation }) => ({ rule: name, why, ...violation })),
      ),
    )
  else
    for (const { rule, found: violation } of found) {
      say(`without ${rule.name}: ${rule.why}`)
      if (!violation) say('    NOT NOTICED in 1000 crashes')
      else {
        say(`    crash ${violation.crashes}, seed ${violation.seed}: ${violation.violation}`)
        for (const step of violation.history) say(`      ${describeStep(step)}`)
      }
    }
  return found.every(({ found: violation }) => violation !== undefined) ? 0 : 1
}

const command = new Command('npm run simulate --')
  .description(
    'Runs a database on a disk that loses power, crashes it, recovers it, and looks whether every acknowledged commit\n' +
      'is there and nothing else. Everything follows from the seed. Exit code 1: a violation (with --rules: one not noticed).',
  )
  .option('--seed <n>', 'the history, the crash and what it leaves of the disk', number, 7)
  .option('--steps <n>', 'length of the history', number, 40)
  .option('--action <n>', 'crash after this disk action; by default the seed chooses', number)
  .addOption(new Option('--kind <kind>', 'what the crash leaves of the disk').choices(CRASH_KINDS))
  .addOption(
    new Option('--without <rule>', 'switch a rule of recovery off').choices(RULES.map(({ name }) => name)),
  )
  .option('--everywhere', 'crash after every disk action, in every way, and print the sum')
  .option('--depth <n>', 'with --everywhere: crash recovery too, so many deep', number, 0)
  .option('--rules', 'switch each rule off in turn: the shortest history that notices it')
  .option('--json', 'one document')
  .action((options: Options) => {
    process.exitCode = options.rules
      ? rules(options)
      : options.everywhere
        ? everywhere(options)
        : tell(options)
  })

command.parse()
