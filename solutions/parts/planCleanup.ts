// 06-temp-cleanup: the whole clean-up.

import fc from 'fast-check'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { paths, planning, planNote, under, type PathsInput } from '../../exercises/parts/planCleanup.js'
import { directory } from '../../exercises/parts/resetUnlogged.js'
import type { Solution } from '../solution.js'

/** The place says which rule holds for a file; an unlogged relation is known by its folder and its number. */
export function planCleanup(paths: readonly string[]): { remove: string[]; copy: [string, string][] } {
  const tablespace = '(?:base|pg_tblspc/\\d+/PG_18_202506291)'
  const sortFile = new RegExp(`^${tablespace}/pgsql_tmp/pgsql_tmp`)
  const temporary = new RegExp(`^${tablespace}/\\d+/t\\d+_\\d+(_fsm|_vm|_init)?(\\.\\d+)?$`)
  const lasting = new RegExp(`^(${tablespace}/\\d+/[1-9]\\d*)(_fsm|_vm|_init)?(\\.[1-9]\\d*)?$`)
  const parts = (path: string): string[] => lasting.exec(path) ?? []
  const isInit = (path: string): boolean => parts(path)[2] === '_init'
  const unlogged = new Set(paths.filter(isInit).map((path) => parts(path)[1]))
  return {
    remove: paths.filter(
      (path) =>
        sortFile.test(path) || temporary.test(path) || (unlogged.has(parts(path)[1]) && !isInit(path)),
    ),
    copy: paths.filter(isInit).map((path) => [path, path.replace('_init', '')]),
  }
}

type Plan = ReturnType<typeof planCleanup>

function rule(text: string, why: string, input: fc.Arbitrary<PathsInput>): Check {
  return generated(planning, { rule: text, why, note: planNote, input, runs: 100 })
}

/** The solution, but that it sees only some of the paths, or does only some of the work. */
const seeing =
  (wanted: (path: string) => boolean) =>
  (paths: readonly string[]): Plan =>
    planCleanup(paths.filter(wanted))
const doing =
  (change: (plan: Plan, paths: readonly string[]) => Partial<Plan>) =>
  (paths: readonly string[]): Plan => {
    const plan = planCleanup(paths)
    return { ...plan, ...change(plan, paths) }
  }
/** As if these folders were others. */
function placing(from: RegExp, to: string): (paths: readonly string[]) => Plan {
  return (paths) => {
    const place = new Map(paths.map((path) => [path.replace(from, to), path]))
    const { remove, copy } = planCleanup([...place.keys()])
    const back = (path: string): string => place.get(path) ?? path
    return { remove: remove.map(back), copy: copy.map(([a, b]) => [back(a), back(a).replace('_init', '')]) }
  }
}

const all = directory({ kinds: ['ordinary', 'unlogged', 'temporary'], forks: true })
const sorts = fc.uniqueArray(
  fc.constantFrom(
    'pgsql_tmp42.0',
    'pgsql_tmp42.1',
    'pgsql_tmp7.3.fileset/0.0',
    'pgsql_tmp7.3.fileset/i1of2.p0',
    'notes.txt',
    '16504',
    't3_16504',
    '16504_init',
  ),
  { maxLength: 5 },
)
const TABLESPACE = 'pg_tblspc/16999/PG_18_202506291'

export const planCleanupSolution: Solution<'planCleanup'> = {
  name: 'planCleanup',
  solution: planCleanup,
  hidden: [
    rule(
      'The same number in another database is another relation.',
      'Numbers are given out database by database: a table of one may be called like an unlogged one of another.',
      paths(under(['base/1', 'base/5', 'base/16384'], all, 3)),
    ),
    rule(
      'Tablespaces are cleaned as base is, temporary files and unlogged relations.',
      'CREATE TABLE … TABLESPACE puts them there; ResetUnloggedRelations and RemovePgTempFiles look into each.',
      paths(under(['base/5', `${TABLESPACE}/5`, 'pg_tblspc/24601/PG_18_202506291/16384'], all, 3)),
    ),
    rule(
      'In pgsql_tmp whatever is called pgsql_tmp… goes, and all that lies under it; nothing is copied there.',
      'Parallel workers share their sort files in a folder: pgsql_tmp7.3.fileset/0.0 (RemovePgTempFilesInDir).',
      paths(under(['base/pgsql_tmp', `${TABLESPACE}/pgsql_tmp`], sorts), under(['base/5'], all, 1)),
    ),
    rule(
      'Nothing is touched in global, or in the folder of another version.',
      'Shared catalogs are always logged; a tablespace may still hold what the old server needs after a failed pg_upgrade.',
      paths(under(['global', 'base/5', 'pg_tblspc/16999/PG_17_202406281/5'], all, 3)),
    ),
    rule(
      'Only files in a database’s own folder count, and that is a number.',
      'base/5.old is a copy that somebody made; nobody gave PostgreSQL leave to remove it.',
      paths(under(['base', 'base/5', 'base/5.old', 'base/5/copy', 'pg_wal', 'backup/base/5'], all, 3)),
    ),
    rule(
      'The init fork of a temporary relation is temporary, and makes nothing unlogged.',
      't3_16504_init goes like any other file of its session; 16504 is somebody else.',
      paths(
        under(
          ['base/5'],
          directory({
            kinds: ['ordinary', 'unlogged', 'temporary'],
            others: ['t3_16504_init', 't3_16384_init', 't4_1650_init.1'],
          }),
          1,
        ),
      ),
    ),
  ],
  alsoRight: {
    'folder by folder': (paths) => {
      const remove: string[] = []
      const copy: [string, string][] = []
      const split = (path: string): [string, string] => {
        const [, folder = '', name = ''] =
          /^((?:base|pg_tblspc\/\d+\/PG_18_202506291)\/[^/]+)\/(.+)$/.exec(path) ?? []
        return [folder, name]
      }
      const number = (name: string): string =>
        /^[1-9]\d*(?=(_fsm|_vm|_init)?(\.[1-9]\d*)?$)/.exec(name)?.[0] ?? ''
      for (const path of paths) {
        const [folder, name] = split(path)
        if (folder.endsWith('/pgsql_tmp')) {
          if (name.startsWith('pgsql_tmp')) remove.push(path)
          continue
        }
        if (!/\/\d+$/.test(folder)) continue
        const siblings = paths.filter((other) => split(other)[0] === folder).map((other) => split(other)[1])
        const relation = number(name)
        const inits = siblings.filter((other) => /_init(\.|$)/.test(other) && number(other) !== '')
        if (relation !== '' && inits.includes(name)) copy.push([path, path.replace('_init', '')])
        else if (relation !== '' && inits.some((other) => number(other) === relation)) remove.push(path)
        else if (/^t\d+_\d+(_(fsm|vm|init))?(\.\d+)?$/.test(name)) remove.push(path)
      }
      return { remove, copy }
    },
  },
  wrong: {
    'by number alone': (paths) => {
      const name = (path: string): string => path.replace(/.*\//, '')
      const plan = planCleanup(paths)
      const empty = new Set(plan.copy.map(([, to]) => name(to)))
      const goes = (path: string): boolean => empty.has(name(path)) && /^\d/.test(name(path))
      return { ...plan, remove: paths.filter((path) => plan.remove.includes(path) || goes(path)) }
    },
    'only in base': seeing((path) => path.startsWith('base/')),
    'unlogged only in base': doing(({ remove, copy }) => ({
      remove: remove.filter((path) => path.startsWith('base/') || /\/(t\d|pgsql_tmp)/.test(path)),
      copy: copy.filter(([from]) => from.startsWith('base/')),
    })),
    'global, too': placing(/^global\//, 'base/0/'),
    'tablespaces of any version': placing(/PG_17_202406281/, 'PG_18_202506291'),
    'copied without the folder': doing(({ copy }) => ({
      copy: copy.map(([from, to]) => [from, to.replace(/.*\//, '')]),
    })),
    'only temporary files': doing(({ remove }) => ({
      remove: remove.filter((path) => /\/t\d+_[^/]*$|\/pgsql_tmp\//.test(path)),
      copy: [],
    })),
    'only unlogged relations': doing(({ remove }) => ({
      remove: remove.filter((path) => !/\/t\d+_[^/]*$|\/pgsql_tmp\//.test(path)),
    })),
    'sort files forgotten': seeing((path) => !path.includes('/pgsql_tmp/')),
    'shared sort files forgotten': seeing((path) => !path.includes('.fileset/')),
    'everything in pgsql_tmp': doing(({ remove }, paths) => ({
      remove: paths.filter(
        (path) => remove.includes(path) || /^(base|pg_tblspc\/.*)\/pgsql_tmp\//.test(path),
      ),
    })),
    'temporary init forks are copied': doing(({ copy }, paths) => ({
      copy: paths.flatMap((path): [string, string][] => {
        const known = copy.find(([from]) => from === path)
        if (known) return [known]
        return /^base\/\d+\/t\d+_\d+_init/.test(path) ? [[path, path.replace('_init', '')]] : []
      }),
    })),
    'a copy of a folder is a folder': placing(/^base\/5\.old\//, 'base/55/'),
    'at any depth': placing(/^base\/5\/copy\//, 'base/56/'),
  },
}
