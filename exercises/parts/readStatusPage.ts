// Where recovery finds a page of a status table: in its file, nowhere (then it is zeroes), or cut off.

import fc from 'fast-check'
import { findStatusPage, nodeDisk, type StatusPagePlace } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { filesOf } from '../scene/contents.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { columns, fields, sides } from '../drawing/columns.js'
import { answerMarks, ruler } from '../drawing/ruler.js'

/** Sizes of files in bytes, by path. */
export type Sizes = Readonly<Record<string, number>>
export type PageInput = [directory: string, pageno: number, sizes: Sizes]

/** The engine's own. */
export function readStatusPageByEngine(...[directory, pageno, sizes]: PageInput): StatusPagePlace {
  return findStatusPage(directory, pageno, (file) => sizes[file])
}

export const finding: Contract<PageInput, StatusPagePlace> = {
  name: 'readStatusPage',
  draw: drawStatusFile,
  reference: readStatusPageByEngine,
  show: (directory, pageno, sizes) => {
    const files = Object.entries(sizes).map(([path, size]) => {
      const [pages, rest] = [Math.floor(size / PAGE), size % PAGE]
      const more = rest === 0 ? '' : ` and ${rest} bytes`
      return `${path}  ${size} bytes: ${pages} page${pages === 1 ? '' : 's'}${more}`
    })
    return [`page ${pageno} of ${directory}`, ...(files.length > 0 ? files : ['no file at all'])].join('\n')
  },
  showAnswer: (answer) => {
    const { file, offset, found } = fieldsOf(answer)
    return `${String(file)}, from byte ${String(offset)}: ${String(found)}`
  },
}

function fieldsOf(answer: Plain): { readonly [key: string]: Plain } {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
    ? (answer as { readonly [key: string]: Plain })
    : {}
}

/** Which of the three is wrong, and what comes of it. */
export function pageNote(answer: Plain, ...input: PageInput): string {
  const { file, offset, found } = fieldsOf(answer)
  const right = readStatusPageByEngine(...input)
  if (file !== right.file) return `The page is in ${right.file}: 32 pages make a file.`
  if (offset !== right.offset) return `In its file it is page ${right.offset / PAGE}, counted from 0.`
  if (found === 'zeroes' && right.found === 'too short')
    return 'Zeroes mean "not committed": committed rows would vanish without a word.'
  if (found === 'zeroes') return 'The page is there, with the fate of 32,768 transactions.'
  if (found === 'disk')
    return right.found === 'zeroes' ? 'There is no such file.' : 'The file ends before the page does.'
  return right.found === 'zeroes'
    ? 'Recovery would stop at a file that was cut off for good reason, later in the same log.'
    : "found is 'disk', 'zeroes' or 'too short'."
}

export const PAGE = 8192
export const PAGES_A_FILE = 32

/** A file of a status table, its number in hexadecimal. */
export const nameOf = (directory: string, file: number): string =>
  `${directory}/${file.toString(16).toUpperCase().padStart(4, '0')}`

export const table: fc.Arbitrary<string> = fc.constantFrom('pg_xact', 'pg_multixact/offsets', 'pg_commit_ts')

/** The file that should hold the page, in bytes: where the page is, and where the file ends. */
function drawStatusFile(answer: Answer, ...input: PageInput): Picture {
  const [, pageno, sizes] = input
  const right = readStatusPageByEngine(...input)
  const { offset } = fieldsOf(answer?.value)
  const size = sizes[right.file]
  const [from, to] = [BigInt(right.offset), BigInt(right.offset + PAGE)]
  return {
    title: `Page ${pageno} in ${right.file}: ${size === undefined ? 'there is no such file' : `the file has ${size} bytes`}.`,
    panels: [
      ruler(
        [
          { at: 0n, label: right.file, kind: 'plain' },
          { at: from, label: `page ${pageno} begins`, kind: 'accent' },
          { at: to, label: 'and ends', kind: 'accent' },
          ...(size === undefined ? [] : [{ at: BigInt(size), label: 'the file ends', kind: 'bad' as const }]),
          ...answerMarks(undefined, answer && { value: offset === right.offset ? undefined : offset }),
        ],
        { stretches: [{ from, to, label: `page ${pageno}` }], print: (at) => `byte ${at}` },
      ),
      ...(size === undefined ? [caption(`there is no file ${right.file}`)] : []),
      columns(
        fields({ ...right }, answer, (value) => String(value)),
        sides(answer),
      ),
    ],
  }
}

export const readStatusPage: Exercise = {
  name: 'readStatusPage',
  notebook: '06-temp-cleanup',
  visible: [
    examples(finding, {
      rule: 'pg_xact of scene bank: one file with one page; and the same without it.',
      why: 'Two different gaps: a file that is gone, and a file that is cut.',
      note: pageNote,
      inputs: [
        ['pg_xact', 0, { 'pg_xact/0000': PAGE }],
        ['pg_xact', 0, {}],
        ['pg_xact', 1, { 'pg_xact/0000': PAGE }],
      ],
    }),
    generated(finding, {
      rule: 'Whole files, and files that are missing.',
      why: 'SlruPhysicalReadPage takes zeroes for a missing file, but only in recovery.',
      note: pageNote,
      input: fc
        .tuple(table, fc.nat({ max: 3 }), fc.nat({ max: PAGES_A_FILE - 1 }), fc.subarray([0, 1, 2, 3]))
        .map(([directory, file, page, there]): PageInput => {
          const sizes = there.map((n) => [nameOf(directory, n), PAGES_A_FILE * PAGE] as const)
          return [directory, file * PAGES_A_FILE + page, Object.fromEntries(sizes)]
        }),
    }),
  ],
  onScene(scene) {
    const disk = nodeDisk(scene.dir)
    const tables = ['pg_xact', 'pg_multixact/offsets', 'pg_multixact/members', 'pg_commit_ts']
    const inputs = tables.flatMap((directory) => {
      const own = filesOf(scene).filter((path) => path.startsWith(`${directory}/`))
      const sizes = Object.fromEntries(own.map((path) => [path, disk.size(path) ?? 0]))
      return [0, 1, 31, 32].map((pageno): PageInput => [directory, pageno, sizes])
    })
    return examples(finding, {
      rule: `The status tables of scene ${scene.name}.`,
      why: 'pg_commit_ts is empty: the setting track_commit_timestamp is off.',
      note: pageNote,
      inputs,
    })
  },
}
