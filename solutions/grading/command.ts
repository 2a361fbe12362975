// The command line of the grader.

import { writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SingleBar } from 'cli-progress'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { DEFAULT_SEED, gradeBatch, type Grading } from './gradeBatch.js'
import { reportHtmlPage } from './gradeHtml.js'
import { total } from './classTable.js'
import { reportCsv, reportJson, reportText } from './gradeReport.js'
import { findSubmissions, NothingToGrade, type Submission } from './submissions.js'

interface Options {
  json?: true
  csv?: true
  html?: true
  out?: string
  seed: number
  jobs?: number
  details?: true
  fullMarks?: true
}

const EXIT = { graded: 0, notFull: 1, usage: 2, failed: 70 } as const
const help = `
Paths:
  exercises/04-startup.ipynb   one notebook
  submissions/ada              a folder with notebooks: one learner
  submissions                  a class: a folder a learner
  solutions                    the reference solutions, put into the exercises' notebooks

Exit codes:
  ${EXIT.graded}   everything was graded, whatever the marks
  ${EXIT.notFull}   with --full-marks: not every mark is full
  ${EXIT.usage}   nothing to grade at a path, or a wrong option
  ${EXIT.failed}  the grader itself failed`

const SOLUTIONS = dirname(dirname(fileURLToPath(import.meta.url)))
/** Up to so many submissions are shown rule by rule. */
const FEW = 3

function positive(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('expected a whole number from 1')
  return number
}

async function main(
  paths: readonly string[],
  options: Options,
  { out: write, columns }: Streams,
): Promise<number> {
  const ours = paths.filter((path) => resolve(path) === SOLUTIONS)
  // Only here, because TypeScript's compiler comes with it, and a large judge is slow to start processes.
  const notebooks = ours.length > 0 ? (await import('../notebooks.js')).solutionNotebooks() : undefined
  try {
    const submissions = [
      ...findSubmissions(paths.filter((path) => !ours.includes(path))),
      ...(notebooks
        ? findSubmissions([notebooks.folder]).map((found) => ({ ...found, learner: 'solutions' }))
        : []),
    ]
    const grading = await graded(submissions, options)
    print(grading, options, write, columns)
    const full = grading.submissions.every((submission) => total(submission).score === total(submission).max)
    return options.fullMarks && !full ? EXIT.notFull : EXIT.graded
  } finally {
    notebooks?.remove()
  }
}

async function graded(submissions: readonly Submission[], { seed, jobs }: Options): Promise<Grading> {
  const format = 'grading {bar} {value}/{total}, {eta_formatted} left'
  const bar = new SingleBar({ format, clearOnComplete: true, hideCursor: true, stream: process.stderr })
  const showBar = process.stderr.isTTY
  try {
    return await gradeBatch(submissions, {
      seed,
      jobs,
      onProgress: (done, of) => {
        if (!showBar) return
        if (done === 1) bar.start(of, 0)
        bar.update(done)
      },
    })
  } finally {
    bar.stop()
  }
}

function print(
  grading: Grading,
  { json, csv, html, out, details }: Options,
  write: (text: string) => void,
  columns: number | undefined,
): void {
  const data = json
    ? reportJson(grading) + '\n'
    : csv
      ? reportCsv(grading)
      : html
        ? reportHtmlPage(grading)
        : undefined
  if (data !== undefined && out !== undefined) writeFileSync(out, data)
  else if (data !== undefined) write(data)
  if (data === undefined || out !== undefined)
    write(reportText(grading, details ? Infinity : FEW, columns) + '\n')
}

/** Where text goes: standard output and standard error. */
export interface Streams {
  out(text: string): void
  err(text: string): void
  /** Width of the terminal; 80 unless given. */
  readonly columns?: number
}

function command({ out, err }: Streams): Command {
  return new Command('grade')
    .description(
      'Grades notebooks. Each part runs in a process of its own; the judge compares what it returns.',
    )
    .argument('<path...>', 'notebook, folder of a learner, or folder of a class')
    .option('--json', 'print the report as JSON, and nothing else, on standard output')
    .option('--csv', 'print one line an exercise as CSV, and nothing else, on standard output')
    .option('--html', 'print one web page, and nothing else, on standard output')
    .option('--out <file>', 'write the JSON, CSV or page to a file instead')
    .option('--seed <n>', 'hidden inputs follow from it', positive, DEFAULT_SEED)
    .option('--jobs <n>', 'processes at a time; by default one a core', positive)
    .option('--details', 'show every rule, however many submissions there are')
    .option('--full-marks', `exit with ${EXIT.notFull} unless every mark is full`)
    .addHelpText('after', help)
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err })
}

/** Grades what the arguments say; returns the exit code. */
export async function gradeCommand(args: readonly string[], streams: Streams): Promise<number> {
  const program = command(streams)
  try {
    program.parse(args, { from: 'user' })
    const options = program.opts<Options>()
    const forms = [options.json, options.csv, options.html].filter(Boolean).length
    if (forms > 1 || (options.out !== undefined && forms === 0))
      program.error('error: --out takes one of --json, --csv and --html with it, and only one')
    return await main(program.args, options, streams)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.graded : EXIT.usage
    streams.err(`error: ${(error as Error).message}\n`)
    return error instanceof NothingToGrade ? EXIT.usage : EXIT.failed
  }
}
