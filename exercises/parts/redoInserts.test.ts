import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crashedCopy, maxAlign, recordBytesBefore } from 'pgcrash'
import { expect, onTestFinished, test } from 'vitest'
import { recordsOf } from '../scene/contents.js'
import { longestRun, redoneByEngine } from './redoInserts.js'

test('on scene bank: rows put on a page one by one make the page that replay makes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgcrash-rows-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const scene = await crashedCopy('bank', join(folder, 'data'))
  const { page, records, after } = longestRun(scene)
  expect(records.length).toBeGreaterThan(50)
  expect(Buffer.compare(redoneByEngine(page, records), after)).toBe(0)
  expect(Buffer.compare(redoneByEngine(page, [...records, ...records]), after)).toBe(0)

  // And the log between two positions has room for just what is in it.
  for (const { lsn, endLsn, xl_tot_len } of recordsOf(scene))
    expect(recordBytesBefore(endLsn, 1 << 20) - recordBytesBefore(lsn, 1 << 20)).toBe(
      BigInt(maxAlign(xl_tot_len)),
    )
}, 240_000)
