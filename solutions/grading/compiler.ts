// TypeScript cells to JavaScript, as tslab would: types are dropped, not checked. It runs in a process of its own that
// is given up when a cell keeps the compiler busy for too long. A process, no thread: the compiler takes 180 MB, and the
// larger the judge is, the longer it takes to start others.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { limits } from './limits.js'

export type Compiled =
  | { readonly outcome: 'compiled'; readonly code: string }
  | { readonly outcome: 'refused'; readonly reason: string }

const program = `
const ts = require(process.argv[1])
const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true }
process.on('disconnect', () => process.exit())
process.on('message', ({ id, source }) => {
  try {
    const { outputText, diagnostics } = ts.transpileModule(source, { compilerOptions, reportDiagnostics: true })
    const [first] = diagnostics
    if (!first) return process.send({ id, code: outputText })
    const { line } = first.file.getLineAndCharacterOfPosition(first.start)
    const message = ts.flattenDiagnosticMessageText(first.messageText, ' ')
    process.send({ id, reason: 'line ' + (line + 1) + ': ' + message })
  } catch (error) {
    process.send({ id, reason: String(error && error.message) })
  }
})
`

interface Answer {
  id: number
  code?: string
  reason?: string
}

export class Compiler {
  #process: ChildProcess | undefined
  #lastId = 0
  /** Cells are compiled one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  /** Compiles one cell. Never rejects for what the cell holds. */
  compile(source: string): Promise<Compiled> {
    if (source.length > limits.cell)
      return Promise.resolve({
        outcome: 'refused',
        reason: `the cell is longer than ${limits.cell} characters`,
      })
    const compiled = this.#turn.then(() => this.#compile(source))
    this.#turn = compiled.catch(() => {})
    return compiled
  }

  async close(): Promise<void> {
    const compiler = this.#process
    this.#process = undefined
    if (!compiler || compiler.exitCode !== null || compiler.signalCode !== null) return
    compiler.kill('SIGKILL')
    await once(compiler, 'exit')
  }

  async #compile(source: string): Promise<Compiled> {
    const compiler = (this.#process ??= started())
    const id = ++this.#lastId
    const ended = new AbortController()
    const { signal } = ended
    const end = (): void => ended.abort()
    const timer = setTimeout(end, limits.compile)
    compiler.once('exit', end)
    try {
      compiler.send({ id, source })
      const [answer] = (await once(compiler, 'message', { signal })) as [Answer]
      if (answer.id === id && answer.code !== undefined) return { outcome: 'compiled', code: answer.code }
      return { outcome: 'refused', reason: `the cell does not compile: ${answer.reason ?? 'no answer'}` }
    } catch {
      await this.close()
      return { outcome: 'refused', reason: 'the cell keeps the compiler busy for too long' }
    } finally {
      clearTimeout(timer)
      compiler.off('exit', end)
    }
  }
}

function started(): ChildProcess {
  const typescript = createRequire(import.meta.url).resolve('typescript')
  return spawn(process.execPath, ['--max-old-space-size=512', '-e', program, typescript], {
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}
