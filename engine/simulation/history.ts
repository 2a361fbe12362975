// A history: what sessions and the server do, step by step, as plain data. It follows from a seed, can be told, repeated,
// and made shorter: a step that makes no sense any more (no such row, no such savepoint) does nothing.

import { randomFrom } from '../bytes/random.js'
import type { LockMode } from '../database/heapPages.js'

export type Step =
  | { readonly kind: 'insert'; readonly session: number; readonly size: number }
  /** `pick` chooses among the rows that the session sees. */
  | { readonly kind: 'update'; readonly session: number; readonly pick: number; readonly size: number }
  | { readonly kind: 'delete'; readonly session: number; readonly pick: number }
  | { readonly kind: 'lock'; readonly session: number; readonly pick: number; readonly mode: LockMode }
  | { readonly kind: 'savepoint' | 'rollback to' | 'release'; readonly session: number }
  /** `wait`: synchronous_commit. */
  | { readonly kind: 'commit'; readonly session: number; readonly wait: boolean }
  | { readonly kind: 'commit together'; readonly sessions: readonly number[] }
  | { readonly kind: 'abort' | 'prepare'; readonly session: number }
  | { readonly kind: 'commit prepared' | 'rollback prepared'; readonly pick: number }
  /** Begins a checkpoint, or takes the one that is at work some pages further. */
  | { readonly kind: 'checkpoint'; readonly pages: number }
  | { readonly kind: 'write pages'; readonly pages: number }
  | { readonly kind: 'flush log' | 'switch segment' }

export const SESSIONS = 3

type Maker = (random: () => number) => Step

const upTo = (random: () => number, n: number): number => Math.floor(random() * n)
/** Some rows are short, some so long that four fill a page. */
const size = (random: () => number): number => (random() < 0.6 ? upTo(random, 40) : upTo(random, 1900))
const session = (random: () => number): number => upTo(random, SESSIONS)
const MODES: readonly LockMode[] = ['key share', 'share', 'no key update', 'update']

/** How often each step comes, in a thousand. */
const MAKERS: ReadonlyArray<readonly [number, Maker]> = [
  [230, (r) => ({ kind: 'insert', session: session(r), size: size(r) })],
  [180, (r) => ({ kind: 'update', session: session(r), pick: upTo(r, 1000), size: size(r) })],
  [80, (r) => ({ kind: 'delete', session: session(r), pick: upTo(r, 1000) })],
  [40, (r) => ({ kind: 'lock', session: session(r), pick: upTo(r, 1000), mode: MODES[upTo(r, 4)] })],
  [45, (r) => ({ kind: 'savepoint', session: session(r) })],
  [30, (r) => ({ kind: 'rollback to', session: session(r) })],
  [15, (r) => ({ kind: 'release', session: session(r) })],
  [130, (r) => ({ kind: 'commit', session: session(r), wait: r() < 0.7 })],
  [15, () => ({ kind: 'commit together', sessions: [0, 1, 2] })],
  [35, (r) => ({ kind: 'abort', session: session(r) })],
  [20, (r) => ({ kind: 'prepare', session: session(r) })],
  [15, (r) => ({ kind: 'commit prepared', pick: upTo(r, 1000) })],
  [10, (r) => ({ kind: 'rollback prepared', pick: upTo(r, 1000) })],
  [85, (r) => ({ kind: 'checkpoint', pages: 1 + upTo(r, 4) })],
  [110, (r) => ({ kind: 'write pages', pages: 1 + upTo(r, 3) })],
  [15, () => ({ kind: 'flush log' })],
  [5, () => ({ kind: 'switch segment' })],
]
const TOTAL = MAKERS.reduce((sum, [weight]) => sum + weight, 0)

/** A history of `length` steps. */
export function makeHistory(seed: number, length: number): Step[] {
  const random = randomFrom(seed)
  return Array.from({ length }, () => {
    let at = random() * TOTAL
    const [, make] = MAKERS.find(([weight]) => (at -= weight) < 0) ?? MAKERS[0]
    return make(random)
  })
}

/** A step in words. */
export function describeStep(step: Step): string {
  const who = 'session' in step ? `session ${step.session}: ` : ''
  switch (step.kind) {
    case 'insert':
      return `${who}insert a row with ${step.size} letters`
    case 'update':
      return `${who}update row no. ${step.pick}, ${step.size} letters`
    case 'delete':
      return `${who}delete row no. ${step.pick}`
    case 'lock':
      return `${who}lock row no. ${step.pick} for ${step.mode}`
    case 'commit':
      return `${who}commit${step.wait ? '' : ', not waiting for the log'}`
    case 'commit together':
      return `sessions ${step.sessions.join(', ')}: commit together`
    case 'commit prepared':
    case 'rollback prepared':
      return `${step.kind} no. ${step.pick}`
    case 'checkpoint':
      return `checkpoint: ${step.pages} pages on`
    case 'write pages':
      return `background writer: ${step.pages} pages`
    default:
      return `${who}${step.kind}`
  }
}
