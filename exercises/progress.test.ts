import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { exercises } from './all.js'
import type { Candidate } from './checking/check.js'
import { noteProgress, PROGRESS_FILE, progressLine, readProgress, standings } from './progress.js'

let folder = ''
const folders: string[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgcrash-progress-'))
  folders.push(folder)
})
afterAll(() => folders.forEach((one) => rmSync(one, { recursive: true, force: true })))

const gate = function needsRedo(pageLSN: bigint, recordEnd: bigint) {
  return pageLSN < recordEnd
}
const solve = (part: unknown, solved = true): void =>
  noteProgress('needsRedo', solved, part as Candidate, folder)

describe('progress', () => {
  test('is counted, and taken back when a part breaks', () => {
    expect(progressLine('04-startup', folder)).toMatch(
      new RegExp(`^progress: 0 of ${exercises.length} .* 0 of \\d+ in`),
    )
    solve(gate)
    expect(progressLine('04-startup', folder)).toMatch(
      /^progress: 1 of \d+ exercises solved, 1 of \d+ in 04-startup$/,
    )
    solve(gate, false)
    expect(progressLine('04-startup', folder)).toMatch(/^progress: 0 of/)
  })

  test('a damaged file, or one of another course, counts as nothing', () => {
    for (const text of [
      '{',
      '[]',
      '{"needsRedo":{"solved":"yes"}}',
      '{"other":{"solved":true,"source":""}}',
    ]) {
      writeFileSync(join(folder, PROGRESS_FILE), text)
      expect(readProgress(folder)).toEqual({})
    }
  })
})

describe('earlier parts', () => {
  test('a solved one is checked again; for an unsolved one the engine’s stands in', async () => {
    solve(gate)
    expect(await standings(['needsRedo', 'recordCrc'], folder)).toEqual([
      { name: 'needsRedo', own: true, why: 'yours, checked again' },
      { name: 'recordCrc', own: false, why: "not solved yet: the engine's stands in" },
    ])
  })

  test('one that uses other cells, or is wrong by now, gives way to the engine’s', async () => {
    const helper = (a: bigint, b: bigint): boolean => a < b
    solve(function needsRedo(pageLSN: bigint, recordEnd: bigint) {
      return helper(pageLSN, recordEnd)
    })
    const [first] = await standings(['needsRedo'], folder)
    expect(first.own).toBe(false)
    expect(first.why).toMatch(/names of other cells/)
    solve(function needsRedo() {
      return true
    })
    expect((await standings(['needsRedo'], folder))[0].own).toBe(false)
  })
})

test('an exercise relies on earlier ones only', () => {
  const names = exercises.map(({ name }) => name)
  const relying = exercises.filter(({ relies = [] }) => relies.length > 0)
  expect(relying.length).toBeGreaterThan(2)
  for (const { name, relies = [] } of relying)
    for (const other of relies)
      expect(names.indexOf(other), `${name} on ${other}`).toBeLessThan(names.indexOf(name))
  for (const { relies = [] } of relying) for (const other of relies) expect(names).toContain(other)
})
