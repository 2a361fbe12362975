// Native PostgreSQL 18, killed in the middle of its work; recovered by us and by itself; page for page the same.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { reference } from '../parts.js'
import { comparePages, describeDifference } from '../scenes/comparePages.js'
import { copyFor, crashNative, judgeNatively, recoverNatively } from '../scenes/crashNative.js'
import { nativeIsAvailable } from '../scenes/native.js'
import { nativeScenes } from '../scenes/nativeScenes.js'
import { recover } from './recovery.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-native-scenes-'))
chmodSync(shelf, 0o755)
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

// Whoever installed without optional packages, or on a system without binaries, has no native server to kill.
if (!nativeIsAvailable()) console.log('no native PostgreSQL binaries for this system: its scenes are not run')
else
  test.each(nativeScenes.map((scene) => [scene.name, scene] as const))(
    '%s',
    { timeout: 60_000 },
    async (name, scene) => {
      const place = join(shelf, name.replaceAll(/\W+/g, '-'))
      await crashNative(scene, `${place}-crashed`)
      const theirs = copyFor(`${place}-crashed`, `${place}-theirs`)
      const ours = copyFor(`${place}-crashed`, `${place}-ours`)

      const said: string[] = []
      const disk = nodeDisk(ours)
      const result = recover(disk, reference, { leaveInFlight: true, log: (sentence) => said.push(sentence) })
      disk.close()
      expect(result.outcome).toBe('recovered')
      const log = await recoverNatively(theirs)
      for (const sentence of said.filter((s) =>
        /^(redo starts|redo done|invalid|unexpected|record with)/.test(s),
      ))
        expect(log.join('\n')).toContain(sentence)

      const same = comparePages(theirs, ours)
      expect(same.differences.map(describeDifference)).toEqual([])
      expect(same.lsns).toEqual([])
      expect(same.statuses).toEqual([])
      expect(same.control).toEqual([])
      expect(same.leftOrAborted).toEqual([])

      const judged = await judgeNatively(ours)
      expect(judged.log.join('\n')).toMatch(/database system was shut down at/)
      expect(judged.log.join('\n')).not.toMatch(/automatic recovery|PANIC|FATAL|ERROR/)
      expect(judged.digests).toEqual((await judgeNatively(theirs)).digests)
      rmSync(`${place}-crashed`, { recursive: true })
      rmSync(theirs, { recursive: true })
      rmSync(ours, { recursive: true })
    },
  )
