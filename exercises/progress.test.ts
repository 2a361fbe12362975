import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { reference } from 'pgcrash'
import { exercises } from './all.js'
import type { Candidate } from './checking/check.js'
import { mine, noteProgress, PROGRESS_FILE, progressLine, readProgress, standings } from './progress.js'

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
  test('a solved one is checked again and used; an unsolved one is the engine’s', async () => {
    solve(gate)
    const { parts, standings: found } = await mine(folder)
    expect(found.filter(({ own }) => own).map(({ name }) => name)).toEqual(['needsRedo'])
    expect(parts.needsRedo).not.toBe(reference.needsRedo)
    expect(parts.needsRedo(8n, 16n, 8n)).toBe(true)
    expect(parts.recordCrc).toBe(reference.recordCrc)
    expect(await standings(['recordCrc'], folder)).toEqual([
      { name: 'recordCrc', own: false, why: "not solved yet: the engine's stands in" },
    ])
  })

  test('one that uses other cells, or is wrong by now, gives way to the engine’s', async () => {
    const helper = (a: bigint, b: bigint): boolean => a < b
    solve(function needsRedo(pageLSN: bigint, recordEnd: bigint) {
      return helper(pageLSN, recordEnd)
    })
    const [standing] = await standings(['needsRedo'], folder)
    expect(standing.own).toBe(false)
    expect(standing.why).toMatch(/names of other cells/)
    solve(function needsRedo() {
      return true
    })
    expect((await mine(folder)).parts.needsRedo).toBe(reference.needsRedo)
  })
})
