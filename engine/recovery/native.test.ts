// Native PostgreSQL 18, killed in the middle of its work; recovered by us and by itself; page for page the same.
// NATIVE_SCENES=all adds scenes that take long, and each one again under wal_consistency_checking.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nativeIsAvailable } from '../scenes/native.js'
import { moreNativeScenes, nativeScenes } from '../scenes/nativeScenes.js'
import { nothing, prove } from '../scenes/oracle/prove.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-native-scenes-'))
chmodSync(shelf, 0o755)
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

const all = process.env.NATIVE_SCENES === 'all' ? [...nativeScenes, ...moreNativeScenes] : nativeScenes

// Whoever installed without optional packages, or on a system without binaries, has no native server to kill.
if (!nativeIsAvailable()) console.log('no native PostgreSQL binaries for this system: its scenes are not run')
else
  test.each(all.map((scene) => [scene.name, scene] as const))('%s', { timeout: 90_000 }, async (_, scene) => {
    const { wrong } = await prove(scene, shelf)
    expect(wrong).toEqual(nothing)
  })
