// 06-temp-cleanup: unlogged relations become empty.

import type fc from 'fast-check'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { directory, names, resetNote, resetting } from '../../exercises/parts/resetUnlogged.js'
import type { Solution } from '../solution.js'

/** Two looks at the directory: which relations have an init fork, then what becomes of each of their files. */
export function resetUnlogged(names: readonly string[]): { remove: string[]; copy: [string, string][] } {
  const fileName = /^([1-9]\d*)(_fsm|_vm|_init)?(\.[1-9]\d*)?$/
  const files = names.flatMap((name) => {
    const [, relation, fork = '', segment = ''] = fileName.exec(name) ?? []
    return relation !== undefined && Number(relation) <= 0xffffffff ? [{ name, relation, fork, segment }] : []
  })
  const inits = files.filter(({ fork }) => fork === '_init')
  const unlogged = new Set(inits.map(({ relation }) => relation))
  return {
    remove: files
      .filter(({ relation, fork }) => fork !== '_init' && unlogged.has(relation))
      .map(({ name }) => name),
    copy: inits.map(({ name, relation, segment }) => [name, relation + segment]),
  }
}

type Reset = ReturnType<typeof resetUnlogged>

function rule(text: string, why: string, all: fc.Arbitrary<string[]>): Check {
  return generated(resetting, { rule: text, why, note: resetNote, input: names(all), runs: 120 })
}

/** The solution with its answer changed, or asked about other names. */
const answering =
  (change: (reset: Reset, names: readonly string[]) => Partial<Reset>) =>
  (names: readonly string[]): Reset => {
    const reset = resetUnlogged(names)
    return { ...reset, ...change(reset, names) }
  }

/** Reads a name as this expression does. */
function reading(expression: RegExp): (names: readonly string[]) => Reset {
  return (names) => {
    const files = names.flatMap((name) => {
      const [, relation, fork = '', segment = ''] = expression.exec(name) ?? []
      return relation === undefined ? [] : [{ name, relation, fork, segment }]
    })
    const inits = files.filter(({ fork }) => fork === '_init')
    const unlogged = new Set(inits.map(({ relation }) => relation))
    return {
      remove: files
        .filter(({ relation, fork }) => fork !== '_init' && unlogged.has(relation))
        .map(({ name }) => name),
      copy: inits.map(({ name, relation, segment }) => [name, relation + segment]),
    }
  }
}

const ODD_NAMES = [
  'PG_VERSION',
  'pg_filenode.map',
  'pg_internal.init',
  '016504',
  '16504.0',
  '16504.01',
  '16504_main',
  '16504_init.bak',
  '16504_vm_init',
  '16504.1_fsm',
  '16504~',
  '016504_init',
  '4294967296_init',
  '4294967296',
  '16384_init2',
]

export const resetUnloggedSolution: Solution<'resetUnlogged'> = {
  name: 'resetUnlogged',
  solution: resetUnlogged,
  hidden: [
    rule(
      'All forks of an unlogged relation go, but for the init fork.',
      'A visibility map that outlives its table says "all visible" of pages that are not there any more.',
      directory({ kinds: ['ordinary', 'unlogged'], forks: true }),
    ),
    rule(
      'All segments go; each segment of the init fork becomes one of the main fork.',
      'A second gigabyte that stays is found again when the table grows (ResetUnloggedRelationsInDbspaceDir).',
      directory({ kinds: ['ordinary', 'unlogged'], forks: true, segments: true }),
    ),
    rule(
      'The main file may be missing: it is made from the init fork all the same.',
      'CREATE UNLOGGED TABLE logs the init fork; a page of the table itself may never have reached the disk.',
      directory({ kinds: ['ordinary', 'unlogged'], forks: true, bare: true }),
    ),
    rule(
      'Temporary relations are left alone: t3_16504 is not 16504.',
      'Backend numbers come first in their names; they are removed elsewhere, and have no init fork.',
      directory({
        kinds: ['unlogged', 'temporary', 'ordinary'],
        forks: true,
        others: ['t3_16504_init', 't3_1650'],
      }),
    ),
    rule(
      'A name that only looks like one is not touched.',
      "PostgreSQL's numbers have no leading zero and end at 4,294,967,295 (parse_filename_for_nontemp_relation).",
      directory({ kinds: ['unlogged', 'ordinary'], others: ODD_NAMES }),
    ),
    rule(
      'Ordinary relations stay, whatever their numbers look like.',
      'These are the logged ones: replay has just brought them up to date.',
      directory({ kinds: ['ordinary', 'ordinary', 'unlogged'], forks: true, segments: true }),
    ),
  ],
  alsoRight: {
    'text by text': (names) => {
      const of = (name: string): string | undefined => {
        const [main, segment, more] = name.split('.')
        const relation = main.replace(/_(fsm|vm|init)$/, '')
        const isNumber = (text: string): boolean => String(Number(text)) === text && Number(text) > 0
        const known = isNumber(relation) && Number(relation) < 2 ** 32 && more === undefined
        return known && (segment === undefined || isNumber(segment)) ? relation : undefined
      }
      const inits = names.filter((name) => of(name) !== undefined && name.includes('_init'))
      const empty = inits.map(of)
      return {
        remove: names.filter(
          (name) => !inits.includes(name) && of(name) !== undefined && empty.includes(of(name)),
        ),
        copy: inits.map((name): [string, string] => [name, name.replace('_init', '')]),
      }
    },
  },
  wrong: {
    'only the main file': answering(({ remove }) => ({
      remove: remove.filter((name) => /^\d+$/.test(name)),
    })),
    'the main file is overwritten anyway': answering(({ remove, copy }) => ({
      remove: remove.filter((name) => !copy.some(([, to]) => to === name)),
    })),
    'no segments': reading(/^([1-9]\d{0,8})(_fsm|_vm|_init)?$/),
    'the init fork goes, too': answering(({ remove, copy }, names) => ({
      remove: names.filter((name) => remove.includes(name) || copy.some(([from]) => from === name)),
    })),
    'the same beginning': answering(({ copy }, names) => ({
      remove: names.filter(
        (name) => copy.some(([, to]) => name.startsWith(to)) && !copy.some(([from]) => from === name),
      ),
    })),
    'only what was there is copied': answering(({ copy }, names) => ({
      copy: copy.filter(([, to]) => names.includes(to)),
    })),
    'all segments into the first': answering(({ copy }) => ({
      copy: copy.map(([from, to]) => [from, to.replace(/\..*/, '')]),
    })),
    'in one look': (names) => {
      const seen = new Set<string>()
      const reset = resetUnlogged(names)
      const remove = names.filter((name) => {
        if (reset.copy.some(([from]) => from === name)) seen.add(name.replace(/_.*/, ''))
        return reset.remove.includes(name) && seen.has(name.replace(/[_.].*/, ''))
      })
      return { ...reset, remove }
    },
    'temporary ones, too': reading(/^(?:t\d+_)?([1-9]\d{0,9})(_fsm|_vm|_init)?(\.[1-9]\d*)?$/),
    'leading zeroes': reading(/^(\d+)(_fsm|_vm|_init)?(\.\d+)?$/),
    'the number read with parseInt': answering(({ copy }, names) => ({
      remove: names.filter(
        (name) => !name.includes('_init') && copy.some(([, to]) => parseInt(to, 10) === parseInt(name, 10)),
      ),
    })),
    'any number': reading(/^([1-9]\d*)(_fsm|_vm|_init)?(\.[1-9]\d*)?$/),
    'the end of the name not looked at': reading(/^([1-9]\d{0,9})(_fsm|_vm|_init)?(\.[1-9]\d*)?/),
    'nothing is copied': answering(() => ({ copy: [] })),
    'copied the wrong way': answering(({ copy }) => ({ copy: copy.map(([from, to]) => [to, from]) })),
  },
}
