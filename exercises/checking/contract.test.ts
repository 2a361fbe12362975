import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NoAnswer, type Candidate } from './check.js'
import { examples, generated, type Contract } from './contract.js'
import { encode } from './plainData.js'

const doubling: Contract<[n: number], number> = {
  name: 'double',
  reference: (n) => 2 * n,
  show: (n) => `the number ${n}`,
}
const words = { rule: 'Twice as much.', why: 'Less is not enough.' }
const check = generated(doubling, { ...words, input: fc.tuple(fc.integer({ min: 0, max: 1000 })) })
const wrongFrom = (limit: number): Candidate => ((n: number) => (n < limit ? 2 * n : 0)) as Candidate

test('a right part passes, here or elsewhere', async () => {
  expect(await check.run(((n: number) => n + n) as Candidate)).toEqual({ verdict: 'passed', cases: 200 })
  expect(await check.run((async (n: number) => n + n) as Candidate)).toMatchObject({ verdict: 'passed' })
})

test('the smallest failing input is shown, with the call that repeats it', async () => {
  const { verdict, counterexample } = await check.run(wrongFrom(37), { seed: 5 })
  expect(verdict).toBe('wrong')
  expect(counterexample).toEqual({ input: 'the number 37', expected: '74', got: '0', replay: 'double(37)' })
})

test('an input that is to be avoided is not tried; another one is found', async () => {
  const avoid = new Set([encode([37]), encode([38])])
  const tried: string[] = []
  const { counterexample } = await check.run(wrongFrom(37), {
    seed: 6,
    avoid,
    tried: (input) => tried.push(input),
  })
  expect(counterexample?.replay).toBe('double(39)')
  expect(tried.filter((input) => avoid.has(input))).toEqual([])
})

test('the same seed asks the same questions', async () => {
  const asked = async (seed: number): Promise<string[]> => {
    const tried: string[] = []
    await check.run(((n: number) => 2 * n) as Candidate, { seed, tried: (input) => tried.push(input) })
    return tried
  }
  expect(await asked(1)).toEqual(await asked(1))
  expect(await asked(1)).not.toEqual(await asked(2))
})

test('a stub is not started, and asked once', async () => {
  let asked = 0
  const stub: Candidate = () => {
    asked++
    throw Object.assign(new Error('double is not written yet'), { name: 'NotStarted' })
  }
  expect(await check.run(stub)).toEqual({ verdict: 'not started', cases: 1 })
  expect(asked).toBe(1)
})

test('a part that throws has crashed, on the smallest input that makes it', async () => {
  const thrower = ((n: number) => {
    if (n >= 12) throw new RangeError('too\u001b[2J much')
    return 2 * n
  }) as Candidate
  const { verdict, reason, counterexample } = await check.run(thrower, { seed: 7 })
  expect([verdict, reason]).toEqual(['crashed', 'RangeError: too [2J much'])
  expect(counterexample).toMatchObject({ input: 'the number 12', got: 'it threw RangeError: too [2J much' })
})

test('when no answer comes, no smaller question is asked', async () => {
  let asked = 0
  const silent: Candidate = () => {
    asked++
    return Promise.reject(new NoAnswer('timed out', 'no answer within 2 seconds'))
  }
  expect(await check.run(silent)).toEqual({
    verdict: 'timed out',
    reason: 'no answer within 2 seconds',
    cases: 1,
  })
  expect(asked).toBe(1)
})

test('a process that dies later does not hide what was wrong before', async () => {
  let failures = 0
  const dying = ((n: number) => {
    if (n < 37) return 2 * n
    if (++failures > 3) throw new NoAnswer('crashed', 'gone')
    return 0
  }) as Candidate
  expect(await check.run(dying, { seed: 5 })).toMatchObject({
    verdict: 'wrong',
    counterexample: { got: '0' },
  })
})

test('what a part does to its input stays with the part', async () => {
  const sorting: Contract<[list: number[]], number[]> = {
    name: 'sort',
    reference: (list) => [...list].sort((a, b) => a - b),
    show: (list) => list.join(),
  }
  const given: [number[]][] = [[[3, 1, 2]]]
  const check = examples(sorting, { ...words, inputs: given })
  const inPlace = ((list: number[]) => list.sort((a, b) => a - b)) as Candidate
  expect((await check.run(inPlace)).verdict).toBe('passed')
  expect(given).toEqual([[[3, 1, 2]]])
})

const small = fc.tuple(fc.integer({ min: 0, max: 9 }))
const notThree = (answer: unknown, n: number): string | undefined =>
  answer === 2 * n && n !== 3 ? undefined : 'wrong, or three'

test.each([
  ['generated', check],
  ['given', examples(doubling, { ...words, inputs: [[1], [1], [5]] })],
  [
    'judged by what is wrong with an answer',
    generated(doubling, { ...words, input: small, fault: () => undefined }),
  ],
])('the questions are what a part is asked that is right: %s', async (_, check) => {
  const asked: unknown[] = []
  const right = ((n: number) => (
    asked.push({ input: encode([n]), right: encode(2 * n) }),
    2 * n
  )) as Candidate
  expect((await check.run(right, { seed: 7 })).verdict).toBe('passed')
  expect(await check.questions({ seed: 7 })).toEqual(asked)
})

test("a question has no right answer where the reference's own does not keep the rule", async () => {
  const questions = await generated(doubling, { ...words, input: small, fault: notThree }).questions()
  for (const { input, right } of questions) expect(right === undefined).toBe(input === '[3]')
  expect(questions.some(({ input }) => input === '[3]')).toBe(true)
})
