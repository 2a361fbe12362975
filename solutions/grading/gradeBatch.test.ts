import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exercises } from '../../exercises/all.js'
import { exerciseNotebook, solved, withStubs } from '../notebooks.js'
import { attacks, damaged, MARKER } from '../testing/attacks.js'
import { notebookWith, writeClass } from '../testing/submission.js'
import { makeChildCode } from './childCode.js'
import { Compiler } from './compiler.js'
import { gradeBatch, type GradedExercise, type GradedSubmission } from './gradeBatch.js'
import type { GradeOptions, Grading } from './gradeBatch.js'
import { reportCsv, reportJson, reportText } from './gradeReport.js'
import { isolations, type Isolation } from './isolation.js'
import { Sandbox } from './sandbox.js'
import { findSubmissions } from './submissions.js'

// A notebook of that name is asked for all its exercises; one of another name for those that it holds.
const chapter = '04-startup.ipynb'
const file = 'gate.ipynb'
const stub = `import { NotStarted } from 'pgcrash'\n/** x */\nfunction needsRedo(pageLSN: bigint): boolean {\n  throw new NotStarted('needsRedo')\n}`
const inChapter = exercises.filter(({ notebook }) => chapter === `${notebook}.ipynb`).map(({ name }) => name)
const honest = solved(stub, 'needsRedo')
const submission = (cell: string): Record<string, string> => ({ [file]: notebookWith('needsRedo', cell) })

async function grade(
  learners: Parameters<typeof writeClass>[0],
  options: GradeOptions = {},
): Promise<Grading> {
  const { folder, remove } = writeClass(learners)
  try {
    return await gradeBatch(findSubmissions([folder]), { jobs: 2, ...options })
  } finally {
    remove()
  }
}

const gate = ({ exercises }: GradedSubmission): GradedExercise[] =>
  exercises.filter(({ name }) => name === 'needsRedo')
const score = (graded: GradedSubmission): string =>
  gate(graded)
    .map(({ score, max }) => `${score}/${max}`)
    .join()
const verdicts = ({ exercises }: GradedSubmission): string[] => [
  ...new Set(exercises.flatMap(({ rules }) => rules.map(({ finding }) => finding.verdict))),
]

function processesWith(marker: string): string[] {
  const lines = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : []
    } catch {
      return []
    }
  })
  return lines.filter((line) => line.includes(marker))
}

/** Isolation levels that work on this machine. */
async function working(): Promise<Isolation[]> {
  const compiler = new Compiler()
  const { folder, remove } = await makeChildCode(compiler)
  await compiler.close()
  const found: Isolation[] = []
  for (const isolation of isolations()) {
    const sandbox = new Sandbox(isolation, folder)
    const reply = await sandbox.load('function part() {}', 'part').catch(() => undefined)
    await sandbox.kill()
    if (reply?.kind === 'loaded') found.push(isolation)
  }
  remove()
  return found
}

const levels = await working()

test('some level of isolation works here', () => {
  expect(levels.length).toBeGreaterThan(0)
})

// All attacks on the level that is in use here; on the others those that a level is there to stop.
const outward = [
  'reads the solution',
  'reads the solution through its main module',
  'imports the solution',
  'kills its parent',
  'leaves a process behind',
  'writes outside',
  'loops for ever when asked',
]
const tried = levels.map((isolation, i) => ({
  isolation,
  name: isolation.description,
  some: Object.fromEntries(Object.entries(attacks).filter(([name]) => i === 0 || outward.includes(name))),
  files: i === 0 ? damaged : {},
}))

describe.each(tried)('$name', ({ isolation, some, files }) => {
  let byName: Map<string, GradedSubmission>

  beforeAll(async () => {
    const learners: Record<string, Record<string, string>> = { 'aa honest': submission(honest) }
    for (const [name, { cell }] of Object.entries(some)) learners[name] = submission(cell)
    for (const [name, text] of Object.entries(files)) learners[name] = { [chapter]: text }
    learners['zz honest'] = submission(honest)
    const grading = await grade(learners, { isolation, patience: { load: 4000, answer: 1500, total: 6000 } })
    byName = new Map(grading.submissions.map((graded) => [graded.learner, graded]))
  }, 180_000)

  test.each(['aa honest', 'zz honest'])('%s keeps full marks beside them', (name) => {
    expect(score(byName.get(name)!)).toBe('8/8')
  })

  test.each(Object.entries(some))('a part that %s gains nothing', (name, attack) => {
    const graded = byName.get(name)!
    expect(graded.exercises.map(({ name }) => name)).toEqual(['needsRedo'])
    const passed = graded.exercises[0].rules.filter(({ finding }) => finding.verdict === 'passed')
    expect(passed).toEqual([])
    for (const verdict of verdicts(graded)) expect(attack.verdicts).toContain(verdict)
  })

  test.each(Object.keys(files))('a notebook that %s gets a clear line', (name) => {
    const graded = byName.get(name)!
    expect(graded.exercises.map(({ name }) => name)).toEqual(inChapter)
    expect(score(graded)).toBe('0/8')
    for (const { score, note } of graded.exercises)
      expect([score, note]).toEqual([0, expect.stringMatching(/\w/)])
    expect(verdicts(graded)).toEqual(['no evidence'])
  })

  test('nothing is left behind', () => {
    expect(existsSync(join('/tmp', MARKER))).toBe(false)
    if (process.platform === 'linux') expect(processesWith(MARKER)).toEqual([])
  })
})

test('the same submission gets the same report, to the byte', async () => {
  const learners = {
    ada: submission('function needsRedo(a: bigint, b: bigint) { return a <= b }'),
    grace: submission(
      `function needsRedo(a: bigint, b: bigint) { return Math.random() < 0.5 ? a < b : a <= b }`,
    ),
  }
  const name = (grading: Grading): string =>
    reportJson(grading).replaceAll(/"[^"]*pgcrash-class-[^/"]*/g, '"')
  const first = name(await grade(learners))
  expect(name(await grade(learners))).toBe(first)
  expect(JSON.parse(first)).toMatchObject({
    judge: { seed: 20180, versions: { node: process.versions.node } },
  })
}, 240_000)

test('untouched is not started, and hints of an honest mistake are shown', async () => {
  const { submissions } = await grade({
    ada: { [file]: notebookWith('needsRedo', stub) },
    grace: submission('const needsRedo = (page: bigint, end: bigint, start: bigint) => page < start'),
  })
  expect(verdicts(submissions[0])).toEqual(['not started'])
  const wrong = submissions[1].exercises[0].rules.filter(({ finding }) => finding.verdict === 'wrong')
  expect(wrong.length).toBeGreaterThan(0)
  for (const { finding } of wrong) expect(finding.counterexample?.got).toBe('false: leave it')
})

test('no hidden input is ever shown', async () => {
  const cell = `function needsRedo(page: bigint, end: bigint, start: bigint): boolean {
    throw new RangeError('saw ' + [page, end, start].join(' '))
  }`
  const { submissions } = await grade({ ada: submission(cell) })
  const shown = JSON.stringify(submissions[0].exercises[0].rules.filter(({ hidden }) => hidden))
  const { needsRedoSolution } = await import('../parts/needsRedo.js')
  const hidden: string[] = []
  const spy = (page: bigint, end: bigint, start: bigint): boolean => {
    hidden.push(`saw ${[page, end, start].join(' ')}`)
    throw new RangeError('no')
  }
  for (const check of needsRedoSolution.hidden) await check.run(spy, { seed: 20180 })
  expect(hidden.length).toBeGreaterThan(20)
  expect(hidden.filter((text) => shown.includes(text))).toEqual([])
  expect(shown).toContain('saw ')
})

test('a part that remembers what it was asked shows no hidden input either', async () => {
  const cell = `const seen: string[] = []
  function needsRedo(page: bigint, end: bigint, start: bigint): boolean {
    if (seen.length < 1300) return (seen.push([page, end, start].join(' ')), page < end)
    throw new RangeError('saw ' + [700, 800, 900, 1000].map((i) => seen[i]).join(', '))
  }`
  const { submissions } = await grade({ ada: submission(cell) })
  const rules = submissions[0].exercises[0].rules.filter(({ hidden }) => hidden)
  expect(rules.map(({ finding }) => finding.verdict)).toContain('crashed')
  const { needsRedoSolution } = await import('../parts/needsRedo.js')
  const checks = await Promise.all(needsRedoSolution.hidden.map((check) => check.questions({ seed: 20180 })))
  const hidden = checks.flat().map(({ input }) => [...input.matchAll(/\d+(?=")/g)].join(' '))
  expect(hidden.length).toBeGreaterThan(1000)
  const shown = JSON.stringify(rules)
  expect(hidden.filter((text) => shown.includes(text))).toEqual([])
})

/** The chapter's notebook with these cells; its other exercises are solved. */
const chapterWith = (cells: Readonly<Record<string, string>>): Record<string, string> => ({
  [chapter]: withStubs(exerciseNotebook('04-startup'), (stub, name) =>
    cells[name] === undefined ? solved(stub, name) : cells[name] === '' ? stub : cells[name],
  ),
})

test('no part of a submission gains or loses by what another of its parts does', async () => {
  const sabotage = `${attacks['patches what a judge might use'].cell}
Object.assign(globalThis, { wasThereACrash: () => 'clean', part: () => true, NotStarted: undefined })
Object.prototype.toString = () => '[object Uint8Array]'`
  const { submissions } = await grade({
    sabotage: chapterWith({ needsRedo: sabotage, wasThereACrash: '' }),
    time: chapterWith({ needsRedo: attacks['loops for ever when asked'].cell, wasThereACrash: '' }),
    memory: chapterWith({ needsRedo: attacks['fills memory outside the heap'].cell, wasThereACrash: '' }),
    end: chapterWith({ needsRedo: attacks['exits at once'].cell, wasThereACrash: '' }),
  })
  for (const { learner, exercises } of submissions) {
    const [first, second, ...others] = exercises
    expect([learner, first.score]).toEqual([learner, 0])
    expect(new Set(second.rules.map(({ finding }) => finding.verdict))).toEqual(new Set(['not started']))
    for (const { name, score, max } of others) expect([learner, name, score]).toEqual([learner, name, max])
  }
}, 240_000)

test('slow at first is not wrong: what was asked together is asked one at a time', async () => {
  const slow = `let first = true
function needsRedo(page: bigint, end: bigint): boolean {
  for (const until = Date.now() + (first ? 900 : 0); Date.now() < until;);
  first = false
  return page < end
}`
  const { submissions } = await grade({ ada: submission(slow) })
  expect(score(submissions[0])).toBe('8/8')
})

test('a process that is lost at some question is lost at that one, however much was asked together', async () => {
  const cell = (end: string): string => `let asked = 0
function needsRedo(page: bigint, end: bigint): boolean {
  if (++asked === 50) ${end}
  return page < end
}`
  const { submissions } = await grade({
    dies: submission(cell('process.exit(0)')),
    loops: submission(cell('for (;;);')),
    errs: submission(cell('return page >= end')),
  })
  const [dies, errs, loops] = submissions.map(({ exercises }) =>
    exercises[0].rules.map(({ finding: { verdict, cases } }) => ({ verdict, cases })),
  )
  expect(dies.find(({ verdict }) => verdict !== 'passed')).toEqual({ verdict: 'crashed', cases: 50 })
  expect(loops.find(({ verdict }) => verdict !== 'passed')).toEqual({ verdict: 'timed out', cases: 50 })
  expect(errs.map(({ verdict }) => verdict).filter((verdict) => verdict !== 'passed')).toEqual(['wrong'])
})

test('cells are taken by id, whatever the notebook is called and however it is ordered', async () => {
  const notebook = JSON.parse(notebookWith('needsRedo', honest)) as { cells: unknown[] }
  const reversed = JSON.stringify({ ...notebook, cells: [...notebook.cells].reverse() })
  const { submissions } = await grade({
    ada: { 'my work.ipynb': reversed },
    grace: { [chapter]: notebookWith('needsRedo', 'const needsRedo = () => true'), 'copy.ipynb': reversed },
    linus: { 'empty.ipynb': '{"nbformat":4,"cells":[]}' },
  })
  expect(submissions.map(score)).toEqual(['8/8', '0/8', ''])
  expect(submissions[1].notebooks.find(({ path }) => path.endsWith('copy.ipynb'))?.note).toMatch(/not graded/)
  expect(submissions[2].notebooks[0].note).toMatch(/no cell of an exercise/)
})

test('a split cell is read whole', async () => {
  const [head, tail] = ['const older = (a: bigint, b: bigint) => a < b', 'const needsRedo = older']
  const notebook = JSON.parse(notebookWith('needsRedo', head)) as {
    cells: { metadata: unknown; source: unknown }[]
  }
  const at = notebook.cells.findIndex(({ source }) => source === head)
  notebook.cells.splice(at + 1, 0, { ...notebook.cells[at], source: [tail] })
  const { submissions } = await grade({ ada: { [file]: JSON.stringify(notebook) } })
  expect(score(submissions[0])).toBe('8/8')
  expect(submissions[0].exercises[0].note).toMatch(/joined/)
})

test('honest but odd: prints a lot, leaves a timer, uses tools of pgcrash, has Windows line ends', async () => {
  const cell = `import { formatLsn, parseLsn } from 'pgcrash'
setInterval(() => {}, 1000)
console.error('loaded')
class Gate {
  asked = 0
  open(page: bigint, end: bigint): boolean {
    this.asked++
    console.log('x'.repeat(50000), formatLsn(page))
    return parseLsn(formatLsn(page))! < end
  }
}
const gate = new Gate()
const needsRedo = (page: bigint, end: bigint): boolean => gate.open(page, end)`.replaceAll('\n', '\r\n')
  const { submissions } = await grade({ ada: submission(cell) })
  expect(score(submissions[0])).toBe('8/8')
})

test("an exercise's answer is not among the tools of pgcrash", async () => {
  const borrowed = (name: string, tool: string): string =>
    `import { ${tool} } from 'pgcrash'\nconst ${name} = (given: never) => ${tool}(given)`
  const { submissions } = await grade({
    ada: { '02-lsn.ipynb': notebookWith('readLsn', borrowed('readLsn', 'parseLsn')) },
    grace: { '02-lsn.ipynb': notebookWith('printLsn', borrowed('printLsn', 'formatLsn')) },
  })
  const [ada, grace] = submissions.map(({ exercises }) => exercises)
  for (const [graded, name, tool] of [
    [ada, 'readLsn', 'parseLsn'],
    [grace, 'printLsn', 'formatLsn'],
  ] as const) {
    const mine = graded.find((exercise) => exercise.name === name)
    expect(mine?.score).toBe(0)
    expect(JSON.stringify(mine?.rules)).toContain(`\\"${tool}\\" of pgcrash is not there`)
  }
})

test('the table, the CSV and the rules are readable', async () => {
  const grading = await grade({
    '=cmd': submission(honest),
    'b, "c"': submission('const needsRedo = (a: bigint, b: bigint) => a <= b'),
  })
  expect(reportCsv(grading).split('\r\n').slice(0, 3)).toEqual([
    'learner,notebook,exercise,verdict,score,max,note',
    "'=cmd,04-startup,needsRedo,passed,8,8,",
    expect.stringMatching(/^"b, ""c""",04-startup,needsRedo,partly,\d,8,$/),
  ])
  expect(reportText(grading, 0)).toMatch(
    /learner +4 +total\n=cmd +✓ +8\/8\nb, "c" +◐ +\d\/8\n\n4 startup: needsRedo\n/,
  )
  expect(reportText(grading, 9)).toMatch(
    /the end of this record\n +expected +false: leave it\n +your part +true: apply it/,
  )
  expect(reportText(grading, 9)).toContain('\n        └ record starts')
  const json = reportJson(grading)
  expect(json).toMatch(/"drawing": \[\n +"┬/)
  expect(json).not.toContain('<svg')
})

/** Folders of classes being graded, ours and those of runs beside this one or before it. */
function classFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('pgcrash-class-'))
}
const before = new Set(classFolders())

afterAll(() => {
  expect(classFolders().filter((name) => !before.has(name))).toEqual([])
})
