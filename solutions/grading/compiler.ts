// TypeScript cells to JavaScript, as tslab would: types are dropped, not checked. It runs in a thread of its own that
// is given up when a cell keeps the compiler busy for too long.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { limits } from './limits.js'

export type Compiled =
  | { readonly outcome: 'compiled'; readonly code: string }
  | { readonly outcome: 'refused'; readonly reason: string }

const program = `
const { parentPort, workerData } = require('node:worker_threads')
const ts = require('node:module').createRequire(workerData)('typescript')
const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true }
parentPort.on('message', ({ id, source }) => {
  try {
    const { outputText, diagnostics } = ts.transpileModule(source, { compilerOptions, reportDiagnostics: true })
    const [first] = diagnostics
    if (!first) return parentPort.postMessage({ id, code: outputText })
    const { line } = first.file.getLineAndCharacterOfPosition(first.start)
    const message = ts.flattenDiagnosticMessageText(first.messageText, ' ')
    parentPort.postMessage({ id, reason: 'line ' + (line + 1) + ': ' + message })
  } catch (error) {
    parentPort.postMessage({ id, reason: String(error && error.message) })
  }
})
`

interface Answer {
  id: number
  code?: string
  reason?: string
}

export class Compiler {
  #worker: Worker | undefined
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
    await this.#worker?.terminate()
    this.#worker = undefined
  }

  async #compile(source: string): Promise<Compiled> {
    const worker = (this.#worker ??= new Worker(program, {
      eval: true,
      workerData: import.meta.url,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
      execArgv: [],
    }))
    const id = ++this.#lastId
    const ended = new AbortController()
    const { signal } = ended
    const timer = setTimeout(() => ended.abort(), limits.compile)
    try {
      worker.postMessage({ id, source })
      const [answer] = (await once(worker, 'message', { signal })) as [Answer]
      if (answer.id === id && answer.code !== undefined) return { outcome: 'compiled', code: answer.code }
      return { outcome: 'refused', reason: `the cell does not compile: ${answer.reason ?? 'no answer'}` }
    } catch {
      await this.close()
      return { outcome: 'refused', reason: 'the cell keeps the compiler busy for too long' }
    } finally {
      clearTimeout(timer)
    }
  }
}
