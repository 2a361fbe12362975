/**
 * Crashed scenes, made once. Making one takes seconds, copying it a fraction of one, so a chapter
 * may have a fresh crash for every cell.
 */
import { createHash } from 'node:crypto'
import { constants, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crash } from './pglite.js'
import type { CrashedScene, Scene } from './scene.js'
import { scenes, type SceneName } from './scenes.js'
import { startParams } from './serverSettings.js'

/** Changes when pglite.ts makes something else of the same scene. */
const maker = 1

/**
 * A fresh crashed copy of a scene in `dir`, which is created, and must be empty if it exists.
 * The first call for a scene makes it, into `engine/dist/.scenes`.
 */
export async function crashedCopy(name: SceneName, dir: string): Promise<CrashedScene> {
  return crashedCopyOf(scenes[name], dir)
}

/** As {@link crashedCopy}, of a scene of your own. */
export async function crashedCopyOf(scene: Scene, dir: string): Promise<CrashedScene> {
  if (existsSync(dir) && readdirSync(dir).length > 0) throw new Error(`${dir} exists and is not empty`)
  const made = await madeOnce(scene)
  cpSync(join(made, 'data'), dir, { recursive: true, mode: constants.COPYFILE_FICLONE })
  return { ...(JSON.parse(readFileSync(join(made, 'scene.json'), 'utf8')) as CrashedScene), dir }
}

/** The folder with `data/`, the crashed directory, and `scene.json`. Do not change what is in it. */
export async function madeOnce(scene: Scene): Promise<string> {
  const shelf = join(packageFolder(), 'dist', '.scenes')
  const place = join(shelf, `${scene.name}-${fingerprint(scene)}`)
  if (existsSync(place)) return place
  mkdirSync(shelf, { recursive: true })
  const bench = mkdtempSync(join(shelf, '.making-'))
  try {
    const { dir: _, ...crashed } = await crash(scene, join(bench, 'data'))
    writeFileSync(join(bench, 'scene.json'), JSON.stringify(crashed, null, 1))
    renameSync(bench, place)
  } catch (error) {
    rmSync(bench, { recursive: true, force: true })
    // Two processes may have made it at the same time; the first to finish wins.
    if (!existsSync(place)) throw error
  }
  return place
}

function fingerprint(scene: Scene): string {
  const all = { scene, maker, pglite: pgliteVersion(), params: startParams() }
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12)
}

function pgliteVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8'))
  return String(version)
}

/** The folder of package pgcrash, seen from its source as well as from its dist. */
function packageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const found = [join(here, '..'), join(here, '..', '..')].find((up) => existsSync(join(up, 'package.json')))
  if (found === undefined) throw new Error(`${here} lies in no npm package`)
  return found
}
