// What was graded, and with what: fingerprints for the report.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** SHA-256 of some texts. */
export function digestOf(texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}\n${text}`)
  return hash.digest('hex')
}

/** SHA-256 of everything that decides a mark: the checks, the hidden ones, the judge, the engine's parts. */
export function digestOfJudge(): string {
  const folders = ['../../exercises/checking/', '../../exercises/parts/', '../parts/', './']
  const files = folders.flatMap((folder) => {
    const url = new URL(folder, import.meta.url)
    const names = readdirSync(url).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    return names.sort().map((name) => new URL(name, url))
  })
  files.push(new URL('../../engine/parts.ts', import.meta.url))
  return digestOf(files.map((file) => readFileSync(fileURLToPath(file), 'utf8')))
}

/** Versions of what the marks rest on. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url)
  const packages = ['pgcrash', 'pgcrash-exercises', 'fast-check', 'typescript']
  const found = packages.map((name) => [
    name,
    (require(`${name}/package.json`) as { version: string }).version,
  ])
  return { node: process.versions.node, ...(Object.fromEntries(found) as Record<string, string>) }
}
