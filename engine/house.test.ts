// The rules of the house, as a test: which way imports run, who may know Node, how long things get.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const engine = join(root, 'engine')

/** Floor of each folder; imports go to the same floor's own folder, or down. */
const FLOORS: Record<string, number> = {
  bytes: 0,
  disk: 1,
  format: 2,
  wal: 3,
  buffers: 3,
  redo: 4,
  recovery: 5,
  database: 6,
  simulation: 7,
}
const MAX_FUNCTION_LINES = 70
const MAX_FILE_LINES = 500

interface Module {
  path: string
  folder: string
  source: ts.SourceFile
  /** What it imports or re-exports: a file of the project, or a package's name. */
  imports: Array<{ target: string; typeOnly: boolean; lazy: boolean }>
}

function sources(directory: string, tests = false): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', '.cache', 'testing'].includes(entry.name)) return []
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return sources(path, tests)
    return /\.ts$/.test(entry.name) && /\.test\.ts$/.test(entry.name) === tests ? [path] : []
  })
}

function parse(path: string): Module {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true)
  const imports: Module['imports'] = []
  const note = (specifier: string, typeOnly: boolean, lazy: boolean): void => {
    const local = specifier.startsWith('.')
      ? resolve(dirname(path), specifier.replace(/\.js$/, '.ts'))
      : specifier
    imports.push({ target: local, typeOnly, lazy })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
      note(node.moduleSpecifier.text, node.importClause?.isTypeOnly ?? false, false)
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier))
      note(node.moduleSpecifier.text, node.isTypeOnly, false)
    else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      ts.isStringLiteral(node.arguments[0])
    )
      note(node.arguments[0].text, false, true)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { path, folder: relative(engine, path).split('/')[0], source, imports }
}

const modules = sources(engine).map(parse)
const name = (path: string): string => relative(root, path)

test('imports run downward or sideways inside a floor; wal and buffers do not know each other', () => {
  const wrong: string[] = []
  for (const { path, folder, imports } of modules)
    for (const { target } of imports) {
      if (!target.startsWith(engine)) continue
      const other = relative(engine, target).split('/')[0]
      const [from, to] = [FLOORS[folder], FLOORS[other]]
      if (from !== undefined && to === undefined && other !== 'parts.ts')
        wrong.push(`${name(path)} → ${name(target)}`)
      if (from !== undefined && to !== undefined && (to > from || (to === from && folder !== other)))
        wrong.push(`${name(path)} → ${name(target)}`)
      if (other === 'parts.ts' && (from ?? 9) < 4) wrong.push(`${name(path)} → ${name(target)}`)
      if (other === 'lens' && folder !== 'lens' && !/^(index\.ts|cli|soak$)/.test(folder))
        wrong.push(`${name(path)} → ${name(target)}`)
      if (other === 'scenes' && !['scenes', 'bench', 'soak', 'index.ts'].includes(folder))
        wrong.push(`${name(path)} → ${name(target)}`)
    }
  expect(wrong).toEqual([])
})

test('no cycles, types included', () => {
  const graph = new Map(
    modules.map((m) => [m.path, m.imports.map((i) => i.target).filter((t) => t.startsWith(engine))]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const walk = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) cycles.push([...trail.slice(at), path].map(name).join(' → '))
    if (at >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  expect(cycles).toEqual([])
})

test('only nodeDisk, the command line, its threads, the scenes and the tools know Node; packages are the pinned few', () => {
  const wrong: string[] = []
  for (const { path, folder, imports } of modules)
    for (const { target, lazy } of imports) {
      const mayKnowNode =
        /^(scenes|bench|soak|cli|threads|cli\.ts)$/.test(folder) ||
        ['engine/disk/nodeDisk.ts', 'engine/simulation/main.ts'].includes(name(path))
      if (target.startsWith('node:') && !mayKnowNode) wrong.push(`${name(path)} imports ${target}`)
      if (name(path) === 'engine/scenes/door.ts' && target.startsWith('node:') && !lazy)
        wrong.push(`${name(path)} needs ${target} at once`)
      if (!target.startsWith('node:') && !target.startsWith('/') && !/^[A-Z]:/.test(target)) {
        const allowed = mayKnowNode
          ? ['@electric-sql/pglite', 'pglite-17', 'pg', 'commander', 'cli-progress', 'picocolors']
          : ['fzstd']
        if (!allowed.some((p) => target === p || target.startsWith(`${p}/`)))
          wrong.push(`${name(path)} imports ${target}`)
      }
    }
  expect(wrong).toEqual([])
})

test('every import leads to a file, every file is imported by another or is a door', () => {
  const known = new Set(modules.map((m) => m.path))
  const reached = new Set(modules.flatMap((m) => m.imports.map((i) => i.target)))
  // A scene may be there for tests alone; the tests' own imports count for it.
  const asked = new Set(sources(engine, true).flatMap((path) => parse(path).imports.map((i) => i.target)))
  const doors =
    /^engine\/(index|cli|bench\/\w+|soak\/main|scenes\/coverage\/main|simulation\/main|scenes\/index|scenes\/(\w+\/)?\w+Child|threads\/\w+Thread)\.ts$/
  for (const { path, imports } of modules)
    for (const { target } of imports)
      if (target.startsWith('/')) expect(existsSync(target), `${name(path)} → ${target}`).toBe(true)
  const used = (path: string): boolean =>
    reached.has(path) ||
    doors.test(name(path)) ||
    (name(path).startsWith('engine/scenes/') && asked.has(path))
  expect([...known].filter((path) => !used(path)).map(name)).toEqual([])
})

test(`functions are at most ${MAX_FUNCTION_LINES} lines, files at most ${MAX_FILE_LINES}`, () => {
  const long: string[] = []
  for (const { path, source } of modules) {
    const lines = source.getLineAndCharacterOfPosition(source.end).line
    if (lines > MAX_FILE_LINES) long.push(`${name(path)}: ${lines} lines`)
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node) && 'body' in node && node.body && !returnsObject(node)) {
        const from = source.getLineAndCharacterOfPosition(node.getStart()).line
        const length = source.getLineAndCharacterOfPosition(node.end).line - from + 1
        if (length > MAX_FUNCTION_LINES) long.push(`${name(path)}:${from + 1}: a function of ${length} lines`)
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  expect(long).toEqual([])
})

/** A function whose last statement returns an object of methods is a class by another name. */
function returnsObject(node: ts.Node): boolean {
  const body = (node as ts.FunctionLikeDeclaration).body
  const last = body && ts.isBlock(body) ? body.statements.at(-1) : undefined
  return (
    last !== undefined &&
    ts.isReturnStatement(last) &&
    last.expression?.kind === ts.SyntaxKind.ObjectLiteralExpression
  )
}

test('exported functions state what they return; nothing is called any, utils or helpers', () => {
  const wrong: string[] = []
  for (const { path, source } of modules) {
    if (/(^|\/)(utils|helpers|common|misc)\.ts$/.test(path)) wrong.push(name(path))
    const visit = (node: ts.Node): void => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) wrong.push(`${name(path)}: any`)
      const exported =
        ts.canHaveModifiers(node) &&
        ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword)
      if (exported && ts.isFunctionDeclaration(node) && !node.type)
        wrong.push(`${name(path)}: ${node.name?.text} has no return type`)
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  expect(wrong).toEqual([])
})

test('every exercise notebook has a solution, every chapter an exercise', () => {
  const notebooks = (folder: string): string[] =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .filter((f) => /^\d\d-.*\.ipynb$/.test(f))
          .sort()
      : []
  expect(notebooks('exercises')).toEqual(notebooks('chapters'))
})
