import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inProject } from './environment.mjs'
import { KernelSession, makeFolder, printed, type Output, type Result } from './testing/kernelSession.js'

let folder: string
let kernel: KernelSession

beforeAll(async () => {
  folder = makeFolder()
  kernel = new KernelSession(folder)
  expect(printed(await kernel.run('1 + 1'), 'stdout')).toBe('2\n')
})

afterAll(async () => {
  await kernel.end()
  rmSync(folder, { recursive: true })
})

const errorOf = ({ outputs }: Result): Output | undefined => outputs.find(({ type }) => type === 'error')

describe('what a cell prints', () => {
  test('3000 lines arrive', async () => {
    const result = await kernel.run("for (let i = 0; i < 3000; i++) console.log('line', i)")
    const lines = Array.from({ length: 3000 }, (_, i) => `line ${i}\n`)
    expect(printed(result, 'stdout')).toBe(lines.join(''))
    expect(result.reply.status).toBe('ok')
  })

  test('3000 pictures arrive', async () => {
    const code = "import { display } from 'tslab'\nfor (let i = 0; i < 3000; i++) display.text(String(i))"
    const { outputs } = await kernel.run(code)
    const shown = outputs.filter(({ type }) => type === 'display_data')
    expect(shown.map(({ content }) => (content.data as Record<string, string>)['text/plain'])).toEqual(
      Array.from({ length: 3000 }, (_, i) => String(i)),
    )
  })

  test('streams and pictures keep their order', async () => {
    const lines = ["console.log('a')", "console.error('b')", "display.text('c')", "console.log('d')"]
    const { outputs } = await kernel.run(`import { display } from 'tslab'\n${lines.join('\n')}`)
    const kinds = outputs.map(({ type, content }) => content.name ?? type)
    expect(kinds).toEqual(['execute_input', 'stdout', 'stderr', 'display_data', 'stdout'])
  })

  test('a cell that never stops printing is cut off, and says so', async () => {
    const result = await kernel.run("for (let i = 0; i < 600; i++) console.log('x'.repeat(50_000))")
    const text = printed(result, 'stdout')
    expect(text.length).toBeLessThan(21_000_000)
    expect(text).toMatch(/\n\[The cell printed too much; the rest is left out\.\]\n$/)
    expect(printed(await kernel.run("console.log('next')"), 'stdout')).toBe('next\n')
  })
})

describe('a cell that fails', () => {
  test('has its name, its message and its traceback, in the reply and as an output', async () => {
    const result = await kernel.run("function redo() {\n  throw new RangeError('past the end')\n}\nredo()")
    const { status, ename, evalue, traceback } = result.reply
    expect({ status, ename, evalue }).toEqual({
      status: 'error',
      ename: 'RangeError',
      evalue: 'past the end',
    })
    expect(traceback).toEqual([
      "    throw new RangeError('past the end');",
      '    ^',
      '',
      'RangeError: past the end',
      '    at redo (cell)',
    ])
    expect(errorOf(result)?.content).toEqual({ ename, evalue, traceback })
    expect(printed(result, 'stderr')).toBe('')
  })

  test('has them after an await too', async () => {
    const { reply } = await kernel.run(
      "await null\nclass TornPage extends Error { name = 'TornPage' }\nthrow new TornPage('block 3')",
    )
    expect([reply.ename, reply.evalue]).toEqual(['TornPage', 'block 3'])
  })

  test.each([
    ['{ lsn: 1n }', '{ lsn: 1n }'],
    ['null', 'null'],
    [
      "{ [Symbol.for('nodejs.util.inspect.custom')]() { throw 1 } }",
      'The cell threw a value that cannot be shown.',
    ],
  ])('may throw %s', async (value, shown) => {
    const { reply } = await kernel.run(`throw ${value}`)
    expect([reply.status, reply.ename, reply.evalue]).toEqual(['error', 'Thrown', shown])
  })

  test('with a type error is not run, and shows the place', async () => {
    const result = await kernel.run("console.log('run')\nconst name: string = 42")
    expect(result.reply.ename).toBe('TypeScriptError')
    expect(result.reply.traceback).toEqual([
      "2:7 - Type 'number' is not assignable to type 'string'.",
      '    const name: string = 42',
      '          ^',
    ])
    expect(printed(result, 'stdout')).toBe('')
  })

  test('fails for a promise that it does not await', async () => {
    const { reply } = await kernel.run("Promise.reject(new Error('lost')); 1")
    expect([reply.status, reply.ename, reply.evalue]).toEqual(['error', 'Error', 'lost'])
    expect(reply.traceback?.[0]).toBe('A promise was rejected, and no cell awaited it:')
  })

  test('does not fail for a promise that it awaits late', async () => {
    const code = [
      "const late = Promise.reject(new Error('late'))",
      'await new Promise((resolve) => setTimeout(resolve, 1))',
      "await late.catch(() => console.log('caught'))",
    ]
    const result = await kernel.run(code.join('\n'))
    expect([result.reply.status, printed(result, 'stdout')]).toEqual(['ok', 'caught\n'])
  })

  test('fails for what a timer throws while it runs', async () => {
    const code =
      "await new Promise((resolve) => setTimeout(() => { resolve(0); throw new Error('tick') }, 1))"
    const { reply } = await kernel.run(code)
    expect([reply.status, reply.evalue]).toEqual(['error', 'tick'])
  })
})

describe('cells in a row', () => {
  test('are counted, and their input is told', async () => {
    const [first, second] = await kernel.send([{ code: '1' }, { code: '2' }])
    const count = first!.reply.execution_count!
    expect(second!.reply.execution_count).toBe(count + 1)
    expect(second!.outputs[0]).toEqual({
      type: 'execute_input',
      content: { code: '2', execution_count: count + 1 },
    })
  })

  test.each([
    ['at once', "throw new Error('first')"],
    ['while it waits', "await new Promise((resolve) => setTimeout(resolve, 20))\nthrow new Error('first')"],
  ])('sent together are skipped when one fails %s', async (_when, code) => {
    const results = await kernel.send([{ code }, { code: '2' }, { code: '3' }])
    expect(results.map(({ reply }) => reply.status)).toEqual(['error', 'aborted', 'aborted'])
    expect(results[1]!.outputs).toEqual([])
  })

  test("sent together are skipped when the sender's clock is ahead", async () => {
    const code = "await new Promise((resolve) => setTimeout(resolve, 20))\nthrow new Error('first')"
    const [, second] = await kernel.send([{ code }, { code: '2', ahead: 3600 }])
    expect(second!.reply.status).toBe('aborted')
  })

  test('are not skipped when they were asked to go on', async () => {
    const requests = ["throw new Error('first')", '2', '3'].map((code) => ({ code, stopOnError: false }))
    const results = await kernel.send(requests)
    expect(results.map(({ reply }) => reply.status)).toEqual(['error', 'ok', 'ok'])
  })

  test('are run right after one that failed', async () => {
    await kernel.run("throw new Error('first')")
    expect((await kernel.run('2')).reply.status).toBe('ok')
  })
})

test('a file that was imported before it existed can be imported once it does', async () => {
  expect((await kernel.run("import { answer } from './late'")).reply.status).toBe('error')
  const write = "require('fs').writeFileSync('late.ts', 'export const answer: number = 42')"
  await kernel.run(write)
  expect((await kernel.run('1')).reply.status).toBe('ok')
  expect(printed(await kernel.run("import { answer } from './late'\nanswer"), 'stdout')).toBe('42\n')
})

test.each([
  ['waits', "await null\nconsole.log('go')\nawait new Promise(() => {})", 'Interrupted asynchronously'],
  ['computes', "console.log('go')\nfor (;;);", 'Script execution was interrupted by `SIGINT`'],
])('a cell that %s can be interrupted', async (_what, code, evalue) => {
  const [result] = await kernel.send([{ code, interrupt: true }])
  expect(result!.reply.evalue).toBe(evalue)
})

test('a request that the kernel does not know leaves the cells alone', async () => {
  await kernel.run('1')
  await kernel.askForHistory()
  await kernel.run('2')
  expect(kernel.strays).toEqual([])
})

test("the engine's types are checked in a cell", async () => {
  const wrong = await kernel.run("import { formatLsn } from 'pgcrash'\nformatLsn('0/1A2B3C8')")
  expect(wrong.reply.evalue).toContain("Argument of type 'string' is not assignable to parameter of type")
  const right = await kernel.run("import { formatLsn } from 'pgcrash'\nformatLsn(0x1A2B3C8n)")
  expect(printed(right, 'stdout')).toBe('0/1A2B3C8\n')
})

test('a cell has the types of Node, and of what it imports, and no others', async () => {
  const chai = await kernel.run('const chaiOfTheTests: Chai.AssertionStatic | undefined = undefined')
  expect(chai.reply.evalue).toContain("Cannot find namespace 'Chai'")
  const node = await kernel.run(
    "import { basename } from 'node:path'\nbasename(process.execPath).startsWith('node')",
  )
  expect(printed(node, 'stdout')).toBe('true\n')
})

describe('the preload', () => {
  const preload = inProject('.jupyter', 'preload.cjs')

  test('refuses another tslab', () => {
    const other = mkdtempSync(path.join(tmpdir(), 'pgcrash-'))
    const bin = path.join(other, 'tslab', 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(path.join(other, 'tslab', 'package.json'), '{ "version": "1.0.23" }')
    writeFileSync(path.join(bin, 'tslab'), 'throw new Error("started")')
    const node = spawnSync(process.execPath, ['--require', preload, path.join(bin, 'tslab'), 'kernel'], {
      encoding: 'utf8',
    })
    rmSync(other, { recursive: true })
    expect(node.stderr).toBe(
      'The TypeScript kernel needs tslab 1.0.22 and found 1.0.23. Install the pinned one: npm ci\n',
    )
    expect(node.status).toBe(1)
  })

  test('leaves worker threads alone', async () => {
    const count = "console.log(Object.keys(require.cache).filter((file) => file.includes('repairs')).length)"
    const options = JSON.stringify({ eval: true, execArgv: ['--require', preload] })
    const code = [
      "const { Worker } = require('node:worker_threads')",
      `const worker = new Worker(${JSON.stringify(count)}, ${options})`,
      "await new Promise((resolve) => worker.on('exit', resolve)); null",
    ]
    const result = await kernel.run(code.join('\n'))
    expect([printed(result, 'stdout'), printed(result, 'stderr')]).toEqual(['0\n', ''])
  })
})

test('a kernel ends when it is asked to, whatever a cell has left open', async () => {
  await kernel.run('setInterval(() => {}, 1000); null')
  expect(await kernel.end()).toBe(0)
})
