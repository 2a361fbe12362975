/** Makes a directory out of WebAssembly look like one of this machine. */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * No kernel gives out this process number: Linux stops below 4194304, macOS below 100000, and on
 * Windows all are multiples of four.
 */
export const deadProcess = 4194305

/**
 * PGlite numbers its process 42 in a world of its own; here 42 may well be alive, and the directory
 * would seem in use. And WebAssembly knows no umask. Returns what was changed, a sentence each.
 */
export function retouch(dir: string): string[] {
  for (const file of ['', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })]) {
    const path = join(dir, file)
    chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600)
  }
  const lock = join(dir, 'postmaster.pid')
  writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^-?\d+/, `-${deadProcess}`))
  return [
    `postmaster.pid names process ${deadProcess}, which no system has, instead of 42`,
    'every file belongs to its owner alone (0600, directories 0700)',
  ]
}
