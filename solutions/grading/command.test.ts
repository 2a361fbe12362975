import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exercises } from '../../exercises/all.js'
import { gradeCommand } from './command.js'

async function grade(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', '']
  const code = await gradeCommand(args, { out: (text) => (stdout += text), err: (text) => (stderr += text) })
  return { code, stdout, stderr }
}

test('the solutions get full marks', async () => {
  const { code, stdout } = await grade('solutions', '--full-marks', '--json')
  expect(code).toBe(0)
  const report = JSON.parse(stdout) as {
    submissions: { score: number; max: number; exercises: { name: string }[] }[]
  }
  const [{ score, max, exercises: graded }] = report.submissions
  expect(score).toBe(max)
  expect(graded.map(({ name }) => name)).toEqual(exercises.map(({ name }) => name))
}, 240_000)

test('the untouched exercises are not started, throughout', async () => {
  const { code, stdout } = await grade('exercises', '--full-marks', '--csv')
  expect(code).toBe(1)
  const lines = stdout.trim().split('\r\n').slice(1)
  expect(lines).toHaveLength(exercises.length)
  for (const line of lines) expect(line).toMatch(/^exercises,[^,]+,[^,]+,not started,0,\d+,$/)
}, 240_000)

test.each([
  [['no/such/place'], /^error: "no\/such\/place" is not there\n$/],
  [['README.md'], /^error: "README.md" is (no notebook|not there)/],
  [['engine/format'], /^error: "engine\/format" holds no notebook/],
  [['exercises', '--out', 'x'], /^error: --out takes one of --json, --csv and --html/],
  [['exercises', '--seed', 'x'], /^error: option '--seed <n>' argument 'x' is invalid/],
  [[], /^error: missing required argument 'path'/],
])(
  'wrong use %j: one sentence, exit code 2, nothing written',
  async (args, sentence) => {
    const { code, stdout, stderr } = await grade(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(existsSync('x')).toBe(false)
  },
  240_000,
)
