// Which files a crash leaves behind that no recovery can make whole: temporary ones. They are known by their place
// and their name.

import fc from 'fast-check'
import { reference } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { filesOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { strip, type Field } from '../drawing/bytes.js'

export type PathInput = [path: string]

export const sorting: Contract<PathInput, boolean> = {
  name: 'isTemporary',
  draw: drawPath,
  reference: reference.isTemporary,
  show: (path) => path,
  showAnswer: (answer) =>
    answer === true ? 'true: remove it' : answer === false ? 'false: keep it' : String(answer),
}

/** What comes of the wrong answer. */
export function temporaryNote(answer: Plain): string {
  if (answer === true) return "This file is not temporary: removing it destroys data or somebody else's work."
  if (answer === false) return 'Nobody will ever read this file again, and it stays on the disk for good.'
  return 'The answer is true or false.'
}

/** Numbers as PostgreSQL hands them out to relations; small ones are the simpler ones. */
export const oid: fc.Arbitrary<number> = fc.integer({ min: 16384, max: 4294967295 })
export const database: fc.Arbitrary<number> = fc.constantFrom(5, 1, 4, 16384, 70123)
export const backend: fc.Arbitrary<number> = fc.integer({ min: 0, max: 400 })

/** "", "_fsm", "_vm.1": fork and segment of a relation's file. */
export const suffix: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '_fsm', '_vm', '_init'),
    fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined, freq: 2 }),
  )
  .map(([fork, segment]) => fork + (segment === undefined ? '' : `.${segment}`))

const PIECES = /^(t\d+_)?(\d+)(_[a-z]+)?(\.\d+)?$/

/** The path, letter by letter: its folders, and its name in the pieces that PostgreSQL gives a relation's file. */
function drawPath(_answer: Answer, path: string): Picture {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  const pieces = PIECES.exec(name)
  const found: Field[] = slash > 0 ? [{ at: 0, size: slash, name: 'where', kind: 'wal' }] : []
  let at = slash + 1
  const words = ['backend', 'file number', 'fork', 'segment']
  for (const [i, piece] of (pieces?.slice(1) ?? []).entries()) {
    if (piece) found.push({ at, size: piece.length, name: words[i], kind: i === 0 ? 'bad' : 'page' })
    at += piece?.length ?? 0
  }
  if (!pieces && name !== '')
    found.push({ at: slash + 1, size: name.length, name: 'no name of a relation', kind: 'plain' })
  return {
    title: `The path ${path}, in its pieces.`,
    panels: [
      strip({ title: 'the path', bytes: new TextEncoder().encode(path), fields: found, letters: true }),
    ],
  }
}

export const isTemporary: Exercise = {
  name: 'isTemporary',
  notebook: '06-temp-cleanup',
  visible: [
    examples(sorting, {
      rule: 'Files that scene bank left behind: a temporary table, a sort in progress, and what must stay.',
      why: 'Recovery removes the first two and nothing else.',
      note: temporaryNote,
      inputs: [
        'base/5/t0_16508',
        'base/pgsql_tmp/pgsql_tmp42.0',
        'base/5/16508',
        'base/5/16504_init',
        'base/5/PG_VERSION',
        'global/pg_control',
        'pg_wal/000000010000000000000008',
      ].map((path): PathInput => [path]),
    }),
    generated(sorting, {
      rule: 'A temporary table and an ordinary one, in any database.',
      why: 'Their names differ by one letter and one number.',
      note: temporaryNote,
      input: fc
        .tuple(fc.boolean(), database, backend, oid)
        .map(([temporary, db, owner, relation]): PathInput => [
          `base/${db}/${temporary ? `t${owner}_` : ''}${relation}`,
        ]),
    }),
  ],
  onScene(scene) {
    const inputs = filesOf(scene).map((path): PathInput => [path])
    const why = `${scene.temporaryFiles.length} of them are temporary.`
    return examples(sorting, {
      rule: `All ${inputs.length} files of scene ${scene.name}.`,
      why,
      note: temporaryNote,
      inputs,
    })
  },
}
