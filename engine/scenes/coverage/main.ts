/**
 * `npm run coverage:redo [-- --json] [-- DIR …]`: crashes PostgreSQL in every scene (or takes the
 * crashed directories that are named), replays each, and prints what redo has been through.
 * Exit code 0 when every operation was replayed or has a reason not to be, else 1.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crashedCopyOf } from '../cache.js'
import { crashNative, removeCluster } from '../crashNative.js'
import { nativeIsAvailable } from '../native.js'
import { nativeScenes } from '../nativeScenes.js'
import { slowScenes } from '../nativeRareScenes.js'
import { rows } from '../rows.js'
import { scenes } from '../scenes.js'
import { countRedo, RedoCoverage } from './redoCoverage.js'
import { coverageReport, reportLines, type SceneReport } from './report.js'

interface Crash {
  readonly scene: string
  /** Makes the crash in a directory that does not exist yet; absent when it is there. */
  readonly make?: (dir: string) => Promise<unknown>
  readonly dir?: string
}

function allCrashes(): Crash[] {
  const pglite = [...Object.values(scenes), rows].map((scene) => ({
    scene: scene.name,
    make: (dir: string) => crashedCopyOf(scene, dir),
  }))
  if (!nativeIsAvailable()) {
    process.stderr.write('no native PostgreSQL binaries for this system: its scenes are left out\n')
    return pglite
  }
  return [
    ...pglite,
    ...[...nativeScenes, ...slowScenes].map((scene) => ({
      scene: scene.name,
      make: (dir: string) => crashNative(scene, dir),
    })),
  ]
}

async function replayed(crash: Crash, shelf: string, coverage: RedoCoverage): Promise<SceneReport> {
  const { scene, make } = crash
  const dir = crash.dir ?? join(shelf, scene.replaceAll(/\W+/g, '-'))
  try {
    await make?.(dir)
    return { scene, records: countRedo(dir, coverage) }
  } catch (error) {
    return { scene, records: 0, failure: (error as Error).message }
  } finally {
    if (make) removeCluster(dir)
  }
}

async function main(args: readonly string[]): Promise<number> {
  const wrong = args.find((arg) => arg.startsWith('-') && arg !== '--json')
  if (wrong !== undefined) {
    process.stderr.write(`coverage:redo: unknown option ${wrong}; there is --json\n`)
    return 2
  }
  const directories = args.filter((arg) => !arg.startsWith('-'))
  const crashes = directories.length > 0 ? directories.map((dir) => ({ scene: dir, dir })) : allCrashes()
  const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-coverage-'))
  chmodSync(shelf, 0o755)
  const coverage = new RedoCoverage()
  try {
    const reports: SceneReport[] = []
    for (const crash of crashes) {
      process.stderr.write(`${crash.scene}\n`)
      reports.push(await replayed(crash, shelf, coverage))
    }
    const report = coverageReport(reports, coverage.rows())
    const text = args.includes('--json') ? JSON.stringify(report, null, 1) : reportLines(report).join('\n')
    process.stdout.write(text + '\n')
    return report.problems.length === 0 ? 0 : 1
  } finally {
    rmSync(shelf, { recursive: true, force: true })
  }
}

process.exitCode = await main(process.argv.slice(2))
