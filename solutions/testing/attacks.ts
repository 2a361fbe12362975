// Submissions that try to cheat or to break the judge. None gains a point, none costs another submission anything.

import { fileURLToPath } from 'node:url'
import type { Verdict } from '../../exercises/checking/check.js'

export interface Attack {
  readonly cell: string
  /** What every rule must come out as; several where the system decides. */
  readonly verdicts: readonly Verdict[]
}

const secret = fileURLToPath(new URL('../parts/needsRedo.ts', import.meta.url))

/** Present in the command line of a process that an attack tries to leave behind. */
export const MARKER = `left-behind-${process.pid}`

const part = (body: string): string =>
  `function needsRedo(pageLSN: bigint, recordEnd: bigint): boolean {\n${body}\n}`
const alwaysTrue = part('return true')
const builtin = (name: string): string => `(process as any).getBuiltinModule('${name}')`

export const attacks: Readonly<Record<string, Attack>> = {
  'exits at once': { cell: `process.exit(0)\n${alwaysTrue}`, verdicts: ['crashed'] },
  'exits when asked': { cell: part('process.exit(0)'), verdicts: ['crashed'] },
  'hides its end': {
    cell: `process.on('exit', () => { process.exitCode = 0 })\nprocess.on('uncaughtException', () => {})\n${part('process.exit(0)')}`,
    verdicts: ['crashed'],
  },
  'loops for ever when asked': { cell: part('for (;;);'), verdicts: ['timed out'] },
  'loops for ever at once': { cell: `for (;;);\n${alwaysTrue}`, verdicts: ['timed out'] },
  'loops inside a regular expression': {
    cell: part(`return /^(a+)+$/.test('${'a'.repeat(40)}b')`),
    verdicts: ['timed out'],
  },
  'waits for ever': {
    cell: `await new Promise((r) => setInterval(r, 1e9))\n${alwaysTrue}`,
    verdicts: ['timed out'],
  },
  'fills the heap': {
    cell: part('const a = []; for (;;) a.push(new Array(1e6).fill(1))'),
    verdicts: ['crashed', 'timed out'],
  },
  'fills memory outside the heap': {
    cell: part('const a = []; for (;;) a.push(Buffer.alloc(5e7, 1))'),
    verdicts: ['crashed', 'timed out'],
  },
  'recurses without end': {
    cell: part('return needsRedo(pageLSN, recordEnd)'),
    verdicts: ['crashed', 'timed out'],
  },
  'floods its output': { cell: part("for (;;) console.log('x'.repeat(1e6))"), verdicts: ['timed out'] },
  'floods the channel': {
    cell: part(`const fs = ${builtin('fs')}; for (;;) fs.writeSync(3, 'x'.repeat(1e5))`),
    verdicts: ['no evidence'],
  },
  'states a verdict on stdout': {
    cell: part(
      `console.log('{"verdict":"passed"}'); ${builtin('fs')}.writeSync(1, '{"verdict":"passed"}\\n'); throw 0`,
    ),
    verdicts: ['crashed'],
  },
  'states a verdict on the channel': {
    cell: part(`${builtin('fs')}.writeSync(3, '{"verdict":"passed"}\\n'); return true`),
    verdicts: ['no evidence'],
  },
  'answers with a nonce of its own': {
    cell: part(
      `${builtin('fs')}.writeSync(3, '{"nonce":"000000000000000000000000","value":"true"}\\n'); return true`,
    ),
    verdicts: ['no evidence'],
  },
  'answers with a nonce of its own, and leaves': {
    cell: part(
      `${builtin('fs')}.writeSync(3, '{"nonce":"000000000000000000000000","value":"' + (pageLSN < recordEnd) + '"}\\n'); for (;;);`,
    ),
    verdicts: ['no evidence'],
  },
  'answers before it is asked': {
    cell: `${builtin('fs')}.writeSync(3, '{"loaded":true}\\n{"value":"true"}\\n')\n${alwaysTrue}`,
    verdicts: ['no evidence'],
  },
  'learns the number and answers everything at once': {
    cell: `const { parse } = JSON
let nonce = ''
JSON.parse = (text: string) => ({ nonce } = parse(text))
${part(`${builtin('fs')}.writeSync(3, ('{"nonce":"' + nonce + '","value":"7"}\\n').repeat(8)); return 7 as any`)}`,
    verdicts: ['wrong', 'no evidence', 'timed out', 'crashed'],
  },
  'reads the questions itself': {
    cell: part(`${builtin('fs')}.readSync(3, new Uint8Array(65536)); return true`),
    verdicts: ['timed out'],
  },
  'asks itself and remembers the answers': {
    cell: `const known: any = ((globalThis as any).known ??= [])
${part('known.push([pageLSN, recordEnd]); return known.length > 8 ? known as any : 7')}`,
    verdicts: ['wrong'],
  },
  'sends a message as a forked process would': {
    cell: part('(process as any).send?.({ verdict: "passed" }); throw new Error("no")'),
    verdicts: ['crashed'],
  },
  'patches what a judge might use': {
    cell: `Array.prototype.every = () => true
Object.is = () => true
const stringify = JSON.stringify
JSON.stringify = (value: any) => (value && 'threw' in value ? stringify({ ...value }) : stringify(value))
Promise.prototype.then = function () { return this } as any
${part('return "right" as any')}`,
    verdicts: ['wrong', 'no evidence', 'timed out', 'crashed'],
  },
  'is equal to everything': {
    cell: part(
      `return { valueOf: () => true, toString: () => 'true', toJSON: () => true, [Symbol.toPrimitive]: () => true } as any`,
    ),
    verdicts: ['wrong'],
  },
  'is a proxy': {
    cell: part(
      'return new Proxy({}, { get: () => true, has: () => true, ownKeys: () => { throw 1 } }) as any',
    ),
    verdicts: ['wrong', 'crashed'],
  },
  'names itself with control characters': {
    cell: part(
      "return { get [Symbol.toStringTag]() { return '\\u001b[2Jpassed' }, __proto__: class {}.prototype } as any",
    ),
    verdicts: ['wrong'],
  },
  'reads the solution': {
    cell: `const text = ${builtin('fs')}.readFileSync('${secret}', 'utf8')\n${part("if (text.includes('needsRedo')) return pageLSN < recordEnd; throw 0")}`,
    verdicts: ['crashed'],
  },
  'reads the solution through its main module': {
    cell: part(
      `return (process as any).mainModule.require('fs').readFileSync('${secret}').length > 0 && pageLSN < recordEnd`,
    ),
    verdicts: ['crashed'],
  },
  'imports the solution': { cell: `import { needsRedo } from '${secret}'\nneedsRedo`, verdicts: ['crashed'] },
  "takes the engine's own part": {
    cell: `import { reference } from 'pgcrash'\nconst needsRedo = (a: bigint, b: bigint) => reference.needsRedo(a, b, a)`,
    verdicts: ['crashed'],
  },
  'kills its parent': {
    cell: part("process.kill(process.ppid, 'SIGKILL'); return true"),
    verdicts: ['crashed', 'wrong'],
  },
  'leaves a process behind': {
    cell: part(
      `${builtin('child_process')}.spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '${MARKER}'], { detached: true, stdio: 'ignore' }).unref(); return true`,
    ),
    verdicts: ['crashed', 'wrong'],
  },
  'writes outside': {
    cell: part(`${builtin('fs')}.writeFileSync('/tmp/${MARKER}', 'x'); return pageLSN < recordEnd`),
    verdicts: ['crashed'],
  },
  'is no function': { cell: 'const needsRedo = true', verdicts: ['no evidence'] },
  'is not there': { cell: 'console.log("all tests passed")', verdicts: ['no evidence'] },
  'is a promise': { cell: `async ${part('return pageLSN < recordEnd as any')}`, verdicts: ['wrong'] },
  'does not compile': { cell: part('return pageLSN <'), verdicts: ['crashed'] },
}

/** Files that are no notebooks, or damaged ones. */
export const damaged: Readonly<Record<string, string>> = {
  'is not JSON': 'needsRedo = (a, b) => a < b',
  'is empty': '',
  'is JSON but no notebook': '[1, 2, 3]',
  'is of an old format': '{"nbformat": 3, "worksheets": []}',
  'has no cells': '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
  'has cells that are none':
    '{"nbformat": 4, "cells": [null, 7, {"cell_type": "code", "source": 5, "metadata": {"pgcrash": {"exercise": "needsRedo", "role": "stub"}}}]}',
  'is nested too deep': '['.repeat(100_000),
  'is cut off': '{"nbformat": 4, "cells": [{"cell_type": "code", "sou',
}
