// Runs inside the sandbox, beside the learner's code. It is asked over channel 3, some questions at a time, a line
// each, and answers with data. It knows no expected value and can state no verdict; nothing here needs to be trusted.
//
//   judge ── {"nonce":"9f…","inputs":2} ──► child
//   judge ── [{"$n":"7"}]             ──► child: part(...input)
//   judge ── [{"$n":"8"}]             ──► child: part(...input)
//   judge ◄─ {"nonce":"9f…","value":"true"}  ── child
//   judge ◄─ {"nonce":"9f…","value":"false"} ── child

import { readSync, writeSync } from 'node:fs'
import { decode, encode, NotPlain, type Plain } from '../../exercises/checking/plainData.js'
import { pgcrashFor } from './childPgcrash.js'

const CHANNEL = 3
const ALLOWED = ['buffer', 'util', 'assert']

type Part = (...input: readonly Plain[]) => unknown
interface Question {
  nonce: string
  load?: { code: string; name: string }
  /** So many lines follow, an input each. */
  inputs?: number
}

const chunk = Buffer.alloc(65536)
let part: Part | undefined
let waiting = ''

/** Answers go out together, but none waits for long: the judge has a clock. */
const ENOUGH = 65536
const LONG = 10
const now = performance.now.bind(performance)
let unsent = ''
let sentAt = 0

/** The next line, or undefined when the judge has gone. */
function readLine(): string | undefined {
  for (;;) {
    const end = waiting.indexOf('\n')
    if (end >= 0) {
      const line = waiting.slice(0, end)
      waiting = waiting.slice(end + 1)
      return line
    }
    const read = readSync(CHANNEL, chunk)
    if (read === 0) return undefined
    waiting += chunk.toString('latin1', 0, read) // the judge sends ASCII only
  }
}

function reply(nonce: string, answer: object): void {
  unsent += JSON.stringify({ nonce, ...answer }) + '\n'
  if (unsent.length >= ENOUGH) send()
}

function send(): void {
  const bytes = Buffer.from(unsent)
  unsent = ''
  sentAt = now()
  for (let at = 0; at < bytes.length;) at += writeSync(CHANNEL, bytes, at)
}

/** What a cell that is graded as `exercise` may import. */
function allowedModule(exercise: string, name: string): unknown {
  if (name === 'pgcrash') return pgcrashFor(exercise)
  if (name === 'pgcrash-exercises') return { check: async () => {}, tryGate: async () => {} }
  if (ALLOWED.includes(name.replace(/^node:/, ''))) return require(name) as unknown
  throw new Error(`a graded cell imports pgcrash and nothing else, not "${name}"`)
}

async function load({ code, name }: { code: string; name: string }): Promise<object> {
  const AsyncFunction = (async () => {}).constructor as new (
    ...source: string[]
  ) => (...args: unknown[]) => Promise<unknown>
  const found = `typeof ${name} === 'undefined' ? undefined : ${name}`
  const cell = new AsyncFunction('require', 'exports', 'module', `${code}\n;return [${found}]`)
  const module = { exports: {} }
  const importing = (wanted: string): unknown => allowedModule(name, wanted)
  const [defined] = (await cell(importing, module.exports, module)) as [unknown]
  if (typeof defined !== 'function') return { absent: true }
  part = defined as Part
  return { loaded: true }
}

function answer(input: string): object {
  if (!part) return { absent: true }
  try {
    return { value: encode(part(...(decode(input) as readonly Plain[]))) }
  } catch (error) {
    return thrown(error)
  }
}

function thrown(error: unknown): object {
  if (error instanceof NotPlain) return { notPlain: String(error.what).slice(0, 100) }
  if (typeof error !== 'object' || error === null)
    return { threw: { name: 'thrown', message: String(error) } }
  const { name, message } = error as { name?: unknown; message?: unknown }
  return { threw: { name: String(name).slice(0, 50), message: String(message).slice(0, 300) } }
}

async function main(): Promise<void> {
  for (;;) {
    const line = readLine()
    if (line === undefined) return
    const { nonce, load: cell, inputs = 0 } = JSON.parse(line) as Question
    if (cell) reply(nonce, await load(cell).catch(thrown))
    for (let i = 0; i < inputs; i++) {
      if (now() - sentAt > LONG) send()
      reply(nonce, answer(readLine() ?? ''))
    }
    send()
  }
}

/** The same numbers in every run, and no way to reach another process where the system itself leaves one open. */
function prepare(): void {
  let state = 0x9e3779b9
  Math.random = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0
    return (state >>> 0) / 0x100000000
  }
  for (const name of ['kill', '_kill', '_debugProcess', '_debugEnd'])
    Object.defineProperty(process, name, { value: undefined, configurable: false, writable: false })
}

prepare()
void main().then(() => process.exit(0))
