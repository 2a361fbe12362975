/** The files of a data directory that hold relations, permanent and temporary. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Every file under global, base and pg_tblspc, relative to `dir`, with forward slashes, sorted. */
export function dataFiles(dir: string): string[] {
  const roots = ['global', 'base', 'pg_tblspc'].filter((root) => existsSync(join(dir, root)))
  const files = roots.flatMap((root) =>
    readdirSync(join(dir, root), { recursive: true, encoding: 'utf8' }).map((file) => `${root}/${file}`),
  )
  return files.map((file) => file.replaceAll('\\', '/')).sort()
}

/** Temporary relations (`t<process>_<relation>`) and whatever lies in pgsql_tmp. */
export function temporaryFiles(dir: string): string[] {
  return dataFiles(dir).filter((file) => /\/(t\d+_\d+[^/]*|pgsql_tmp\/.+)$/.test(file))
}
