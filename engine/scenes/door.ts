// Scenes for the public door: real PostgreSQL is loaded only when somebody asks for a crash, so that the engine itself
// stays usable where there is no Node.

import type { CrashedScene } from './scene.js'
import type { SceneName } from './scenes.js'
import type { JudgeOptions, Opened, Refused } from './judge.js'
import type { Ask } from './contents.js'
import type { KilledServer, Restarted } from './killedServer.js'

/**
 * A fresh copy of a crashed data directory: a real PostgreSQL 18, led through the scene's SQL and killed. The first
 * call takes some seconds, later ones a fraction. Without `dir` the copy lies in a temporary folder that goes with
 * this process.
 */
export async function crashedCopy(name: SceneName, dir?: string): Promise<CrashedScene> {
  const { crashedCopy: copy } = await import('./cache.js')
  return copy(name, dir ?? (await temporaryFolder()))
}

/** Starts PostgreSQL on a directory, reads everything and closes it: the judge of every recovery. */
export async function openWithPostgres<T = undefined>(
  dir: string,
  run?: (ask: Ask) => Promise<T>,
  options?: JudgeOptions,
): Promise<Opened<T> | Refused> {
  const { openWithPostgres: open } = await import('./judge.js')
  return open(dir, run, options)
}

/**
 * A native server, killed while several clients work; each call makes a crash of its own. Where none runs (or with
 * `native: false`) the crash of scene `bank` stands in: `kind` says which it is. The directory goes with this process.
 */
export async function killedServer(options: { native?: boolean } = {}): Promise<KilledServer> {
  const { killUnderLoad } = await import('./underLoad.js')
  return killUnderLoad(await temporaryFolder(), options.native ?? true)
}

/** Starts the server that was killed on its directory, asks, and shuts it down in order. */
export async function startAgain<T>(
  killed: Pick<KilledServer, 'kind' | 'dir'>,
  run: (ask: Ask) => Promise<T>,
): Promise<Restarted<T>> {
  const { startAgain: start } = await import('./underLoad.js')
  return start(killed, run)
}

const folders: string[] = []

async function temporaryFolder(): Promise<string> {
  const fs = await import('node:fs')
  const os = await import('node:os')
  const path = await import('node:path')
  if (folders.length === 0)
    process.once('exit', () => {
      for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true })
    })
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pgcrash-'))
  folders.push(folder)
  return path.join(folder, 'data')
}

export type { CrashedScene, KilledServer, Opened, Refused, Restarted, SceneName }
