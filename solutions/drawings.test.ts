// Every counterexample is drawn, whatever came back: well-formed, in its frame, with a twin in characters.

import { expect, test } from 'vitest'
import { expectSoundFigure } from '../engine/lens/figures/testing/figure.js'
import { engineParts, exercises } from '../exercises/all.js'
import type { Candidate, Check, Counterexample } from '../exercises/checking/check.js'
import type { Plain } from '../exercises/checking/plainData.js'
import { COLUMNS, type Drawing } from '../exercises/drawing/drawing.js'
import { solutionOf } from './solutions.js'

const SEED = Number(process.env.DRAWING_SEED ?? Math.floor(Math.random() * 1e9))

function expectSoundDrawing({ svg, text }: Drawing): void {
  expectSoundFigure(withoutWords(svg))
  expectWellFormed(svg)
  expect(text.trim()).not.toBe('')
  for (const line of text.split('\n')) {
    expect([...line].length, line).toBeLessThanOrEqual(COLUMNS)
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/)
  }
}

/** The figure with letters in place of its words, as many: words may be anything, what is around them may not. */
function withoutWords(svg: string): string {
  return svg.replace(/(<(?:text|title)[^>]*>)([^<]*)(?=<)/g, (_, tag: string, words: string) => {
    return tag + 'n'.repeat(words.replace(/&\w+;/g, 'n').length)
  })
}

/** Every tag is closed in its order, and what stands between tags is escaped. */
function expectWellFormed(svg: string): void {
  const open: string[] = []
  const rest = svg.replace(
    /<(\/?)([a-zA-Z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, end: string, name: string, __, alone: string) => {
      if (end) expect(open.pop()).toBe(name)
      else if (!alone) open.push(name)
      return ''
    },
  )
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot);)/)
  expect(rest).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
}

/** The first counterexample that a candidate gives. */
async function counterexampleOf(
  checks: readonly Check[],
  candidate: Candidate,
): Promise<Counterexample | undefined> {
  for (const check of checks) {
    const { counterexample } = await check.run(candidate, { seed: SEED })
    if (counterexample) return counterexample
  }
  return undefined
}

test.each(exercises)(
  `what is wrong in each wrong $name is drawn (seed ${SEED})`,
  async ({ name }) => {
    const { wrong, hidden } = solutionOf(name)
    for (const [what, candidate] of Object.entries(wrong)) {
      const shown = await counterexampleOf(hidden, candidate as Candidate)
      expect(shown?.drawing, what).toBeDefined()
      expectSoundDrawing(shown?.drawing as Drawing)
    }
  },
  60_000,
)

const HOSTILE = '\u202e\u0007</text><script>alert("1")</script>&amp;\n<svg onload=x>'
const strange: readonly unknown[] = [
  undefined,
  null,
  NaN,
  -1,
  2 ** 53,
  -1n,
  1n << 80n,
  '',
  HOSTILE,
  HOSTILE.repeat(400),
  [],
  [[], [HOSTILE], null, 7n, { record: HOSTILE }],
  {},
  { [HOSTILE]: HOSTILE },
  new Uint8Array(0),
  Uint8Array.of(60, 115, 62),
  new Uint8Array(8192),
  Uint8Array.from({ length: 8192 }, (_, i) => (i * 37 + (i >> 3) * 11) & 255),
  Uint8Array.from({ length: 9000 }, () => 255),
]

/** The right answer, with something strange in it at one place. */
function spoiled(answer: Plain): unknown[] {
  if (answer instanceof Uint8Array)
    return [0, 12, 14, 24, 26].map((at) =>
      answer.map((byte, i) => (i === at || i === at + 1 ? byte ^ 255 : byte)),
    )
  if (Array.isArray(answer)) {
    const items = answer as readonly Plain[]
    return [[...items, HOSTILE], [...items, ...items], [[HOSTILE], ...items], items.slice(1)]
  }
  if (typeof answer !== 'object' || answer === null) return []
  return Object.keys(answer).flatMap((key) =>
    [HOSTILE, -5, 1n << 70n, [HOSTILE], undefined].map((value) => ({ ...answer, [key]: value })),
  )
}

test.each(exercises)(
  'whatever comes back from $name, it is drawn as data',
  async ({ name, visible: [check] }) => {
    const right = new Map<string, Candidate>(Object.entries(engineParts)).get(name) as (
      ...input: unknown[]
    ) => Plain
    let kinds = 0
    const candidates: (readonly [string, (...input: unknown[]) => unknown])[] = [
      ...strange.map((value) => [typeof value, () => value] as const),
      ...Array.from({ length: 24 }, (_, i) => {
        const spoil = (...input: unknown[]): unknown => {
          const all = spoiled(right(...input))
          return all.length === 0 ? HOSTILE : all[i % all.length]
        }
        return [`spoiled ${i}`, spoil] as const
      }),
      ['nothing plain', () => new Map()],
      [
        'a throw',
        () => {
          throw new Error(HOSTILE)
        },
      ],
    ]
    for (const [what, candidate] of candidates) {
      const { verdict, counterexample } = await check.run(candidate as Candidate)
      if (verdict === 'passed') continue // it happens to be right
      expect(counterexample?.drawing, what).toBeDefined()
      expectSoundDrawing(counterexample?.drawing as Drawing)
      kinds++
    }
    expect(kinds).toBeGreaterThan(15)
  },
)

test('where the right answer is not to be shown, the picture holds what came and nothing else', async () => {
  const { hidden, wrong } = solutionOf('finalWrites')
  for (const candidate of Object.values(wrong)) {
    const shown = await counterexampleOf(hidden, candidate as Candidate)
    const { text = '', svg = '' } = shown?.drawing ?? {}
    expect(text).toMatch(/1\. +\w/)
    expect(text + svg).not.toMatch(/\bexpected\b/)
  }
})
