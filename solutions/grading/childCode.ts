// Puts what the sandbox needs into a folder of its own, as one file of plain JavaScript: the child and a few tools of the
// engine. Nothing of solutions/ but two files, and no part that is an exercise.

import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatLsn, parseLsn } from 'pgcrash'
import type { Compiler } from './compiler.js'

const sources: readonly (readonly [name: string, path: string])[] = [
  ['child', './child.ts'],
  ['childPgcrash', './childPgcrash.ts'],
  ['plainData', '../../exercises/checking/plainData.ts'],
  ['crc32c', '../../engine/bytes/crc32c.ts'],
  ['errors', '../../engine/bytes/errors.ts'],
  ['hexdump', '../../engine/bytes/hexdump.ts'],
  ['layout', '../../engine/bytes/layout.ts'],
  ['checkpoint', '../../engine/format/checkpoint.ts'],
]

export interface ChildCode {
  readonly folder: string
  /** Of the code, to state in a report. */
  readonly texts: readonly string[]
  remove(): void
}

/** Makes the folder; the caller removes it. */
export async function makeChildCode(compiler: Compiler): Promise<ChildCode> {
  const texts = sources.map(([, path]) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8'))
  // Two functions of format/lsn.ts; its third one is an exercise.
  const lsn = [formatLsn, parseLsn].map((tool) => `exports.${tool.name} = ${tool.toString()}\n`).join('')
  const modules = [['lsn', lsn]]
  for (const [i, [name]] of sources.entries()) modules.push([name, await compiled(compiler, texts[i])])
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pgcrash-sandbox-')))
  writeFileSync(join(folder, 'child.js'), bundle(modules))
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n')
  chmodSync(folder, 0o755)
  return { folder, texts, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** One file: opening and resolving each of them took a third of the time that a process needs to start. */
function bundle(modules: readonly string[][]): string {
  const functions = modules.map(([name, code]) => `${JSON.stringify(name)}(exports, require) {\n${code}\n}`)
  return `'use strict'
{
  const modules = {${functions.join(',\n')}}
  const loaded = {}
  const load = (name) => {
    if (!Object.hasOwn(modules, name)) return require(name)
    if (!loaded[name]) modules[name]((loaded[name] = {}), load)
    return loaded[name]
  }
  load('child')
}
`
}

async function compiled(compiler: Compiler, source: string): Promise<string> {
  const compiled = await compiler.compile(source)
  if (compiled.outcome === 'refused') throw new Error(compiled.reason)
  return compiled.code.replace(/require\("[^"]*?([\w-]+)\.js"\)/g, 'require("$1")')
}
