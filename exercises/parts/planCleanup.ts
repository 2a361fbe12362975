// The whole clean-up of a data directory, from the paths of its files.

import fc from 'fast-check'
import { memoryDisk, planCleanup as planByDisk, reference } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { filesOf } from '../scene/contents.js'
import { directory, drawFates, namesInColumns, resetFault, showReset, type Cleanup } from './resetUnlogged.js'

export type { Cleanup }
import type { Answer, Picture } from '../drawing/drawing.js'

export type PathsInput = [paths: readonly string[]]

/** The engine's own, on a directory of empty files. Caches and other leftovers are another matter. */
export function planCleanupByEngine(paths: readonly string[]): Cleanup {
  const disk = memoryDisk(paths.map((path) => [path, new Uint8Array(0)] as const))
  const { temporary, unloggedFiles, unlogged } = planByDisk(disk, reference)
  const goes = (path: string): boolean =>
    unloggedFiles.includes(path) || temporary.some((top) => path === top || path.startsWith(`${top}/`))
  const copyOf = new Map(unlogged.map(({ init, main }) => [init, main]))
  return {
    remove: paths.filter(goes),
    copy: paths.flatMap((path) => (copyOf.has(path) ? [[path, copyOf.get(path) as string]] : [])),
  }
}

export const planning: Contract<PathsInput, Cleanup> = {
  name: 'planCleanup',
  draw: drawPlan,
  reference: planCleanupByEngine,
  show: (paths) => namesInColumns(paths),
  showAnswer: showReset,
}

export const planNote = (answer: Plain, paths: readonly string[]): string =>
  resetFault(answer, planCleanupByEngine(paths))

/** A directory's names under one folder or several. */
export function under(
  folders: readonly string[],
  names: fc.Arbitrary<string[]>,
  atMost = 2,
): fc.Arbitrary<string[]> {
  return fc
    .array(fc.tuple(fc.constantFrom(...folders), names), { minLength: 1, maxLength: atMost })
    .map((all) => [...new Set(all.flatMap(([folder, list]) => list.map((name) => `${folder}/${name}`)))])
}

export const paths = (...all: fc.Arbitrary<string[]>[]): fc.Arbitrary<PathsInput> =>
  fc.tuple(...all).map((lists): PathsInput => [[...new Set(lists.flat())]])

function drawPlan(answer: Answer, files: readonly string[]): Picture {
  return drawFates(answer, files, planCleanupByEngine(files))
}

export const planCleanup: Exercise = {
  name: 'planCleanup',
  notebook: '06-temp-cleanup',
  relies: ['isTemporary', 'resetUnlogged'],
  visible: [
    examples(planning, {
      rule: 'What scene bank left behind, among files that stay.',
      why: 'A sort, a basket, the sessions: three kinds of data that no log brings back.',
      note: planNote,
      inputs: [
        [
          [
            ...['base/5/16447', 'base/5/16447_vm', 'base/5/16497', 'base/5/16497_fsm', 'base/5/16497_init'],
            ...['base/5/t0_16508', 'base/pgsql_tmp/pgsql_tmp42.0', 'global/1262', 'pg_xact/0000'],
          ],
        ],
      ],
    }),
    generated(planning, {
      rule: 'One database with ordinary, unlogged and temporary tables.',
      why: 'Temporary files go because nobody reads them, unlogged ones because nobody may.',
      note: planNote,
      input: paths(under(['base/5'], directory({ kinds: ['ordinary', 'unlogged', 'temporary'] }), 1)),
    }),
  ],
  onScene(scene) {
    const inputs: PathsInput[] = [[filesOf(scene)]]
    const why = `${scene.temporaryFiles.length} are temporary; unlogged is ${scene.unlogged.join(', ')}.`
    return examples(planning, {
      rule: `All ${inputs[0][0].length} files of scene ${scene.name}.`,
      why,
      note: planNote,
      inputs,
    })
  },
}
