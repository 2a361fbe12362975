// Unlogged relations become empty: of each that has an init fork all else goes, then the init fork is copied.

import fc from 'fast-check'
import { resetUnlogged as resetByName, type UnloggedReset } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { literal } from '../checking/literal.js'
import type { Plain } from '../checking/plainData.js'
import { filesOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { columns, sides } from '../drawing/columns.js'

export type NamesInput = [names: readonly string[]]

/** The engine's own. */
export function resetUnloggedByEngine(names: readonly string[]): UnloggedReset {
  return resetByName(names)
}

export const resetting: Contract<NamesInput, UnloggedReset> = {
  name: 'resetUnlogged',
  draw: drawReset,
  reference: resetUnloggedByEngine,
  show: (names) => namesInColumns(names),
  showAnswer: showReset,
}

/** Names or paths, some to a line. */
export function namesInColumns(names: readonly string[]): string {
  if (names.length === 0) return 'no file at all'
  const width = Math.max(...names.map(({ length }) => length)) + 2
  const perLine = Math.max(1, Math.floor(72 / width))
  const lines: string[] = []
  for (let i = 0; i < names.length; i += perLine)
    lines.push(
      names
        .slice(i, i + perLine)
        .map((name) => name.padEnd(width))
        .join('')
        .trimEnd(),
    )
  return lines.join('\n')
}

/** What an answer would do, a line for each kind of work. */
export function showReset(answer: Plain): string {
  const { remove, copy } = parts(answer)
  if (!remove || !copy) return literal(answer)
  const copies = copy.map((pair) => (Array.isArray(pair) ? pair.map(String).join(' to ') : literal(pair)))
  return [
    `remove  ${remove.map(String).join(', ') || 'nothing'}`,
    `copy    ${copies.join(', ') || 'nothing'}`,
  ].join('\n')
}

function parts(answer: Plain): { remove?: readonly Plain[]; copy?: readonly Plain[] } {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return {}
  const { remove, copy } = answer as { readonly [key: string]: Plain }
  return Array.isArray(remove) && Array.isArray(copy)
    ? { remove: remove as Plain[], copy: copy as Plain[] }
    : {}
}

/** Names the first file that is dealt with wrongly. */
export function resetFault(answer: Plain, right: UnloggedReset): string {
  const { remove, copy } = parts(answer)
  if (!remove || !copy) return 'The answer is { remove: [names], copy: [[from, to], …] }.'
  const kept = right.remove.find((name) => !remove.includes(name))
  if (kept !== undefined) return `${kept} stays, and nobody knows how old its pages are.`
  const lost = remove.find((name) => !right.remove.includes(String(name)))
  if (lost !== undefined) return `${String(lost)} goes, and its data with it.`
  const texts = copy.map((pair) => String(pair))
  const missing = right.copy.find((pair) => !texts.includes(String(pair)))
  if (missing)
    return `${missing[0]} is to be copied to ${missing[1]}: without that file the relation cannot be opened.`
  const extra = copy.find((pair) => !right.copy.map(String).includes(String(pair)))
  if (extra !== undefined) return `${literal(extra)} is a copy that nobody needs.`
  return 'Each file comes once, in the order of the input.'
}

export const resetNote = (answer: Plain, names: readonly string[]): string =>
  resetFault(answer, resetUnloggedByEngine(names))

/** Kinds of relations that a directory holds. */
export type RelationKind = 'ordinary' | 'unlogged' | 'temporary'

export interface DirectoryOptions {
  readonly kinds: readonly RelationKind[]
  /** May relations have free space and visibility maps? */
  readonly forks?: boolean
  /** May they have more than 1 GiB? */
  readonly segments?: boolean
  /** May the main file be missing? */
  readonly bare?: boolean
  /** Other names that may be there. */
  readonly others?: readonly string[]
}

const number = fc.constantFrom(16504, 1650, 165041, 16384, 24601, 4294967295)

/** The names in a database's directory, in any order. */
export function directory(options: DirectoryOptions): fc.Arbitrary<string[]> {
  const relation = fc
    .record({
      relNumber: number,
      kind: fc.constantFrom(...options.kinds),
      forks: fc.subarray(options.forks ? ['_fsm', '_vm'] : []),
      segments: fc.subarray(options.segments ? ['.1', '.2', '.10'] : []),
      hasMain: options.bare ? fc.boolean() : fc.constant(true),
    })
    .map((spec) => ({ relNumber: spec.relNumber, files: filesOfRelation(spec) }))
  return fc
    .tuple(
      fc.uniqueArray(relation, { minLength: 1, maxLength: 3, selector: ({ relNumber }) => relNumber }),
      fc.subarray([...(options.others ?? [])]),
      fc.array(fc.nat({ max: 99 }), { maxLength: 20 }),
    )
    .map(([relations, others, order]) => {
      const all = [...new Set([...relations.flatMap(({ files }) => files), ...others])]
      return all
        .map((name, i) => ({ name, at: order[i] ?? 100 }))
        .sort((x, y) => x.at - y.at)
        .map(({ name }) => name)
    })
}

interface RelationSpec {
  readonly relNumber: number
  readonly kind: RelationKind
  readonly forks: readonly string[]
  readonly segments: readonly string[]
  readonly hasMain: boolean
}

function filesOfRelation({ relNumber, kind, forks, segments, hasMain }: RelationSpec): string[] {
  const name = kind === 'temporary' ? `t3_${relNumber}` : String(relNumber)
  const whole = (fork: string): string[] => [fork, ...segments.map((segment) => fork + segment)]
  const suffixes = [...(hasMain ? whole('') : []), ...forks, ...(kind === 'unlogged' ? whole('_init') : [])]
  return suffixes.map((suffix) => name + suffix)
}

export const names = (all: fc.Arbitrary<string[]>): fc.Arbitrary<NamesInput> =>
  all.map((list): NamesInput => [list])

function drawReset(answer: Answer, names: readonly string[]): Picture {
  return drawFates(answer, names, resetUnloggedByEngine(names))
}

/** Each file with what becomes of it. */
export function drawFates(answer: Answer, names: readonly string[], right: UnloggedReset | Cleanup): Picture {
  const { remove, copy } = parts(answer?.value)
  const got = remove && copy ? { remove, copy } : undefined
  const pair = (copied: Plain): readonly Plain[] => (Array.isArray(copied) ? (copied as Plain[]) : [])
  const fate = (all: { remove: readonly Plain[]; copy: readonly Plain[] }, name: string): string => {
    const target = all.copy.map(pair).find(([from]) => from === name)?.[1]
    const source = all.copy.map(pair).find(([, to]) => to === name)?.[0]
    const words = all.remove.includes(name)
      ? ['removed']
      : target === undefined && source === undefined
        ? ['kept']
        : []
    if (target !== undefined) words.push(`copied to ${baseName(target)}`)
    if (source !== undefined) words.push(`made from ${baseName(source)}`)
    return words.join(', ')
  }
  const made = [...right.copy, ...(got?.copy ?? []).map(pair)].map(([, to]) => String(to))
  const all = [...new Set([...names, ...made, ...(got?.remove ?? []).map(String)])]
  return {
    title: `${names.length} files, and what becomes of each.`,
    panels: [
      columns(
        all.map((name) => ({ name, expected: fate(right, name), got: got && fate(got, name) })),
        { head: 'file', ...sides(got && answer) },
      ),
    ],
  }
}

const baseName = (path: Plain): string => String(path).split('/').at(-1) ?? ''

/** Files to remove, then [from, to] to copy. */
export interface Cleanup {
  remove: string[]
  copy: [from: string, to: string][]
}

export const resetUnlogged: Exercise = {
  name: 'resetUnlogged',
  notebook: '06-temp-cleanup',
  visible: [
    examples(resetting, {
      rule: 'Some of the files in base/5 of scene bank: the sessions, their index, their TOAST table, and neighbours.',
      why: 'The table lives on, empty: an index that has its rows and a table that has not would be worse.',
      note: resetNote,
      inputs: [
        [
          [
            ...['16496', '16497', '16497_fsm', '16497_init', '16502', '16502_init', '16503', '16503_init'],
            ...['16504', '16504_init', 't0_16508', 'PG_VERSION', 'pg_filenode.map'],
          ],
        ],
      ],
    }),
    generated(resetting, {
      rule: 'Ordinary and unlogged tables of one file each.',
      why: 'Only the init fork tells them apart.',
      note: resetNote,
      input: names(directory({ kinds: ['ordinary', 'unlogged'] })),
    }),
  ],
  onScene(scene) {
    const folders = new Map<string, string[]>()
    for (const path of filesOf(scene)) {
      const [, folder, name] = /^(base\/\d+)\/([^/]+)$/.exec(path) ?? []
      if (folder !== undefined) folders.set(folder, [...(folders.get(folder) ?? []), name])
    }
    const inputs = [...folders.values()].map((list): NamesInput => [list])
    return examples(resetting, {
      rule: `The ${inputs.length} databases of scene ${scene.name}.`,
      why: `Unlogged is: ${scene.unlogged.join(', ')}, with its index and its TOAST table.`,
      note: resetNote,
      inputs,
    })
  },
}
