// Engine code in prose, by name: what a chapter shows is what the engine runs.
//
//   ```ts quote=engine/redo/block.ts#readBlockForRedo
//   ```
//
// is replaced by that declaration's source, read with the TypeScript compiler. `#Class.member` reaches one level in,
// and the word `doc` after it brings the doc comment along.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { SiteError } from './siteError.js'

export interface Quote {
  readonly file: string
  /** Line of the declaration's first quoted line, counted from 1. */
  readonly line: number
  readonly symbol: string
  readonly code: string
}

/** `reference` is "path#symbol", the path from the project's root. Throws SiteError when either is not there. */
export function quoteSymbol(root: string, reference: string, withDoc = false): Quote {
  const [file = '', symbol = ''] = reference.split('#')
  const path = join(root, file)
  if (file === '' || !existsSync(path)) throw new SiteError(`quote=${reference}: there is no file ${file}`)
  const source = ts.createSourceFile(file, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const node = findSymbol(source, symbol.split('.'))
  if (node === undefined) throw new SiteError(`quote=${reference}: ${file} declares no ${symbol || 'symbol'}`)

  const start = node.getStart(source, withDoc)
  const { line, character } = source.getLineAndCharacterOfPosition(start)
  const code = source.text.slice(start, node.getEnd())
  return { file, line: line + 1, symbol, code: dedent(code, character) }
}

/** The text of a chapter with the engine's code in each fence that quotes it, whatever stood there. */
export function fillQuotes(root: string, markdown: string): string {
  return markdown.replace(
    /^(```ts quote=(\S+)( doc)?.*\n)[^]*?^```$/gm,
    (_, fence: string, reference: string, doc?: string) =>
      `${fence}${quoteSymbol(root, reference, doc !== undefined).code}\n\`\`\``,
  )
}

function findSymbol(source: ts.SourceFile, [outer, inner]: readonly string[]): ts.Node | undefined {
  for (const statement of source.statements) {
    if (declaredNames(statement).includes(outer ?? '')) {
      return inner === undefined ? statement : members(statement).find((member) => nameOf(member) === inner)
    }
  }
  return undefined
}

function declaredNames(statement: ts.Statement): (string | undefined)[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(nameOf)
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  return named ? [nameOf(statement)] : []
}

function members(statement: ts.Statement): readonly ts.Node[] {
  if (ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement)) return statement.members
  if (!ts.isVariableStatement(statement)) return []
  const value = statement.declarationList.declarations[0]?.initializer
  return value !== undefined && ts.isObjectLiteralExpression(value) ? value.properties : []
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const name = (node as ts.NamedDeclaration).name
  return name !== undefined && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) ? name.text : undefined
}

/** A member is quoted at the left edge: takes its column away from the lines after the first. */
function dedent(code: string, column: number): string {
  return code.replaceAll(`\n${' '.repeat(column)}`, '\n')
}
