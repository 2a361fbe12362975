import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crashedCopy, NotStarted, type CrashedScene } from 'pgcrash'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { engineParts, exercises } from './all.js'
import { reportHtml, reportText } from './checking/report.js'
import { check, findings, type ExerciseName } from './index.js'
import { gateTrials } from './scene/tryGate.js'

let bank: CrashedScene
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgcrash-exercises-'))
  bank = await crashedCopy('bank', join(folder, 'data'))
}, 240_000)

afterEach(() => vi.restoreAllMocks())

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(exercises)(
  "the engine's own $name keeps all visible rules, on scene bank too, in less than two seconds",
  async ({ name, visible, onScene }) => {
    const begun = process.cpuUsage()
    const { rows } = await findings(name as ExerciseName, engineParts[name as ExerciseName], bank)
    expect(rows.map(({ finding }) => finding.verdict)).toEqual(rows.map(() => 'passed'))
    expect(rows.length).toBe(visible.length + (onScene ? 1 : 0))
    const { user, system } = process.cpuUsage(begun)
    expect((user + system) / 1000).toBeLessThan(2000)
  },
)

test('a stub is reported as not started: one line of output, nothing on stderr', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  await check(
    'needsRedo',
    () => {
      throw new NotStarted('needsRedo')
    },
    bank,
  )
  expect(log).toHaveBeenCalledTimes(1)
  expect(log.mock.calls[0][0]).toMatch(/^needsRedo: not started\n/)
  expect(error).not.toHaveBeenCalled()
})

test("a wrong part: the rule, the case in PostgreSQL's words, the call that repeats it", async () => {
  const report = await findings('needsRedo', (pageLSN, recordEnd) => pageLSN <= recordEnd)
  expect(reportText(report)).toContain(
    [
      '  ✗ One record, three pages: changed before it, by it, and after it. (wrong)',
      '      given           record    from 0/1A2B3C8 to 0/1A2B418',
      '                      page LSN  0/1A2B418, the end of this record',
      '      expected        false: leave it',
      '      your part       true: apply it',
      '      so              The page has this change already; made twice, it spoils the page.',
      '      again           needsRedo(0x1A2B418n, 0x1A2B418n, 0x1A2B3C8n)',
    ].join('\n'),
  )
})

test('and the case drawn: in characters in a terminal, as a figure in a notebook', async () => {
  const report = await findings('needsRedo', (pageLSN, recordEnd) => pageLSN <= recordEnd)
  const [text, html] = [reportText(report), reportHtml(report)]
  expect(text).toContain('└ record ends = page LSN 0/1A2B418')
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120)
  expect(html.match(/<svg [^>]*role="img"/g)).toHaveLength(1)
  expect(html).toContain(
    '<title>A record from 0/1A2B3C8 to 0/1A2B418, and a page whose LSN is 0/1A2B418.</title>',
  )
})

test('in HTML nothing that a part says is markup', async () => {
  const report = await findings('isTemporary', () => '<img src=x onerror=alert(1)>' as unknown as boolean)
  const html = reportHtml(report)
  expect(html).toContain('&lt;img src=x')
  expect(html).not.toContain('<img')
})

test('a promise is no answer', async () => {
  const part = (async () => true) as unknown as () => boolean
  const { rows } = await findings('needsRedo', part)
  expect(rows.map(({ finding }) => [finding.verdict, finding.counterexample?.got])).toEqual([
    ['wrong', 'a Promise'],
    ['wrong', 'a Promise'],
  ])
})

test('a name that is no exercise, and a part that is no function, are said so', async () => {
  await expect(findings('needRedo' as 'needsRedo', () => true)).rejects.toThrow(
    'there is no exercise "needRedo"; there are recordCrc,',
  )
  await expect(findings('needsRedo', undefined as unknown as () => boolean)).rejects.toThrow(
    'needs your function needsRedo',
  )
})

test('gates on a real crash: PostgreSQL opens it, loses rows, or the replay breaks', async () => {
  const trial = async (gate: typeof engineParts.needsRedo): Promise<string[]> =>
    (await gateTrials(gate)).map(({ scene, outcome }) => `${scene}: ${outcome}`)
  expect(await trial((page, end) => page < end)).toEqual([
    'bank: recovered',
    'bank-without-images: recovered',
  ])
  expect(await trial((page, end) => page <= end)).toEqual([
    'bank: recovered',
    'bank-without-images: recovery stopped',
  ])
  expect(await trial((page, _end, start) => page < start)).toEqual(['bank: recovery stopped'])
  expect(await trial(() => false)).toEqual(['bank: rows differ'])
  const stub = (): never => {
    throw new NotStarted('needsRedo')
  }
  expect(await trial(stub)).toEqual(['bank: not started'])
}, 240_000)
